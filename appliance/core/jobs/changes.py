"""What changed, in order: whoever follows jobs keeps one number, so that a slow follower costs no memory."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque

KEPT = 4096
"""Changes that are remembered. Whoever is further behind looks at everything anew."""


class Changes:
    """The newest changes of jobs, numbered from the agent's start. All of it belongs to one event loop."""

    def __init__(self, kept: int = KEPT) -> None:
        self.start = secrets.token_hex(4)
        self.last = 0
        self._jobs: deque[str] = deque(maxlen=kept)
        self._waiting: set[asyncio.Future[None]] = set()

    def note(self, job_id: str) -> None:
        """A job has changed, or is new."""
        self.last += 1
        self._jobs.append(job_id)
        for one in self._waiting:
            if not one.done():
                one.set_result(None)

    def since(self, after: int) -> list[str] | None:
        """The jobs that changed after a number, each once; None when that is no longer known, or never was."""
        missed = self.last - after
        if missed < 0 or missed > len(self._jobs):
            return None
        return list(dict.fromkeys(self._jobs[index] for index in range(len(self._jobs) - missed, len(self._jobs))))

    async def wait(self, after: int) -> None:
        """Wait until anything has changed after a number."""
        while self.last <= after:
            one = asyncio.get_running_loop().create_future()
            self._waiting.add(one)
            try:
                await one
            finally:
                self._waiting.discard(one)

    async def wait_for(self, job_id: str, after: int) -> None:
        """Wait until this job has changed after a number, or may have."""
        while True:
            await self.wait(after)
            changed, after = self.since(after), self.last
            if changed is None or job_id in changed:
                return
