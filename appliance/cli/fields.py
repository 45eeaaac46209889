"""What can be typed for a request: the fields of its body and its parameters, read from their schemas. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from appliance.contract.api import Route

POSITIONAL = frozenset(("vm", "name", "value", "action", "stage", "line"))
"""Fields of a body that come without their name where they are needed."""
RESERVED = frozenset(("body", "json", "out", "server_fingerprint", "socket", "token_file", "url", "wait"))
"""Names of options that every command has."""
_SCALARS = {"string": "text", "integer": "number", "number": "decimal", "boolean": "switch"}


@dataclass(frozen=True)
class Field:
    """One thing to type. `kind` is text, number, decimal, switch, choice, any, json or secret; `many` may be given several times."""

    name: str
    kind: str
    needed: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    hides_secrets: bool = False

    @property
    def option(self) -> str:
        """As it is typed: `--vm-path`."""
        name = f"{self.name}_value" if self.name in RESERVED else self.name
        return f"--{name.replace('_', '-')}"


def query_fields(route: Route) -> list[Field]:
    """The parameters of a route."""
    return [_field(name, adapter.json_schema(), {}, needed=False) for name, adapter in route.query.items()]


def body_fields(route: Route) -> list[Field]:
    """The fields of a route's body, those that are needed first; none where it takes no body."""
    if route.body is None:
        return []
    schema = route.body.json_schema()
    defs = schema.get("$defs", {})
    schema = _resolved(schema, defs)
    needed = schema.get("required", [])
    found = [_field(name, one, defs, needed=name in needed) for name, one in schema.get("properties", {}).items()]
    return sorted(found, key=lambda one: not one.needed)


def positional(field: Field) -> bool:
    """Whether it is typed without its name."""
    return field.needed and not field.many and field.name in POSITIONAL and field.kind in ("text", "choice", "any", "number")


def _field(name: str, schema: dict[str, Any], defs: dict[str, Any], *, needed: bool) -> Field:
    defs = defs | schema.get("$defs", {})
    options = [one for one in _alternatives(schema, defs) if one.get("type") != "null"]
    if len(options) != 1:
        scalar = all(one.get("type") in _SCALARS for one in options)
        return Field(name, "any" if scalar else "json", needed, hides_secrets=_has_secret(options, defs))
    (one,) = options
    if one.get("writeOnly"):
        return Field(name, "secret", needed)
    if "enum" in one or "const" in one:
        return Field(name, "choice", needed, choices=tuple(str(value) for value in one.get("enum", [one.get("const")])))
    if one.get("type") == "array":
        items = _alternatives(one.get("items", {}), defs)
        inner = items[0] if len(items) == 1 else {}
        if "enum" in inner:
            return Field(name, "choice", needed, many=True, choices=tuple(str(value) for value in inner["enum"]))
        if inner.get("type") in _SCALARS and not inner.get("writeOnly"):
            return Field(name, _SCALARS[inner["type"]], needed, many=True)
    if one.get("type") in _SCALARS:
        return Field(name, _SCALARS[one["type"]], needed)
    return Field(name, "json", needed, hides_secrets=_has_secret([one], defs))


def _alternatives(schema: dict[str, Any], defs: dict[str, Any]) -> list[dict[str, Any]]:
    schema = _resolved(schema, defs)
    return [one for part in schema["anyOf"] for one in _alternatives(part, defs)] if "anyOf" in schema else [schema]


def _resolved(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _resolved(defs[schema["$ref"].rpartition("/")[2]], defs)
    return _resolved(schema["allOf"][0], defs) if len(schema.get("allOf", ())) == 1 else schema


def _has_secret(schemas: list[dict[str, Any]], defs: dict[str, Any]) -> bool:
    """Whether a password may be somewhere in it: it is then not typed on the command line."""
    seen = set[str]()

    def within(text: str) -> bool:
        if '"writeOnly": true' in text:
            return True
        names = {name for name in defs if f'/{name}"' in text} - seen
        seen.update(names)
        return any(within(json.dumps(defs[name])) for name in names)

    return within(json.dumps(schemas))
