"""The appliance's own network under control: what is, what was kept, and one trial at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.contract.errors import Fault
from appliance.contract.network import Finding, Network, NetworkPlan, Severity, StartTrial, Trial
from appliance.core.audit import Audit
from appliance.core.cancelling import to_its_end
from appliance.core.durable import writing
from appliance.core.store import new_id
from appliance.netconfig import checks, render
from appliance.netconfig.adopt import restoring
from appliance.netconfig.applier import Applier, Files, Places, SystemApplier
from appliance.netconfig.baseline import Baseline
from appliance.netconfig.faults import CHANGED_MEANWHILE, NO_TRIAL, NOT_REVERTED, ON_TRIAL, OTHER_TRIAL, REFUSED, TRIAL_OVER
from appliance.netconfig.findings import listed
from appliance.netconfig.live import LiveChecks, NetworkAsked
from appliance.netconfig.observe import Observed, observe
from appliance.netconfig.trial import (
    AFTER_RESTART,
    BY_OPERATOR,
    KEPT,
    NOT_APPLICABLE,
    TIME_UP,
    BootClock,
    Clock,
    Next,
    Phase,
    TrialFolder,
    TrialRecord,
    decide,
)
from appliance.netconfig.watch import Watch

_log = logging.getLogger(__name__)
_RETRY = 5.0
_LOOK = 1.0
"""Seconds between looks at the clock: a machine that slept meanwhile finds its trial over at once."""
_UNKNOWN = "unknown"


class NetworkControl:
    """Tries, keeps and reverts settings. Whatever happens in between, settings that nobody kept end by themselves.

    It stands on files alone, so that it works where the store does not; without an `audit` its events wait for `audited_by`.
    """

    def __init__(
        self,
        state_dir: Path,
        networkd_dir: Path,
        audit: Audit | None = None,
        *,
        applier: Applier | None = None,
        clock: Clock | None = None,
        observing: Callable[[], Awaitable[Observed]] = observe,
        live: LiveChecks | None = None,
    ) -> None:
        self._folder, self._audit = TrialFolder(state_dir), audit
        self._unaudited: list[tuple[str, str, str, str]] = []
        self._applier: Applier = applier or SystemApplier(Places.around(networkd_dir))
        self._clock: Clock = clock or BootClock()
        self._baseline = Baseline(self._folder, self._clock)
        self._observe, self._live = observing, live or NetworkAsked()
        self._lock = asyncio.Lock()
        self._record: TrialRecord | None = None
        self._watch: Watch | None = None
        self._timer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up the trial that an earlier agent left: end it if its time is over or its boot is, else let it go on."""
        if await asyncio.to_thread(self._folder.is_unreadable):
            await self._give_up(await self._unreadable())
            return
        record = await asyncio.to_thread(self._folder.trial)
        if record is None:
            return
        self._record = record
        decision = decide(record, await asyncio.to_thread(self._folder.kept), self._clock.boot_id(), self._clock.now())
        if decision.next is Next.GO_ON:
            self._run(record)
        elif decision.next is Next.FINISH_KEEPING:
            self._record = None
            with contextlib.suppress(OSError):  # a full disk: the next start finishes it
                await asyncio.to_thread(self._folder.end, record.id, decision.outcome)
        else:
            await self._give_up(_ending(record, decision.outcome))

    async def audited_by(self, audit: Audit) -> None:
        """Events go there from now on, and so do those that were before."""
        self._audit = audit
        waiting, self._unaudited = self._unaudited, []
        for event in waiting:
            await self._note(*event)

    async def close(self) -> None:
        """Stop watching. A trial stays on disk: the next agent takes it up."""
        await self._stop_watching()
        await _cancelled(self._timer)

    async def network(self) -> Network:
        """What is, what was kept, and what is on trial."""
        observed = await self._observe()
        kept, ended = await self._baseline.plan(observed, self._record), await asyncio.to_thread(self._folder.ended)
        return Network(
            host_name=observed.host_name,
            interfaces=observed.interfaces,
            dns=observed.dns,
            kept=kept,
            revision=render.revision(kept),
            trial=None if self._record is None else self._shown(self._record),
            outcome=ended.outcome if ended else "",
        )

    async def check(self, plan: NetworkPlan) -> list[Finding]:
        """What is to be said of settings before they are tried; nothing is changed. Takes 2 s at most."""
        observed = await self._observe()
        findings = checks.check(plan, observed.interfaces)
        if checks.problems(findings):
            return findings
        return findings + await self._live.before(render.canonical(plan), observed.interfaces)

    async def start_trial(self, wanted: StartTrial) -> Trial:
        """Put settings in force for a while. Raises a Fault; then the settings of before are in force."""
        async with self._lock:
            self._refuse_second()
            base = await self._baseline.plan(await self._observe(), None)
            if wanted.revision != render.revision(base):
                raise CHANGED_MEANWHILE()
            await self._refuse_wrong(wanted.plan)
            files = Files.of(wanted.plan)
            await self._applier.ready()
            record = await self._begun(wanted, base)
            await self._note("operator", "network.try", "done", record.id)
            try:
                await self._applier.apply(files)
                record = await self._saved(record.model_copy(update={"phase": Phase.RUNNING}))
            except BaseException:  # whatever it is, and if only the request was broken off: no half-applied settings stay
                await self._give_up(_ending(record, NOT_APPLICABLE))
                raise
            self._run(record)
            return self._shown(record)

    async def keep(self, trial_id: str, *, anyway: bool = False) -> Network:
        """Keep what is on trial; again is no error. Raises a Fault when it is over or another, or (but for `anyway`) is not well."""
        async with self._lock:
            record = await self._named(trial_id, KEPT)
            if record is not None:
                if record.phase is not Phase.RUNNING or self._clock.now() >= record.deadline:
                    raise TRIAL_OVER(outcome=record.outcome or TIME_UP)
                if self._watch and not anyway:
                    self._watch.refuse()
                with writing():
                    await to_its_end(asyncio.to_thread(self._folder.keep, record))
                self._record = None
                await _cancelled(self._timer)
                await self._stop_watching()
                await self._note("operator", "network.keep", "done", record.id)
        return await self.network()

    async def revert(self, trial_id: str) -> Network:
        """Give up what is on trial; again is no error. Raises a Fault when it was kept, another one runs, or reverting fails."""
        async with self._lock:
            record = await self._named(trial_id, BY_OPERATOR)
            if record is not None:
                await _cancelled(self._timer)
                if not await self._give_up(_ending(record, BY_OPERATOR), "operator"):
                    raise NOT_REVERTED()
        return await self.network()

    def _refuse_second(self) -> None:
        if self._record is not None:
            raise ON_TRIAL(seconds=math.ceil(self._left(self._record)))

    async def _refuse_wrong(self, plan: NetworkPlan) -> None:
        wrong = [one for one in await self.check(plan) if one.severity is Severity.ERROR]
        if wrong:
            raise REFUSED(detail=listed(wrong))

    async def _begun(self, wanted: StartTrial, base: NetworkPlan) -> TrialRecord:
        """The record of a trial, on disk before anything is changed."""
        return await self._saved(
            TrialRecord(
                id=new_id("trial"),
                plan=render.canonical(wanted.plan),
                base=base,
                before=restoring(await self._applier.current(), await self._observe(), wanted.plan),
                boot_id=self._clock.boot_id(),
                deadline=self._clock.now() + wanted.seconds,
            )
        )

    async def _saved(self, record: TrialRecord) -> TrialRecord:
        with writing():
            await to_its_end(asyncio.to_thread(self._folder.save, record))
        self._record = record
        return record

    async def _named(self, trial_id: str, same: str) -> TrialRecord | None:
        """The trial that is meant; None when it has ended already in the way that is asked for."""
        if self._record is not None:
            if self._record.id == trial_id:
                return self._record
            raise OTHER_TRIAL()
        ended = await asyncio.to_thread(self._folder.ended)
        if ended is None or ended.trial_id != trial_id:
            raise NO_TRIAL()
        if ended.outcome != same:
            raise TRIAL_OVER(outcome=ended.outcome)
        return None

    def _run(self, record: TrialRecord) -> None:
        """Watch a trial from now on, and end it in time."""
        self._watch = Watch(record.plan, self._observe, self._live, self._clock)
        self._timer = asyncio.create_task(self._end_in_time(record))

    async def _end_in_time(self, record: TrialRecord) -> None:
        while (left := self._left(record)) > 0:
            await self._clock.sleep(min(left, _LOOK))
        async with self._lock:
            if self._record is record:
                await self._give_up(_ending(record, TIME_UP))

    async def _give_up(self, record: TrialRecord, actor: str = "appliance") -> bool:
        """Put the settings of before back; where that fails, go on trying. Returns whether it succeeded at once."""
        self._record = record
        await self._stop_watching()
        with contextlib.suppress(OSError):  # a full disk must not keep the old settings from coming back
            await asyncio.to_thread(self._folder.save, record)
        if await self._reverted(record, actor):
            return True
        self._timer = asyncio.create_task(self._revert_at_last(record, actor))
        return False

    async def _revert_at_last(self, record: TrialRecord, actor: str) -> None:
        while True:
            await self._clock.sleep(_RETRY)
            async with self._lock:
                if self._record is not record or await self._reverted(record, actor):
                    return

    async def _reverted(self, record: TrialRecord, actor: str) -> bool:
        try:
            await self._applier.apply(record.before, Files.of(record.plan))
            await asyncio.to_thread(self._folder.end, record.id, record.outcome)
        except (Fault, OSError) as error:
            _log.error("the network settings of before could not be put back yet: %s", error)
            return False
        self._record = None
        self._baseline.reverted(record)
        await self._note(actor, "network.revert", "done", f"{record.id}: {record.outcome}")
        return True

    async def _unreadable(self) -> TrialRecord:
        """A trial whose record is damaged ends too: in what was kept, or without any settings of ours."""
        kept = await asyncio.to_thread(self._folder.kept)
        before = Files(networkd={}) if kept is None else Files.of(kept.plan)
        plan = NetworkPlan() if kept is None else kept.plan
        return TrialRecord(id=_UNKNOWN, plan=plan, before=before, boot_id="", deadline=0, phase=Phase.REVERTING, outcome=AFTER_RESTART)

    async def _note(self, actor: str, action: str, result: str, detail: str) -> None:
        """An audit event; a store that can't be written, or is not open yet, keeps no network from coming back."""
        if self._audit is None:
            self._unaudited.append((actor, action, result, detail))
            return
        try:
            await self._audit.record(actor, action, result, detail)
        except Fault as error:
            _log.error("%s by %s (%s) is not in the audit log: %s", action, actor, detail, error)

    def _left(self, record: TrialRecord) -> float:
        return max(0.0, record.deadline - self._clock.now()) if record.phase is not Phase.REVERTING else 0.0

    def _shown(self, record: TrialRecord) -> Trial:
        findings, settling = (self._watch.findings, self._watch.settling) if self._watch else ([], False)
        return Trial(id=record.id, plan=record.plan, seconds_left=self._left(record), findings=findings, settling=settling)

    async def _stop_watching(self) -> None:
        if self._watch is not None:
            await self._watch.close()
            self._watch = None


async def _cancelled(task: asyncio.Task[None] | None) -> None:
    if task is not None and task is not asyncio.current_task():
        task.cancel()
        await asyncio.wait([task])


def _ending(record: TrialRecord, outcome: str) -> TrialRecord:
    """The record of a trial that is being given up; one that was already keeps its reason."""
    return record.model_copy(update={"phase": Phase.REVERTING, "outcome": record.outcome or outcome})
