"""The guided run: a VM moves from vCenter to CloudStack, and everything on the way is looked at."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.contract.discovery import AskDiscovery
from appliance.contract.failover import StartFinalise, StartLive, StartTest
from appliance.contract.inventory import VmLine
from appliance.contract.replications import Cycle, DiskCycle, StartReplication
from appliance.core.commands import CommandFailed
from appliance.demo import guide, sites
from appliance.demo.faults import DemoFailed
from appliance.demo.labs import ISOLATED, LOGIN_PROMPT, VM, LabRefused
from appliance.demo.operating import Follower
from appliance.demo.report import INCREMENTAL, Boot, ChangedDisk, Cleaned, Full, FullDisk, Increment, Left, Ports, Report
from appliance.demo.show import Show
from appliance.demo.stage import Stage
from appliance.demo.witness import Seen, Witness

LOOK_AGAIN = 0.5
FIRST_BOOT_LIMIT = 300.0
BOOT_FLOOR, BOOT_FACTOR = 120.0, 5
GUEST_LIMIT = 120.0
MARKER = re.compile(r"^(Written at the source .*?)\s*$", re.MULTILINE)

BUSY_GUEST = "(while sleep 1; do date >>/srv/busy; sync; done) >/dev/null 2>&1 & head -c 48M /dev/zero >/srv/zeros; sync"
"""Before the full copy: something writes all the time, and there are zeros that were really written."""
CHANGES = (
    "head -c 24M /dev/urandom >/srv/new; dd if=/dev/zero of=/srv/random bs=1M seek=40 count=8 conv=notrunc 2>/dev/null; "
    "echo {marker} >/etc/marker; sync"
)
"""Before an increment: a new file, a stretch that becomes zeros, and the text that the login prompt shows."""


class Story:
    """One run; `report` fills as it goes."""

    def __init__(self, stage: Stage, show: Show, image: Path) -> None:
        self._stage, self._show, self._image = stage, show, image
        self.report = Report()
        self.test_marker, self.live_marker = (f"Written at the source {when} {secrets.token_hex(4)}" for when in ("first", "later"))
        self._boot_limit = BOOT_FLOOR
        self._networks: dict[str, str] = {}
        self._config_id = self._credential_id = 0

    async def play(self) -> None:
        """All of it. Raises DemoFailed, Fault, CommandFailed, TimeoutError."""
        switched_on = time.monotonic()
        self._credential_id, self._config_id, self._networks = await guide.set_up(self._stage, self._show, self._image)
        vm = await self._discover()
        await self._first_boot(switched_on)
        context_id = await self._protect(vm)
        follower = Follower(self._stage, self._show, context_id)
        witness = Witness(self._stage, follower)
        await self._full(witness, context_id)
        await self._change("The guest changes its disks", self.test_marker)
        await self._increment(witness, context_id)
        await self._test(follower)
        await self._clean_up(follower)
        await self._change("The guest changes its disks again", self.live_marker)
        await self._next_cycle(witness, context_id)
        await self._live(witness)
        await self._finalise(follower)

    async def close(self) -> None:
        """What is counted at the end, wherever that is."""
        self.report.seconds = round(self._show.seconds, 1)
        with contextlib.suppress(CommandFailed, KeyError):  # the sites may not be there yet
            passed = await sites.passed(self._stage.sites)
            self.report.ports = Ports.model_validate({"443": passed.on_port, "other": passed.anything_else})

    async def _discover(self) -> VmLine:
        with self._show.step("Discovery"):
            found = await self._stage.oma.discovery.discover(AskDiscovery(credential_id=self._credential_id))
            vm = next((one for one in found.vms if one.name == VM), None)
            if vm is None:
                raise DemoFailed(f"Discovery does not show the VM {VM}.")
            size = vm.storage_bytes / (1 << 30)
            self._show.fact(f"{vm.path}: {vm.guest_name}, {vm.cpus} CPU, {vm.disk_count} disks, {size:.1f} GiB, {vm.power_state}")
        return vm

    async def _first_boot(self, switched_on: float) -> None:
        with self._show.step(f"{VM} boots in vCenter"):
            await self._prompt(self._stage.vcenter.console, FIRST_BOOT_LIMIT)
            seconds = time.monotonic() - switched_on
            self._boot_limit = max(BOOT_FLOOR, BOOT_FACTOR * seconds)
            self._show.fact(f"login prompt after {seconds:.0f} s; later boots may take {self._boot_limit:.0f} s")
        with self._show.step("A program in the guest writes from now on"):
            await self._stage.vcenter.run_in_guest(BUSY_GUEST, GUEST_LIMIT)

    async def _protect(self, vm: VmLine) -> str:
        with self._show.step(f"{VM} is taken under protection"):
            wanted = StartReplication(credential_id=self._credential_id, vm_path=vm.path, start_replication=False)
            return (await self._stage.oma.replications.replicate(wanted)).context_id

    async def _full(self, witness: Witness, context_id: str) -> None:
        with self._show.step("Full copy while the guest runs"):
            cycle, seen = await self._cycle(witness, context_id)
            disks = [FullDisk.model_validate(_copied(disk, seen, "nonzero_bytes")) for disk in cycle.disks]
            self.report.full = Full(disks=disks)
            self._show.fact(_amount(cycle))

    async def _increment(self, witness: Witness, context_id: str) -> None:
        with self._show.step("Increment: what changed since"):
            cycle, seen = await self._cycle(witness, context_id)
            disks = [ChangedDisk.model_validate(_copied(disk, seen, "changed_bytes")) for disk in cycle.disks]
            self.report.increment = Increment(disks=disks)
            self._show.fact(_amount(cycle))

    async def _next_cycle(self, witness: Witness, context_id: str) -> None:
        """The increment after the cleanup, compared as well: it shows that the copies really went back."""
        with self._show.step("Increment after the cleanup"):
            cycle, seen = await self._cycle(witness, context_id)
            if self.report.cleanup:
                self.report.cleanup.next_sync = _sync_type(cycle)
            different = [disk_id for disk_id, one in seen.items() if not one.identical]
            if different:
                raise DemoFailed(
                    f"After the cleanup and an increment, the target of {', '.join(different)} is not identical with the source."
                )
            self._show.fact(_amount(cycle))

    async def _cycle(self, witness: Witness, context_id: str) -> tuple[Cycle, dict[str, Seen]]:
        started = await self._stage.oma.replications.replicate(StartReplication(context_id=context_id, ossea_config_id=self._config_id))
        if started.job_id is None:
            raise DemoFailed("The cycle was not started.")
        return await witness.watched(started.job_id)

    async def _change(self, title: str, marker: str) -> None:
        with self._show.step(title):
            await self._stage.vcenter.run_in_guest(CHANGES.format(marker=marker), GUEST_LIMIT)
            self._show.fact(f"/etc/marker: {marker}")

    async def _test(self, follower: Follower) -> None:
        with self._show.step("Test failover on an isolated network; the source goes on"):
            job = await self._stage.oma.failover.failover_test(StartTest(vm=VM, network_id=self._networks[ISOLATED]))
            await follower.until_over(job.job_id)
        with self._show.step("The test VM boots"):
            self.report.test_failover = await self._booted(job.job_id)

    async def _clean_up(self, follower: Follower) -> None:
        with self._show.step("Cleanup"):
            job = await self._stage.oma.failover.cleanup(VM)
            await follower.until_over(job.job_id)
            self.report.cleanup = Cleaned(**(await self._left()).model_dump())

    async def _live(self, witness: Witness) -> None:
        with self._show.step("Live failover: the source goes off, its last changes follow"):
            job = await self._stage.oma.failover.failover_live(StartLive(vm=VM, shutdown_seconds=round(self._boot_limit)))
            cycle, seen = await witness.watched(job.job_id)
            _refuse_different("the last cycle of the live failover", seen)
            self._show.fact(_amount(cycle))
        with self._show.step("The new VM boots"):
            self.report.live_failover = await self._booted(job.job_id)

    async def _finalise(self, follower: Follower) -> None:
        with self._show.step("Finalising"):
            job = await self._stage.oma.failover.finalise(StartFinalise(vm=VM))
            await follower.until_over(job.job_id)
            self.report.finalise = await self._left()

    async def _booted(self, job_id: str) -> Boot:
        """Whether the failover's new VM reaches its prompt, and the marker above it."""
        vm_id = (await self._stage.oma.failover.failover_job(job_id)).destination_vm_id or ""
        try:
            text = await self._prompt(lambda: self._stage.cloud.console(vm_id), self._boot_limit)
        except (TimeoutError, LabRefused):
            return Boot(booted=False)
        shown = MARKER.findall(text)
        self._show.fact(f"its console: {shown[-1] if shown else '(no marker)'}")
        return Boot(booted=True, marker=shown[-1] if shown else "")

    async def _prompt(self, console: Callable[[], Awaitable[str]], limit: float) -> str:
        """The console's text once it shows the login prompt. Raises TimeoutError after `limit` seconds."""
        async with asyncio.timeout(limit):
            while LOGIN_PROMPT not in (text := await console()):
                last = text.rstrip().rpartition("\n")[2]
                self._show.doing(re.sub(r"[^\x20-\x7e]", "", last)[:60])
                await asyncio.sleep(LOOK_AGAIN)
        return text

    async def _left(self) -> Left:
        in_vcenter, in_cloud = len(await self._stage.vcenter.snapshots()), await self._stage.cloud.snapshot_count()
        return Left(snapshots_left_vcenter=in_vcenter, snapshots_left_cloudstack=in_cloud)


def _copied(disk: DiskCycle, seen: dict[str, Seen], content: str) -> dict[str, object]:
    """What is reported of a disk in a cycle; `content` names what was counted for it."""
    counted = disk.model_dump(include={"disk_id", "capacity_bytes", "moved_bytes", "skipped_bytes", "seconds"})
    return {**counted, "identical": seen[disk.disk_id].identical, content: seen[disk.disk_id].content_bytes}


def _refuse_different(words: str, seen: dict[str, Seen]) -> None:
    different = [disk_id for disk_id, one in seen.items() if not one.identical]
    if different:
        raise DemoFailed(f"After {words}, the target of {', '.join(different)} is not identical with the source.")


def _sync_type(cycle: Cycle) -> str:
    """The type of a cycle: incremental only if all its disks were."""
    return INCREMENTAL if all(disk.sync_type == INCREMENTAL for disk in cycle.disks) else "full"


def _amount(cycle: Cycle) -> str:
    moved = sum(disk.moved_bytes for disk in cycle.disks) / (1 << 20)
    slowest = max((disk.seconds for disk in cycle.disks), default=0.0)
    return f"{_sync_type(cycle)}: {moved:.1f} MiB in {slowest:.1f} s"
