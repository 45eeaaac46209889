"""Upgrades of one appliance: files that are brought here, and the job that applies one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.agent.backup.restoring import Restoring
from appliance.agent.config import Config
from appliance.agent.upgrade.faults import FAILOVER_RUNS, RESTORE_WAITS, RETURNED
from appliance.agent.upgrade.fitness import Here, flaw
from appliance.agent.upgrade.folder import PYTHON, Folder, Stored
from appliance.agent.upgrade.home import Home
from appliance.agent.upgrade.package import opened
from appliance.agent.upgrade.startup import FOLDER
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.agent.upgrade.unpacking import unpack
from appliance.agent.upgrade.workflow import KIND, NAME, ApplyUpgrade
from appliance.agent.upgrade.workflow import VERSION as TO_VERSION
from appliance.agent.version import VERSION
from appliance.contract import upgrades as contract
from appliance.contract.status import Health
from appliance.contract.types import FetchFrom
from appliance.core import durable
from appliance.core.audit import Audit
from appliance.core.cancelling import to_its_end
from appliance.core.carrying import Fetching, make_known
from appliance.core.jobs import Job, Runner
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.receiving import received
from appliance.core.store import utcnow
from appliance.core.web import Heard
from appliance.failover.kinds import LIVE_FAILOVER, ROLLBACK
from appliance.tunnel.peers import Peers

_OUTCOMES = {Phase.KEPT: contract.UpgradeOutcome.KEPT, Phase.RETURNED: contract.UpgradeOutcome.RETURNED}
_AUDITED = "upgrades.apply"
FETCH = "upgrade-fetch"


class Upgrades:
    """Made before jobs are recovered: it makes its kind of job known. `leave` ends the agent, for good; `health` asks how it is."""

    def __init__(
        self,
        config: Config,
        runner: Runner,
        audit: Audit,
        key: Ed25519PublicKey | None,
        health: Callable[[], Awaitable[Health]],
        leave: Callable[[], None],
    ) -> None:
        self._config, self._runner, self._audit, self._health, self._leave = config, runner, audit, health, leave
        self._home, self._file = Home(config.machine.release_home), StateFile(config.state_dir / FOLDER)
        self._folder, self._peers = Folder(config.state_dir / "upgrades", key), Peers(runner.store)
        self._restoring = Restoring(config.state_dir, config.database_url, config.role)
        self._taking = asyncio.Lock()
        runner.register(ApplyUpgrade(self))
        make_known(runner, Fetching(FETCH, "an upgrade", contract.UPLOAD_LIMIT, self._take_fetched))

    async def all(self) -> list[contract.Upgrade]:
        """The files that are here, each with what keeps it from being applied."""
        here = await self._here()
        return [_view(one, here) for one in await asyncio.to_thread(self._folder.all)] if self._folder.has_key else []

    async def releases(self) -> contract.Releases:
        """What runs, what ran before, and the last upgrade."""
        state, there = await asyncio.to_thread(self._file.read), await asyncio.to_thread(self._home.all)
        former = next((one for one in there if one != VERSION), "")
        return contract.Releases(version=VERSION, former=former, last=None if state is None else _last(state))

    async def fetch(self, place: FetchFrom) -> str:
        """Start the job that fetches a file; returns its id. Raises a Fault."""
        _ = self._folder.key
        return await self._runner.submit(FETCH, place.model_dump())

    async def take(self, parts: AsyncIterator[bytes], heard: Heard | None = None) -> contract.Upgrade:
        """Keep a file, if it is the vendor's and whole. Raises a Fault; then nothing of it is kept."""
        _ = self._folder.key
        async with received(parts, self._folder.path, limit=contract.UPLOAD_LIMIT, heard=heard) as came, self._taking:
            stored = await to_its_end(asyncio.to_thread(self._folder.take, came.path))
        return _view(stored, await self._here())

    async def _take_fetched(self, parts: AsyncIterator[bytes], heard: Heard) -> str:
        return f"The upgrade to version {(await self.take(parts, heard)).version} was fetched."

    async def remove(self, name: str) -> None:
        """Remove a file. Raises a Fault (404)."""
        await asyncio.to_thread(self._folder.remove, name)

    async def apply(self, name: str) -> str:
        """Start the job; returns its id. Raises a Fault with which it is refused."""
        stored = await self._fitting(name)
        return await self._runner.submit(KIND, {NAME: name, TO_VERSION: stored.manifest.version})

    async def unpack(self, name: str) -> None:
        """Put the release of a file beside the running one."""
        stored = await self._fitting(name)

        def work() -> None:
            with opened(stored.path, self._folder.key) as package:
                self._home.keep(VERSION)
                unpack(package, self._home.releases)

        await to_its_end(asyncio.to_thread(work))

    async def remove_release(self, version: str) -> None:
        """Remove a release that was put beside the running one."""
        if version != VERSION:
            await asyncio.to_thread(self._home.remove, version)

    async def require_free(self, session: AsyncSession) -> None:
        """Raises a Fault (`upgrade.failover_runs`, `upgrade.restore_waits`).

        A machine that is between two clouds is not kept waiting; and the records of a restore would not be those that an upgrade which
        is given up puts back. No restore begins while the job of an upgrade has not ended.
        """
        found = select(Job.title).where(Job.kind.in_((LIVE_FAILOVER, ROLLBACK)), Job.status.not_in(ENDED)).limit(1)
        if (title := await session.scalar(found)) is not None:
            raise FAILOVER_RUNS(title=title)
        if await asyncio.to_thread(lambda: self._restoring.waits):
            raise RESTORE_WAITS()

    async def order(self, job_id: str, version: str) -> None:
        """Have the release tried: recorded first, then this agent ends. Raises a Fault (see `require_free`)."""
        async with self._runner.store.session() as session:
            await self.require_free(session)
        failed = tuple(name for name, part in (await self._health()).parts.items() if part.state == "failed")
        state = State(Phase.ORDERED, VERSION, version, job_id, utcnow().isoformat(), failed)

        def work() -> None:
            durable.remove(self._file.backup)
            self._file.write(state)

        await to_its_end(asyncio.to_thread(work))
        self._leave()

    async def take_back(self, job_id: str) -> None:
        """An order that no agent has followed yet is none any more."""
        state = await asyncio.to_thread(self._file.read)
        if state is not None and state.job_id == job_id and state.phase is Phase.ORDERED:
            await asyncio.to_thread(self._file.remove)

    async def is_decided(self, job_id: str, version: str) -> bool:
        """Whether this upgrade was made: then the new release runs and stays. Raises a Fault (`upgrade.returned`) when it was given up."""
        state = await asyncio.to_thread(self._file.read)
        if state is None or state.job_id != job_id or state.phase not in _OUTCOMES:
            return version == VERSION
        if state.phase is Phase.RETURNED:
            await self._audit.record("appliance", _AUDITED, "failed", f"{state.to_version} was given up: {_reason(state)}")
            raise RETURNED(version=state.to_version, ours=VERSION, reason=_reason(state))
        await asyncio.to_thread(self._home.keep, VERSION, state.from_version)
        await self._audit.record("appliance", _AUDITED, "done", f"{state.from_version} is {VERSION} now")
        return True

    async def _fitting(self, name: str) -> Stored:
        """A file that can be applied here now. Raises a Fault."""
        await asyncio.to_thread(self._home.require, VERSION)
        stored = await asyncio.to_thread(self._folder.find, name)
        if (problem := flaw(stored.manifest, await self._here())) is not None:
            raise problem
        return stored

    async def _here(self) -> Here:
        peers = [(one.name, one.version) for one in await self._peers.all() if one.state != "revoked"]
        return Here(VERSION, self._config.role, PYTHON, peers, await self._runner.store.revision())


def _view(stored: Stored, here: Here) -> contract.Upgrade:
    problem, manifest = flaw(stored.manifest, here), stored.manifest
    return contract.Upgrade(
        name=stored.path.name,
        version=manifest.version,
        made_at=manifest.made_at,
        size_bytes=stored.size,
        created_at=stored.created_at,
        flaw="" if problem is None else problem.message,
    )


def _last(state: State) -> contract.LastUpgrade:
    outcome = _OUTCOMES.get(state.phase, contract.UpgradeOutcome.UNDER_WAY)
    return contract.LastUpgrade(
        from_version=state.from_version,
        to_version=state.to_version,
        outcome=outcome,
        begun_at=datetime.fromisoformat(state.begun_at),
        reason=_reason(state) if outcome is contract.UpgradeOutcome.RETURNED else "",
    )


def _reason(state: State) -> str:
    """Why a release was given up, with what it found not to be well (pure)."""
    return f"{state.reason} {state.problem}".strip()
