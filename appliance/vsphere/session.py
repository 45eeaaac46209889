"""A session with one vCenter: certificate, login, login again, keep-alive, and calls in threads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.vsphere import _properties
from appliance.vsphere._soap import content_of, new_stub, translated
from appliance.vsphere.certificate import context_for, read_certificate
from appliance.vsphere.faults import CERTIFICATE_MISMATCH, CERTIFICATE_UNKNOWN, LOGIN_REFUSED, NOT_A_VCENTER, TIMED_OUT, UNREACHABLE

Answer = TypeVar("Answer")
CookieListener = Callable[[str], None]
# Seconds between the tries of a read.
LOOK_PAUSES = (0.5, 2.0, 5.0)
NO_TALK = (UNREACHABLE, TIMED_OUT, NOT_A_VCENTER, LOGIN_REFUSED, CERTIFICATE_MISMATCH, CERTIFICATE_UNKNOWN)
log = logging.getLogger(__name__)


class VCenter:
    """One vCenter as one user. The password lives in memory only.

    The server's certificate must have the pinned SHA-256 `thumbprint`, or be verified by `ca` (PEM) or by the system's authorities.
    `timeout` is the limit in seconds for each answer, `keep_alive` the pause between two looks at the session.
    `problem` is why it could not be talked to the last time, in the operator's words; empty when it could.
    """

    def __init__(
        self,
        host: str,
        username: str,
        password: str,
        *,
        port: int = 443,
        thumbprint: str | None = None,
        ca: str | None = None,
        timeout: float = 60.0,
        keep_alive: float = 15.0,
    ) -> None:
        self.host, self.port, self.username, self.timeout = host, port, username, timeout
        self.certificate, self.problem = "", ""
        self._password = password
        self._context = context_for(thumbprint, ca)
        self._keep_alive = keep_alive
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="vcenter")
        self._login_lock = threading.Lock()
        self._logins = 0
        self._closed = False
        self._listeners: list[CookieListener] = []
        self._stub: Any = None
        self._content: Any = None
        self._keeper: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"VCenter({self.username} at {self.host}:{self.port})"

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def password(self) -> str:
        """For a program that logs in by itself; it goes into a file of its own, and nowhere else."""
        return self._password

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context that trusts this server and no other."""
        return self._context

    @property
    def cookie(self) -> str:
        """The session's cookie as `name=value`, good for reading datastore files."""
        return str(self._stub.cookie).partition(";")[0] if self._stub is not None else ""

    @property
    def logins(self) -> int:
        """How often this session has logged in; it grows when the server had forgotten the session."""
        return self._logins

    async def connect(self) -> None:
        """Check the certificate, log in and keep the session alive.

        Raises UNREACHABLE, TIMED_OUT, CERTIFICATE_MISMATCH, CERTIFICATE_UNKNOWN, NOT_A_VCENTER, LOGIN_REFUSED.
        """
        await self._in_thread(self._connect)
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Log out, as far as vCenter can be reached. Closing again does no harm."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if not self._closed:
            self._closed = True
            with contextlib.suppress(Fault):
                await self._in_thread(self._logout)
            self._threads.shutdown(wait=False)

    def follow_cookie(self, listener: CookieListener) -> Callable[[], None]:
        """Tell `listener` the cookie now and after each new login (from a thread). Returns what ends that."""
        self._listeners.append(listener)
        listener(self.cookie)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def call(self, action: str, function: Callable[[Any], Answer]) -> Answer:
        """Run `function(content)` in a thread; if the session has expired, log in again and run it once more.

        It must have one effect at most. `action` completes "vCenter refused or failed to …". Raises this package's faults.
        """
        return await self._in_thread(lambda: self._invoke(action, function))

    async def look(self, action: str, function: Callable[[Any], Answer]) -> Answer:
        """As `call`, for a function that only reads: it is also tried again while vCenter can't be reached for a moment."""
        for pause in LOOK_PAUSES:
            try:
                return await self.call(action, function)
            except Fault as fault:
                if fault.spec not in (UNREACHABLE, TIMED_OUT):
                    raise
            await asyncio.sleep(pause)
        return await self.call(action, function)

    async def ensure_session(self) -> None:
        """Log in again if the server has forgotten this session."""
        await self.call("check the session", _check_session)

    async def _in_thread(self, function: Callable[[], Answer]) -> Answer:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, function)
        except Fault as fault:
            self.problem = fault.message if fault.spec in NO_TALK else ""
            raise
        self.problem = ""
        return answer

    def _connect(self) -> None:
        with translated(self.host, self.port, "log in"):
            self.certificate = read_certificate(self.host, self.port, self._context, self.timeout)
            self._stub = new_stub(self.host, self.port, self._context, self.timeout)
            self._content = content_of(self._stub)
            self._login_again(self._logins)

    def _invoke(self, action: str, function: Callable[[Any], Answer]) -> Answer:
        with translated(self.host, self.port, action):
            logins = self._logins
            try:
                return function(self._content)
            except vim.fault.NotAuthenticated:
                self._login_again(logins)
                return function(self._content)

    def _login_again(self, logins: int) -> None:
        """Log in, unless another thread has done so since `logins` were counted."""
        with self._login_lock:
            if self._logins != logins:
                return
            # A login under a live session's cookie is refused, so the old one is forgotten first.
            self._stub.SetSessionId(None)
            self._content.sessionManager.Login(self.username, self._password)
            self._logins += 1
            for listener in list(self._listeners):
                listener(self.cookie)

    def _logout(self) -> None:
        if self._content is not None and self._logins:
            with contextlib.suppress(vim.fault.NotAuthenticated), translated(self.host, self.port, "log out"):
                self._content.sessionManager.Logout()
        if self._stub is not None:
            self._stub.DropConnections()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._keep_alive)
            try:
                await self.ensure_session()
            except Fault as fault:
                log.warning("the session with vCenter %s can't be kept now: %s", self.host, fault)


def _check_session(content: Any) -> None:
    """Any property will do: a session that is not logged in may read none."""
    _properties.read(content, [content.rootFolder], ["name"])
