"""The console over SSH: whether it is on, and who may log in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.agent.config import Config
from appliance.agent.remote_console import account
from appliance.agent.remote_console.config import ALIVE_S, FOLDER, Server
from appliance.agent.remote_console.faults import NO_WAY_IN, NOT_POSSIBLE, PASSWORD_UNKNOWN
from appliance.agent.remote_console.files import fingerprints, make_host_key, write
from appliance.agent.remote_console.keys import PublicKey, public_key, public_keys
from appliance.agent.remote_console.log import TOO_MANY_TRIES, login_in
from appliance.agent.remote_console.sshd import Sshd, is_possible
from appliance.agent.tries import FIRST_WAIT, Tries, in_words
from appliance.agent.tries import TOO_MANY_TRIES as NOT_YET
from appliance.contract import access as contract
from appliance.contract.errors import Fault
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.settings import Settings

_log = logging.getLogger(__name__)

_ACTOR = "console"
_LOOK_EVERY = 1.0
"""Seconds."""
_SETTING, _PASSWORD = "remote_console", "remote_console.password"


@dataclass(frozen=True)
class Kept:
    """What was asked for last."""

    enabled: bool = False
    keys: tuple[PublicKey, ...] = ()
    password_login: bool = False


class RemoteConsole:
    """Turns it on and off, and keeps it so. Needs root: sshd's accounts, its namespace, and /etc/shadow ask for it."""

    def __init__(
        self,
        config: Config,
        settings: Settings,
        audit: Audit,
        children: Children,
        api_socket: Path,
        *,
        alive_s: int = ALIVE_S,
        tries: Tries | None = None,
    ) -> None:
        self._settings, self._audit, self._socket, self._alive_s = settings, audit, api_socket, alive_s
        self._config, self._folder = config.remote_console, config.state_dir / FOLDER
        self._sshd = Sshd(children, self._failed, self._heard)
        self._tries = tries or Tries(settings, "remote_console")
        self._pausing: asyncio.Task[None] | None = None
        self._uncounted_until = 0.0
        self._changing = asyncio.Lock()
        self._server: Server | None = None
        self._keys: tuple[PublicKey, ...] = ()

    async def start(self) -> None:
        """End what an earlier agent left; run it when it was left on."""
        async with self._changing:
            await self._sshd.end()
            await self._apply(Kept(), await self._kept())

    async def close(self) -> None:
        """End it, and all sessions; it stays on for the next start of the agent."""
        if self._pausing is not None:
            self._pausing.cancel()
            await asyncio.gather(self._pausing, return_exceptions=True)
        async with self._changing:
            await self._sshd.end()

    async def state(self) -> contract.RemoteConsole:
        """How it stands."""
        kept = await self._kept()
        return contract.RemoteConsole(
            enabled=kept.enabled,
            running=self._sshd.running,
            port=self._config.port,
            host_keys=await asyncio.to_thread(fingerprints, self._folder / "host_key.pub"),
            authorised_keys=[one.line for one in kept.keys],
            password_login=kept.password_login,
            sessions=await self._sshd.sessions(self._config.user),
            problem=await self._problem(kept),
        )

    async def set(self, wanted: contract.SetRemoteConsole) -> None:
        """Turn it on or off. Added keys count from now on; when it is turned off, or a key or a way to log in is taken away,
        all open sessions end.

        Raises a Fault (`remote_console.*`); then nothing was changed.
        """
        async with self._changing:
            asked = Kept(wanted.enabled, tuple(public_keys(wanted.authorised_keys)), wanted.password_login)
            if asked.enabled:
                await self._require(asked)
            before = await self._kept()
            await self._settings.put(
                _SETTING, {"enabled": asked.enabled, "keys": [one.line for one in asked.keys], "password_login": asked.password_login}
            )
            await self._note("remote_console.set", "done", _told(asked))
            await self._apply(before, asked)

    async def set_password(self, password: str) -> None:
        """Give the account the console's new password. Where that can't be done, logins by password are refused from now on."""
        async with self._changing:
            known = await account.set_password(self._config.user, password)
            await self._settings.put(_PASSWORD, {"known": known})
            kept = await self._kept()
            if kept.enabled and kept.password_login:
                await self._note("remote_console.password", "done" if known else "failed")
                await self._apply(kept, kept)

    async def _require(self, asked: Kept) -> None:
        """Raises a Fault unless it can run as asked."""
        if not (asked.keys or asked.password_login):
            raise NO_WAY_IN()
        if missing := is_possible():
            raise NOT_POSSIBLE(missing=missing)
        await asyncio.to_thread(account.require, self._config.user, self._socket)
        if asked.password_login and not await self._password_known():
            raise PASSWORD_UNKNOWN()

    async def _apply(self, before: Kept, after: Kept) -> None:
        """Make it so. What runs goes on when only keys were added."""
        if not after.enabled:
            await self._sshd.end()
            return
        server = await self._as_asked(after)
        goes_on = self._sshd.running and server == self._server
        self._server, self._keys = server, after.keys
        if goes_on and {one.content for one in before.keys} <= {one.content for one in after.keys}:
            await asyncio.to_thread(write, server, after.keys)
        else:
            await self._sshd.start(server, self._prepare)
        if after.password_login and await self._wait():
            self._pause()

    async def _prepare(self) -> None:
        """What has to be there before sshd starts. Raises a Fault, OSError, ValueError or CommandFailed."""
        assert self._server is not None
        if missing := is_possible():
            raise NOT_POSSIBLE(missing=missing)
        await asyncio.to_thread(write, self._server, self._keys)
        if not await asyncio.to_thread(self._server.host_key.exists):
            await make_host_key(self._server.host_key)

    async def _as_asked(self, kept: Kept) -> Server:
        return Server(
            address=self._config.address,
            port=self._config.port,
            user=self._config.user,
            program=(*self._config.command, "--socket", str(self._socket)),
            folder=self._folder,
            password_login=kept.password_login and await self._password_known() and not await self._wait(),
            alive_s=self._alive_s,
        )

    async def _problem(self, kept: Kept) -> str:
        if kept.enabled and kept.password_login and not await self._password_known():
            error = PASSWORD_UNKNOWN()
            return f"{error.message} {error.guidance}"
        if kept.enabled and kept.password_login and (seconds := await self._wait()):
            return TOO_MANY_TRIES.format(wait=in_words(seconds))
        return self._sshd.problem

    async def _failed(self, problem: str) -> None:
        await self._note("remote_console.run", "failed", problem)

    async def _heard(self, line: str) -> None:
        """Logins go into the audit log; wrong passwords are counted, as sshd itself lets them be tried without end."""
        login = login_in(line)
        if login is None:
            return
        await self._note("remote_console.login", "done" if login.accepted else "refused", login.detail)
        if not login.by_password:
            return
        try:
            await (self._tries.succeeded() if login.accepted else self._tries.take())
        except Fault as error:
            _log.info("a try of a password is not counted: %s", error)
            if error.spec is not NOT_YET:
                self._uncounted_until = time.monotonic() + FIRST_WAIT
        if not login.accepted and await self._wait():
            self._pause()

    async def _wait(self) -> float:
        """Seconds in which no password is taken: after too many wrong ones, or after one that a full disk let nobody count."""
        return max(await self._tries.wait(), self._uncounted_until - time.monotonic(), 0.0)

    def _pause(self) -> None:
        if self._pausing is None or self._pausing.done():
            self._pausing = asyncio.create_task(self._without_passwords())

    async def _without_passwords(self) -> None:
        """No password is taken while there is a wait; keys are, and open sessions go on."""
        await self._renew()
        while await self._wait():  # noqa: ASYNC110 (every wrong password moves its end)
            await asyncio.sleep(_LOOK_EVERY)
        await self._renew()

    async def _renew(self) -> None:
        """Have sshd take passwords, or none, as it stands now."""
        async with self._changing:
            kept = await self._kept()
            if kept.enabled and self._sshd.running:
                self._server = await self._as_asked(kept)
                try:
                    await asyncio.to_thread(write, self._server, kept.keys)
                    await self._sshd.reload()
                except OSError as error:
                    # Rather no console over SSH than passwords tried without end: it comes back once its files can be written.
                    _log.error("sshd can't be told which logins it takes now, and is started anew: %s", error)
                    await self._sshd.start(self._server, self._prepare)

    async def _kept(self) -> Kept:
        found = await self._settings.get(_SETTING)
        if not found:
            return Kept()
        return Kept(found["enabled"], tuple(_readable(found["keys"])), found["password_login"])

    async def _password_known(self) -> bool:
        return bool((await self._settings.get(_PASSWORD)).get("known"))

    async def _note(self, action: str, result: str, detail: str = "") -> None:
        """For the audit log; a full disk neither ends sshd nor keeps it from starting."""
        try:
            await self._audit.record(_ACTOR, action, result, detail)
        except Fault as error:
            _log.warning("%s (%s) is not in the audit log: %s", action, result, error)


def _readable(lines: Iterable[str]) -> Iterator[PublicKey]:
    """The stored keys that this version takes: one that it no longer does must not keep the agent from starting."""
    for line in lines:
        try:
            yield public_key(line)
        except Fault as error:
            _log.warning("a stored key is left out: %s", error)


def _told(kept: Kept) -> str:
    """For the audit log."""
    if not kept.enabled:
        return "off"
    return f"on, {'with' if kept.password_login else 'without'} password, keys: {', '.join(one.fingerprint for one in kept.keys) or 'none'}"
