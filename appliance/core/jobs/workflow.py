"""What a kind of job consists of: its steps, and what it holds while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import FaultSpec
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.jobs.models import Job

if TYPE_CHECKING:
    from appliance.core.jobs.run import Run


class Step:
    """Three small functions with one name: is it done, do it, undo it.

    `do` may be called again after a crash in its middle, unless `done` says that its work is there. `undo` is called for
    every step that was begun, in reverse order, and must be right whether `do` had finished or not.
    """

    name: str
    title: str

    async def done(self, run: Run) -> bool:
        """Whether the work is there already; asked only after a crash in the middle of the step."""
        return False

    async def do(self, run: Run) -> None:
        """Do the work."""
        raise NotImplementedError

    async def undo(self, run: Run) -> None:
        """Take the work back; nothing to take back unless a step says so."""


class Workflow:
    """One kind of job. `undoes` is false for kinds that are finished by running them again, such as a cleanup."""

    kind: str
    undoes: bool = True

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)

    def title(self, job: Job) -> str:
        """What the operator reads as the name of the job."""
        return self.kind

    async def claim(self, session: AsyncSession, job: Job) -> None:
        """Take what the job needs for itself, in the transaction that stores it. Raises a Fault to refuse the job."""

    async def settle(self, session: AsyncSession, job: Job) -> None:
        """Give it back, in the transaction that ends the job; `job.status` tells how it ended."""

    async def ended(self, job: Job) -> None:
        """Let go of what was held in memory, once the end of the job is stored."""


async def refuse_beside(session: AsyncSession, job: Job, refusal: FaultSpec, *kinds: str) -> None:
    """For `claim`: raises the refusal while another job of these kinds, else of the job's own, has not ended."""
    others = select(Job.id).where(Job.kind.in_(kinds or (job.kind,)), Job.id != job.id, Job.status.not_in(ENDED)).limit(1)
    if await session.scalar(others) is not None:
        raise refusal()
