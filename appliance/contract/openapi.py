"""The OpenAPI document of declared APIs."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter
from typing import Any

from appliance.contract.api import FILE, JSON, Api, Route, routes

OPEN_PATHS = frozenset({"/health"})
"""What is answered without a token."""
_REFS = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["key", "message", "guidance", "fields"],
            "properties": {
                "key": {"type": "string"},
                "message": {"type": "string"},
                "guidance": {"type": "string"},
                "fields": {"type": "object"},
            },
        }
    },
}


_ALWAYS = (400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504)
"""What any route may answer with: the request can't be used or may not be done, or there is trouble here or beyond."""
_SAID = {
    400: "The request can't be used.",
    401: "It carries no valid token.",
    403: "The token's role is too low, or this is open to nobody now.",
    404: "There is nothing of this name.",
    405: "There is this path, but not for this method.",
    409: "As things are, this can't be done.",
    410: "What this is about is over.",
    413: "The body is too large.",
    422: "What was asked for can't be.",
    429: "Too many requests, or too many wrong tries.",
    500: "Something went wrong inside the appliance.",
    502: "Another system gave an answer that can't be used, or none.",
    503: "A part of the appliance can't do this now.",
    504: "Another system did not answer in time.",
    507: "There is too little room.",
}


def refusals(route: Route) -> list[int]:
    """The statuses of errors that a route may answer with (pure)."""
    return sorted({*_ALWAYS, *(() if route.method == "GET" else (410, 413, 507))})


def _refused(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _SAID[status], "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
    if status == 429:
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
    return answer


def document(title: str, version: str, apis: Sequence[type[Api]]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all routes of `apis`."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, Any] = {}
    for api in apis:
        for route in routes(api):
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    def schema(adapter: Any, mode: str) -> Any:
        found = adapter.json_schema(ref_template=_REFS, mode=mode)
        for name, model in found.pop("$defs", {}).items():
            if schemas.setdefault(name, model) != model:
                raise TypeError(f"two models are called {name}; one is in {route.name}")
        return found

    parameters = [{"name": key, "in": "path", "required": True, "schema": {"type": "string"}} for key in route.path_params]
    parameters += [
        {"name": key, "in": "query", "required": route.defaults[key] is Parameter.empty, "schema": schema(one, "validation")}
        for key, one in route.query.items()
    ]
    done: dict[str, Any] = {"description": "Done."}
    if route.status != 204:
        done["content"] = {route.media: {"schema": schema(route.result, "serialization")}}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.group],
        "summary": route.summary.splitlines()[0],
        "parameters": parameters,
        "responses": {str(route.status): done, **{str(status): _refused(status) for status in refusals(route)}},
        "x-role": route.role.value,
    }
    if route.path in OPEN_PATHS:
        operation["security"] = []
    if route.upload:
        operation["requestBody"] = {"required": True, "content": {FILE: {"schema": {"type": "string", "format": "binary"}}}}
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema(route.body, "validation")}}}
    return operation
