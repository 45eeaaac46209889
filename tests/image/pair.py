"""Two booted appliances and the lab's clouds outside them, on one network: the OMA is a machine of KVM's, the VMA one of VMware's."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from appliance.contract.client import Transport
from appliance.core.commands import run
from appliance.demo import labs, sites
from appliance.demo.appliances import Oma
from appliance.demo.labs import Spot
from appliance.demo.ledger import undo
from appliance.demo.processes import Starter
from appliance.demo.stage import Stage, laid_out, prepare
from appliance.lab.cloudstack import ApplianceVm, LabConfig
from appliance.lab.machines.image import guest_image
from appliance.lab.machines.qemu import Nic
from tests.image.machine import KVM, VMWARE, Machine, machine, places
from tests.image.segment import PREFIX, segment, socket_in

NAMESPACE = "image-pair"
OMA_ADDRESS, VMA_ADDRESS = "10.76.0.2", "10.76.0.3"
OMA_TAP, VMA_TAP = "tap-oma", "tap-vma"
OMA_MAC = KVM.nics[0].mac
"""By this the OMA finds its own VM in CloudStack."""
DATA = "64M"
"""The size of the second disk; the first one has about 330 MiB in it."""
COPY = 300.0
"""Seconds for a copy of the guest's disk, here."""
ANSWER = 300.0
"""Seconds for an answer of the OMA, which is emulated."""


@dataclass(frozen=True)
class Pair:
    """Both machines, and what is around them."""

    oma: Machine
    vma: Machine
    stage: Stage
    namespace: str

    async def open_clouds(self) -> None:
        """Start both clouds; the VM at the source begins to boot. Raises DemoFailed."""
        stage, starter = self.stage, Starter(self.stage.ledger, self.stage.work / "logs")
        await furnish(stage.vcenter.folder)
        oma = ApplianceVm(name="oma", mac=OMA_MAC, control=self.oma.control, places=places())
        config = LabConfig(devices="hotplug", appliance_vms=[oma])
        vcenter = labs.start_vcenter(starter, Spot(self.namespace, sites.SOURCE_ADDRESS), stage.vcenter.folder)
        cloud = labs.start_cloud(starter, Spot(self.namespace, sites.TARGET_ADDRESS), stage.cloud.folder, config)
        await vcenter.ready(stage.vcenter.control.answers, labs.START_LIMIT)
        await cloud.ready(stage.cloud.control.answers, labs.START_LIMIT)

    async def operated(self) -> Stage:
        """The stage with the OMA as its operator reaches it over the network: with the first token, and the certificate of its screen."""
        token = await self.oma.guest.run("cat /var/lib/appliance/operator.token")
        said = json.loads(await self.oma.guest.run("appliance status --json", ANSWER))
        transport = FromWithin(self.namespace, f"https://{OMA_ADDRESS}/operator", token, said["certificate_fingerprint"])
        return replace(self.stage, oma=Oma("oma", self.stage.oma.state_dir, self.stage.oma.run_dir, transport))


class FromWithin(Transport):
    """Requests that are sent from a network namespace."""

    def __init__(self, namespace: str, base: str, token: str, fingerprint: str) -> None:
        super().__init__(base, token=token, timeout=ANSWER)
        self._namespace, self._known = namespace, aiohttp.Fingerprint(bytes.fromhex(fingerprint.replace(":", "")))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._known, socket_factory=lambda where: socket_in(self._namespace, *where[:3]))
            self._session = aiohttp.ClientSession(connector=connector, headers=self._headers)
        return self._session


@asynccontextmanager
async def pair(images: Path, oma_disk: Path, vma_disk: Path) -> AsyncIterator[Pair]:
    """Both appliances, switched on, and the clouds' place. Everything is ended and removed at the end, but for logs."""
    ledger = await prepare(images / "boots" / "pair", "run")
    boots, shots = images / "boots", images / "shots"
    oma = replace(KVM, nics=(Nic("virtio-net-pci", OMA_MAC, OMA_TAP),), memory_mib=4096, namespace=NAMESPACE)
    vma = replace(VMWARE, nics=(replace(VMWARE.nics[0], tap=VMA_TAP),), memory_mib=2048, namespace=NAMESPACE)
    stage = laid_out(ledger)
    try:
        async with (
            segment(NAMESPACE, [OMA_TAP, VMA_TAP]) as namespace,
            machine(boots / "pair-oma", oma_disk, shots, oma) as first,
            machine(boots / "pair-vma", vma_disk, shots, vma) as second,
        ):
            yield Pair(first, second, stage, namespace)
    finally:
        await stage.close()
        await undo(ledger)
        for part in ("source", "target"):
            shutil.rmtree(stage.work / part, ignore_errors=True)


async def furnish(folder: Path) -> None:
    """The source's datastore: the lab's guest with its system's disk, and a small empty one. Raises CommandFailed."""
    store = folder / "datastore" / labs.VM
    store.mkdir(parents=True)
    system, data = store / f"{labs.VM}-flat.vmdk", store / f"{labs.VM}_1-flat.vmdk"
    await run(["cp", "--sparse=auto", "--reflink=auto", str((await guest_image()).root), str(system)], timeout=COPY)
    await run(["mke2fs", "-q", "-t", "ext4", "-L", "data", str(data), DATA])
    (folder / "plan.json").write_text(json.dumps(labs.source_plan([one.stat().st_size for one in (system, data)])))


async def prompt(console: Callable[[], Awaitable[str]], limit: float) -> str:
    """What a guest printed, once that ends in its login prompt. Raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while labs.LOGIN_PROMPT not in (text := await console()):
            await asyncio.sleep(2.0)
    return text


def within(address: str) -> str:
    """An address with the length of the network's prefix (pure)."""
    return f"{address}/{PREFIX}"
