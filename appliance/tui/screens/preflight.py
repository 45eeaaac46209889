"""The look before a VM is protected, tested or moved: nothing is started while a check fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.checks import Check, CheckState
from appliance.contract.preflight import Preflight
from appliance.tui.screens.checks import ChecksScreen, called

Look = Callable[[], Awaitable[Preflight]]
_FIRST = (CheckState.FAIL, CheckState.WARN, CheckState.PASS)


class PreflightScreen(ChecksScreen):
    """The checks of what is about to be done; F8 goes on with it where none failed."""

    NAME = "preflight"
    HEADING = "Preflight"
    HELP = (
        "Looks whether everything is there before something is started: the source, its disks and snapshots, the link, the copy, "
        "CloudStack with its limits, offerings and networks, and whether the guest can be prepared. It only asks; nothing is changed. "
        "'pass' is good, 'warn' is something to know, with 'FAIL' it can't be started. Enter shows a check in full, F5 looks again, "
        "F8 goes on."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "go_on", "Go on"),
        Binding("f8,ctrl+s", "say_why_not", "Why not", show=False),
    ]

    def __init__(self, about: str, look: Look, then: Callable[[], None]) -> None:
        super().__init__(about)
        self._look, self._then = look, then

    async def look(self) -> Sequence[Check]:
        """Ask the agent; what stands in the way comes first."""
        return sorted((await self._look()).checks, key=lambda one: _FIRST.index(one.state))

    async def load(self) -> None:
        """What was found says whether F8 goes on."""
        await super().load()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Going on is offered unless a check failed."""
        if action in ("go_on", "say_why_not"):
            return (action == "say_why_not") is bool(self._failing())
        return super().check_action(action, parameters)

    def action_go_on(self) -> None:
        """Back, and on with what is to be done."""
        if self.looked is None:
            self.say("It is still being looked at. F5 looks again.", "warning")
            return
        self.console_app.leave(self)
        self._then()

    def action_say_why_not(self) -> None:
        """What stands in the way."""
        self.say(f"It can't be started: {', '.join(self._failing())}. Correct it, then look again with F5.", "error")

    def _failing(self) -> list[str]:
        return [called(one) for one in self.looked or () if one.state is CheckState.FAIL]
