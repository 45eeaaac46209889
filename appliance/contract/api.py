"""How an API is declared: once, as a class of typed methods, from which routes, client and OpenAPI come."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from appliance.contract.roles import Role, needed

_MARK = "__route__"
JSON, FILE, EVENTS = "application/json", "application/octet-stream", "text/event-stream"
Method = TypeVar("Method", bound=Callable[..., Any])


class OperatorModel(BaseModel):
    """What operators send and get: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PeerModel(BaseModel):
    """What appliances send each other: unknown fields are ignored, so that neighbouring versions work together."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Api:
    """Base of every declared API. A declaration has no bodies; handlers and clients are subclasses of it."""


@dataclass(frozen=True)
class Route:
    """One declared route: how it is reached, who may, what it takes, what it answers. A `costly` one asks other systems or much work.

    `upload` is the greatest number of bytes of a body that is a file and no JSON; 0 for all others.
    """

    name: str
    method: str
    path: str
    status: int
    summary: str
    group: str
    path_params: tuple[str, ...]
    query: dict[str, TypeAdapter[Any]]
    defaults: dict[str, Any]
    body: TypeAdapter[Any] | None
    result: TypeAdapter[Any]
    changes: bool
    media: str
    role: Role
    costly: bool
    upload: int


def route(
    method: str,
    path: str,
    *,
    status: int = 200,
    asks: bool = False,
    media: str = JSON,
    role: Role | None = None,
    costly: bool = False,
    upload: int = 0,
) -> Callable[[Method], Method]:
    """Declare a method as the route `method path`; `{name}` in the path is the parameter of that name.

    A parameter called `body` is the JSON body; every other one is a query parameter. Every method but GET changes something and is
    kept in the audit log, unless it only `asks`. A `media` other than JSON is a text or bytes, answered as they are. Without a `role`
    the path and what the route does say which one is needed (`contract/roles.py`). What is `costly` may be asked less often.
    A method with the `media` EVENTS is no coroutine: it returns an AsyncIterator of models that have `id` and `event`.
    With `upload`, a number of bytes, the body is a file of at most that size, taken as it comes: an AsyncIterator of bytes.
    """
    changes = method != "GET" and not asks

    def mark(function: Method) -> Method:
        setattr(function, _MARK, (method, path, status, changes, media, role or needed(method, path, changes), costly, upload))
        return function

    return mark


_KNOWN: dict[type[Api], tuple[Route, ...]] = {}


def routes(api: type[Api]) -> tuple[Route, ...]:
    """All routes of a declared API, in the order of their declaration; read once."""
    if api not in _KNOWN:
        found = []
        for declaration in reversed(api.__mro__):
            for name, function in vars(declaration).items():
                if hasattr(function, _MARK):
                    found.append(_read(declaration, name, function))
        _KNOWN[api] = tuple(found)
    return _KNOWN[api]


def _read(declaration: type[Api], name: str, function: Callable[..., Any]) -> Route:
    method, path, status, changes, media, role, costly, upload = getattr(function, _MARK)
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = {key: one for key, one in inspect.signature(function).parameters.items() if key != "self"}
    in_path = tuple(re.findall(r"{(\w+)}", path))
    in_query = [key for key in parameters if key not in in_path and key != "body"]
    return Route(
        name=name,
        method=method,
        path=path,
        status=status,
        summary=inspect.cleandoc(function.__doc__ or name),
        group=declaration.__name__.removesuffix("Api"),
        path_params=in_path,
        query={key: TypeAdapter(hints[key]) for key in in_query},
        defaults={key: parameters[key].default for key in in_query},
        body=TypeAdapter(hints["body"]) if "body" in parameters and not upload else None,
        result=TypeAdapter(_answered(hints.get("return", type(None)))),
        changes=changes,
        media=media,
        role=role,
        costly=costly,
        upload=upload,
    )


def _answered(kind: Any) -> Any:
    """What an answer consists of: of a stream, one of its models."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is AsyncIterator else kind
