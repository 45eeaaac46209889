"""Data sessions are given to a running copy only."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appliance.agent.peer.oma import OmaPeerRoutes
from appliance.contract.errors import Fault
from appliance.contract.peer import AskSession
from appliance.core.jobs import Job, JobStatus, JobStep, Runner, StepStatus
from appliance.core.store import Store
from appliance.replication.verify.desk import Desk
from appliance.tunnel.sessions import DataGrant, DataSessions


class Sessions:
    """Grants while the copy ends."""

    def __init__(self, job: Job) -> None:
        self.job, self.ended = job, list[str]()

    async def grant(self, **_: object) -> DataGrant:
        self.job.steps[0].status = StepStatus.COMPLETED
        return DataGrant("data-1", "volume-1", "write", ("token",), "data-1", "00")

    async def end(self, session_id: str) -> None:
        self.ended.append(session_id)


async def test_a_session_that_was_made_while_the_copy_ended_is_ended_and_told_to_nobody(tmp_path: Path, store: Store) -> None:
    state = {"devices": {"disk-2000": str(tmp_path)}, "volumes": {"disk-2000": "volume-1"}}
    step = JobStep(position=0, name="data-transfer", title="", status=StepStatus.RUNNING)
    job = Job(id="job-1", kind="replication", title="", status=JobStatus.RUNNING, peer_id="vma-1", params={}, state=state, steps=[step])
    job.cancel_requested = False

    async def get(_: str) -> Job:
        return job

    sessions = Sessions(job)
    desk = Desk(store, sessions.end)
    routes = OmaPeerRoutes("vma-1", store, cast(Runner, SimpleNamespace(get=get)), cast(DataSessions, sessions), desk)
    with pytest.raises(Fault) as refused:
        await routes.session("job-1", AskSession(disk_id="disk-2000", connections=1))
    assert (refused.value.key, sessions.ended) == ("replication.no_session", ["data-1"])
