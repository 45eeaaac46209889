"""The login of a transfer: waited for as long as somebody may send it, renewed when vCenter refuses it."""

import asyncio
from typing import Any, cast

import pytest
from pydantic import SecretStr

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.inventory import VCenterAccess
from appliance.contract.peer import CopyPhase, JobState
from appliance.core.jobs import JobStatus, Runner, Step, Workflow
from appliance.core.store import Store
from appliance.replication.transfer import logins as module
from appliance.replication.transfer.asking import no_login_comes
from appliance.replication.transfer.board import Board
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.renewal import WithFreshLogin
from appliance.vsphere.faults import LOGIN_REFUSED
from appliance.vsphere.session import VCenter
from appliance.vsphere.visits import Visits


def access(password: str) -> VCenterAccess:
    return VCenterAccess(host="vc.example", port=443, username="u", password=SecretStr(password), fingerprint="", ca="")


class Link:
    """An OMA that answers one thing after the other about its job, the last one for ever."""

    def __init__(self, *answers: JobState | Fault) -> None:
        self.answers, self.oma = list(answers), self

    async def job_state(self, job_id: str) -> JobState:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Fault):
            raise answer
        return answer


def state(status: str, *, committed: bool = False) -> JobState:
    return JobState(status=status, committed=committed)


ANSWERS = {
    "runs": (state("running"), False),
    "waits": (state("waiting"), False),
    "is undone": (state("undoing"), False),
    "is unreachable": (UNREACHABLE(), False),
    "failed": (state("failed"), True),
    "was cancelled": (state("cancelled"), True),
    "is completed": (state("completed", committed=True), True),
    "is unknown": (NOT_FOUND(noun="job", id="job-1"), True),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_whether_a_login_may_still_come_is_what_the_oma_says(name: str) -> None:
    answer, in_vain = ANSWERS[name]
    assert bool(await no_login_comes(cast(Any, Link(answer)), "job-1")) is in_vain


async def opened(_: Visits, vcenter: VCenter) -> VCenter:
    """A vCenter whose password is `new`."""
    if vcenter._password != "new":
        raise LOGIN_REFUSED(host=vcenter.host)
    return vcenter


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visits, "open", opened)
    monkeypatch.setattr(module, "ASK_AFTER", 0.01)


def logins(*answers: JobState | Fault) -> Logins:
    link = cast(Any, Link(*answers))
    return Logins(lambda job_id: no_login_comes(link, job_id))


async def test_a_login_is_waited_for_while_the_oma_is_away_and_its_job_runs() -> None:
    found, board = logins(UNREACHABLE(), UNREACHABLE(), state("running")), Board("job-1", [])
    waiting = asyncio.create_task(found.vcenter(board))
    while board.phase is not CopyPhase.NEEDS_ACCESS:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    found.give("job-1", access("new"))
    assert (await waiting).host == "vc.example"
    await found.close("job-1")


async def test_a_login_that_nobody_will_send_ends_the_wait_and_no_later_one_begins() -> None:
    found, board = logins(state("failed")), Board("job-1", [])
    for _ in range(2):
        with pytest.raises(Fault) as ended:
            await found.vcenter(board)
        assert ended.value.key == "replication.no_login"


class Asks(Step):
    """A step that needs vCenter."""

    name, title = "asks", "Asking"

    def __init__(self, found: Logins, board: Board) -> None:
        self.found, self.board, self.done_times = found, board, 0

    async def do(self, run: object) -> None:
        await self.found.vcenter(self.board)
        self.done_times += 1


class OneStep(Workflow):
    kind = "one"


async def ends(store: Store, first: str, second: str) -> tuple[str, str | None, int]:
    """How a job ends whose vCenter has the password `new`, and which is given one login after the other."""
    found = logins(state("running"))
    board = Board("job-1", [])
    step = Asks(found, board)
    runner = Runner(store, [OneStep([WithFreshLogin(step, found)])])
    found.give("job-1", access(first))
    await runner.submit("one", {}, job_id="job-1")

    async def oma() -> None:
        while True:
            if board.phase is CopyPhase.NEEDS_ACCESS:
                found.give("job-1", access(second))
            await asyncio.sleep(0)

    answering = asyncio.create_task(oma())
    job = await runner.wait("job-1")
    answering.cancel()
    await found.close("job-1")
    return job.status, job.error["key"] if job.error else None, step.done_times


async def test_a_password_that_was_changed_in_the_middle_is_asked_for_again(store: Store) -> None:
    assert await ends(store, "old", "new") == (JobStatus.COMPLETED, None, 1)


async def test_the_same_refused_password_is_not_tried_twice(store: Store) -> None:
    assert await ends(store, "old", "old") == (JobStatus.FAILED, "vcenter.login_refused", 0)


async def test_another_wrong_password_ends_the_job(store: Store) -> None:
    assert await ends(store, "old", "older") == (JobStatus.FAILED, "vcenter.login_refused", 0)
