"""The source of a failover's VM, and the appliance beside it, as they answer."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from appliance.contexts import VmContext
from appliance.contract.client import UNREACHABLE
from appliance.contract.inventory import AskNics, AskPower, AskVm, AskVms, Disk, Nic, Power, PowerAction, VCenterAccess, Vm, VmsInFull
from appliance.contract.peer import AskSnapshotRemoval, VmaPeerApi

DISKS = ("disk-2000", "disk-2001")


class SourceVm(VmaPeerApi):
    """The source and the appliance beside it. `silent`: so many questions get no answer."""

    def __init__(self) -> None:
        self.spec = source_vm()
        self.calls: list[str] = []
        self.silent = 0
        self.is_gone = False

    async def vm(self, body: AskVm) -> Vm:
        self._hear("vm")
        return self.spec

    async def vms(self, body: AskVms) -> VmsInFull:
        self._hear("vms")
        return VmsInFull(vms={name: self.spec for name in body.vms if not self.is_gone})

    async def remove_snapshot(self, body: AskSnapshotRemoval) -> Vm:
        self._hear(f"remove the snapshot of {body.job_id}")
        left = [name for name in self.spec.snapshots if not name.endswith(body.job_id)]
        self.spec = self.spec.model_copy(update={"snapshots": left})
        return self.spec

    async def power(self, body: AskPower) -> Power:
        self._hear(f"power {body.action.value}")
        states = {PowerAction.ON: "poweredOn", PowerAction.OFF: "poweredOff", PowerAction.SHUTDOWN: "poweredOff"}
        if body.action in states:
            self.switch(states[body.action])
        return Power(state=self.spec.power_state)

    async def nics(self, body: AskNics) -> Vm:
        self._hear("nics " + ",".join(str(value) for value in body.start_connected.values()))
        changed = [nic.model_copy(update={"start_connected": body.start_connected.get(nic.mac, True)}) for nic in self.spec.nics]
        self.spec = self.spec.model_copy(update={"nics": changed})
        return self.spec

    def switch(self, state: str) -> None:
        """Somebody changes the power."""
        self.spec = self.spec.model_copy(update={"power_state": state})

    def _hear(self, call: str) -> None:
        if self.silent:
            self.silent -= 1
            raise UNREACHABLE(cause=call)
        self.calls.append(call)


class Site:
    """Leads to the source."""

    def __init__(self, source: SourceVm) -> None:
        self.source = source

    def vma(self, peer_id: str) -> VmaPeerApi:
        return self.source

    async def access(self, context: VmContext) -> VCenterAccess:
        return await self.login(1)

    async def login(self, credential_id: int) -> VCenterAccess:
        return VCenterAccess(host="vc", username="u", password=SecretStr("p"), fingerprint="f")


def source_vm(**changes: Any) -> Vm:
    """A Debian machine with two disks and one adapter, switched on."""
    disks = [
        Disk(
            disk_id=disk,
            key=2000 + number,
            label=f"Hard disk {number + 1}",
            capacity_bytes=1 << 20,
            vmdk_path=f"[ds] web/web_{number}.vmdk",
            datastore="ds",
            provisioning="thin",
            mode="persistent",
            unit_number=number,
            controller="pvscsi",
        )
        for number, disk in enumerate(DISKS)
    ]
    fields: dict[str, Any] = {
        "moref": "vm-1",
        "name": "web",
        "path": "/dc/vm/web",
        "datacenter": "dc",
        "uuid": "u",
        "cpus": 1,
        "memory_mib": 64,
        "guest_id": "debian12_64Guest",
        "guest_name": "Debian 12",
        "firmware": "bios",
        "secure_boot": False,
        "power_state": "poweredOn",
        "tracking": True,
        "disks": disks,
        "nics": [Nic(label="Network adapter 1", mac="00:50:56:00:00:01", network="VM Network", model="vmxnet3")],
        "snapshots": [],
        "blockers": [],
    }
    return Vm(**{**fields, **changes})
