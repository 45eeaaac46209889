"""What was given at deployment, for the screens that it fills."""

from __future__ import annotations

from appliance.contract.network import Family, Interface, InterfacePlan, Mode, Network, NetworkPlan
from appliance.contract.provided import Giver, Provided
from tests.tui.stand_in import network_state

GIVEN = Provided(
    giver=Giver.CLOUDSTACK,
    host_name="oma-prod",
    ipv4_address="192.0.2.77/24",
    ipv4_gateway="192.0.2.1",
    dns=["192.0.2.53"],
    search_domains=["example.net"],
    ntp=["ntp.example.net"],
)
FOR_VMA = GIVEN.model_copy(update={"giver": Giver.VCENTER, "host_name": "vma-prod", "oma_address": "oma.example.net"})
FLAWS = [
    "The deployment gave “password”, which this appliance does not know and leaves alone.",
    "The deployment gave an IPv4 address that can't be used: “192.0.2.77” has no prefix. Type how long the subnet's prefix is too, such as "
    "192.0.2.77/24.",
    *[f"The deployment gave a name server that can't be used: “x{number}” is no address." for number in range(3)],
]
FLAWED = Provided(giver=Giver.CLOUDSTACK, host_name="oma-prod", flaws=FLAWS)
NAMED = Provided(giver=Giver.DHCP, host_name="oma-7f3a")


def fresh(**changes: object) -> Network:
    """A network that nobody has set up yet: what DHCP gave."""
    auto = Family(mode=Mode.AUTO)
    kept = NetworkPlan(host_name="oma", interfaces=[InterfacePlan(name=name, ipv4=auto, ipv6=auto) for name in ("eth0", "eth1")])
    return network_state(host_name="oma", kept=kept, **changes)


def interface(name: str, link: str = "up", parent: str = "") -> Interface:
    """One that is there."""
    return network_state().interfaces[0].model_copy(update={"name": name, "link": link, "parent": parent})
