"""Settings as the console shows them; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.contract.settings import Setting
from appliance.tui import words
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

SETTING_COLUMNS = (
    Column("About", 12), Column("Setting", 21), Column("Value", 12), Column("Default", 9), Column("Unit"), Column("Changed", 19, 120),
)  # fmt: skip


NAMELESS: Mapping[str, str] = {}
GROUPS = {"api": "API"}
"""How what settings are about is written where it is more than a word."""


def setting_rows(settings: Sequence[Setting], names: Mapping[str, str] = NAMELESS) -> list[Row]:
    """One line each, what they are about said once; what is not as it came stands out, and says when it was changed.

    `names` are those of values that are ids.
    """
    rows, group = [], ""
    for one in settings:
        about, group = ("" if one.group == group else GROUPS.get(one.group, one.group.capitalize())), one.group
        name = one.name.removeprefix(f"{one.group}.").replace("_", " ")
        value = names.get(str(one.value), value_text(one.value))
        cells = (about, name, value, value_text(one.default), one.unit, words.moment(one.changed_at))
        rows.append(Row(one.name, cells, "good" if one.value != one.default else ""))
    return rows


def setting_facts(one: Setting, names: Mapping[str, str] = NAMELESS) -> list[Fact]:
    """All about one setting."""
    called = names.get(str(one.value), "")
    value = f"{called} ({one.value})" if called not in ("", one.value) else f"{value_text(one.value)} {one.unit}".strip()
    changed = f"changed {words.moment(one.changed_at)} UTC" if one.changed_at else "as it came"
    return [
        ("Setting", one.name),
        ("What it does", one.sentence),
        ("Value", f"{value}, {changed}", "good" if one.value != one.default else ""),
        ("Default", f"{value_text(one.default)} {one.unit}".strip()),
        ("May be", one.expected),
        ("In force", "after a restart of the agent" if one.restart_needed else "at once"),
    ]


def value_text(value: bool | int | str) -> str:
    """A value as it is read and typed."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value) or "(empty)"


def value_flaw(setting: Setting, text: str) -> str:
    """What is wrong with a typed value, and what to type instead; empty where nothing is."""
    if setting.kind != "number":
        return ""
    good = text.isascii() and text.isdecimal() and (setting.lowest or 0) <= int(text[:20]) <= (setting.highest or 0)
    return "" if good else f"Type {setting.expected}."
