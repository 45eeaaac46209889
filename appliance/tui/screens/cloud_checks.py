"""Whether a CloudStack configuration can be used: a list of checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.checks import Check
from appliance.contract.clouds import Config
from appliance.tui.screens.checks import ChecksScreen
from appliance.tui.screens.clouds import start_trial


class CloudChecksScreen(ChecksScreen):
    """Each check with what was found; below, what to do about the one under the cursor."""

    NAME = "cloud-checks"
    HELP = (
        "Looks whether this CloudStack configuration can be used: rights, version, limits, offerings, storage, and whether everything it "
        "refers to is there. It only asks; nothing is changed. 'pass' is good, 'warn' is something to know, with 'FAIL' copies or "
        "failovers will not work. Enter shows a check in full, F5 looks again. F4 tries a snapshot with a small disk, as a job."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4,ctrl+t", "try", "Try a snapshot")]

    def __init__(self, config: Config) -> None:
        super().__init__(f"Checks of {config.name}")
        self._config = config

    async def look(self) -> Sequence[Check]:
        """Ask the agent."""
        return (await self.console_app.agent.clouds.validate_config(str(self._config.id))).checks

    def action_try(self) -> None:
        """The snapshot trial."""
        self.once(self._try)

    async def _try(self) -> None:
        await start_trial(self, self._config)
