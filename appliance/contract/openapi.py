"""The OpenAPI document of declared APIs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.contract.api import FILE, Api, Route, routes

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
        schemas.update(found.pop("$defs", {}))
        return found

    parameters = [{"name": key, "in": "path", "required": True, "schema": {"type": "string"}} for key in route.path_params]
    parameters += [{"name": key, "in": "query", "required": False, "schema": schema(one, "validation")} for key, one in route.query.items()]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.group],
        "summary": route.summary.splitlines()[0],
        "parameters": parameters,
        "responses": {
            str(route.status): {"description": "done", "content": {route.media: {"schema": schema(route.result, "serialization")}}},
            "default": {"description": "refused", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
        },
    }
    if route.upload:
        operation["requestBody"] = {"required": True, "content": {FILE: {"schema": {"type": "string", "format": "binary"}}}}
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema(route.body, "validation")}}}
    return operation
