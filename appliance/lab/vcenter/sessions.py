"""Logins: cookies, idle limits, how many there may be at once."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyVmomi import vim

from appliance.lab.vcenter.faults import Refused

COOKIE = "vmware_soap_session"


class TooManySessions(Exception):
    """The limit on concurrent sessions is reached; vCenter answers HTTP 503."""


@dataclass
class Session:
    """One login. ``store`` keeps what lives as long as the session: views, collectors, paging tokens."""

    token: str
    user: str
    address: str
    agent: str
    opened: datetime
    used: float
    calls: int = 0
    alive: bool = True
    store: dict[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: secrets.token_hex(16))


class Sessions:
    """All logins. Thread-safe. Sessions do not survive the process, as they do not survive a restart of vCenter."""

    def __init__(self, user: str, password: str, idle_seconds: float, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.user, self._password, self.idle_seconds, self.limit, self._clock = user, password, idle_seconds, limit, clock
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}

    def accepts(self, user: str, password: str) -> bool:
        """Whether the name and password are right; without SSO's domain a name is accepted too."""
        known = user.casefold() in (self.user.casefold(), self.user.split("@")[0].casefold())
        return hmac.compare_digest(password.encode(), self._password.encode()) and known

    def login(self, user: str, password: str, address: str, agent: str) -> Session:
        """Open a session; refuses with InvalidLogin, raises TooManySessions."""
        if not self.accepts(user, password):
            raise Refused(vim.fault.InvalidLogin(msg="Cannot complete login due to an incorrect user name or password."))
        with self._lock:
            self._drop_idle()
            if len(self._open) >= self.limit:
                raise TooManySessions
            session = Session(secrets.token_hex(20), user, address, agent, datetime.now(UTC), self._clock())
            self._open[session.token] = session
            return session

    def find(self, token: str | None) -> Session | None:
        """The live session of a cookie; using it puts off its end."""
        with self._lock:
            self._drop_idle()
            session = self._open.get((token or "").strip('"'))
            if session:
                session.used = self._clock()
                session.calls += 1
            return session

    def end(self, session: Session) -> None:
        """Log out."""
        with self._lock:
            session.alive = False
            self._open.pop(session.token, None)

    def end_all(self) -> int:
        """End every session at once, as a restart of the service does; says how many there were."""
        with self._lock:
            count = len(self._open)
            for session in self._open.values():
                session.alive = False
            self._open.clear()
            return count

    def live(self) -> list[Session]:
        """The sessions open now."""
        with self._lock:
            self._drop_idle()
            return list(self._open.values())

    def _drop_idle(self) -> None:
        now = self._clock()
        for session in [s for s in self._open.values() if now - s.used > self.idle_seconds]:
            session.alive = False
            del self._open[session.token]


def described(session: Session) -> Any:
    """A session as the API shows it."""
    return vim.UserSession(
        key=session.key,
        userName=session.user,
        fullName=session.user,
        loginTime=session.opened,
        lastActiveTime=datetime.now(UTC),
        locale="en",
        messageLocale="en",
        extensionSession=False,
        ipAddress=session.address,
        userAgent=session.agent,
        callCount=session.calls,
    )
