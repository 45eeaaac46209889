"""Follows a job to its end."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

from appliance.contract.client import Transport

ENDED = ("completed", "failed", "cancelled")
LONG_POLL = 20
"""Seconds; the API takes 25 at most."""


class Lost(Exception):
    """The job can't be asked about; status and body of the answer."""

    def __init__(self, status: int, content: bytes) -> None:
        super().__init__(status)
        self.status, self.content = status, content


async def follow(transport: Transport, job_id: str) -> dict[str, Any]:
    """The job once it has ended; what it does meanwhile is told on standard error. Raises Lost, or a Fault."""
    said, revision, path = "", -1, f"/api/v1/jobs/{quote(job_id, safe='')}"
    while True:
        status, content = await transport.send("GET", path, {"after": str(revision), "wait": str(LONG_POLL)}, None)
        if status != 200:
            raise Lost(status, content)
        job: dict[str, Any] = json.loads(content)
        line = f"{job['status']} {job['progress_percent']:.0f} % {job['current_operation']}".strip()
        if line != said:
            said = line
            print(f"{job_id}: {line}", file=sys.stderr, flush=True)
        if job["status"] in ENDED:
            return job
        revision = int(job["revision"])
