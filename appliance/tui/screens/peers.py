"""The appliances that an OMA is paired with."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from appliance.contract.pairing import Peer, PeerName
from appliance.tui import words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.bars import KeyBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.form import Field
from appliance.tui.widgets.table import Column, Listing, Row

STATES = {"paired": "paired", "revoked": "revoked", "held": "held: two appliances use its identity", "pending": "being paired"}

REVOKING = (
    "The tunnel to it ends at once, and so does everything that goes through it: copies that are running stop. "
    "Protected VMs stay as they are here; they are copied again only after a new pairing. It needs a new code to pair again."
)


class PeersScreen(ActingScreen):
    """Each paired appliance, whether it is connected, and when it was seen last."""

    NAME = "peers"
    HEADING = "Paired appliances"
    HELP = (
        "The appliances (VMA) that may connect to this one. F7 shows a code with which one more is paired. "
        "F4 gives the chosen one another name, or revokes its pairing: it can't connect any more then."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7,ctrl+n", "pair", "Pair"),
        Binding("f4,ctrl+t,enter", "actions", "Actions"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._peers: dict[str, Peer] = {}

    def body(self) -> ComposeResult:
        """The list."""
        columns = [
            Column("Name", 20), Column("State", 14), Column("Connected", 10), Column("Last seen"), Column("Role", 6, needs=100),
            Column("Identity", 48, needs=140),
        ]  # fmt: skip
        yield Listing(columns, empty="Not paired yet: F7 shows a code for the other appliance.", id="peers")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """All pairings."""
        found = await self.console_app.agent.peers.peers()
        self._peers = {one.id: one for one in found}
        self.query_one(Listing).show([row(one, self.console_app.clock()) for one in found])

    def action_pair(self) -> None:
        """Show a code."""
        from appliance.tui.screens.pairing_code import CodeScreen

        self.app.push_screen(CodeScreen())

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on one."""
        self.action_actions()

    def action_actions(self) -> None:
        """What can be done with the one under the cursor."""
        self.once(self._act)

    async def _act(self) -> None:
        peer = self._peers.get(self.query_one(Listing).chosen or "")
        if peer is None or peer.state == "revoked":
            self.say("This pairing has ended; nothing can be done with it." if peer else "Nothing is chosen.", "warning")
            return
        options = [("rename", "Give it another name"), ("revoke", "Revoke the pairing")]
        chosen = await self.app.push_screen_wait(Choose(peer.name, options))
        if chosen == "rename":
            await self._rename(peer)
        elif chosen == "revoke":
            await self._revoke(peer)

    async def _rename(self, peer: Peer) -> None:
        name = await self.app.push_screen_wait(NamePeer(peer.name))
        if name and name != peer.name:
            await self.asking(self.console_app.agent.peers.name_peer(peer.id, PeerName(name=name)), f"It is called {name} now.")

    async def _revoke(self, peer: Peer) -> None:
        if await self.confirmed(f"Revoke the pairing with {peer.name}?", REVOKING, word="revoke"):
            await self.asking(self.console_app.agent.peers.revoke_peer(peer.id), f"{peer.name} is no longer paired with this appliance.")


class NamePeer(ModalScreen[str | None]):
    """Asks for a name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "save", "Save", priority=True),
        Binding("escape", "leave", "Leave it", priority=True),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._before = name

    def compose(self) -> ComposeResult:
        """One field."""
        with Vertical(classes="dialog small"):
            yield Static(f"Another name for {self._before}", classes="question", markup=False)
            yield Field("Name", id="name", value=self._before, limit=100, check=lambda text: "" if text else "Type a name.")
            yield KeyBar()

    def on_mount(self) -> None:
        """The cursor is in it."""
        self.query_one(Field).focus_input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter saves, too."""
        self.action_save()

    def action_save(self) -> None:
        """Answer what was typed."""
        field = self.query_one(Field)
        if field.is_good():
            self.dismiss(field.value)

    def action_leave(self) -> None:
        """It keeps its name."""
        self.dismiss(None)


def row(peer: Peer, now: datetime) -> Row:
    """A pairing as it stands in the list (pure)."""
    over = peer.state == "revoked"
    seen = "now" if peer.connected else words.ago(peer.last_seen, now)
    tone = "" if over else "good" if peer.connected and peer.state == "paired" else "warning" if peer.state == "paired" else "bad"
    state = STATES.get(peer.state, peer.state)
    return Row(peer.id, (peer.name, state, "yes" if peer.connected else "no", seen, peer.role.upper(), peer.id), tone)
