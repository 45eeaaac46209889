"""The one-time code of an OMA: it is valid only while this screen is up."""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract.errors import Fault
from appliance.contract.pairing import Pairing
from appliance.tui import words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.widgets.big import Big, Countdown
from appliance.tui.widgets.facts import Fact, Facts

_log = logging.getLogger(__name__)

HIDING = 2.0
"""Seconds that the agent has for hiding the code."""


class CodeScreen(ActingScreen):
    """Shows a code, what to do with it, and who has paired."""

    NAME = "pairing-code"
    HEADING = "Pairing code"
    HELP = (
        "Type this code and one of the addresses on the other appliance (VMA): there it is the set-up's third step, or Pairing in its "
        "menu. The code is valid for ten minutes, for a few tries, for one pairing, and only while this screen is up. F5 makes a new one; "
        "the one before is then no longer taken."
    )
    EVERY: ClassVar[float] = 1.0
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5,ctrl+r", "new_code", "New code")]

    def __init__(self) -> None:
        super().__init__()
        self._countdown = Countdown()
        self._pairing: Pairing | None = None
        self._shown = False
        self._names: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        """What to do, the code, and how it stands."""
        yield Static("Type this code on the other appliance (VMA), with one of these addresses:", id="introduction", markup=False)
        yield Big(id="code")
        yield Facts(id="facts", label_width=16)

    def on_mount(self) -> None:
        """Count down by ourselves where the agent says nothing."""
        self.set_interval(0.5, self._draw)

    async def load(self) -> None:
        """How the pairing stands; the first time a code is shown, unless another console shows one already."""
        peers = self.console_app.agent.peers
        pairing = await peers.pairing()
        if not self._shown:
            if not pairing.code:
                await peers.show_code()
                pairing = await peers.pairing()
            self._shown = True
        self._names = tuple(one.name for one in await peers.peers() if one.state == "paired")
        self._pairing = pairing
        self._countdown.say(pairing.seconds_left)
        self._draw()
        if pairing.paired is not None:
            await self.paired(pairing.paired.name)

    def _draw(self) -> None:
        if self._pairing is None:
            return
        left = self._countdown.left
        self.query_one(Big).show(grouped(self._pairing.code) if self._pairing.code and left > 0 else "")
        self.query_one(Facts).show(facts(self._pairing, left, self._names))

    async def paired(self, name: str) -> None:
        """Somebody has paired with the code."""
        self.say(f"{name} is paired with this appliance. Nothing more is to be done; Esc leads back.")

    def action_new_code(self) -> None:
        """Make another one."""
        self.once(self._new_code)

    async def _new_code(self) -> None:
        peers = self.console_app.agent.peers
        if await self.asking(peers.show_code()) is not None:
            self._shown = True

    async def on_unmount(self) -> None:
        """The code goes with the screen; where the whole console ends, before it does."""
        if self.console_app.was_left:
            await self._hide()
        else:
            self.app.run_worker(self._hide(), group="hide-code")

    async def _hide(self) -> None:
        try:
            async with asyncio.timeout(HIDING):
                await self.console_app.agent.peers.hide_code()
        except (Fault, TimeoutError) as error:
            _log.warning("the pairing code could not be hidden; it ends by itself: %s", error)


def grouped(code: str) -> str:
    """Eight letters and digits as two groups of four (pure)."""
    plain = code.replace("-", "").replace(" ", "")
    return " ".join(plain[n : n + 4] for n in range(0, len(plain), 4))


def facts(pairing: Pairing, left: float, names: tuple[str, ...]) -> list[Fact]:
    """The lines below the code (pure)."""
    shown: list[Fact] = [
        ("Addresses", "   ".join(pairing.addresses) or "none; set up the network first", "" if pairing.addresses else "bad")
    ]
    if pairing.paired is not None:
        shown.append(("Paired", f"{pairing.paired.name} has just been paired", "good"))
    elif pairing.code and left > 0:
        shown.append(("Code", grouped(pairing.code)))
        shown.append(("Valid for", words.countdown(left), "warning" if left < 60 else ""))
        shown.append(("Tries left", str(pairing.tries_left), "warning" if pairing.tries_left < 3 else ""))
    else:
        shown.append(
            ("Code", "none is valid: its time or its tries are used up, or another console ended it; F5 makes a new one", "warning")
        )
    if names:
        shown.append(("Paired so far", ", ".join(names)))
    return shown
