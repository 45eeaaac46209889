"""The settings that changes are made from: those that were kept last; where none ever were, what is."""

from __future__ import annotations

import asyncio

from appliance.contract.network import NetworkPlan
from appliance.netconfig import render
from appliance.netconfig.adopt import adopted
from appliance.netconfig.observe import Observed
from appliance.netconfig.trial import Clock, TrialFolder, TrialRecord
from appliance.netconfig.watch import PATIENCE


class Baseline:
    """Of an appliance on which nothing was ever kept too, a trial changes nothing: what is then is what is tried."""

    def __init__(self, folder: TrialFolder, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._restored: NetworkPlan | None = None
        self._until = 0.0

    async def plan(self, observed: Observed, on_trial: TrialRecord | None) -> NetworkPlan:
        """What was kept last; else what was before the trial that is on, or has just been reverted; else what is."""
        kept = await asyncio.to_thread(self._folder.kept)
        if kept is not None:
            return kept.plan
        before = on_trial.base if on_trial else self._restored if self._clock.now() < self._until else None
        return before or render.canonical(adopted(observed))

    def reverted(self, record: TrialRecord) -> None:
        """The settings of before are put back; systemd-networkd needs a moment until they are what is."""
        self._restored, self._until = record.base, self._clock.now() + PATIENCE
