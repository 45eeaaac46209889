"""Credentials and CloudStack configurations for the screens by which an OMA is configured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from appliance.contract.checks import Check, failed, passed, warned
from appliance.contract.clouds import Config, Named, Resources, Validation
from appliance.contract.credentials import Credential, CredentialTest, ShownCertificate
from appliance.contract.errors import FaultSpec
from appliance.contract.jobs import Problem
from appliance.contract.pairing import Peer
from appliance.contract.vault import VaultState
from appliance.tui.screens.acting import MOMENT
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.notice import Notice
from tests.tui import operation as op
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW

IN_USE = FaultSpec(
    "credential.in_use", 409, "The credential production is used by 2 VMs: web01, web02.",
    "Give these VMs another credential or remove them from management first.",
)  # fmt: skip
NAME_TAKEN = FaultSpec("credential.name_taken", 409, "There is a credential called production already.", "Choose another name.")
VCENTER_AWAY = FaultSpec("vcenter.unreachable", 502, "The vCenter vcenter.example.net can't be reached.", "Check its name and port.")
KEYS_REFUSED = FaultSpec("cloudstack.keys_refused", 422, "CloudStack refuses the API key.", "Check API key and secret key.")
CLOUD_AWAY = FaultSpec("cloudstack.unreachable", 502, "CloudStack does not answer.", "Check the address; then try again.")
CONFIG_IN_USE = FaultSpec(
    "cloudstack.config_in_use", 409, "The CloudStack configuration production is used by 1 VMs: web01.",
    "Make another configuration the active one instead.",
)  # fmt: skip


def peer(number: int = 1, **changes: Any) -> Peer:
    """A paired VMA."""
    found = Peer(id=f"peer-vma{number}", name=f"vma{number}", role="vma", state="paired", connected=True, last_seen=NOW)
    return found.model_copy(update=changes)


def credential(**changes: Any) -> Credential:
    """The default credential, used two hours ago."""
    return op.CREDENTIAL.model_copy(update={"last_used": NOW - timedelta(hours=2), "usage_count": 412} | changes)


def credentials() -> list[Credential]:
    """Two of them."""
    other = {"id": 4, "name": "branch office", "peer_id": "peer-vma2", "vcenter_host": "vc2.example.net", "is_default": False}
    return [credential(), credential(**other, last_used=None, usage_count=0, datacenter="", fingerprint="a0" * 32)]


SHOWN = ShownCertificate(
    fingerprint="5f" * 32, subject="CN=vcenter.example.net", issuer="CN=CA, O=vcenter.example.net", names=["vcenter.example.net"],
    not_before=NOW - timedelta(days=300), not_after=NOW + timedelta(days=430), self_signed=False,
)  # fmt: skip
WORKS = CredentialTest(ok=True, name="VMware vCenter Server", version="8.0.2", build="22617221", api_version="8.0.2.0", datacenters=["DC1"])
REFUSED = CredentialTest(
    ok=False, problem=Problem(key="vcenter.login_refused", message="The vCenter refuses this user.", guidance="Check user and password.")
)
VAULT = VaultState(key_id="k1", made_at=NOW - timedelta(days=90), has_old_keys=False)

_ID = "6f1c3f1e-{:04}-4222-8333-444455556666"


def config(**changes: Any) -> Config:
    """The active configuration."""
    found = Config(
        id=1, name="production", api_url="http://cloud.example.net:8080/client/api", domain=_ID.format(2), zone=_ID.format(1),
        template_id=_ID.format(3), network_id=_ID.format(7), service_offering_id=_ID.format(4), disk_offering_id=_ID.format(6),
        oma_vm_id=_ID.format(9), is_active=True,
    )  # fmt: skip
    return found.model_copy(update=changes)


def configs() -> list[Config]:
    """Two of them."""
    return [config(), config(id=2, name="rehearsals", api_url="https://lab.example.net/client/api", is_active=False, network_id="")]


def named(number: int, name: str, detail: str = "", *, custom: bool = False) -> Named:
    """Something with a name."""
    return Named(id=_ID.format(number), name=name, detail=detail, custom=custom)


def resources(**changes: Any) -> Resources:
    """What is found in the cloud."""
    found = Resources(
        version="4.20.1.0",
        zones=[named(1, "Frankfurt", "Advanced"), named(11, "Paris", "Advanced")],
        domains=[named(2, "ROOT/customers", "ROOT/customers")],
        templates=[named(3, "Empty disk for migration", "Other (64-bit)")],
        service_offerings=[named(4, "Medium", "2 CPUs, 4096 MiB")],
        disk_offerings=[named(5, "Small", "20 GiB"), named(6, "Any size", custom=True)],
        networks=[named(7, "production-net", "10.1.0.0/24"), named(8, "test-isolated", "10.99.0.0/24")],
        oma_vm_id=_ID.format(9),
    )
    return found.model_copy(update=changes)


CHECKS: list[Check] = [
    passed("Keys and rights", "All calls that are needed are allowed for this account."),
    passed("Version", "CloudStack 4.20.1.0 is supported."),
    warned("Limits", "The account may have 3 more volumes.", "Ask the cloud's administrators for more before many VMs are copied."),
    failed("Disk offering", "The size of the offering Small can't be chosen.", "Choose a disk offering whose size can be chosen."),
]
VALIDATION = Validation(ok=False, checks=CHECKS)
GOOD = Validation(ok=True, checks=CHECKS[:2])


def answers(**changes: object) -> dict[str, object]:
    """An OMA with credentials and configurations; the agent keeps what it is sent as canned here."""
    return op.answers() | {
        "peers": [peer(), peer(2)], "credentials": credentials(), "configs": configs(), "discover_resources": resources(),
        "test_connection": Named(id="http://cloud.example.net:8080/client/api", name="4.20.1.0"), "certificate": SHOWN, "vault": VAULT,
        "test_credential": WORKS, "test_new_credential": WORKS, "validate_config": VALIDATION,
        "save_config": lambda body: config(name=body.name, is_active=body.id == 1),
        "create_credential": lambda body: credential(name=body.name), "update_credential": lambda **_: credential(),
        "delete_credential": None, "delete_config": None,
    } | changes  # fmt: skip


async def pressed(pilot: Pilot[Any], keys: Iterable[str]) -> None:
    """Press keys; each of those that ask the agent for something once what was asked before has been answered."""
    moves: list[str] = []
    for key in keys:
        if len(key) == 1 or key in ("down", "tab", "backspace"):
            moves.append(key)
            continue
        if moves:
            await pilot.press(*moves)
            moves.clear()
            await _answered(pilot)
        await pilot.press(key)
        await _answered(pilot)
    if moves:
        await pilot.press(*moves)
        await _answered(pilot)


async def _answered(pilot: Pilot[Any]) -> None:
    for _ in range(200):
        await settled(pilot)
        screen = pilot.app.screen
        if not isinstance(screen, ConsoleScreen) or screen.query_one(Notice).said != MOMENT:
            break
        await pilot.pause(0.02)
    await settled(pilot)


def opened(section: str, *keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Open a section of the menu, then press keys."""

    async def go(pilot: Pilot[Any]) -> None:
        await op.opened(section)(pilot)
        await pressed(pilot, keys)

    return go
