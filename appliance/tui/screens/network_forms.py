"""What the forms of the network have in common: the agent checks what was typed, and its findings are shown beside the fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.network import Finding, NetworkPlan, Severity
from appliance.tui.screens.acting import FormScreen
from appliance.tui.screens.network_plan import Draft, finding_lines
from appliance.tui.widgets.form import Field

CORRECT = "Correct what is marked; F8 checks it again."


class PlanForm(FormScreen):
    """A part of the network's settings. What is good, or taken in spite of warnings, goes into the draft; nothing is in force by that."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f8,ctrl+s", "submit", "Check and take")]

    def __init__(self, draft: Draft, about: str = "") -> None:
        super().__init__()
        self.draft, self.about = draft, about

    def wanted(self) -> NetworkPlan:
        """The whole network with what was typed here."""
        raise NotImplementedError

    def place_of(self, finding: Finding) -> Field | None:
        """The field beside which a finding is shown; None where it is about something else."""
        if finding.interface != self.about:
            return None
        found = self.query(f"#{finding.field.replace('.', '-')}").results(Field)
        return next((one for one in found if one.display), None)

    async def submit(self) -> None:
        """Have it checked; go on when nothing is wrong."""
        if not self.all_good():
            return
        plan = self.wanted()
        findings = await self.asking(self.console_app.agent.network.check_network(plan))
        if findings is None or self.show(findings):
            return
        warnings = [one for one in findings if one.severity is Severity.WARNING and one.interface == self.about]
        if warnings and not await self.confirmed("Take these settings all the same?", finding_lines(warnings)):
            return
        self.draft.plan = plan
        self.taken()

    def show(self, findings: Sequence[Finding]) -> bool:
        """Show each finding beside its field, the worst first; whether one of them is an error."""
        wrong: list[Field] = []
        told: set[Field] = set()
        for one in sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR):
            place = self.place_of(one)
            if place is None or place in told or one.severity is Severity.OK:
                continue
            told.add(place)
            place.problem(one.message, "bad" if one.severity is Severity.ERROR else "warning")
            if one.severity is Severity.ERROR:
                wrong.append(place)
        if wrong:
            wrong[0].focus_input()
            self.say(CORRECT, "error")
        return bool(wrong)

    def taken(self) -> None:
        """It is in the draft."""
        self.console_app.leave(self)
