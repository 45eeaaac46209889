"""The look before a VM is protected."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.contract.checks import Check, failed, passed
from appliance.contract.errors import Fault
from appliance.contract.inventory import Vm
from appliance.core.store import Store
from appliance.preflight.facts import Found
from appliance.preflight.faults import refuse_failed
from appliance.preflight.gather import Lookout
from appliance.preflight.source import link_checks, source_checks
from appliance.preflight.target import for_copies, unreachable
from appliance.replication.admission import Origin, managed

WHAT = "A first copy"
TOLD_WHEN_ADDED = ("source", "snapshots", "disks", "managed")
"""What adding a VM refuses by itself, with the reason as its own error."""


@dataclass(frozen=True)
class ProtectionLook:
    """Looks at VMs of vCenters that are to be protected. A configuration is named by its id; None is the active one."""

    lookout: Lookout
    store: Store

    async def checks(self, peer_id: str, credential_id: int, vm_path: str, config_id: int | None) -> list[Check]:
        """Everything there is to say before this VM is protected. Raises a Fault only for a credential that is unknown."""
        access = await self.lookout.source.login(credential_id)
        found = await self.lookout.look(peer_id, access, vm_path, config_id)
        return checks_of(found, await _is_managed(self.store, Origin(peer_id, credential_id, access.host), found.vm))

    async def refuse_unfit(self, peer_id: str, credential_id: int, vm_path: str, config_id: int | None) -> None:
        """Raise the Fault that names what keeps the first copy of a VM from being made, but for what adding it refuses by itself."""
        checks = await self.checks(peer_id, credential_id, vm_path, config_id)
        refuse_failed(vm_path.rpartition("/")[2], WHAT, [one for one in checks if one.name not in TOLD_WHEN_ADDED])


def checks_of(found: Found, is_managed: bool) -> list[Check]:
    """The checks of a VM that is to be protected (pure)."""
    checks = [*link_checks(found.link, needed=True), *source_checks(found.vm, needed=True)]
    if not isinstance(found.vm, Fault):
        name = found.vm.name
        managed = failed("managed", f"{name} is under management already.", "Start a copy of it instead of adding it again.")
        checks.append(managed if is_managed else passed("managed", f"{name} is not under management yet."))
    return [*checks, *_target(found)]


def _target(found: Found) -> list[Check]:
    if isinstance(found.config, Fault):
        return [failed("configuration", found.config.message, found.config.guidance)]
    if isinstance(found.cloud, Fault):
        return unreachable(found.cloud)
    chosen = passed("configuration", f"The CloudStack configuration {found.config.name} is used.")
    sizes = [] if isinstance(found.vm, Fault) else [disk.capacity_bytes for disk in found.vm.disks]
    return [chosen, *for_copies(found.cloud, sizes)]


async def _is_managed(store: Store, origin: Origin, vm: Vm | Fault) -> bool:
    if isinstance(vm, Fault):
        return False
    async with store.session() as session:
        return await managed(session, origin, vm.moref) is not None
