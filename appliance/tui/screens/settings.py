"""What an operator can set on this appliance."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.errors import Fault
from appliance.contract.options import FAILOVER_TEST_NETWORK
from appliance.contract.settings import ChangeSetting, Setting
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.setting_lines import SETTING_COLUMNS, setting_facts, setting_rows, value_flaw, value_text
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.table import Listing, Row


class SettingsScreen(RecordsScreen[Setting], ActingScreen):
    """All settings by what they are about, each with its default and what may be typed."""

    NAME = "settings"
    HEADING = "Settings"
    HELP = (
        "What can be set on this appliance: how long records are kept, how much is done at once, how often may be asked, and more. Enter "
        "changes the setting under the cursor; below the list stands what it does and what may be typed. F9 puts it back to its default. "
        "A change is in force at once unless it says otherwise, stays over restarts, and is in the audit log."
    )
    EVERY = 5.0
    COLUMNS: ClassVar = SETTING_COLUMNS
    EMPTY = "This appliance has no settings."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t,enter", "change", "Change"),
        Binding("f9,ctrl+d", "reset", "Default"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._called: dict[str, str] = {}
        """What the values that are ids are called; one that could not be found out is its own name."""

    async def load(self) -> None:
        """All of them."""
        self.records = {one.name: one for one in await self.console_app.agent.settings.settings()}
        self._show()
        network = self.records.get(FAILOVER_TEST_NETWORK.name)
        if network is not None and network.value and str(network.value) not in self._called:
            await self._ask_name(str(network.value))
            self._show()

    async def _ask_name(self, network: str) -> None:
        self._called[network] = network  # CloudStack is asked once
        with contextlib.suppress(Fault):
            self._called |= {one.id: one.name for one in await self.console_app.agent.network_mappings.mapping_targets()}

    def _show(self) -> None:
        self.query_one("#records", Listing).show(setting_rows(list(self.records.values()), self._called))
        self.show_chosen()

    def row(self, key: str, record: Setting) -> Row:
        """One line of a list that has only this one."""
        return setting_rows([record], self._called)[0]

    def facts(self, record: Setting) -> list[Fact]:
        """What it does, and what may be typed."""
        return setting_facts(record, self._called)

    def on_data_table_row_selected(self) -> None:
        """Enter on one."""
        self.action_change()

    def action_change(self) -> None:
        """Another value."""
        self.once(self._change)

    def action_reset(self) -> None:
        """As it came."""
        self.once(self._reset)

    async def _change(self) -> None:
        one = self.chosen
        if one is None:
            return
        if one.kind == "switch":
            value = await self.app.push_screen_wait(Choose(one.sentence, [("on", "On"), ("off", "Off")]))
            if value is not None and await self.asking(self._put(one, value)) is not None:
                self._said(one)
            return

        async def work(typed: Mapping[str, str]) -> None:
            await self._put(one, typed["value"])

        before = "" if one.value == "" else value_text(one.value)
        field = Field(one.unit.capitalize() or "Value", id="value", value=before, check=partial(value_flaw, one))
        if await self.app.push_screen_wait(Ask(one.name, f"{one.sentence} It may be {one.expected}.", [field], work)):
            self._said(one)

    async def _put(self, one: Setting, text: str) -> Setting:
        changed = await self.console_app.agent.settings.change_setting(one.name, ChangeSetting(value=text))
        self.console_app.heed(changed)
        return changed

    def _said(self, one: Setting) -> None:
        later = " It is in force after a restart of the agent (F12)." if one.restart_needed else ""
        self.say(f"{one.name} was changed.{later}")
        self.action_reload()

    async def _reset(self) -> None:
        one = self.chosen
        if one is None:
            return
        if one.value == one.default:
            self.say(f"{one.name} has its default value already.", "info")
            return
        question = f"Put {one.name} back to its default?"
        if await self.confirmed(question, f"It is {value_text(one.value)} now, and will be {value_text(one.default)}."):
            done = await self.asking(self.console_app.agent.settings.reset_setting(one.name), f"{one.name} has its default value again.")
            if done is not None:
                self.console_app.heed(done)
