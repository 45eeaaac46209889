"""Arguments of a command, from its route; and the request that they make."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from yarl import URL

from appliance.cli.commands import Command
from appliance.cli.fields import Field, body_fields, positional, query_fields

LONGEST_SECRET = 64 * 1024
PIECE = 1 << 20
_TYPES: dict[str, Callable[[str], Any]] = {"number": int, "decimal": float}


class Misused(Exception):
    """What was typed can't be sent; the text says why."""


@dataclass(frozen=True)
class Request:
    """What is sent; `file` in place of the body where that is a file."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes | None
    file: str = ""


def add_arguments(parser: argparse.ArgumentParser, command: Command) -> None:
    """What can be typed after a command."""
    route = command.route
    for name in route.path_params:
        parser.add_argument(f"path_{name}", metavar=name.upper())
    for field in query_fields(route):
        _add(parser, "query_", field)
    if route.upload:
        parser.add_argument("upload", metavar="FILE", type=Path, help="the file to send; - is standard input")
    fields = body_fields(route)
    for field in fields:
        _add(parser, "body_", field)
    if fields:
        parser.add_argument("--body", metavar="FILE", help="the whole request as a JSON document; - is standard input")


def request(command: Command, typed: argparse.Namespace) -> Request:
    """The request that was typed. Raises Misused."""
    route = command.route
    path = route.path.format(**{name: _in_path(getattr(typed, f"path_{name}")) for name in route.path_params})
    query = {one.name: _plain(value) for one in query_fields(route) if (value := getattr(typed, f"query_{one.name}")) is not None}
    if route.upload:
        return Request(route.method, path, query, None, _there(str(typed.upload)))
    return Request(route.method, path, query, _body(command, typed) if route.body is not None else None)


def _add(parser: argparse.ArgumentParser, prefix: str, field: Field) -> None:
    target = f"{prefix}{field.name}"
    if field.kind == "secret":
        parser.add_argument(f"{field.option}-file", dest=target, metavar="FILE", help="its first line is the secret; - is standard input")
        if not field.needed:
            parser.add_argument(f"{field.option}-ask", dest=f"ask_{field.name}", action="store_true", help="ask for it on the terminal")
        return
    more: dict[str, Any] = {"default": None}
    if field.kind == "switch" and not field.many:
        more["action"] = argparse.BooleanOptionalAction
    else:
        if field.choices:
            more["choices"] = field.choices
        more["type"] = _TYPES.get(field.kind, str)
        more["metavar"] = {"json": "JSON", "number": "N", "decimal": "N"}.get(field.kind, field.name.upper()) if not field.choices else None
    if field.many:
        more["action"] = "append"
    if field.kind == "json":
        more["help"] = "a JSON document in a file; - is standard input" if field.hides_secrets else "a JSON document, or @FILE"
    if prefix == "body_" and positional(field):
        # May be left out only where the whole body comes from a file.
        parser.add_argument(target, nargs="?", **more)
        return
    if field.needed:
        more["help"] = f"{more['help']}; needed" if "help" in more else "needed"
    parser.add_argument(field.option, dest=target, **more)


def _body(command: Command, typed: argparse.Namespace) -> bytes:
    fields, body = body_fields(command.route), command.route.body
    assert body is not None
    if fields and typed.body is not None:
        content = _read(typed.body, 1 << 20)
    else:
        given = {one.name: value for one in fields if (value := _value(one, typed)) is not None}
        missing = [one.name.upper() if positional(one) else one.option for one in fields if one.needed and one.name not in given]
        if missing:
            raise Misused(f"this needs {', '.join(missing)}")
        content = json.dumps(given).encode()
    try:
        body.validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        raise Misused("; ".join(f"{'.'.join(map(str, one['loc'])) or 'the body'}: {one['msg']}" for one in found)) from None
    return content


def _value(field: Field, typed: argparse.Namespace) -> Any:
    given = getattr(typed, f"body_{field.name}")
    if field.kind == "secret":
        return _secret(field, given, ask=field.needed or getattr(typed, f"ask_{field.name}"))
    if given is None:
        return None
    if field.kind == "json":
        return _document(field, given)
    if field.kind == "any":
        return _scalar(given)
    return given


def _secret(field: Field, file: str | None, *, ask: bool) -> str | None:
    """From a file, the terminal or standard input; never from the command line, where others see it."""
    if file is not None:
        return _first_line(_read(file, LONGEST_SECRET))
    if not ask:
        return None
    if sys.stdin.isatty():
        return getpass.getpass(f"{field.name.replace('_', ' ').capitalize()}: ")
    return _first_line(_read("-", LONGEST_SECRET))


def _first_line(content: bytes) -> str:
    try:
        return content.decode().partition("\n")[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise Misused("the secret is not text") from None


def _document(field: Field, given: str) -> Any:
    file = given if field.hides_secrets else given.removeprefix("@") if given.startswith("@") else None
    try:
        return json.loads(given if file is None else _read(file, 1 << 20))
    except ValueError:
        raise Misused(f"{field.option}: this is not a JSON document") from None


def _scalar(text: str) -> Any:
    """A number or a switch as it is; everything else as text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text


def _there(path: str) -> str:
    try:
        if path != "-":
            with Path(path).open("rb"):
                pass
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}") from None
    return path


async def parts(path: str) -> AsyncIterator[bytes]:
    """A long file, piece by piece."""
    with sys.stdin.buffer if path == "-" else Path(path).open("rb") as file:  # noqa: ASYNC230 - nothing else is done meanwhile
        while piece := file.read(PIECE):
            yield piece


def _read(path: str, limit: int) -> bytes:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}") from None
    if len(content) > limit:
        raise Misused(f"{path}: longer than {limit} bytes")
    return content


def _in_path(text: str) -> str:
    return URL.build(path=text).raw_path.replace("/", "%2F") if text not in (".", "..") else text.replace(".", "%2E")


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
