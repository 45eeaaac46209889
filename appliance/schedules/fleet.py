"""What holds for all schedules: kept as one named value."""

from __future__ import annotations

from appliance.contract.windows import FleetWindows
from appliance.core.settings import Settings
from appliance.core.store import Store
from appliance.schedules import windows

NAME = "schedules.windows"


class Fleet:
    """Reads and writes the windows and the limit that hold for all schedules."""

    def __init__(self, store: Store) -> None:
        self._settings = Settings(store)

    async def get(self) -> FleetWindows:
        """What is set; nothing is limited when nothing was ever set."""
        return FleetWindows.model_validate(await self._settings.get(NAME))

    async def put(self, wanted: FleetWindows) -> None:
        """Replace it. Raises a Fault (400) when a time zone is unknown."""
        windows.check([*wanted.blackouts, *wanted.bandwidth])
        await self._settings.put(NAME, wanted.model_dump(mode="json"))
