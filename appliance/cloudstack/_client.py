"""The one client of CloudStack's API, and the only import of `cs`: signed POST requests, asynchronous jobs, two faces.

Requests carry `signatureversion=3` and `expires` (CloudStack API guide, "Signing API requests").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import aiohttp

from appliance.cloudstack.answers import Row, refusal, rows, text
from appliance.cloudstack.faults import JOB_UNKNOWN, KEYS_REFUSED, NO_ANSWER, NOT_ALLOWED, NOT_CLOUDSTACK, NOT_THERE, UNREACHABLE
from appliance.cloudstack.tracking import Purpose
from appliance.contract.errors import Fault

if TYPE_CHECKING:
    from cs import AIOCloudStack, CloudStackApiException

Accepted = Callable[[Row], Awaitable[None]]
Param = str | int | bool | list[str] | list[dict[str, str]] | None

_LOOKING = frozenset({"queryAsyncJobResult", "listCapabilities", "listVirtualMachines", "listAccounts", "listZones"})
# What tells how a cloud is set up; most of it is for administrators only, and missed without harm.
SURVEY_COMMANDS = frozenset(
    {"listApis", "listConfigurations", "listStoragePools", "listResourceLimits", "listCapacity", "listHypervisorCapabilities"}
)
COMPUTE_COMMANDS = (_LOOKING | SURVEY_COMMANDS) | {
    "listDomains",
    "listTemplates",
    "listServiceOfferings",
    "listDiskOfferings",
    "listNetworks",
    "deployVirtualMachine",
    "startVirtualMachine",
    "stopVirtualMachine",
    "destroyVirtualMachine",
}
VOLUME_COMMANDS = _LOOKING | {
    "listVolumes",
    "listSnapshots",
    "listHypervisorCapabilities",
    "listCapacity",
    "listResourceLimits",
    "listAsyncJobs",
    "createVolume",
    "attachVolume",
    "detachVolume",
    "resizeVolume",
    "deleteVolume",
    "createSnapshot",
    "revertSnapshot",
    "deleteSnapshot",
}
# Parameters by which a command about machines would make or remove volumes.
VOLUME_PARAMETERS = frozenset({"volumeid", "volumeids", "snapshotid", "diskofferingid", "datadiskofferinglist", "size", "rootdisksize"})


@dataclass(frozen=True)
class Endpoint:
    """Where and as whom to ask; `timeout` in seconds, for connecting and for each read."""

    url: str
    api_key: str
    secret_key: str = field(repr=False)
    timeout: float = 30.0
    name: str = ""


@dataclass(frozen=True)
class Pace:
    """How often an asynchronous job is asked about: first and longest wait in seconds, and the growth between."""

    first: float = 0.1
    most: float = 3.0
    growth: float = 1.5


class JobRecord(Protocol):
    """What is told about the jobs that CloudStack is given."""

    async def started(self, cloudstack_job_id: str, command: str, purpose: Purpose) -> None: ...

    async def ended(self, cloudstack_job_id: str, status: str) -> None: ...

    async def pending(self, parent_job_id: str | None = None, command: str | None = None) -> list[str]: ...


class Transport:
    """Signed requests to one endpoint over one pool of connections, errors turned into Faults."""

    def __init__(self, endpoint: Endpoint, record: JobRecord, pace: Pace | None = None) -> None:
        self._endpoint, self._record, self._pace = endpoint, record, pace or Pace()
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(self, command: str, **params: Param) -> Row:
        """One request, and its answer. Raises a Fault."""
        answer = await self._send(command, False, params)
        if not isinstance(answer, dict):
            raise NOT_CLOUDSTACK(cause=f"{command}: an object was expected")
        return answer

    async def list(self, command: str, **params: Param) -> list[Row]:
        """All pages of a list command; `page` and `pagesize` are sent together. Empty where CloudStack says there is no such thing."""
        try:
            answer = await self._send(command, True, params)
        except Fault as error:
            if error.spec is NOT_THERE:
                return []
            raise
        return rows({"all": answer}, "all")

    async def follow(self, cloudstack_job_id: str) -> Row:
        """Ask about a job until CloudStack says how it ended; the clock never decides. Returns its result, raises a Fault."""
        wait = self._pace.first
        while True:
            answer = await self._job_state(cloudstack_job_id)
            status = text(answer, "jobstatus")
            if status in ("1", "2"):
                await self._record.ended(cloudstack_job_id, "done" if status == "1" else "failed")
                return self._result(answer, failed=status == "2")
            await asyncio.sleep(wait)
            wait = min(wait * self._pace.growth, self._pace.most)

    async def run(self, command: str, purpose: Purpose, accepted: Accepted | None = None, /, **params: Param) -> Row:
        """A command to its end. What is asynchronous is recorded, told to `accepted` at once, and followed."""
        answer = await self.ask(command, **params)
        job = text(answer, "jobid")
        if not job:
            return answer
        await self._record.started(job, command, purpose)
        if accepted is not None:
            await accepted(answer)
        result = await self.follow(job)
        inner = [value for value in result.values() if isinstance(value, dict)]
        return inner[0] if len(inner) == 1 and len(result) == 1 else result

    async def settle(self, command: str, parent_job_id: str) -> None:
        """Wait for what an earlier agent ordered by this command for a job of ours, however it ends: what is so then decides."""
        for job in await self._record.pending(parent_job_id, command):
            try:
                await self.follow(job)
            except Fault as error:
                if error.spec is KEYS_REFUSED:
                    raise  # no answer about the job

    async def look(self, cloudstack_job_id: str) -> bool | None:
        """Ask once how a job stands, and record how it ended. False where CloudStack does not know it, None without an answer."""
        try:
            answer = await self.ask("queryAsyncJobResult", jobid=cloudstack_job_id)
        except Fault as error:
            return False if error.spec is NOT_THERE else None
        status = text(answer, "jobstatus")
        if status in ("1", "2"):
            await self._record.ended(cloudstack_job_id, "done" if status == "1" else "failed")
        return True

    async def _job_state(self, cloudstack_job_id: str) -> Row:
        try:
            return await self.ask("queryAsyncJobResult", jobid=cloudstack_job_id)
        except Fault as error:
            if error.spec in (UNREACHABLE, NO_ANSWER):
                return {}  # not an answer: ask again
            if error.spec is NOT_THERE:
                await self._record.ended(cloudstack_job_id, "unknown")
                raise JOB_UNKNOWN(cause=error.cause) from error
            raise

    def _result(self, answer: Row, *, failed: bool) -> Row:
        result = answer.get("jobresult")
        result = result if isinstance(result, dict) else {}
        if failed:
            code, words = text(result, "errorcode") or text(answer, "jobresultcode"), text(result, "errortext")
            spec = refusal(int(code) if code.isdigit() else 0, words, of_job=True)
            raise spec(cause=self._clean(f"{text(answer, 'cmd')}: {code} {words}"))
        return result

    async def _send(self, command: str, every_page: bool, params: dict[str, Param]) -> object:
        from cs import CloudStackApiException, CloudStackException  # only now: an agent that has no cloud yet starts without it

        try:
            return await self._client()._request(command, fetch_list=every_page, fetch_result=False, **params)
        except CloudStackApiException as error:
            raise self._refused(command, error) from error
        except CloudStackException as error:
            # A proxy says 502 to 504 in its own words while the management server is away.
            status = getattr(error.response, "status", 0)
            spec = UNREACHABLE if status in (502, 503, 504) else NOT_CLOUDSTACK
            raise spec(cause=self._clean(f"{command}: {error}")) from error
        except (TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise NO_ANSWER(cause=f"{command}: {type(error).__name__}") from error
        except (aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
            raise UNREACHABLE(cause=self._clean(f"{command}: {type(error).__name__}: {error}")) from error

    def _refused(self, command: str, error: CloudStackApiException) -> Fault:
        body = error.error if isinstance(error.error, dict) else {}
        status = getattr(error.response, "status", 0)
        code, words = text(body, "errorcode"), text(body, "errortext")
        spec = refusal(int(code) if code.isdigit() else status, words)
        return spec(cause=self._clean(f"{command}: {code or status} {words}"))

    def _client(self) -> AIOCloudStack:
        from cs import AIOCloudStack

        if self._http is None:
            limits = aiohttp.ClientTimeout(sock_connect=self._endpoint.timeout, sock_read=self._endpoint.timeout)
            self._http = aiohttp.ClientSession(timeout=limits)
        one = self._endpoint
        return AIOCloudStack(one.url, key=one.api_key, secret=one.secret_key, method="post", session=self._http)

    def _clean(self, words: str) -> str:
        """The words without our keys, should the far side repeat them."""
        for secret in (self._endpoint.secret_key, self._endpoint.api_key):
            words = words.replace(secret, "…") if secret else words
        return words


class _Face:
    """Part of the API: only the commands of one list can be sent, whatever the caller asks."""

    def __init__(self, transport: Transport, allowed: frozenset[str], forbidden: frozenset[str]) -> None:
        def check(command: str, params: dict[str, Param]) -> None:
            wrong = [name for name in params if name.lower() in forbidden]
            if command not in allowed or wrong:
                raise NOT_ALLOWED(cause=f"{command} {' '.join(wrong)}".strip())

        async def ask(command: str, **params: Param) -> Row:
            check(command, params)
            return await transport.ask(command, **params)

        async def every(command: str, **params: Param) -> list[Row]:
            check(command, params)
            return await transport.list(command, **params)

        async def run(command: str, purpose: Purpose, accepted: Accepted | None = None, /, **params: Param) -> Row:
            check(command, params)
            return await transport.run(command, purpose, accepted, **params)

        # Closures: a face holds no reference to its transport that a caller could pick up.
        self.ask, self.list, self.run = ask, every, run
        self.follow, self.settle, self.look, self.close = transport.follow, transport.settle, transport.look, transport.close


class ComputeCalls(_Face):
    """What the cloudstack package gives out: machines and looking around, no volume and no snapshot."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, COMPUTE_COMMANDS, VOLUME_PARAMETERS)


class VolumeCalls(_Face):
    """What only the volumes package uses: volumes and snapshots."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, VOLUME_COMMANDS, frozenset())
