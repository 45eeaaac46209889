"""The CloudStack configurations of an OMA."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.clouds import Config, Discovery, Resources
from appliance.contract.errors import Fault
from appliance.tui.cloud_draft import PARTS, Draft, name_of, own_vm_words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.screens.removing import remove
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.form import in_one_sentence
from appliance.tui.widgets.table import Column, Row

REMOVING = "Its keys are deleted here; nothing is changed in CloudStack. A configuration that VMs use is not removed."
TRIAL = (
    "A disk of 1 GiB is made with this configuration and attached to this appliance, a snapshot is taken, the disk goes back to it, and "
    "both are deleted. It takes some minutes and shows whether failovers and their clean-up can work."
)


class CloudsScreen(RecordsScreen[Config], ActingScreen):
    """Each configuration, which one is active, and what it refers to by its names in CloudStack."""

    NAME = "clouds"
    HEADING = "CloudStack"
    HELP = (
        "With which account disks and machines are made in CloudStack, and where. F7 adds a configuration in three steps: address and "
        "keys, what was found there, and the choice. New work uses the active one. F6 checks the one under the cursor: rights, limits, "
        "offerings, storage. F4 changes it, makes it the active one, or tries a snapshot with a small disk; F9 removes it, which is "
        "refused while VMs use it. Below the list stand the names that CloudStack has for what was chosen, while it answers."
    )
    EVERY = 5.0
    COLUMNS: ClassVar = (Column("Name", 20), Column("Active", 6), Column("Address"), Column("Zone", 36, needs=120))
    EMPTY = "No CloudStack is configured yet. F7 adds one in three steps."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t,enter", "actions", "Actions"),
        Binding("f6,ctrl+e", "check", "Check"),
        Binding("f7,ctrl+n", "add", "Add"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[Config, Resources | str] = {}

    async def load(self) -> None:
        """All of them."""
        found = await self.console_app.agent.clouds.configs()
        self.show_records({str(one.id): one for one in found})

    def show_chosen(self) -> None:
        """The facts of the one under the cursor; its names are asked for once."""
        super().show_chosen()
        record = self.chosen
        if record is not None and record not in self._names:
            self._names[record] = "being asked for"
            self.run_worker(self._learn(record), group=f"names-{record.id}")

    async def _learn(self, record: Config) -> None:
        try:
            self._names[record] = await self.console_app.agent.clouds.discover_resources(Discovery(config_id=record.id))
        except Fault as error:
            self._names[record] = in_one_sentence(error)
        self.show_records(self.records)

    def on_screen_resume(self) -> None:
        """Names that could not be had are asked for again: the keys may be others now."""
        self._names = {config: names for config, names in self._names.items() if isinstance(names, Resources)}

    def action_reload(self) -> None:
        """Ask for the names again, too."""
        self._names.clear()
        super().action_reload()

    def row(self, key: str, record: Config) -> Row:
        """One line for each."""
        names = self._names.get(record)
        zone = name_of("zones", record.zone, names if isinstance(names, Resources) else None)
        return Row(key, (record.name, "yes" if record.is_active else "", record.api_url, zone), "good" if record.is_active else "")

    def facts(self, record: Config) -> list[Fact]:
        """What it refers to."""
        return config_facts(record, self._names.get(record, ""))

    def action_add(self) -> None:
        """The first step of a new one."""
        self._open(Draft())

    def _open(self, draft: Draft) -> None:
        from appliance.tui.screens.cloud_connect import ConnectScreen

        self.app.push_screen(ConnectScreen(draft))

    def on_data_table_row_selected(self) -> None:
        """Enter on one."""
        self.action_actions()

    def action_check(self) -> None:
        """Can it be used?"""
        record = self.chosen
        if record is None:
            self.say(self.EMPTY, "warning")
            return
        from appliance.tui.screens.cloud_checks import CloudChecksScreen

        self.app.push_screen(CloudChecksScreen(record))

    def action_actions(self) -> None:
        """What can be done with the one under the cursor."""
        self.once(self._act)

    async def _act(self) -> None:
        record = self.chosen
        if record is None:
            self.say(self.EMPTY, "warning")
            return
        key = await self.app.push_screen_wait(Choose(record.name, actions(record)))
        if key == "check":
            self.action_check()
        elif key == "edit":
            self._open(Draft.of(record))
        elif key == "activate":
            await self._activate(record)
        elif key == "trial":
            await start_trial(self, record)
        elif key == "remove":
            await self._remove(record)

    async def _activate(self, record: Config) -> None:
        before = next((one.name for one in self.records.values() if one.is_active), "")
        what = f"New work uses {record.name}{f' instead of {before}' if before else ''} from now on. Nothing is changed in CloudStack."
        if await self.confirmed(f"Make {record.name} the active configuration?", what):
            work = self.console_app.agent.clouds.activate_config(str(record.id))
            await self.asking(work, f"{record.name} is the active configuration now.")

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        record = self.chosen
        if record is not None:
            self.once(lambda: self._remove(record))

    async def _remove(self, record: Config) -> None:
        await remove(self, record.name, REMOVING, lambda: self.console_app.agent.clouds.delete_config(str(record.id)))


async def start_trial(screen: ActingScreen, config: Config) -> None:
    """Ask, start it, and follow its job; only from a worker."""
    if not await screen.confirmed(f"Try a snapshot with {config.name}?", TRIAL):
        return
    job = await screen.asking(screen.console_app.agent.clouds.try_config(str(config.id)))
    if job is not None:
        from appliance.tui.screens.job import JobScreen

        screen.app.push_screen(JobScreen(job.job_id))


def config_facts(record: Config, names: Resources | str) -> list[Fact]:
    """The lines below the list (pure). `names` is what was found there, or why nothing was."""
    found = names if isinstance(names, Resources) else None
    facts: list[Fact] = [(title, name_of(kind, getattr(record, name), found) or "not chosen") for name, title, kind, _ in PARTS]
    facts.append(("This appliance", own_vm_words(record.oma_vm_id, found)))
    facts.append(("CloudStack", found.version, "good") if found else ("CloudStack", str(names), "warning"))
    return facts


def actions(record: Config) -> list[tuple[str, str]]:
    """What can be done, as (key, text) (pure)."""
    shown = [
        ("check", "Check whether it can be used"),
        ("edit", "Change it, in three steps"),
        ("activate", "Make it the active one"),
        ("trial", "Try a snapshot with a small disk"),
        ("remove", "Remove it"),
    ]
    return [one for one in shown if one[0] != "activate" or not record.is_active]
