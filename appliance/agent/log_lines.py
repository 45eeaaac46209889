"""Lines of the agent's log: harmless on a terminal, and one JSON object each on disk; pure."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from appliance.contract.system import Level, LogEntry

LONGEST = 4000
"""Characters of a line; the rest is cut off."""

_OF_EARLIER_RELEASES = re.compile(r"(\d{1,15}) (\S{10,40}) (debug|info|warning|error) (\S{1,200}): (.*)")


def harmless(text: str) -> str:
    """The text with every character that could steer a terminal, or hide, written out as an escape (`\\x1b`)."""
    text = text.expandtabs(4)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def split(message: str) -> list[str]:
    """A message as harmless lines of bounded length."""
    lines = [harmless(line[:LONGEST])[:LONGEST] for line in message.split("\n")]
    return [line for line in lines if line.strip()] or [""]


def level_of(number: int) -> Level:
    """The level of a `logging` level number."""
    if number >= logging.ERROR:
        return Level.ERROR
    if number >= logging.WARNING:
        return Level.WARNING
    return Level.INFO if number >= logging.INFO else Level.DEBUG


def written(entry: LogEntry) -> str:
    """An entry as a line of the file: one JSON object, without what is empty."""
    fields = {key: value for key, value in entry.model_dump(mode="json").items() if value != ""}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def read(line: str) -> LogEntry | None:
    """The entry that a line of the file is; None for one that is torn or none of ours."""
    fields = _fields(line)
    if fields is None:
        return None
    try:
        found = LogEntry(**fields)
    except (ValidationError, TypeError):
        return None
    # Whoever can write to the file still can't steer the terminal of who reads it.
    safe = {key: split(getattr(found, key))[0] for key in ("source", "message", "job_id", "correlation")}
    return found.model_copy(update=safe)


def _fields(line: str) -> dict[str, Any] | None:
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return {"message": "", **found} if isinstance(found, dict) else None
    earlier = _OF_EARLIER_RELEASES.fullmatch(line)
    if earlier is None:
        return None
    number, at, level, source, message = earlier.groups()
    try:
        return {"number": int(number), "at": datetime.fromisoformat(at), "level": level, "source": source, "message": message}
    except ValueError:
        return None
