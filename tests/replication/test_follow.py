"""A cycle is followed until there is an answer; no answer ends nothing, "unknown" is one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.peer import CopyPhase, CopyProgress, Replicate, VmaPeerApi
from appliance.core.jobs import Run
from appliance.replication import follow

SHOWN: list[str] = []


@asynccontextmanager
async def waiting(what_for: str) -> AsyncIterator[None]:
    SHOWN.append(what_for)
    yield


RUN = cast(Run, SimpleNamespace(id="job-1", waiting=waiting))


def vma(*answers: CopyPhase | Fault) -> VmaPeerApi:
    """One answer after the other."""
    left = list(answers)

    async def progress(job_id: str, after: int, wait: float) -> CopyProgress:
        answer = left.pop(0)
        if isinstance(answer, Fault):
            raise answer
        return CopyProgress(job_id=job_id, revision=len(left), phase=answer)

    return cast(VmaPeerApi, SimpleNamespace(progress=progress))


async def nothing(_: CopyProgress) -> None: ...


NO_ORDER = cast(Callable[[], Awaitable[Replicate]], None)


async def test_a_vma_that_can_not_be_reached_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "RETRY", 0.01)
    SHOWN.clear()
    far = vma(CopyPhase.RUNNING, UNREACHABLE(), UNREACHABLE(), CopyPhase.RUNNING, CopyPhase.COPIED)
    found = await follow.until(RUN, far, NO_ORDER, frozenset({CopyPhase.COPIED}), nothing)
    assert (found.phase, SHOWN) == (CopyPhase.COPIED, ["Waiting for the appliance at the source"])


async def test_a_vma_that_does_not_know_the_cycle_ends_it_with_that_reason() -> None:
    with pytest.raises(Fault) as ended:
        await follow.until(RUN, vma(NOT_FOUND(noun="job", id="job-1")), NO_ORDER, frozenset(), nothing)
    assert ended.value.key == "replication.forgotten"
