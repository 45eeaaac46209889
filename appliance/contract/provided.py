"""What was given when the appliance was deployed: proposals for the fields of the first set-up, and nothing more."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from appliance.contract.api import OperatorModel


class Giver(StrEnum):
    """Who gave it: nobody (yet), vCenter's deployment, CloudStack's user data, or the network, which gives a host name only."""

    NOBODY = ""
    VCENTER = "vcenter"
    CLOUDSTACK = "cloudstack"
    DHCP = "dhcp"


class Provided(OperatorModel):
    """Values that were checked one by one; what was not given, or can't be used, is empty. Nothing of it is in force.

    Addresses are `address/prefix`, of the first interface. `flaws` are sentences on what was given and is not here.
    """

    giver: Giver = Giver.NOBODY
    host_name: str = ""
    ipv4_address: str = ""
    ipv4_gateway: str = ""
    ipv6_address: str = ""
    ipv6_gateway: str = ""
    dns: list[str] = Field(default_factory=list)
    search_domains: list[str] = Field(default_factory=list)
    ntp: list[str] = Field(default_factory=list)
    oma_address: str = ""
    flaws: list[str] = Field(default_factory=list)
