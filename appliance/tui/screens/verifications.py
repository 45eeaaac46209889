"""Verifications: whether copies are what their sources are."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from appliance.contract.verifications import StartVerification, VerificationMode
from appliance.tui.actions import VERIFY
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.verification_lines import VERIFICATION_COLUMNS, verification_row
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Listing

SHOWN = 200
"""Verifications in the list, the newest ones."""

VIEWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    (", every block", {"mode": VerificationMode.FULL}),
    (", differences", {"differing": True}),
)
"""What F6 goes through: what the title says, and what is asked for."""

NEVER = ("discovered", "failed_over_test", "failed_over_live", "cleanup_required", "migrated")
"""States of VMs whose copy can't be compared now."""


class VerificationsScreen(ActingScreen):
    """The newest verifications of all VMs."""

    NAME = "verifications"
    HEADING = "Verification"
    EVERY = 3.0
    HELP = (
        "A verification compares blocks of a copy with the VM's disks at the source, both at the moment of one snapshot. After each copy a "
        "small sample is compared by itself; F7 compares every block of a VM, or a sample, now, and a schedule can do so, too. What "
        "differs is copied again at once. Where that does not help, the VM can't be failed over until its next copy, which takes these "
        "disks in full. Enter opens the report. F6 shows all, only those of every block, or only those that found a difference."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open report"),
        Binding("f6,ctrl+e", "narrow", "Show others"),
        Binding("f7,ctrl+n", "add", "Verify a VM"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0

    def body(self) -> ComposeResult:
        """The list."""
        yield Listing(VERIFICATION_COLUMNS, empty="No verification to show. F7 verifies a VM, F6 shows others.", id="verifications")

    def on_mount(self) -> None:
        """The cursor is in the list."""
        self.query_one(Listing).focus()

    async def load(self) -> None:
        """The newest."""
        title, only = VIEWS[self._shown]
        found = await self.console_app.agent.verifications.verifications(**only, limit=SHOWN)
        now = self.console_app.clock()
        self.query_one(Listing).show([verification_row(one, now) for one in found])
        self.query_one(TitleBar).tell(heading=f"{self.HEADING}{title} ({len(found)})")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the report."""
        from appliance.tui.screens.verification import VerificationScreen

        self.app.push_screen(VerificationScreen(event.row_key.value or ""))

    def action_narrow(self) -> None:
        """All, those of every block, those with a difference."""
        self._shown = (self._shown + 1) % len(VIEWS)
        self.action_reload()

    def action_add(self) -> None:
        """Verify a VM."""
        self.once(self._add)

    async def _add(self) -> None:
        vms = await self.asking(self.console_app.agent.replications.contexts())
        if vms is None:
            return
        options = [(vm.context_id, vm.vm_name, vm.vcenter_host) for vm in vms if vm.current_status not in NEVER]
        picked = await self.app.push_screen_wait(PickOne("Which VM's copy is compared with its source?", options))
        if picked is not None:
            await verify(self, picked, next(name for key, name, _ in options if key == picked))


async def verify(screen: ConsoleScreen, context_id: str, name: str) -> None:
    """Ask how a VM is verified, and start it; only from a worker."""
    ways = [
        (VerificationMode.FULL.value, "Every block: takes as long as reading all its disks"),
        (VerificationMode.SAMPLED.value, "A sample: a hundredth of each disk, at most 64 MiB"),
    ]
    mode = await screen.app.push_screen_wait(Choose(f"How much of {name} is compared?", ways))
    if mode is None:
        return
    if await screen.confirmed(*VERIFY.asked(name)):
        body = StartVerification(vm=context_id, mode=VerificationMode(mode))
        await screen.attempt(screen.console_app.agent.verifications.verify(body), f"The verification of {name} has started.")
