"""Keeps in the audit log who asked an operator's route to change something, and what came of it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from appliance.agent.tokens.tokens import Caller
from appliance.contract.api import Route
from appliance.contract.errors import BODY_TOO_LARGE, UNAUTHORISED, Fault, as_fault
from appliance.core.audit import Asking, Audit, asked_from

_log = logging.getLogger(__name__)

OBJECTS = ("vm", "context_id", "vm_path", "name", "action", "address", "stage", "job_id", "id")
"""Fields of a body or an answer that name what it is about; nothing else of either is kept."""
CALLER = web.RequestKey("caller", Caller)
"""Where a request keeps whose token it came with; a request to the console's socket has none."""
LONGEST = 100
STRANGERS_EVERY = 60.0
"""Seconds between two events of requests without a valid token: whoever has none must not fill the log."""


@dataclass
class Trail:
    """The audit log of one listener. `actor` is who comes in there unless a token has a name: the console, or an operator."""

    audit: Audit
    actor: str
    clock: Callable[[], float] = time.monotonic
    _strangers: int = 0
    _next: float = field(default=0.0, init=False)

    async def kept(self, route: Route, request: web.Request, arguments: Mapping[str, Any], serve: Callable[[], Awaitable[Any]]) -> Any:
        """What `serve` answers; what was done, refused or failed is in the log, once."""
        with asked_from(self.origin(request), self.name(request)) as asking:
            try:
                answer = await serve()
            except Exception as error:  # whatever it is, it is recorded and goes on as it was
                result, key = _outcome(error)
                await self._once(asking, route, result, ", ".join(filter(None, (_about(arguments), key))))
                raise
            await self._once(asking, route, "done", _about({**arguments, "answer": answer}))
            return answer

    async def stranger(self, request: web.Request) -> None:
        """Somebody came without a valid token."""
        self._strangers += 1
        if self.clock() >= self._next:
            self._next, count = self.clock() + STRANGERS_EVERY, self._strangers
            self._strangers = 0
            with asked_from(self.origin(request)):
                await self._record("unknown", "operator.login", "refused", f"{UNAUTHORISED.key}, {count} since the last entry")

    def origin(self, request: web.Request) -> str:
        """Where a request comes from: an address, or the console on its socket."""
        return request.remote or self.actor

    def name(self, request: web.Request) -> str:
        """Who sends a request: the name of the token, or the console."""
        caller = request.get(CALLER)
        return caller.name if caller is not None else self.actor

    async def _once(self, asking: Asking, route: Route, result: str, detail: str) -> None:
        """Unless the part that did it has recorded it in its own words."""
        if result not in asking.results:
            await self._record(asking.actor, action(route), result, detail)

    async def _record(self, actor: str, what: str, result: str, detail: str) -> None:
        try:
            await self.audit.record(actor, what, result, detail)
        except Fault as error:  # it is done already; a full disk must not say otherwise
            _log.error("%s by %s (%s, %s) is not in the audit log: %s", what, actor, result, detail, error)


def action(route: Route) -> str:
    """What a route does, as the audit log names it: `remote_console.set_remote_console` (pure)."""
    return f"{re.sub(r'(?<!^)(?=[A-Z])', '_', route.group).lower()}.{route.name}"


def _outcome(error: Exception) -> tuple[str, str]:
    """Result and key of what was not done (pure)."""
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return "refused", BODY_TOO_LARGE.key
    fault = as_fault(error)
    return "refused" if fault.status < 500 else "failed", fault.key


def _about(values: Mapping[str, Any]) -> str:
    """What a request is about: the names in its path, and those that its body and its answer have (pure)."""
    found: dict[str, str] = {}
    for key, value in values.items():
        if key in ("body", "answer"):
            found |= {name: _named(name, one) for name in OBJECTS if isinstance(one := getattr(value, name, None), str | int)}
        else:
            found[key] = str(value)
    return ", ".join(f"{key} {_plain(value)}" for key, value in found.items() if value)


def _named(name: str, value: str | int) -> str:
    """What follows the question mark of a web address may be the right to use it (pure)."""
    return str(value).partition("?")[0] if name == "address" else str(value)


def _plain(text: str) -> str:
    """One line of bounded length, whatever was sent (pure)."""
    return "".join(one if one.isprintable() else "?" for one in text[:LONGEST])
