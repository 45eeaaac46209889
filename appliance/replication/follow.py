"""Following a cycle at the VMA until it has an answer, however long the way there is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import NOT_FOUND, Fault, FaultSpec
from appliance.contract.peer import CopyPhase, CopyProgress, Replicate, VmaPeerApi
from appliance.core.jobs import Run
from appliance.replication.faults import FAR_ENDED, FORGOTTEN

RETRY = 2.0
"""Seconds between two tries to reach the VMA."""
LONG_POLL = 15.0

Answer = TypeVar("Answer")
Note = Callable[[CopyProgress], Awaitable[None]]
OVER = frozenset({CopyPhase.FINISHED, CopyPhase.FAILED, CopyPhase.CANCELLED})


async def patiently(run: Run, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer to `ask`; while the VMA can't be reached, the job is shown as waiting for it."""
    try:
        return await ask()
    except Fault as error:
        if error.key != UNREACHABLE.key:
            raise
    async with run.waiting("Waiting for the appliance at the source"):
        while True:
            await asyncio.sleep(RETRY)
            try:
                return await ask()
            except Fault as error:
                if error.key != UNREACHABLE.key:
                    raise


async def until(
    run: Run, vma: VmaPeerApi, order: Callable[[], Awaitable[Replicate]], wanted: frozenset[CopyPhase], note: Note
) -> CopyProgress:
    """Follow the cycle until it is in a wanted phase or over. `order` makes the request that renews its access when it asks.

    Raises FORGOTTEN when the VMA does not know the cycle.
    """
    after = -1
    while True:
        try:
            progress = await patiently(run, partial(vma.progress, run.id, after, LONG_POLL))
        except Fault as error:
            if error.key == NOT_FOUND.key:
                raise FORGOTTEN(cause=error.cause or str(error)) from error
            raise
        await note(progress)
        if progress.phase in wanted or progress.phase in OVER:
            return progress
        if progress.phase is CopyPhase.NEEDS_ACCESS:
            renewed = await order()
            await patiently(run, partial(vma.replicate, renewed))
            await asyncio.sleep(0.2)
        after = progress.revision


def failure(progress: CopyProgress) -> Fault:
    """The far side's error as ours: both messages as it gave them."""
    error = progress.error
    if error is None:
        return FAR_ENDED(cause=f"phase {progress.phase}")
    return FaultSpec.told(error.key, 502, error.message, error.guidance)(cause=error.cause)
