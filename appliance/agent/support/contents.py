"""What goes into a support bundle, each part without secrets; a part that can't be had does not cost the others."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from appliance.agent.config import Config
from appliance.agent.log_lines import written
from appliance.agent.logs import LogBook
from appliance.agent.support import machine, records
from appliance.agent.support.known import database_secrets, known_secrets, without_password
from appliance.agent.support.redaction import Redactor
from appliance.contract.errors import Fault
from appliance.core.commands import CommandFailed
from appliance.core.durable import DISK_FULL
from appliance.core.store import Store, utcnow
from appliance.failover.transcripts import transcripts

_log = logging.getLogger(__name__)

Describe = Callable[[], Awaitable[dict[str, object]]]
Part = Callable[[], Awaitable[Any]]

DESCRIBED_WITHIN = 20.0
"""Seconds that the appliance has to say how it is."""
_MISSING = (OSError, TimeoutError, ValueError, CommandFailed, SQLAlchemyError, Fault)

_PROGRAMS = {
    "network/addresses.json": ("ip", "-j", "addr"),
    "network/routes.json": ("ip", "-j", "route", "show", "table", "all"),
    "network/routes6.json": ("ip", "-j", "-6", "route", "show", "table", "all"),
}


@dataclass(frozen=True)
class Sources:
    """Where a bundle's contents come from. `describe` has what the appliance says of itself, such as health and status."""

    store: Store
    config: Config
    describe: Describe
    book: LogBook | None


async def collect(sources: Sources, folder: Path, about: dict[str, object]) -> None:
    """Write everything below `folder`; `manifest.json` names what could not be had. Raises OSError when the disk is full."""
    config, missing = sources.config, dict[str, str]()
    known = await asyncio.to_thread(known_secrets, config.state_dir, config.run_dir)
    redactor = Redactor([*known, *database_secrets(config.database_url)])
    for name, part in (await _parts(sources)).items():
        try:
            await asyncio.to_thread(_write, folder / name, await part(), redactor)
        except _MISSING as error:
            if isinstance(error, OSError) and error.errno in DISK_FULL:
                raise
            _log.warning("support bundle without %s: %s", name, type(error).__name__)
            missing[name] = f"{type(error).__name__}: {error}"
    manifest = {**about, "made_at": utcnow(), "missing": missing}
    await asyncio.to_thread(_write, folder / "manifest.json", manifest, redactor)


async def _parts(sources: Sources) -> dict[str, Part]:
    config = sources.config
    parts: dict[str, Part] = {
        "appliance.json": partial(_described, sources.describe),
        "configuration.json": partial(_configuration, config),
        "versions.json": partial(asyncio.to_thread, machine.versions),
        "packages.txt": partial(_lines_of, "dpkg-query", "-W"),
        "machine.json": partial(asyncio.to_thread, machine.load, config.state_dir),
        "processes.json": partial(asyncio.to_thread, machine.processes),
    }
    parts |= {name: partial(_answer_of, *argv) for name, argv in _PROGRAMS.items()}
    for path in await asyncio.to_thread(lambda: sorted((config.state_dir / "log").glob("agent.log*"))):
        parts[f"logs/{path.name}"] = partial(asyncio.to_thread, _lines_in, path)
    for path in await asyncio.to_thread(transcripts, config.state_dir / "preparation"):
        parts[f"preparation/{path.name}"] = partial(asyncio.to_thread, _lines_in, path)
    if sources.book is not None:
        # What it remembers is more than the files while the disk can't be written.
        parts["logs/memory.log"] = partial(asyncio.to_thread, _lines_of_book, sources.book)
    return parts | {f"database/{table}.jsonl": partial(records.rows, sources.store, table) for table in records.SHOWN}


async def _described(describe: Describe) -> dict[str, object]:
    async with asyncio.timeout(DESCRIBED_WITHIN):
        return await describe()


async def _configuration(config: Config) -> dict[str, Any]:
    return {**config.model_dump(mode="json"), "database": without_password(config.database_url)}


async def _answer_of(*argv: str) -> Any:
    return json.loads(await machine.told(*argv) or "null")


async def _lines_of(*argv: str) -> list[str]:
    return (await machine.told(*argv)).splitlines(keepends=True)


def _lines_in(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines(keepends=True)


def _lines_of_book(book: LogBook) -> list[str]:
    return [written(entry) + "\n" for entry in book.page(limit=1 << 20).entries]


def _write(path: Path, content: Any, redactor: Redactor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w", encoding="utf-8", errors="replace") as file:
        path.chmod(0o600)
        file.writelines(_text(path.suffix, content, redactor))


def _text(suffix: str, content: Any, redactor: Redactor) -> Iterable[str]:
    """The content in the form that the file's name promises, without secrets."""
    if suffix == ".json":
        return [json.dumps(redactor.value(_plain(content)), indent=1, default=str) + "\n"]
    if suffix == ".jsonl":
        return (json.dumps(redactor.value(_plain(row)), default=str) + "\n" for row in content)
    return redactor.lines(content)


def _plain(value: Any) -> Any:
    """A value with its models as dictionaries and everything else that JSON does not have as text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
