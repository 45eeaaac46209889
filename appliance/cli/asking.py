"""Asks the agent what was typed, and shows what it answers."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from appliance.cli.arguments import Misused, Request, add_arguments, parts, request
from appliance.cli.commands import Command
from appliance.cli.connection import add_connection, transport
from appliance.cli.follow import Lost, follow
from appliance.cli.shown import cell, show
from appliance.contract.api import EVENTS, JSON
from appliance.contract.client import Transport
from appliance.contract.errors import Fault

DONE, REFUSED, MISUSED = 0, 1, 2
"""Exit codes."""

Resolve = Callable[[Transport, Request], Awaitable[Request]]
"""Completes a request by asking first."""


def prepare(parser: argparse.ArgumentParser, command: Command) -> None:
    """The arguments and options of a command."""
    add_arguments(parser, command)
    if command.route.media not in (JSON, EVENTS) and not command.route.media.startswith("text/"):
        parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON, one document; errors too")
    if starts_job(command):
        parser.add_argument("--wait", action="store_true", help="follow the job that was started to its end; exit code 1 if it fails")
    add_connection(parser)


def starts_job(command: Command) -> bool:
    """Whether the answer names a job that was started (pure)."""
    return command.route.method != "GET" and "job_id" in command.route.result.json_schema().get("properties", {})


def run(command: Command, typed: argparse.Namespace, resolve: Resolve | None = None) -> int:
    """Exit codes: 0 done, 1 refused, failed or unreachable, 2 wrong usage."""
    try:
        asked, way = request(command, typed), transport(typed)
    except Misused as problem:
        print(f"appliance {command.words}: {problem}.", file=sys.stderr)
        return MISUSED
    try:
        return asyncio.run(_ask(command, typed, asked, way, resolve))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read has seen enough; nothing more is written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


async def _ask(command: Command, typed: argparse.Namespace, asked: Request, way: Transport, resolve: Resolve | None) -> int:
    try:
        if resolve is not None:
            asked = await resolve(way, asked)
        if command.route.media == EVENTS:
            return await _stream(way, asked, typed.json)
        body = parts(asked.file) if asked.file else asked.body
        status, content = await way.send(asked.method, asked.path, asked.query, body)
        if not 200 <= status < 300:
            return refused(status, content, as_json=typed.json)
        if command.route.media != JSON:
            return _write(content, getattr(typed, "out", None))
        answer = json.loads(content or b"null")
        if getattr(typed, "wait", False) and answer["job_id"]:
            job_id: str = answer["job_id"]
            return _ended(await follow(way, job_id), as_json=typed.json)
        _print(answer, command.noun, as_json=typed.json)
        return DONE
    except Lost as lost:
        return refused(lost.status, lost.content, as_json=typed.json)
    except Fault as error:
        return refused(error.status, json.dumps(error.shown()).encode(), as_json=typed.json)
    finally:
        await way.close()


async def _stream(way: Transport, asked: Request, as_json: bool) -> int:
    async for status, line in way.stream(asked.path, asked.query):
        if status != 200:
            return refused(status, line, as_json=as_json)
        if line.startswith(b"data:"):
            event = json.loads(line.removeprefix(b"data:"))
            print(json.dumps(event, ensure_ascii=False) if as_json else cell("", event), flush=True)
    return DONE


def _ended(job: dict[str, Any], *, as_json: bool) -> int:
    _print(job, "jobs", as_json=as_json)
    return DONE if job["status"] == "completed" else REFUSED


def _print(answer: Any, noun: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        show(answer, noun)


def refused(status: int, content: bytes, *, as_json: bool) -> int:
    """Say on standard error why something was not done."""
    try:
        error = json.loads(content)["error"]
        text = json.dumps({"error": error}, ensure_ascii=False) if as_json else cell("", f"{error['message']} {error['guidance']}".strip())
    except (ValueError, KeyError, TypeError):
        text = f"The appliance gave an answer that can't be used ({status})."
    print(text, file=sys.stderr)
    return REFUSED


def _write(content: bytes, out: Path | None) -> int:
    """A text or a file as it is."""
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return DONE
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        print(f"{out}: {error.strerror}.", file=sys.stderr)
        return REFUSED
    return DONE
