"""What an operator has set: typed values by name, in memory for whoever reads them, on disk for the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from appliance.contract.errors import fault
from appliance.contract.options import Kept, Option, Value, options_of
from appliance.core.settings import Setting
from appliance.core.store import Store, utcnow

UNKNOWN = fault("settings.unknown", 404, "There is no setting {name} on this appliance.", "The list of settings shows which there are.")
INVALID = fault("settings.invalid", 422, "{name} can't be {value}.", "Type {expected}.")

PREFIX = "option."
_SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_SHOWN = 40


class Options:
    """The settings of an appliance. `options[ONE]` is its value now; `watch` tells of changes."""

    def __init__(self, store: Store, role: str) -> None:
        self._store, self._known = store, {one.name: one for one in options_of(role)}
        self._values: dict[str, Value] = {}
        self._changed_at: dict[str, datetime] = {}
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._changing = asyncio.Lock()

    @classmethod
    async def open(cls, store: Store, role: str) -> Options:
        """The settings as they were left; a value that this version no longer takes counts as never set."""
        found = cls(store, role)
        async with store.session() as session:
            rows = (await session.scalars(select(Setting).where(Setting.name.startswith(PREFIX, autoescape=True)))).all()
        for row in rows:
            option, value = found._known.get(row.name.removeprefix(PREFIX)), row.value.get("value")
            if option is not None and value is not None and _flawless(option, value):
                found._values[option.name], found._changed_at[option.name] = value, row.updated_at
        return found

    def __getitem__(self, option: Option[Kept]) -> Kept:
        value: Kept = self._values.get(option.name, option.default)  # type: ignore[assignment]  # checked when it was set
        return value

    def all(self) -> tuple[Option[Any], ...]:
        """The settings that there are, in order."""
        return tuple(self._known.values())

    def shown(self) -> dict[str, Value]:
        """Every setting's value by its name."""
        return {one.name: self[one] for one in self._known.values()}

    def find(self, name: str) -> Option[Any]:
        """The setting of this name. Raises a Fault (`settings.unknown`)."""
        if name not in self._known:
            raise UNKNOWN(name=name[:_SHOWN])
        return self._known[name]

    def changed_at(self, option: Option[Any]) -> datetime | None:
        """When it was changed last; None where it is as it came."""
        return self._changed_at.get(option.name)

    def watch(self, option: Option[Any], act: Callable[[], None]) -> None:
        """Do this now, and after every change of the setting."""
        self._watchers.setdefault(option.name, []).append(act)
        act()

    async def change(self, name: str, value: object) -> Option[Any]:
        """Set it; on disk, and in force, when this returns. Raises a Fault: `settings.unknown`, `settings.invalid`."""
        option = self.find(name)
        taken = parsed(option, value)
        async with self._changing:
            now = utcnow()
            async with self._store.begin() as session:
                await session.merge(Setting(name=PREFIX + name, value={"value": taken}, updated_at=now))
            self._values[name], self._changed_at[name] = taken, now
            self._tell(name)
        return option

    async def reset(self, name: str) -> Option[Any]:
        """Put it back to its default. Raises a Fault (`settings.unknown`)."""
        option = self.find(name)
        async with self._changing:
            async with self._store.begin() as session:
                await session.execute(delete(Setting).where(Setting.name == PREFIX + name))
            self._values.pop(name, None)
            self._changed_at.pop(name, None)
            self._tell(name)
        return option

    def _tell(self, name: str) -> None:
        for act in self._watchers.get(name, ()):
            act()


def parsed(option: Option[Any], value: object) -> Value:
    """The value in the setting's own type, from what was typed or sent. Raises a Fault (`settings.invalid`) (pure)."""
    taken: object = value
    if isinstance(value, str) and option.kind != "text":
        text = value.strip()
        taken = _SWITCH.get(text.casefold()) if option.kind == "switch" else _number(text)
    if not _flawless(option, taken):
        raise INVALID(name=option.name, value=_shown(value), expected=option.expected)
    assert isinstance(taken, bool | int | str)
    return taken


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 16 else None


def _flawless(option: Option[Any], value: object) -> bool:
    if option.kind == "switch":
        return isinstance(value, bool)
    if option.kind == "number":
        return isinstance(value, int) and not isinstance(value, bool) and option.lowest <= value <= option.highest
    return isinstance(value, str) and len(value) <= option.highest and value == value.strip() and (value.isprintable())


def _shown(value: object) -> str:
    text = {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
    return "".join(one if one.isprintable() else "?" for one in text[:_SHOWN]) or "nothing"
