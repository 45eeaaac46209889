"""Where the adapters of moved VMs go: the defaults for each network of the source, and what is different for one VM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.checks import CheckState
from appliance.contract.network_mappings import Kind, MappingTable, SetDefault, SetMapping, SourceNetwork
from appliance.contract.replications import VmContext
from appliance.tui.mapping_lines import (
    DEFAULT_COLUMNS,
    VM_COLUMNS,
    WORDS,
    called,
    landing,
    mapping_actions,
    mapping_facts,
    mapping_row,
)
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Row

NO_CONFIGURATION = "No CloudStack configuration is active: store one first (menu: CloudStack, F7)."


class MappingsScreen(RecordsScreen[SourceNetwork], ActingScreen):
    """A list of source networks. Subclasses ask for their table, and set a mapping."""

    EVERY = 30.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t,enter", "actions", "Actions"),
        Binding("f7,ctrl+n", "add", "Another network"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]
    COUNTED: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._config_id: int | None = None
        self._problem = ""

    async def table(self) -> MappingTable:
        """Ask for all of it."""
        raise NotImplementedError

    async def put(self, mapping: SetMapping) -> MappingTable:
        """Set one."""
        raise NotImplementedError

    async def load(self) -> None:
        """Every network with its targets."""
        self._show(await self.table())

    def _show(self, table: MappingTable) -> None:
        self._config_id = table.config_id
        self.query_one(TitleBar).tell(heading=self.heading(table.config_name))
        self.show_records({one.name: one for one in table.networks})
        if table.problem != self._problem:
            self.say(table.problem, "warning")
        self._problem = table.problem

    def heading(self, configuration: str) -> str:
        """The title with what it is about."""
        return f"{self.HEADING} · {configuration}" if configuration else self.HEADING

    def row(self, key: str, record: SourceNetwork) -> Row:
        """One line for each."""
        return mapping_row(record, counted=self.COUNTED)

    def facts(self, record: SourceNetwork) -> list[Fact]:
        """Why, and what is wrong."""
        return mapping_facts(record)

    def on_data_table_row_selected(self) -> None:
        """Enter on one."""
        self.action_actions()

    def action_actions(self) -> None:
        """What can be done with the one under the cursor."""
        self.once(self._act)

    def action_add(self) -> None:
        """A network that no VM is known to be on yet."""
        self.once(self._add)

    def action_remove(self) -> None:
        """Remove what is set here."""
        self.once(self._remove_both)

    async def _act(self) -> None:
        record = self.chosen
        if record is None:
            return
        key = await self.app.push_screen_wait(Choose(called(record.name), mapping_actions(record)))
        if key is not None and key.startswith("remove-"):
            await self._remove(record, Kind(key.removeprefix("remove-")))
        elif key is not None:
            await self._choose(record.name, Kind(key), landing(record, Kind(key)).target_network_id or "")

    async def _choose(self, source: str, kind: Kind, before: str) -> None:
        if not source:
            self.say("A network without a name can't be mapped by itself; 'All others' takes it.", "warning")
            return
        if self._config_id is None:
            self.say(NO_CONFIGURATION, "warning")
            return
        targets = await self.asking(self.console_app.agent.network_mappings.mapping_targets(config_id=self._config_id))
        if targets is None:
            return
        heading = f"{WORDS[kind]}: where do adapters on {called(source)} go?"
        picked = await self.app.push_screen_wait(PickOne(heading, [(one.id, one.name, one.detail) for one in targets], before))
        if picked is not None:
            await self._put(SetMapping(source_network=source, kind=kind, target_network_id=picked))

    async def _put(self, mapping: SetMapping) -> None:
        table = await self.asking(self.put(mapping))
        if table is None:
            return
        self._show(table)
        place = landing(self.records[mapping.source_network], mapping.kind)
        done = f"{WORDS[mapping.kind]}: {called(mapping.source_network)} → {place.target_network_name}."
        self.say(f"{done} {place.note}".strip(), "good" if place.state is CheckState.PASS else "warning")

    async def _add(self) -> None:
        typed: dict[str, str] = {}

        async def take(values: Mapping[str, str]) -> None:
            typed.update(values)

        field = Field("Network", id="source", hint="its name in vCenter", limit=255)
        await self.app.push_screen_wait(Ask("Which network of the source?", "Its name exactly as vCenter shows it.", [field], take))
        if typed.get("source"):
            key = await self.app.push_screen_wait(Choose(called(typed["source"]), [(kind.value, words) for kind, words in WORDS.items()]))
            if key is not None:
                await self._choose(typed["source"], Kind(key), "")

    async def _remove(self, record: SourceNetwork, kind: Kind) -> None:
        place = landing(record, kind)
        mapping_id = place.mapping_id
        question = f"Remove the {WORDS[kind].lower()} mapping of {called(record.name)}?"
        now = f"They go to {place.target_network_name} now. " if place.target_network_name else ""
        what = f"{now}Adapters there go where they would without it: the list shows where. Failovers that run already keep their networks."
        if mapping_id is not None and await self.confirmed(question, what):
            await self.asking(self.console_app.agent.network_mappings.delete_mapping(str(mapping_id)), "The mapping was removed.")

    async def _remove_both(self) -> None:
        record = self.chosen
        own = [(record, kind) for kind in Kind if record is not None and landing(record, kind).mapping_id is not None]
        if not own:
            self.say("Nothing is set here that could be removed.", "warning")
        for one, kind in own:
            await self._remove(one, kind)


class NetworkMappingsScreen(MappingsScreen):
    """The defaults of the active configuration."""

    NAME = "network-mappings"
    HEADING = "Network mappings"
    HELP = (
        "Where the adapters of moved VMs go, for each network of the source: test failovers and live ones apart. The networks of all VMs "
        "under management are listed; 'All others' takes those without a line of their own. Enter chooses a network of CloudStack by name, "
        "F7 adds a network that no VM is known to be on, F9 removes what is set. Without a mapping a live failover uses the network of the "
        "CloudStack configuration, and a test only an isolated network: never the production one by itself. What a single VM needs is set "
        "on its page (F4 there)."
    )
    COLUMNS = DEFAULT_COLUMNS
    EMPTY = "No network is known yet."

    async def table(self) -> MappingTable:
        """The defaults."""
        return await self.console_app.agent.network_mappings.network_mappings()

    async def put(self, mapping: SetMapping) -> MappingTable:
        """A default."""
        body = SetDefault(config_id=self._config_id, **mapping.model_dump())
        return await self.console_app.agent.network_mappings.set_default_mapping(body)


class VmMappingsScreen(MappingsScreen):
    """What is different for one VM."""

    NAME = "vm-network-mappings"
    HEADING = "Networks"
    HELP = (
        "Where the adapters of this VM go, in a test failover and in a live one, and why: because it is set for this VM, by the default "
        "for the network, or because nothing else is said. Enter chooses a network of CloudStack by name for this VM alone, F9 removes "
        "what is set for it; then the default holds again."
    )
    COLUMNS = VM_COLUMNS
    COUNTED = False
    EMPTY = "The networks of this VM are known after the first copy."

    def __init__(self, vm: VmContext) -> None:
        super().__init__()
        self._vm = vm

    def heading(self, configuration: str) -> str:
        """Whose networks they are."""
        return f"Networks of {self._vm.vm_name}"

    async def table(self) -> MappingTable:
        """Where its adapters go."""
        return await self.console_app.agent.network_mappings.vm_mappings(self._vm.context_id)

    async def put(self, mapping: SetMapping) -> MappingTable:
        """For this VM alone."""
        return await self.console_app.agent.network_mappings.set_vm_mapping(self._vm.context_id, mapping)
