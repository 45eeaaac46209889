"""The steps of a cycle that compare its copy with the source, after the commit and while the snapshot is held."""

from __future__ import annotations

from appliance.contract.peer import CopyPhase, CopyProgress
from appliance.contract.verifications import VerificationOutcome as Outcome
from appliance.core.jobs import Run
from appliance.replication.follow import failure, patiently, until
from appliance.replication.steps import CycleStep
from appliance.replication.verify import records
from appliance.replication.verify.faults import DIFFERS, INCOMPLETE
from appliance.replication.verify.models import Verification

GIB = 1 << 30


class Comparison(CycleStep):
    """The VMA hashes and asks (`desk.Desk`); here it is followed, and what came of it is recorded."""

    name, title = "comparison", "Comparing the copy with the source"

    async def do(self, run: Run) -> None:
        if not run.params.get("verify"):
            return
        volumes = list(run.state["volumes"].values())
        # After a restart of this agent nobody else says that the volumes are in use.
        self.deps.volumes.hold(run.id, volumes)
        vma = self.deps.source.vma((await self.context(run)).peer_id)

        async def follow(progress: CopyProgress) -> None:
            if progress.phase is CopyPhase.COPIED:
                await patiently(run, lambda: vma.release(run.id))
            await self._show(run)

        progress = await until(run, vma, lambda: self.order(run), frozenset({CopyPhase.COMPARED}), follow)
        await self.deps.end_sessions(volumes)
        if progress.phase not in (CopyPhase.COMPARED, CopyPhase.FINISHED):
            raise failure(progress)
        await self._close(run)

    async def undo(self, run: Run) -> None:
        await self.deps.end_sessions(list(run.state["volumes"].values()))

    async def _show(self, run: Run) -> None:
        async with self.deps.store.session() as session:
            disks = (await records.load(session, run.id)).disks
        planned, checked = sum(one.planned_bytes for one in disks), sum(one.checked_bytes for one in disks)
        await run.progress(checked / planned if planned else 0.0, self.title)

    async def _close(self, run: Run) -> None:
        async with self.deps.store.begin() as session:
            verification = await records.close(session, run.id, run.state["outcome"]["change_ids"])
        await run.log(summary(verification), level="info" if verification.outcome == Outcome.SAME else "warning")
        for disk in verification.disks:
            if disk.outcome == Outcome.DIFFERENT:
                raise DIFFERS(disk=disk.label, cause=f"{disk.unrepaired[:20]} of {disk.disk_id}")


class Verdict(CycleStep):
    """The last step of a job that was asked to compare: the copy is committed, but was it compared?"""

    name, title = "verdict", "Looking whether all was compared"

    async def do(self, run: Run) -> None:
        async with self.deps.store.session() as session:
            verification = await records.load(session, run.id)
        if verification.outcome == Outcome.INCOMPLETE:
            problem = verification.problem or {}
            raise INCOMPLETE(reason=problem.get("message", ""), cause=problem.get("cause", ""))


def summary(verification: Verification) -> str:
    """One sentence for the job's log (pure)."""
    checked = _amount(sum(one.checked_bytes for one in verification.disks))
    different = _amount(sum(one.different_bytes for one in verification.disks))
    match verification.outcome:
        case Outcome.SAME:
            return f"The copy is the same as the source in the {checked} that were compared."
        case Outcome.REPAIRED:
            return f"Of {checked} that were compared {different} differed from the source; they were copied again and are the same now."
        case Outcome.DIFFERENT:
            return f"Of {checked} that were compared {different} differed from the source, and not all of it could be repaired."
        case _:
            return f"The comparison could not be finished; {checked} were compared."


def _amount(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / (1 << 20):.1f} MiB"
