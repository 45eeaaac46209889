"""Asking about jobs of which nothing was heard, and acting on the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from appliance.agent.health.limits import HealthLimits
from appliance.agent.health.underway import UnderWay
from appliance.agent.health.verdicts import Answer, Verdict, answer_of, is_silent, verdict
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.core.jobs import Runner
from appliance.replication.faults import SOURCE_UNPAIRED
from appliance.replication.source import Sources

logger = logging.getLogger(__name__)


class SilentJobs:
    """Remembers from one look to the next what was answered about which job."""

    def __init__(self, runner: Runner, source: Sources, limits: HealthLimits) -> None:
        self._runner, self._source, self._limits = runner, source, limits
        self._before: dict[str, tuple[int, Answer]] = {}

    def heed(self, limits: HealthLimits) -> None:
        """Ask by these limits from now on."""
        self._limits = limits

    async def look(self, jobs: Sequence[UnderWay], now: datetime) -> tuple[int, int]:
        """Ask about the silent ones and do what follows; returns how many were asked about and how many were taken up again."""
        silent = [one for one in jobs if is_silent(one.heard_at, now, self._limits.silent) or not self._runner.is_driven(one.job_id)]
        turn = asyncio.Semaphore(self._limits.asked_at_once)
        answers = await asyncio.gather(*(self._ask(one, turn) for one in silent))
        before, self._before = self._before, {}
        taken_up = 0
        for one, answer in zip(silent, answers, strict=True):
            taken_up += await self._act(one, answer, again=before.get(one.job_id) == (one.revision, answer))
            self._before[one.job_id] = one.revision, answer
        return sum(one.far is not None for one in silent), taken_up

    async def _ask(self, job: UnderWay, turn: asyncio.Semaphore) -> Answer:
        if job.far is None:
            return Answer.NONE
        try:
            async with turn, asyncio.timeout(self._limits.answer):
                return answer_of((await self._source.vma(job.far).progress(job.job_id)).phase)
        except TimeoutError:
            return Answer.NONE
        except Fault as error:
            return Answer.UNKNOWN if error.key in (NOT_FOUND.key, SOURCE_UNPAIRED.key) else Answer.NONE

    async def _act(self, job: UnderWay, answer: Answer, *, again: bool) -> bool:
        what = verdict(answer, driven=self._runner.is_driven(job.job_id), again=again)
        if what is Verdict.LEAVE:
            return False
        logger.warning("job %s is taken up again: nothing was heard of it; its far side's answer: %s", job.job_id, answer.name.lower())
        return await self._runner.drive_anew(job.job_id)
