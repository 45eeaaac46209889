"""Binds a declared API to the object that serves it: validates what comes in, serialises what goes out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from inspect import Parameter
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import ValidationError

from appliance.agent.http.admission import Limits, admit, retry_after
from appliance.agent.http.auditing import Trail
from appliance.agent.http.streaming import streamed
from appliance.contract.api import EVENTS, JSON, Api, Route, routes
from appliance.contract.errors import BAD_REQUEST, BODY_TOO_LARGE, METHOD_NOT_ALLOWED, NO_SUCH_ROUTE, Fault, as_fault
from appliance.tunnel.principal import fault_response

BODY_LIMIT = 1 << 20


def bind(app: web.Application, api: type[Api], handler: Api, trail: Trail | None = None, limits: Limits | None = None) -> None:
    """Serve every route of `api` by the method of the same name of `handler`; `trail` keeps who changed what."""
    for route in routes(api):
        endpoint = _endpoint(route, getattr(handler, route.name), trail if route.changes else None, limits or Limits())
        app.router.add_route(route.method, route.path, endpoint)


def application(*more: Middleware) -> web.Application:
    """An empty application that answers every error as the contract says."""
    return web.Application(client_max_size=BODY_LIMIT, middlewares=[answer_errors, *more])


def _endpoint(route: Route, serve: Callable[..., Any], trail: Trail | None, limits: Limits) -> Handler:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        arguments: dict[str, Any] = dict(request.match_info)

        async def served() -> Any:
            admit(route, request, limits)
            arguments.update(_query(route, request))
            if route.upload:
                arguments["body"] = _parts(request, route.upload)
            elif route.body is not None:
                arguments["body"] = _parsed(route.body.validate_json, await request.read() or b"null", "body")
            return serve(**arguments) if route.media == EVENTS else await serve(**arguments)

        result = await (trail.kept(route, request, arguments, served) if trail else served())
        if route.status == 204:
            return web.Response(status=204)
        if route.media == EVENTS:
            return await streamed(request, result)
        body = route.result.dump_json(result) if route.media == JSON else result.encode() if isinstance(result, str) else result
        return web.Response(status=route.status, body=body, headers={"Content-Type": route.media})

    return endpoint


def _query(route: Route, request: web.Request) -> dict[str, Any]:
    unknown = sorted(set(request.query) - set(route.query))
    if unknown:
        raise BAD_REQUEST(detail=f"there is no parameter {', '.join(unknown)}")
    given = dict(request.query)
    if route.media == EVENTS and "Last-Event-ID" in request.headers:
        given.setdefault("last_event_id", request.headers["Last-Event-ID"])
    found = {}
    for name, kind in route.query.items():
        if name in given:
            found[name] = _parsed(kind.validate_strings, given[name], name)
        elif route.defaults[name] is Parameter.empty:
            raise BAD_REQUEST(detail=f"the parameter {name} is missing")
    return found


async def _parts(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    """A body that is a file: read as it comes, and no further than its limit."""
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > limit:
            raise BODY_TOO_LARGE(limit=limit)
        yield part


def _parsed(parse: Callable[[Any], Any], text: Any, place: str) -> Any:
    try:
        return parse(text)
    except ValidationError as error:
        raise BAD_REQUEST(detail=_readable(error, place)) from error


def _readable(error: ValidationError, place: str) -> str:
    problems = []
    for one in error.errors(include_url=False, include_input=False)[:10]:
        where = ".".join(str(part) for part in one["loc"]) or place
        problems.append(f"{where}: {one['msg'][:1].lower()}{one['msg'][1:]}")
    return "; ".join(problems)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one place that turns errors into HTTP."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return error_response(BODY_TOO_LARGE(limit=BODY_LIMIT))
    except web.HTTPNotFound:
        return error_response(NO_SUCH_ROUTE())
    except web.HTTPMethodNotAllowed:
        return error_response(METHOD_NOT_ALLOWED())
    except Fault as error:
        return error_response(error)
    except Exception as error:  # the edge: whatever it is, the caller gets a well-formed answer
        request.app.logger.exception("%s %s", request.method, request.path)
        return error_response(error)


def error_response(error: Exception) -> web.Response:
    """The answer for an error; its technical cause stays inside."""
    fault = as_fault(error)
    answer = fault_response(fault)
    if fault.status == 429:
        answer.headers.update(retry_after(fault.fields))
    if fault.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
