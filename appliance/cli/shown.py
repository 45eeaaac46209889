"""Answers as people read them: tables for lists, names and values for one thing."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from appliance.tui import words

COLUMNS: dict[str, tuple[str, ...]] = {
    "vms": ("vm_name", "current_status", "consistent_point", "current_job_id", "next_run_at", "context_id"),
    "jobs": ("id", "kind", "title", "status", "progress_percent", "current_operation", "created_at"),
    "credentials": ("id", "name", "vcenter_host", "username", "is_default", "last_used", "usage_count"),
    "settings": ("name", "value", "default", "unit", "sentence"),
    "tokens": ("id", "name", "role", "state", "last_used", "expires_at"),
    "audit": ("at", "actor", "origin", "action", "result", "detail"),
    "peers": ("id", "name", "role", "state", "connected", "version", "last_seen"),
}
"""What a list of a noun shows first; whatever of it an answer has."""
MOST = 8
_SIGNS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT = {one.lower(): one for one in ("API", "CA", "CPU", "DNS", "ID", "MAC", "MTU", "NTP", "URL", "VM", "VMA", "VLAN")}
WIDE = 200
"""Columns where nobody looks at a terminal."""


def show(answer: Any, noun: str, out: TextIO | None = None) -> None:
    """Print an answer."""
    file = out or sys.stdout
    console = Console(file=file, width=None if file.isatty() else WIDE, highlight=False, emoji=False)
    _show(console, answer, noun)


def _show(console: Console, answer: Any, noun: str) -> None:
    if isinstance(answer, list):
        if answer and all(isinstance(one, Mapping) for one in answer):
            console.print(_table(answer, noun))
        else:
            console.print("\n".join(cell("", one) for one in answer) if answer else "Nothing here.", markup=False)
    elif isinstance(answer, Mapping):
        by_name = bool(answer) and all(isinstance(one, Mapping) and all(map(_is_plain, one.values())) for one in answer.values())
        if by_name:
            console.print(_table([{"name": name, **one} for name, one in answer.items()], ""))
        else:
            _facts(console, answer)
    elif answer is not None:
        console.print(cell("", answer), markup=False)


def _table(rows: Sequence[Mapping[str, Any]], noun: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = columns(rows, noun)
    for name in names:
        table.add_column(_heading(name), overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(name, row.get(name))) for name in names))
    return table


def columns(rows: Sequence[Mapping[str, Any]], noun: str) -> list[str]:
    """What a table shows: the noun's own columns, else the first plain ones, and none that is empty in all rows (pure)."""
    plain = [name for name in rows[0] if any(_is_plain(row.get(name)) for row in rows)]
    filled = [name for name in plain if any(row.get(name) not in (None, "") for row in rows)]
    wanted = [name for name in COLUMNS.get(noun, ()) if name in filled]
    return wanted if len(wanted) > 1 else filled[:MOST] or list(rows[0])[:1]


def _facts(console: Console, answer: Mapping[str, Any]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in answer.items():
        if _is_plain(value) and value not in (None, "", []):
            table.add_row(_heading(name), escape(cell(name, value)))
    console.print(table)
    for name, value in answer.items():
        if not _is_plain(value) and value:
            console.print(f"\n[bold]{escape(_heading(name))}[/bold]")
            _show(console, value, "")


def cell(name: str, value: Any) -> str:
    """One value as text of harmless characters (pure)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and name.endswith("_bytes"):
        return words.size(value)
    if isinstance(value, float):
        return words.rate(value) if name.endswith("_bps") else f"{value:.1f}"
    if isinstance(value, list):
        return ", ".join(cell("", one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(key, one)}" for key, one in value.items() if one not in (None, ""))
    return _SIGNS.sub("?", _moment(str(value)))


def _moment(text: str) -> str:
    """A time as it stands in lists; any other text as it is."""
    if len(text) < 20 or not text[:4].isdigit() or text[10] != "T":
        return text
    try:
        return words.moment(datetime.fromisoformat(text))
    except ValueError:
        return text


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Mapping | list) or (isinstance(value, list) and all(not isinstance(one, Mapping | list) for one in value))


def _heading(name: str) -> str:
    parts = [_SHORT.get(one, one) for one in name.split("_")]
    return " ".join([parts[0][:1].upper() + parts[0][1:], *parts[1:]])
