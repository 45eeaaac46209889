"""The HTTPS server: a thread for each connection, SOAP under ``/sdk``, datastore files under ``/folder``."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import socket
import ssl
import threading
import time
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from pyVmomi import vmodl

from appliance.lab.vcenter import collector_methods, datastore, soap, vm_methods
from appliance.lab.vcenter.faults import Refused
from appliance.lab.vcenter.methods import Call, Service, invoke
from appliance.lab.vcenter.sessions import COOKIE, Session, TooManySessions

log = logging.getLogger(__name__)
_HANDSHAKE_SECONDS, _IDLE_SECONDS, _BODY_LIMIT = 10.0, 900.0, 16 << 20
_MIB = 1 << 20
# Importing these declares their methods.
DECLARED = (collector_methods, vm_methods)


class Server(ThreadingMixIn, TCPServer):
    """Listens at once; ``serve_forever`` runs in a thread of the lab's."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, service: Service) -> None:
        self.context, self.service = context, service
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Connection)

    def know(self, connection: socket.socket) -> None:
        """Remember an open connection, so that it can be cut."""
        with self._guard:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """A connection is closed."""
        with self._guard:
            self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are everyday; anything else is worth a line."""
        log.debug("connection from %s ended", client_address, exc_info=True)

    def cut_all(self) -> None:
        """Close every open connection."""
        with self._guard:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    server_version = "vCenter"
    sys_version = ""
    server: Server
    connection: ssl.SSLSocket

    def setup(self) -> None:
        """The TLS handshake belongs to the connection's own thread."""
        raw: socket.socket = self.request
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(_HANDSHAKE_SECONDS)
        self.request = self.server.context.wrap_socket(raw, server_side=True)
        self.request.settimeout(_IDLE_SECONDS)
        self.server.know(self.request)
        super().setup()

    def finish(self) -> None:
        """Close the TLS socket, which took the place of the server's own."""
        self.server.forget(self.connection)
        with contextlib.suppress(OSError):
            super().finish()
        with contextlib.suppress(OSError):
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests go to the log, not to the terminal."""
        log.debug("%s %s", self.client_address[0], format % args)

    def do_GET(self) -> None:
        """Versions, or a datastore file."""
        if self.path.startswith("/folder/"):
            self._file(body=True)
        elif self.path.startswith("/sdk/vimServiceVersions.xml"):
            self._reply(200, soap.service_versions())
        elif self.path.startswith("/sdk/vimService"):
            self._reply(200, soap.service_wsdl())
        else:
            self._reply(404, b"")

    def do_HEAD(self) -> None:
        """A datastore file's length."""
        if self.path.startswith("/folder/"):
            self._file(body=False)
        else:
            self._reply(404, b"")

    def do_POST(self) -> None:
        """A SOAP call."""
        body = self._body()
        if body is None or not self.path.startswith("/sdk"):
            self.close_connection = True
            self._reply(413 if body is None else 404, b"")
            return
        failures = self.server.service.estate.failures
        slow = failures.take("soap_slow")
        if slow:
            time.sleep(slow.seconds)
        if failures.take("soap_cut"):
            self.close_connection = True
        elif failures.take("busy"):
            self._reply(503, b"")
        else:
            self._soap(body)

    def _body(self) -> bytes | None:
        """The request's body, which govmomi sends in chunks; None when it is too large or makes no sense."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(length) if length <= _BODY_LIMIT else None
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            if size < 0 or len(body) + size > _BODY_LIMIT:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(2)
        while self.rfile.readline(1024).strip():
            pass
        return body

    def _soap(self, body: bytes) -> None:
        version = soap.NEWEST
        try:
            request = soap.parse(body, self.headers.get("SOAPAction") or "")
            version = request.version
            call = Call(self.server.service, request, self._session(), self.client_address[0], self.headers.get("User-Agent") or "")
            answer = soap.answer(request, invoke(call))
            cookie = f'{COOKIE}="{call.opened.token}"; Path=/; HttpOnly; Secure; ' if call.opened else None
            self._reply(200, answer, cookie=cookie)
        except TooManySessions:
            self._reply(503, b"")
        except soap.Malformed as wrong:
            self._reply(500, soap.refusal(vmodl.fault.InvalidRequest(msg=str(wrong))))
        except Refused as refused:
            self._reply(500, soap.refusal(refused.fault, version))
        except OSError:
            raise
        except Exception as broken:
            log.exception("a call broke")
            self._reply(
                500, soap.refusal(vmodl.fault.SystemError(msg=f"A general system error occurred: {broken}", reason=str(broken)), version)
            )

    def _reply(self, status: int, body: bytes, cookie: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self._headers_buffer.append(b"\r\n")
        head = b"".join(self._headers_buffer)
        self._headers_buffer: list[bytes] = []
        self.wfile.write(head + (body if self.command != "HEAD" else b""))

    def _session(self) -> Session | None:
        try:
            cookies = SimpleCookie(self.headers.get("Cookie") or "")
        except CookieError:
            return None
        return self.server.service.sessions.find(cookies[COOKIE].value) if COOKIE in cookies else None

    def _basic(self) -> bool:
        kind, _, encoded = (self.headers.get("Authorization") or "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind == "Basic" and self.server.service.sessions.accepts(user, password)

    def _file(self, body: bool) -> None:
        session = self._session()
        if session is None and not self._basic():
            self._reply(401, b"", headers={"WWW-Authenticate": 'Basic realm="VMware HTTP server"'})
            return
        try:
            content = datastore.find(self.server.service.estate, self.path)
            span = datastore.wanted(self.headers.get("Range"), content.size)
        except datastore.Missing:
            self._reply(404, b"")
        except datastore.Locked:
            self._reply(500, b"")
        except datastore.Unsatisfiable:
            self._reply(416, b"", headers={"Content-Range": "bytes */*"})
        else:
            self._send(content, span, session, body)

    def _send(self, content: datastore.Content, span: tuple[int, int] | None, session: Session | None, body: bool) -> None:
        if self.server.service.estate.failures.take("read_error", content.vm.name):
            self._reply(500, b"")
            return
        start, end = span or (0, content.size)
        self.send_response(206 if span else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if span:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{content.size}")
        self.end_headers()
        if body:
            self._stream(content, start, end, session)

    def _stream(self, content: datastore.Content, start: int, end: int, session: Session | None) -> None:
        """Send the bytes; what was ordered to go wrong in mid-read goes wrong here, and a session that ends cuts the read."""
        failures, name = self.server.service.estate.failures, content.vm.name
        expires, cut = failures.take("read_expires_session", name), failures.take("read_cut", name)
        slow = failures.take("read_slow", name)
        limit = next((one.after_bytes for one in (expires, cut) if one), None)
        sent = 0
        for piece in content.pieces(start, end):
            if limit is not None and sent + len(piece) > limit:
                self.connection.sendall(piece[: max(0, limit - sent)])
                if expires and session:
                    self.server.service.sessions.end(session)
                self.close_connection = True
                return
            if slow:
                time.sleep(slow.seconds * len(piece) / _MIB)
            self.connection.sendall(piece)
            sent += len(piece)
            if session is not None and not session.alive:
                self.close_connection = True
                return
