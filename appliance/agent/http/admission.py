"""Who comes in at an operators' listener, what they may do there, and how often."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from appliance.agent.http.auditing import CALLER, Trail
from appliance.agent.tokens.faults import ROLE_TOO_LOW
from appliance.agent.tokens.rates import Rate, WrongTokens
from appliance.agent.tokens.tokens import Caller
from appliance.contract.api import Route
from appliance.contract.errors import UNAUTHORISED
from appliance.contract.openapi import OPEN_PATHS
from appliance.contract.options import API_COSTLY, API_REQUESTS, Option
from appliance.tunnel.admission import counted_as

SCHEME = "bearer "

Look = Callable[[str], Caller | None]
"""Whose token this is."""


def _default(option: Option[int]) -> int:
    return option.default


@dataclass
class Limits:
    """How often each token and each address may ask; `limit` reads a setting."""

    limit: Callable[[Option[int]], int] = _default
    requests: Rate = field(init=False)
    costly: Rate = field(init=False)
    wrong: WrongTokens = field(default_factory=WrongTokens)

    def __post_init__(self) -> None:
        self.requests = Rate(lambda: self.limit(API_REQUESTS))
        self.costly = Rate(lambda: self.limit(API_COSTLY))


def require_token(look: Look, limits: Limits, trail: Trail | None) -> Middleware:
    """Every route but the health check asks for a token."""

    @web.middleware
    async def require(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in OPEN_PATHS:
            return await handler(request)
        given = request.headers.get("Authorization", "")
        caller = look(given[len(SCHEME) :].strip()) if given[: len(SCHEME)].lower() == SCHEME else None
        if caller is None:
            # Only those without a token are counted by address: they must not shut out who shares it with them.
            address = _by_address(request)
            limits.requests.take(address)
            if given:
                limits.wrong.count(address)
            if trail:
                await trail.stranger(request)
            raise UNAUTHORISED()
        limits.requests.take(f"token {caller.id}")
        request[CALLER] = caller
        return await handler(request)

    return require


def admit(route: Route, request: web.Request, limits: Limits) -> None:
    """Raises a Fault when who asks may not do this, or asks for too much of it: `token.role_too_low`, `rate.exceeded`."""
    caller = request.get(CALLER)
    if caller is not None and not caller.role.may(route.role):
        raise ROLE_TOO_LOW(needed=route.role.value, role=caller.role.value)
    if route.costly:
        limits.costly.take(f"token {caller.id}" if caller is not None else "console")
        if caller is not None:
            limits.costly.take(_by_address(request))


def _by_address(request: web.Request) -> str:
    return f"address {counted_as(request.remote or '')}"


def retry_after(fields: dict[str, str | int]) -> dict[str, str]:
    """The header that says how long to wait, from the error's fields (pure)."""
    seconds = fields.get("seconds")
    return {"Retry-After": str(math.ceil(seconds))} if isinstance(seconds, int) else {}
