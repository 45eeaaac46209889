"""The network of the appliance itself: what is, what is wanted, and the trial between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route

Text = Annotated[str, Field(max_length=255)]


class Mode(StrEnum):
    """How an interface gets its addresses: by DHCP or router advertisement, as typed, or not at all."""

    AUTO = "auto"
    STATIC = "static"
    OFF = "off"


class Severity(StrEnum):
    """An error keeps the settings from being tried; a warning asks the operator to look again. What is pending is not so yet, on trial."""

    ERROR = "error"
    WARNING = "warning"
    PENDING = "pending"
    OK = "ok"


class Family(OperatorModel):
    """IPv4 or IPv6 of one interface. `addresses` are `address/prefix`; `gateway` is empty where there is none."""

    mode: Mode = Mode.OFF
    addresses: Annotated[list[Text], Field(max_length=16)] = Field(default_factory=list)
    gateway: Text = ""


class InterfacePlan(OperatorModel):
    """What one interface should be. A VLAN has the interface it is on as `parent`, and its id; `mtu` 0 leaves it as it is."""

    name: Text
    parent: Text = ""
    vlan_id: int | None = None
    ipv4: Family = Family()
    ipv6: Family = Family()
    mtu: int = 0


class NetworkPlan(OperatorModel):
    """What the whole network should be, as it was typed: texts are checked by the agent, which names the field and what to type instead."""

    host_name: Text = ""
    interfaces: Annotated[list[InterfacePlan], Field(max_length=64)] = Field(default_factory=list)
    dns: Annotated[list[Text], Field(max_length=64)] = Field(default_factory=list)
    search_domains: Annotated[list[Text], Field(max_length=64)] = Field(default_factory=list)
    ntp: Annotated[list[Text], Field(max_length=64)] = Field(default_factory=list)


class Finding(OperatorModel):
    """What a check says of one field, such as `ipv4.gateway`, `dns` or `mtu`. `interface` is empty for settings of the whole appliance."""

    interface: str
    field: str
    severity: Severity
    message: str


class Interface(OperatorModel):
    """An interface as the kernel has it. `link` is `up`, `down` or `no cable`; `speed_mbps` None where it is not known."""

    name: str
    kind: str
    mac: str
    parent: str
    vlan_id: int | None
    link: str
    speed_mbps: int | None
    mtu: int
    addresses: list[str]
    gateways: list[str]


class Trial(OperatorModel):
    """Settings on trial: they revert by themselves unless they are kept in time. `findings` say what was verified meanwhile.

    While it is `settling`, the network takes the settings and is asked: whether anything is wrong is not known yet.
    """

    id: str
    plan: NetworkPlan
    seconds_left: float
    findings: list[Finding]
    settling: bool = False


class Network(OperatorModel):
    """What is, what was kept last, and what is on trial. `revision` changes whenever `kept` does; `outcome` is how the last trial ended."""

    host_name: str
    interfaces: list[Interface]
    dns: list[str]
    kept: NetworkPlan
    revision: str
    trial: Trial | None
    outcome: str


class StartTrial(OperatorModel):
    """Settings to try. `revision` is the one they were made from, so that two consoles do not overwrite each other."""

    plan: NetworkPlan
    revision: str
    seconds: Annotated[int, Field(ge=10, le=600)] = 120


class TrialRef(OperatorModel):
    """Which trial is meant."""

    trial_id: str


class KeepTrial(TrialRef):
    """Which trial is meant. `anyway` keeps its settings also while it settles, and although something is wrong."""

    anyway: bool = False


class ProbeKind(StrEnum):
    PING = "ping"
    DNS = "dns"
    PEER = "peer"


class Probe(OperatorModel):
    """A question to the network: does `target` answer a ping, does the name resolve, can it be reached on its port (443 unless named)."""

    kind: ProbeKind
    target: Annotated[str, Field(min_length=1, max_length=255)]


class ProbeAnswer(OperatorModel):
    """The answer in the operator's words. `milliseconds` None where nothing came back."""

    ok: bool
    message: str
    lines: list[str]
    milliseconds: float | None


class NetworkApi(Api):
    """The appliance's own network. Changes are on trial until they are kept."""

    @route("GET", "/api/v1/network")
    async def network(self) -> Network:
        """What the network is, what was kept, and what is on trial."""
        raise NotImplementedError

    @route("POST", "/api/v1/network/check", asks=True)
    async def check_network(self, body: NetworkPlan) -> list[Finding]:
        """What is to be said of these settings before they are tried; nothing is changed."""
        raise NotImplementedError

    @route("POST", "/api/v1/network/trial", status=201)
    async def try_network(self, body: StartTrial) -> Trial:
        """Apply these settings for a while."""
        raise NotImplementedError

    @route("POST", "/api/v1/network/keep")
    async def keep_network(self, body: KeepTrial) -> Network:
        """Keep what is on trial. Refused until it has settled, and where something is wrong, unless it is to be kept anyway."""
        raise NotImplementedError

    @route("POST", "/api/v1/network/revert")
    async def revert_network(self, body: TrialRef) -> Network:
        """Give up what is on trial, and go back to what was kept."""
        raise NotImplementedError

    @route("POST", "/api/v1/network/probe", asks=True, costly=True)
    async def probe_network(self, body: Probe) -> ProbeAnswer:
        """Ask the network a question."""
        raise NotImplementedError
