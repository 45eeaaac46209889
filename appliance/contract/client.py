"""The client of a declared API: its methods send the requests that the declaration describes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError
from yarl import URL

from appliance.contract.api import EVENTS, JSON, Api, Route, routes
from appliance.contract.errors import Fault, FaultSpec, fault

if TYPE_CHECKING:
    import aiohttp

UNREACHABLE = fault(
    "peer.unreachable", 503, "The other side can't be reached.", "Check that it runs and that the connection is up; this goes on by itself."
)
STRANGE_ANSWER = fault(
    "peer.strange_answer", 502, "The other side gave an answer that can't be used.", "Bring both appliances to the same version."
)

Declared = TypeVar("Declared", bound=Api)

SILENCE = 60.0
"""Seconds after which a stream of events without a heartbeat is dead."""
LONGEST_UPLOAD = 3600.0
"""Seconds that a long file may take to be sent and looked at."""
LONGEST_EVENT = 1 << 20
"""Bytes that are read ahead; an event, which is one line, may be twice as long."""


class Transport:
    """Sends requests to one base URL, over TCP or a Unix socket.

    `token` is the operator's, if one is needed. With `certificate` the other side is known by its certificate's SHA-256 alone.
    What speaks HTTP is loaded with the first request: the console has its first picture before that.
    """

    def __init__(
        self,
        base: str = "http://appliance",
        *,
        unix: str | None = None,
        token: str | None = None,
        timeout: float = 60.0,
        certificate: aiohttp.Fingerprint | None = None,
    ) -> None:
        self._base, self._unix, self._certificate = base.rstrip("/"), unix, certificate
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def send(self, method: str, path: str, query: dict[str, str], body: bytes | AsyncIterator[bytes] | None) -> tuple[int, bytes]:
        """Status and body of the answer. Raises a Fault (`peer.unreachable`) when there is none.

        A body that comes in parts is long, and is given more time.
        """
        import aiohttp

        headers = {"Content-Type": "application/json"} if body is not None else {}
        url, timeout = URL(self._base + path).update_query(query), LONGEST_UPLOAD if isinstance(body, AsyncIterator) else self._timeout
        limits = aiohttp.ClientTimeout(total=timeout, sock_connect=10)
        try:
            async with self._opened().request(method, url, data=body, headers=headers, timeout=limits) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UNREACHABLE(cause=f"{method} {path}: {type(error).__name__} {error}") from error

    async def stream(self, path: str, query: dict[str, str]) -> AsyncIterator[tuple[int, bytes]]:
        """The lines of an answer that lasts, with its status; of a refusal its body as the only one.

        Raises a Fault (`peer.unreachable`) when there is no answer, or when it is silent for longer than its heartbeat.
        """
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=SILENCE)
        try:
            async with self._opened().get(URL(self._base + path).update_query(query), timeout=timeout) as answer:
                if answer.status != 200:
                    yield answer.status, await answer.read()
                    return
                async for line in answer.content:
                    yield answer.status, line
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UNREACHABLE(cause=f"GET {path}: {type(error).__name__} {error}") from error

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._is_closed:
            raise UNREACHABLE(cause="the connections were closed")
        if self._session is None:
            connector = aiohttp.UnixConnector(self._unix) if self._unix else aiohttp.TCPConnector(ssl=self._certificate or True)
            self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, read_bufsize=LONGEST_EVENT)
        return self._session

    async def close(self) -> None:
        """Close the connections, for good: what still asks finds nobody."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()


def client(api: type[Declared], transport: Transport) -> Declared:
    """An object with the methods of `api`. They raise the Fault that the other side answered, or `peer.unreachable`."""
    methods = {one.name: (_follower if one.media == EVENTS else _sender)(one, transport) for one in routes(api)}
    return cast(Declared, type(f"{api.__name__}Client", (api,), methods)())


def _sender(route: Route, transport: Transport) -> Callable[..., Awaitable[Any]]:
    async def send(_self: Api, *args: Any, **kwargs: Any) -> Any:
        given = dict(zip(_parameter_order(route), args, strict=False)) | kwargs
        path = route.path.format(**{key: URL.build(path=str(given[key])).raw_path.replace("/", "%2F") for key in route.path_params})
        query = {key: _plain(given[key]) for key in route.query if given.get(key) is not None}
        body = given["body"] if route.upload else route.body.dump_json(given["body"]) if route.body is not None else None
        status, content = await transport.send(route.method, path, query, body)
        if not 200 <= status < 300:
            raise _fault_of(status, content)
        try:
            if route.media == JSON:
                return route.result.validate_json(content or b"null")
            return content.decode() if route.media.startswith("text/") else content
        except UnicodeDecodeError as error:
            raise STRANGE_ANSWER(cause=f"{route.method} {route.path}: {error.reason}") from None
        except ValidationError as error:
            # Without the answer itself, which may hold a key; `from None` for the same reason.
            wrong = error.errors(include_input=False, include_context=False, include_url=False)
            raise STRANGE_ANSWER(cause=f"{route.method} {route.path}: {wrong}") from None

    return send


def _follower(route: Route, transport: Transport) -> Callable[..., AsyncIterator[Any]]:
    async def follow(_self: Api, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        given = dict(zip(_parameter_order(route), args, strict=False)) | kwargs
        query = {key: _plain(given[key]) for key in route.query if given.get(key) is not None}
        async for status, line in transport.stream(route.path, query):
            if status != 200:
                raise _fault_of(status, line)
            if line.startswith(b"data:"):
                try:
                    yield route.result.validate_json(line.removeprefix(b"data:"))
                except ValidationError as error:
                    wrong = error.errors(include_input=False, include_context=False, include_url=False)
                    raise STRANGE_ANSWER(cause=f"{route.method} {route.path}: {wrong}") from None

    return follow


def _parameter_order(route: Route) -> list[str]:
    return [*route.path_params, *(["body"] if route.body is not None or route.upload else []), *route.query]


def _plain(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _fault_of(status: int, content: bytes) -> Fault:
    try:
        error = json.loads(content)["error"]
        key, message, guidance = (error[name] for name in ("key", "message", "guidance"))
        fields = error.get("fields", {})
        if not (isinstance(key, str) and isinstance(message, str) and isinstance(guidance, str) and isinstance(fields, dict)):
            raise TypeError("a part of the error is of another type")
        return Fault(FaultSpec.told(key, status, message, guidance), cause=str(error.get("cause", "")), fields=fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return STRANGE_ANSWER(cause=f"{status}: {content[:200]!r}")
