"""Settings of the whole appliance: its name, name servers, search domains and time servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult

from appliance.contract.network import NetworkPlan
from appliance.tui.screens.network_forms import PlanForm
from appliance.tui.screens.network_plan import LIST_LIMIT, entries, list_flaw, listed
from appliance.tui.widgets.form import Field

MOST = 64


class GeneralScreen(PlanForm):
    """What is not of one interface."""

    NAME = "names"
    HEADING = "Names and servers"
    HELP = (
        "The name of this appliance, the name servers it asks, the domains that it tries behind short names, and the servers it gets the "
        "time from. Several are typed with commas or blanks between. Name and time servers that come by DHCP are used besides. F8 has "
        "everything checked and takes it; it is in force only after it was tried on the network's screen."
    )
    EVERY: ClassVar[float] = 5.0

    def body(self) -> ComposeResult:
        """Four fields."""
        plan = self.draft.plan
        yield Field("Host name", id="host_name", value=plan.host_name, hint="such as oma1.example.net; empty leaves it")
        yield Field(
            "Name servers",
            id="dns",
            value=listed(plan.dns),
            hint="such as 192.0.2.53, 192.0.2.54",
            check=at_most("name servers"),
            limit=LIST_LIMIT,
        )
        yield Field(
            "Search domains",
            id="search_domains",
            value=listed(plan.search_domains),
            hint="such as example.net",
            check=at_most("domains"),
            limit=LIST_LIMIT,
        )
        yield Field(
            "Time servers",
            id="ntp",
            value=listed(plan.ntp),
            hint="such as ntp.example.net",
            check=at_most("time servers"),
            limit=LIST_LIMIT,
        )

    def wanted(self) -> NetworkPlan:
        """The network with these."""
        lists = {name: entries(self.field(name).value) for name in ("dns", "search_domains", "ntp")}
        return self.draft.plan.model_copy(update={"host_name": self.field("host_name").value, **lists})


def at_most(noun: str) -> Callable[[str], str]:
    """A check of a list's length."""
    return lambda text: list_flaw(text, MOST, noun)
