"""The two clouds of the demo: what they are made of, how they are started, and what they are asked through their control sockets."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from appliance.contract.client import Transport
from appliance.contract.errors import Fault
from appliance.core.commands import run
from appliance.demo.faults import DemoFailed
from appliance.demo.processes import Started, Starter
from appliance.demo.sites import TARGET_MAC
from appliance.lab.cloudstack import ApplianceVm, LabConfig

VM = "web01"
VCENTER_PORT, CLOUD_PORT = 443, 8080
PRODUCTION, ISOLATED = "production", "isolated-test"
START_LIMIT = 90.0
ANSWER_LIMIT = 900.0
LOGIN_PROMPT = "login: "


class LabRefused(DemoFailed):
    """A control socket of the lab refused what it was asked."""


class _Seen(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Frozen(_Seen):
    """A disk as a snapshot in the lab's vCenter holds it."""

    change_id: str | None
    sequence: int


class Snapshot(_Seen):
    """A snapshot in the lab's vCenter; `frozen` by device key."""

    moid: str
    frozen: dict[int, Frozen]

    @property
    def tracked(self) -> bool:
        """Whether a cycle can be based on it; the one that turns tracking on can't."""
        return all(disk.change_id for disk in self.frozen.values())


class Control:
    """A control socket."""

    def __init__(self, socket: Path) -> None:
        self._transport = Transport(unix=str(socket), timeout=ANSWER_LIMIT)

    async def answers(self) -> bool:
        """Whether the lab is up."""
        try:
            return (await self._transport.send("GET", "/state", {}, None))[0] == 200
        except Fault:
            return False

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The answer's JSON. Raises LabRefused."""
        sent = None if body is None else json.dumps(body).encode()
        status, content = await self._transport.send(method, path, query, sent)
        if status >= 400:
            raise LabRefused(f"{method} {path}: {status} {content.decode(errors='replace')[:500]}")
        return json.loads(content)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()


@dataclass(frozen=True)
class LabVcenter:
    """The source: a vCenter with one running VM of two disks."""

    folder: Path
    control: Control

    @property
    def password(self) -> str:
        """As the lab made it."""
        return (self.folder / "password").read_text().strip()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of its certificate, as a person reads it on the vCenter's own screen."""
        der = ssl.PEM_cert_to_DER_cert((self.folder / "vcenter.crt").read_text())
        return hashlib.sha256(der).digest().hex(":").upper()

    def disk(self, key: int) -> Path:
        """The raw file of a disk's base, frozen while a snapshot is held."""
        number = key - 2000
        return self.folder / "datastore" / VM / (f"{VM}-flat.vmdk" if number == 0 else f"{VM}_{number}-flat.vmdk")

    async def run_in_guest(self, command: str, limit: float) -> str:
        """A root command in the guest, typed on its console; what it printed. `limit` in seconds."""
        body = {"command": command, "timeout": limit, "login_timeout": limit}
        return str((await self.control.ask("POST", f"/vms/{VM}/run", body))["output"])

    async def console(self) -> str:
        """What the guest printed."""
        return str((await self.control.ask("GET", f"/vms/{VM}/console"))["text"])

    async def snapshots(self) -> list[Snapshot]:
        """The VM's snapshots."""
        return [Snapshot.model_validate(one) for one in await self.control.ask("GET", f"/vms/{VM}/snapshots")]

    async def changed_bytes(self, key: int, since: int, until: int) -> int:
        """Bytes of the 64 KiB blocks that were written to between two snapshots, by the lab's own record."""
        answer = await self.control.ask("GET", f"/vms/{VM}/disks/{key}/changes", since=str(since), until=str(until))
        return int(answer["bytes"])

    async def hold_next_task(self) -> None:
        """The VM's next task begins and takes until let_go(), as tasks of a busy vCenter do."""
        await self.control.ask("POST", "/failures", {"kind": "task_hangs", "vm": VM})

    async def holds_task(self) -> bool:
        """Whether a task is being held."""
        return any(one["kind"] == "task_hanging" for one in (await self.control.ask("GET", "/state"))["failures"])

    async def let_go(self) -> None:
        """Let the held task go on, and hold no other one."""
        for kind in ("task_hangs", "task_hanging"):
            await self.control.ask("DELETE", "/failures", kind=kind)


@dataclass(frozen=True)
class LabCloud:
    """The target: a CloudStack in which the OMA is a VM."""

    folder: Path
    control: Control

    @property
    def account(self) -> dict[str, Any]:
        """URL and keys, as the lab wrote them."""
        return dict(json.loads((self.folder / "account.json").read_text()))

    def volume(self, volume_id: str) -> Path:
        """The raw file of a volume."""
        return self.folder / "volumes" / f"{volume_id}.raw"

    async def console(self, vm_id: str) -> str:
        """What a VM printed since it was started."""
        return str((await self.control.ask("GET", f"/instances/{vm_id}/console"))["text"])

    async def snapshot_count(self) -> int:
        """How many volume snapshots there are."""
        return len((await self.control.ask("GET", "/state"))["snapshots"])


async def furnish_source(folder: Path, image: Path) -> None:
    """The datastore with copies of the guest's disks; holes stay holes and written zeros stay written."""
    store = folder / "datastore" / VM
    store.mkdir(parents=True)
    for original, copy in ((image / "root.raw", f"{VM}-flat.vmdk"), (image / "data.raw", f"{VM}_1-flat.vmdk")):
        await run(["cp", "--sparse=auto", "--reflink=auto", str(original), str(store / copy)])
    sizes = [(image / name).stat().st_size for name in ("root.raw", "data.raw")]
    (folder / "plan.json").write_text(json.dumps(source_plan(sizes)))


def source_plan(sizes: Sequence[int]) -> dict[str, Any]:
    """The vCenter's configuration: one running guest with disks of these sizes in bytes (pure)."""
    nic = {"network": "VM Network", "addresses": ["192.168.10.21"]}
    vm = {"name": VM, "kind": "guest", "powered_on": True, "disks": [{"size": size} for size in sizes], "nics": [nic]}
    return {"vms": [vm]}


@dataclass(frozen=True)
class Spot:
    """Where a cloud listens: a network namespace and an address in it."""

    namespace: str
    address: str


def start_vcenter(starter: Starter, spot: Spot, folder: Path) -> Started:
    """Start the source's vCenter; its state is in the folder."""
    listen = f"{spot.address}:{VCENTER_PORT}"
    arguments = ["--dir", str(folder), "--listen", listen, "--config", str(folder / "plan.json")]
    return starter.start("vcenter", spot.namespace, "appliance.lab.vcenter", arguments)


def start_cloud(starter: Starter, spot: Spot, folder: Path, config: LabConfig) -> Started:
    """Start the target's CloudStack."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(config.model_dump_json())
    arguments = ["--dir", str(folder), "--listen", f"{spot.address}:{CLOUD_PORT}", "--config", str(folder / "config.json")]
    return starter.start("cloudstack", spot.namespace, "appliance.lab.cloudstack", arguments)


def oma_with_devices(devices: Path) -> LabConfig:
    """A CloudStack in which the OMA's volumes appear in a folder (pure)."""
    return LabConfig(appliance_vms=[ApplianceVm(name="oma", mac=TARGET_MAC, devices_dir=devices)])
