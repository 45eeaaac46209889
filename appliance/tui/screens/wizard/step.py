"""What every step of the first set-up has: the way to the next one and to the one before."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.setup import SetStage, Stage
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.wizard import next_step

ORDER = tuple(Stage)

ABOUT = (
    "F7 goes on to the next step and F2 to the one before. Esc leads to the first screen; the set-up is taken up again here. "
    "Every step can be opened again later from the menu."
)


class WizardStep(ActingScreen):
    """One of the steps; mixed into the screen that does the work."""

    STAGE: ClassVar[Stage]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "next", "Next"),
        Binding("f2,ctrl+o", "previous", "Step before", show=False),
        Binding("escape", "leave", "Later"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing before the first step."""
        return self.STAGE is not ORDER[0] if action == "previous" else super().check_action(action, parameters)

    async def may_go_on(self) -> bool:
        """Whether this step may be left for the next one; says why where not."""
        return True

    def action_next(self) -> None:
        """Go on, where that is sensible."""
        self.once(self.go_on)

    def action_previous(self) -> None:
        """Go back a step."""
        number = ORDER.index(self.STAGE)
        if number:
            self.once(lambda: self.move(ORDER[number - 1]))

    async def go_on(self) -> None:
        """To the next step, if this one may be left."""
        if await self.may_go_on():
            await self.move(ORDER[ORDER.index(self.STAGE) + 1])

    async def move(self, stage: Stage) -> None:
        """To another step, once the agent has its place on disk."""
        app = self.console_app
        state = await self.asking(app.agent.setup.set_stage(SetStage(stage=stage)))
        if state is not None and self.is_current:
            app.setup_state = state
            app.switch_screen(next_step(stage, app.status.role if app.status else ""))


def heading(stage: Stage, title: str) -> str:
    """`Set-up 2 of 4: Network`."""
    return f"Set-up {ORDER.index(stage) + 1} of {len(ORDER)}: {title}"
