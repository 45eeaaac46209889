"""What a VMA may ask of the OMA: for its own running jobs only."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from appliance.agent.http.binding import application, bind
from appliance.contexts import records
from appliance.contract.errors import NOT_FOUND
from appliance.contract.peer import AskSession, Compare, Compared, DataSession, Examined, JobState, OmaPeerApi
from appliance.core.jobs import Job, Runner, StepStatus
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.store import Store
from appliance.replication.cycle import DataTransfer
from appliance.replication.faults import REFUSED_SESSION
from appliance.replication.kinds import CYCLES
from appliance.replication.verify.desk import Desk
from appliance.tunnel.principal import Principal
from appliance.tunnel.sessions import DataSessions


class OmaPeerRoutes(OmaPeerApi):
    """Serves one peer."""

    def __init__(self, peer_id: str, store: Store, runner: Runner, sessions: DataSessions, desk: Desk) -> None:
        self._peer_id, self._store, self._runner, self._sessions, self._desk = peer_id, store, runner, sessions, desk

    async def session(self, job_id: str, body: AskSession) -> DataSession:
        job = await self._own(job_id)
        if not await self._may_write(job, body.disk_id) or body.disk_id not in job.state["devices"]:
            raise REFUSED_SESSION(cause=f"{job_id} is {job.status}, disk {body.disk_id}")
        device = Path(job.state["devices"][body.disk_id])
        grant = await self._sessions.grant(
            job_id=job_id,
            volume_id=job.state["volumes"][body.disk_id],
            device=device,
            peer_id=self._peer_id,
            direction="write",
            connections=body.connections,
        )
        if not await self._may_write(await self._own(job_id), body.disk_id):
            # The copy ended meanwhile, perhaps after its sessions were ended: nobody is told how to reach this one.
            await self._sessions.end(grant.session_id)
            raise REFUSED_SESSION(cause=f"{job_id} ended while a session was made")
        return DataSession.model_validate(
            {
                "session_id": grant.session_id,
                "tokens": list(grant.tokens),
                "psk_identity": grant.psk_identity,
                "psk_key": grant.psk_hex,
            }
        )

    async def job_state(self, job_id: str) -> JobState:
        job = await self._own(job_id)
        async with self._store.session() as session:
            context = await records.by_id(session, job.vm_context_id or "")
        return JobState(status=job.status, committed=context.last_successful_job_id == job_id)

    async def compare(self, job_id: str, body: Compare) -> Compared:
        return await self._desk.compare(await self._own(job_id), body)

    async def examined(self, job_id: str, body: Examined) -> JobState:
        await self._desk.examined(await self._own(job_id), body)
        return await self.job_state(job_id)

    async def _may_write(self, job: Job, disk_id: str) -> bool:
        return _is_copying(job) or await self._desk.may_repair(job, disk_id)

    async def _own(self, job_id: str) -> Job:
        job = await self._runner.get(job_id)
        if job.peer_id != self._peer_id or job.kind not in CYCLES:
            raise NOT_FOUND(noun="job", id=job_id)
        return job


def _is_copying(job: Job) -> bool:
    running = any(step.name == DataTransfer.name and step.status == StepStatus.RUNNING for step in job.steps)
    return running and job.status not in ENDED and not job.cancel_requested


def peer_application(principal: Principal, store: Store, runner: Runner, sessions: DataSessions, desk: Desk) -> web.Application:
    """The application that one peer reaches through its tunnel."""
    app = application()
    bind(app, OmaPeerApi, OmaPeerRoutes(principal.peer_id, store, runner, sessions, desk))
    return app
