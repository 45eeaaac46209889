"""Asking the OMA how the job behind a transfer stands."""

from __future__ import annotations

import logging

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import NOT_FOUND, Fault
from appliance.contract.peer import JobState
from appliance.core.jobs.lifecycle import ENDED
from appliance.replication.faults import REFUSED_SESSION
from appliance.replication.transfer.link import OmaLink

_log = logging.getLogger(__name__)


async def oma_state(link: OmaLink, job_id: str) -> JobState | None:
    """How the OMA's job stands; None without an answer. Raises REFUSED_SESSION when it is unknown there, or ended uncommitted."""
    try:
        state = await link.oma.job_state(job_id)
    except Fault as error:
        if error.key == NOT_FOUND.key:
            raise REFUSED_SESSION(cause="the OMA does not know the job") from error
        if error.key != UNREACHABLE.key:
            _log.warning("asking for job %s: %s", job_id, error)
        return None
    if state.status in ENDED and not state.committed:
        raise REFUSED_SESSION(cause=f"the OMA's job is {state.status}")
    return state


async def no_login_comes(link: OmaLink, job_id: str) -> str:
    """Why the OMA will send no login for a job any more; empty while it may."""
    try:
        state = await oma_state(link, job_id)
    except Fault as error:
        return error.cause or error.message
    return f"the OMA's job is {state.status}" if state is not None and state.status in ENDED else ""
