"""Settings that operators may change: read, change, back to the default."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from appliance.contract.api import Api, OperatorModel, route

Text = Annotated[str, Field(max_length=1000)]
Number = Annotated[StrictInt, Field(ge=-(1 << 53), le=1 << 53)]


class Setting(OperatorModel):
    """One setting with its value. `kind` is `switch`, `number` or `text`; `expected` says in words what may be typed."""

    name: str
    group: str
    kind: str
    value: bool | int | str
    default: bool | int | str
    unit: str
    lowest: int | None
    highest: int | None
    sentence: str
    expected: str
    restart_needed: bool
    changed_at: datetime | None


class ChangeSetting(OperatorModel):
    """The new value; a number or a switch may also come as its text, such as `"30"` or `"off"`."""

    value: StrictBool | Number | Text


class SettingsApi(Api):
    """Settings with types and defaults."""

    @route("GET", "/api/v1/settings")
    async def settings(self) -> list[Setting]:
        """All settings of this appliance."""
        raise NotImplementedError

    @route("GET", "/api/v1/settings/{name}")
    async def setting(self, name: str) -> Setting:
        """One setting."""
        raise NotImplementedError

    @route("PUT", "/api/v1/settings/{name}")
    async def change_setting(self, name: str, body: ChangeSetting) -> Setting:
        """Change a setting; it is in force at once, unless it needs a restart."""
        raise NotImplementedError

    @route("DELETE", "/api/v1/settings/{name}")
    async def reset_setting(self, name: str) -> Setting:
        """Put a setting back to its default."""
        raise NotImplementedError
