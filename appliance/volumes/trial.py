"""A trial of what failover needs of a CloudStack: a disk of 1 GiB is made, written, snapshotted, written again, taken back and removed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from appliance.cloudstack.configs import CloudConfig, Configs, record_trial
from appliance.contract.errors import fault
from appliance.core.jobs import Job, JobStatus, Run, Step, Workflow, refuse_beside
from appliance.core.store import utcnow
from appliance.volumes.facade import Volumes
from appliance.volumes.names import GIB
from appliance.volumes.slots import Place

KIND = "snapshot-trial"
DISK = "trial"
_MIB = 1024**2
_PLACES = (0, GIB // 2, GIB - _MIB)
"""Where content is written and compared: the beginning, the middle and the end, one MiB each."""

RUNS_ALREADY = fault("trial.runs_already", 409, "A trial of snapshots is under way already.", "Wait until it has ended, or cancel it.")
NOT_TAKEN_BACK = fault(
    "trial.not_taken_back",
    502,
    "CloudStack says that the disk went back to its snapshot, but it does not hold what it held then.",
    "Test failovers can't be undone on this storage. Choose a disk offering that uses other storage, or ask the CloudStack administrator.",
)


class TrialStep(Step):
    """A step at the trial's disk."""

    def __init__(self, volumes: Volumes, configs: Configs) -> None:
        self._volumes, self._configs = volumes, configs

    async def _config(self, run: Run) -> CloudConfig:
        return await self._configs.get(int(run.params["config_id"]))

    async def _attached(self, run: Run) -> Path:
        async def tell(_: Place) -> None:
            await run.log("All places for disks at this appliance are in use; the trial waits for one.")

        volume_id = run.state["volume_id"]
        return (await self._volumes.acquire(run.id, [volume_id], tell))[volume_id]

    async def _sent_away(self, run: Run) -> None:
        await self._volumes.release(run.id)
        await self._volumes.detach([run.state["volume_id"]], run.id)


class MakeVolume(TrialStep):
    """The disk; taking it back removes it with all that was made of it."""

    name, title = "trial-volume", "Making a disk of 1 GiB"

    async def do(self, run: Run) -> None:
        for left in [one for one in await self._volumes.all() if one.disk_id == DISK and one.created_by_job != run.id]:
            await self._volumes.delete(left.volume_id, run.id)  # an earlier trial could not reach CloudStack any more
        config = await self._config(run)
        run.state["volume_id"] = await self._volumes.create_for_disk(run.id, f"trial-{run.id}", DISK, KIND, GIB, config)

    async def undo(self, run: Run) -> None:
        await self._volumes.release(run.id)
        await self._volumes.discard_created(run.id, await self._config(run))


class WriteContent(TrialStep):
    """Content before or after the snapshot; the disk is detached again, as snapshots need it."""

    def __init__(self, volumes: Volumes, configs: Configs, name: str, title: str, when: str) -> None:
        super().__init__(volumes, configs)
        self.name, self.title, self._when = name, title, when

    async def do(self, run: Run) -> None:
        await asyncio.to_thread(_write, await self._attached(run), _content(run.id, self._when))
        await self._sent_away(run)


class MakeSnapshot(TrialStep):
    """The snapshot of the detached disk."""

    name, title = "trial-snapshot", "Making a snapshot of it"

    async def do(self, run: Run) -> None:
        with _timed(run, "snapshot_seconds"):
            await self._volumes.snapshot(run.state["volume_id"], run.id)


class TakeBack(TrialStep):
    """Back to the snapshot."""

    name, title = "trial-revert", "Going back to the snapshot"

    async def do(self, run: Run) -> None:
        with _timed(run, "revert_seconds"):
            await self._volumes.revert(run.state["volume_id"], run.id)


class Compare(TrialStep):
    """Whether it holds what it held when the snapshot was made."""

    name, title = "trial-comparison", "Looking whether the disk is as it was"

    async def do(self, run: Run) -> None:
        path = await self._attached(run)
        if not await asyncio.to_thread(_holds, path, _content(run.id, "before")):
            raise NOT_TAKEN_BACK(cause=run.state["volume_id"])
        await self._sent_away(run)


class RemoveSnapshot(TrialStep):
    """The snapshot, by itself: where that fails, failovers would leave theirs."""

    name, title = "trial-snapshot-removal", "Removing the snapshot"

    async def do(self, run: Run) -> None:
        await self._volumes.delete_snapshot(run.state["volume_id"], run.id)


class RemoveVolume(TrialStep):
    """The disk."""

    name, title = "trial-volume-removal", "Removing the disk"

    async def do(self, run: Run) -> None:
        await self._volumes.delete(run.state["volume_id"], run.id)


class SnapshotTrial(Workflow):
    """One at a time; its outcome is kept with the configuration. Params: `config_id`, `name`."""

    kind = KIND

    def __init__(self, volumes: Volumes, configs: Configs) -> None:
        both = volumes, configs
        super().__init__(
            (
                MakeVolume(*both),
                WriteContent(*both, "trial-first-content", "Writing to it", "before"),
                MakeSnapshot(*both),
                WriteContent(*both, "trial-second-content", "Writing over it", "after"),
                TakeBack(*both),
                Compare(*both),
                RemoveSnapshot(*both),
                RemoveVolume(*both),
            )
        )

    def title(self, job: Job) -> str:
        return f"Trial of snapshots in {job.params['name']}"

    async def claim(self, session: AsyncSession, job: Job) -> None:
        await refuse_beside(session, job, RUNS_ALREADY)

    async def settle(self, session: AsyncSession, job: Job) -> None:
        if job.status == JobStatus.CANCELLED:
            return
        outcome = {"ok": job.status == JobStatus.COMPLETED, "at": utcnow().isoformat(), "job_id": job.id}
        told = job.error if job.error and not outcome["ok"] else job.state
        names = ("message", "guidance", "snapshot_seconds", "revert_seconds")
        await record_trial(session, int(job.params["config_id"]), outcome | {name: told[name] for name in names if name in told})


@contextmanager
def _timed(run: Run, name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    run.state[name] = round(time.monotonic() - begun, 1)


def _content(job_id: str, when: str) -> bytes:
    """One MiB that only this trial writes, the same after a restart."""
    return hashlib.shake_256(f"{job_id} {when}".encode()).digest(_MIB)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for place in _PLACES:
            os.pwrite(descriptor, content, place)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, content: bytes) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        return all(os.pread(descriptor, len(content), place) == content for place in _PLACES)
    finally:
        os.close(descriptor)
