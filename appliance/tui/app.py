"""The console program: its screens, its lock, and its way out of trouble."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.scrollbar import ScrollBar
from textual.widgets._toggle_button import ToggleButton
from textual.worker import WorkerFailed

from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.options import CONSOLE_IDLE
from appliance.contract.settings import Setting
from appliance.contract.setup import Setup, Stage
from appliance.contract.status import Status
from appliance.contract.system import Level, Report
from appliance.tui.agent import Agent
from appliance.tui.pump import Persevering
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.idle import IdleScreen
from appliance.tui.theme import CONSOLE, PlainScrollBar
from appliance.tui.vt import KeepTo, Terminal
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.notice import Memory

_log = logging.getLogger(__name__)

LOCK_AFTER = CONSOLE_IDLE.default * 60.0
"""Seconds without a key after which the console goes back to its idle screen."""

LONGEST_REPORT = 20_000
"""Characters of a report, the last ones."""

REPORT_AGAIN = 2.0
"""Seconds until an agent that did not answer is told again."""

ScrollBar.renderer = PlainScrollBar
ToggleButton.BUTTON_LEFT, ToggleButton.BUTTON_INNER, ToggleButton.BUTTON_RIGHT = "[", "x", "]"


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class Console(Persevering, App[str], inherit_bindings=False):
    """The console of either appliance. It ends with a sentence only where it may be left (`can_leave`), or after a crash of a screen."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+l", "lock", "Log out", show=False),
        Binding("f12,ctrl+p", "power", "Power", show=False),
        Binding("tab", "app.focus_next", "Next field", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
    ]

    def __init__(
        self,
        agent: Agent,
        terminal: Terminal,
        *,
        can_leave: bool = False,
        crashed: str = "",
        fall_back: bool = False,
        reports: list[str] | None = None,
        clock: Callable[[], datetime] = now,
        lock_after: float = LOCK_AFTER,
        **driver: object,
    ) -> None:
        super().__init__(**driver)  # type: ignore[arg-type]  # driver_class, for the console's own
        self.agent, self.terminal, self.can_leave, self.clock = agent, terminal, can_leave, clock
        self._status: Status | None = None
        self.drawn = asyncio.Event()
        """Whether there is a first picture; only then is loaded what speaks to the agent."""
        self.setup_state: Setup | None = None
        self.unlocked = False
        self.failure: BaseException | None = None
        self.failed_on, self.failed_first = "", True
        self._reports, self._fall_back = [] if reports is None else reports, fall_back
        self._crashed, self._lock_after, self._last_key = crashed, lock_after, time.monotonic()
        self._alarm, self.news = "", Memory()
        self._keep_to = KeepTo(terminal)

    async def run_async(self, **how: Any) -> str | None:
        """One run of the screens. However it ends, its connections to the agent end with it; the next run has its own."""
        try:
            return await super().run_async(**how)
        finally:
            await self.agent.transport.close()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Nothing leaves that the terminal does not have."""
        return [*super().get_line_filters(), self._keep_to]

    def get_default_screen(self) -> ConsoleScreen:
        """The console boots into its idle screen; into a plainer one where that has crashed again and again."""
        if self._fall_back:
            from appliance.tui.screens.fallback import FallbackScreen

            return FallbackScreen(self._crashed)
        return IdleScreen(self._crashed)

    def on_mount(self) -> None:
        """The look, and the clocks."""
        self.register_theme(CONSOLE)
        self.theme = CONSOLE.name
        self.call_after_refresh(self.drawn.set)
        self.set_interval(1.0, self._tick)
        self.run_worker(self._begin(), name="begin")
        self.run_worker(self._report_all(), name="reports")

    async def _begin(self) -> None:
        """A console that was never set up, or whose set-up was broken off, goes on with it by itself."""
        await self.drawn.wait()
        while True:
            try:
                self.setup_state = await self.agent.setup.setup()
                break
            except Fault:
                await asyncio.sleep(1.0)
        if self.setup_state.stage is not Stage.DONE and not self._crashed and isinstance(self.screen, IdleScreen):
            await self.screen.run_action("set_up")

    def _tick(self) -> None:
        self.tell_title()
        if self.unlocked and time.monotonic() - self._last_key > self._lock_after:
            self.action_lock()

    def tell_title(self) -> None:
        """Bring the title of the screen that is seen up to date."""
        if not isinstance(self.screen, ConsoleScreen):
            return
        who = f"{self.status.role.upper()} {self.status.host_name or self.status.name}" if self.status else ""
        for bar in self.screen.query(TitleBar):
            bar.tell(who=who, time=f"{self.clock():%H:%M} UTC", alarm=self._alarm)

    def alarm(self, text: str) -> None:
        """Say in the title of every screen that something is wrong with the agent; empty when it is over."""
        if text != self._alarm:
            self._alarm = text
            self.tell_title()

    async def learn_patience(self) -> None:
        """How long the console waits for a key before it logs out, as it is set."""
        try:
            self.heed(await self.agent.settings.setting(CONSOLE_IDLE.name))
        except Fault as error:
            _log.info("the time without a key is as before: %s", error.key)

    def heed(self, setting: Setting) -> None:
        """Do as a setting says, if it is the console's."""
        if setting.name == CONSOLE_IDLE.name and isinstance(setting.value, int):
            self._lock_after = setting.value * 60.0

    def say(self, text: str, kind: str = "error") -> None:
        """A line of news on the screen that is seen."""
        if isinstance(self.screen, ConsoleScreen):
            self.screen.say(text, kind)

    async def on_event(self, event: events.Event) -> None:
        """A key, or a pasted text, comes by here before any field or list takes it for itself: somebody is there."""
        if isinstance(event, events.Key | events.Paste):
            self._last_key = time.monotonic()
        await super().on_event(event)

    @property
    def status(self) -> Status | None:
        """Who the appliance is, as it was heard last."""
        return self._status

    @status.setter
    def status(self, heard: Status | None) -> None:
        """An agent of another version speaks another language: this console ends, and the one of that version is started."""
        if self._status is not None and heard is not None and heard.version != self._status.version:
            _log.warning("the appliance has version %s now; its console begins anew", heard.version)
            self.exit()
        self._status = heard

    @property
    def was_left(self) -> bool:
        """Whether the console was asked to end."""
        return self._exit

    def stop(self) -> None:
        """End from outside of the loop: the system says so, or the line is gone."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.exit)

    def leave(self, screen: ConsoleScreen) -> None:
        """Close a screen; the last one stays."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def action_lock(self) -> None:
        """Back to the idle screen; the password is asked for again."""
        self.unlocked = False
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def action_power(self) -> None:
        """Restart and switch off."""
        from appliance.tui.screens.power import PowerScreen

        if not isinstance(self.screen, PowerScreen):
            self.push_screen(PowerScreen())

    def _handle_exception(self, error: Exception) -> None:
        """A screen has crashed: end this run of the screens, so that the next one shows what happened; no traceback on the terminal."""
        if self.failure is None:
            self.failure = error.error if isinstance(error, WorkerFailed) else error
            shown = [one for one in self._screen_stack if isinstance(one, ConsoleScreen)]
            self.failed_on, self.failed_first = (shown[-1].HEADING if shown else ""), len(shown) < 2
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = 1
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """Something of Textual's own has crashed."""
        self._handle_exception(RuntimeError("the screens' own program gave up"))

    async def _report_all(self) -> None:
        """What the runs of the screens before this one had to report goes to the appliance's log, as soon as the agent takes it."""
        await self.drawn.wait()
        while self._reports:
            try:
                await self.agent.system.report(Report(level=Level.ERROR, message=self._reports[0][-LONGEST_REPORT:]))
            except Fault as error:
                if error.key == UNREACHABLE.key:
                    await asyncio.sleep(REPORT_AGAIN)
                    continue
                _log.warning("the agent did not take a report: %s", error)
            del self._reports[0]
