"""What a cancel must not break off."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


async def to_its_end(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Do it to its end: who is cancelled meanwhile waits for it, so that none of it comes after what follows, and is cancelled then.

    For threads, which can't be stopped, and for what holds something until it is over, such as the end of a transaction.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at: what the cancelled one would have been told is told to nobody
        raise
