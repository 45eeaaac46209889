"""Routes of settings."""

from __future__ import annotations

from typing import Any

from appliance.contract import settings as contract
from appliance.contract.options import Option
from appliance.core.audit import Audit
from appliance.core.options import Options

ACTOR, CHANGED, RESET = "operator", "settings.change_setting", "settings.reset_setting"


class SettingsRoutes(contract.SettingsApi):
    """Serves the settings. What is changed goes into the audit log with the value before and after."""

    def __init__(self, options: Options, audit: Audit) -> None:
        self._options, self._audit = options, audit

    async def settings(self) -> list[contract.Setting]:
        return [self._view(one) for one in self._options.all()]

    async def setting(self, name: str) -> contract.Setting:
        return self._view(self._options.find(name))

    async def change_setting(self, name: str, body: contract.ChangeSetting) -> contract.Setting:
        before = self._options[self._options.find(name)]
        option = await self._options.change(name, body.value)
        await self._audit.record(ACTOR, CHANGED, "done", f"{name}: {in_words(before)} to {in_words(self._options[option])}")
        return self._view(option)

    async def reset_setting(self, name: str) -> contract.Setting:
        before = self._options[self._options.find(name)]
        option = await self._options.reset(name)
        await self._audit.record(ACTOR, RESET, "done", f"{name}: {in_words(before)} to {in_words(option.default)}")
        return self._view(option)

    def _view(self, option: Option[Any]) -> contract.Setting:
        ranged = option.kind != "switch"
        return contract.Setting(
            name=option.name,
            group=option.group,
            kind=option.kind,
            value=self._options[option],
            default=option.default,
            unit=option.unit,
            lowest=option.lowest if ranged else None,
            highest=option.highest if ranged else None,
            sentence=option.sentence,
            expected=option.expected,
            restart_needed=option.restart,
            changed_at=self._options.changed_at(option),
        )


def in_words(value: bool | int | str) -> str:
    """A value as the audit log has it (pure)."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value) or "nothing"
