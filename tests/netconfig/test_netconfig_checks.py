"""What is said of a whole plan before it is tried."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.contract.network import Family, Finding, Interface, InterfacePlan, Mode, NetworkPlan, Severity
from appliance.netconfig import render
from appliance.netconfig.checks import check, problems
from tests.work import calls

AUTO = Family(mode=Mode.AUTO)
OFF = Family()
E, W = Severity.ERROR, Severity.WARNING


def static(*addresses: str, gateway: str = "") -> Family:
    return Family(mode=Mode.STATIC, addresses=list(addresses), gateway=gateway)


def kernel(name: str, link: str = "up", addresses: tuple[str, ...] = (), parent: str = "", vlan_id: int | None = None) -> Interface:
    return Interface(
        name=name,
        kind="vlan" if vlan_id else "ethernet",
        mac="02:00:00:00:00:01",
        parent=parent,
        vlan_id=vlan_id,
        link=link,
        speed_mbps=1000,
        mtu=1500,
        addresses=list(addresses),
        gateways=[],
    )


HERE = (kernel("eth0"), kernel("eth1"), kernel("lo"))


def eth0(ipv4: Family = AUTO, ipv6: Family = OFF, mtu: int = 0) -> InterfacePlan:
    return InterfacePlan(name="eth0", ipv4=ipv4, ipv6=ipv6, mtu=mtu)


def eth1(ipv4: Family = AUTO, ipv6: Family = OFF, mtu: int = 0) -> InterfacePlan:
    return InterfacePlan(name="eth1", ipv4=ipv4, ipv6=ipv6, mtu=mtu)


def vlan(name: str = "eth0.5", parent: str = "eth0", vlan_id: int | None = 5, mtu: int = 0) -> InterfacePlan:
    return InterfacePlan(name=name, parent=parent, vlan_id=vlan_id, ipv4=AUTO, mtu=mtu)


GOOD = static("192.0.2.10/24", gateway="192.0.2.1")


@dataclass
class Case:
    """A plan's interfaces, and the one finding that is expected of them: where, how grave, and a part of what it says."""

    interfaces: list[InterfacePlan]
    interface: str
    field: str
    severity: Severity
    said: str
    here: tuple[Interface, ...] = HERE
    dns: list[str] = field(default_factory=lambda: ["192.0.2.53"])
    search_domains: list[str] = field(default_factory=list)
    ntp: list[str] = field(default_factory=list)
    host_name: str = "oma-1"

    def findings(self) -> list[Finding]:
        lists = {"dns": self.dns, "search_domains": self.search_domains, "ntp": self.ntp}
        return check(NetworkPlan(host_name=self.host_name, interfaces=self.interfaces, **lists), self.here)


ADDRESSES = [
    Case([eth0(static("10.0.0.300/24"))], "eth0", "ipv4.addresses", E, "“10.0.0.300/24” is no IPv4 address."),
    Case([eth0(static())], "eth0", "ipv4.addresses", E, "IPv4 is set by hand, but has no address. Type one with its prefix"),
    Case([eth0(OFF, static(" "))], "eth0", "ipv6.addresses", E, "IPv6 is set by hand, but has no address."),
    Case([eth0(static("192.0.2.10/24", "", gateway="192.0.2.1"))], "eth0", "ipv4.addresses", W, "An entry is empty and is left out."),
    Case([eth0(static("192.0.2.10/24", "192.0.2.10/24"))], "eth0", "ipv4.addresses", W, "“192.0.2.10/24” is there 2 times."),
    Case([eth0(static("192.0.2.10/24", "192.0.2.10/25"))], "eth0", "ipv4.addresses", E, "is there with the prefixes /24 and /25."),
    Case([eth0(static("2001:db8::1/64"))], "eth0", "ipv4.addresses", E, "Type it under IPv6"),
    Case([eth0(OFF, static("192.0.2.10/24"))], "eth0", "ipv6.addresses", E, "Type it under IPv4"),
    Case([eth0(static("169.254.7.7/16"))], "eth0", "ipv4.addresses", W, "neighbours on the same link only. Type another address too"),
    Case([eth0(AUTO, static("fe80::10/64"))], "eth0", "ipv6.addresses", W, "reaches neighbours on the same link only."),
    Case(
        [eth0(Family(mode=Mode.AUTO, addresses=["192.0.2.10/24"]))],
        "eth0", "ipv4.addresses", W, "are not used unless IPv4 is set by hand.",
    ),
    Case([eth0(GOOD), eth1(static("192.0.2.11/24"))], "eth1", "ipv4.addresses", E, "192.0.2.11/24 and eth0's 192.0.2.10/24 overlap"),
    Case([eth0(GOOD), eth1(static("192.0.2.200/25"))], "eth1", "ipv4.addresses", E, "Give each interface a subnet of its own."),
    Case([eth0(GOOD), eth1(static("192.0.2.10/32"))], "eth1", "ipv4.addresses", E, "192.0.2.10 is eth0's address too."),
    Case([eth0(static("192.0.2.10/25")), eth1(static("192.0.1.1/16"))], "eth1", "ipv4.addresses", E, "overlap"),
    Case([eth0(AUTO, static("2001:db8::1/64")), eth1(AUTO, static("2001:db8::2/48"))], "eth1", "ipv6.addresses", E, "overlap"),
    Case(
        [eth0(AUTO), eth1(static("192.0.2.10/24"))],
        "eth1", "ipv4.addresses", W, "192.0.2.10/24 and eth0's 192.0.2.77/24 overlap",
        here=(kernel("eth0", addresses=("192.0.2.77/24",)), kernel("eth1")),
    ),
]  # fmt: skip

GATEWAYS = [
    Case([eth0(static("192.0.2.10/24"))], "eth0", "ipv4.gateway", W, "Without a gateway, IPv4 reaches its own subnets only."),
    Case(
        [eth0(static("192.0.2.10/24", gateway="192.0.3.1"))],
        "eth0", "ipv4.gateway", E, "192.0.3.1 is outside the subnet 192.0.2.0/24. Type a gateway inside it",
    ),
    Case([eth0(static("192.0.2.10/24", gateway="192.0.2.10"))], "eth0", "ipv4.gateway", E, "192.0.2.10 is the appliance's own address."),
    Case([eth0(static("192.0.2.10/24", gateway="192.0.2.0"))], "eth0", "ipv4.gateway", E, "is the network address of 192.0.2.0/24."),
    Case([eth0(static("192.0.2.10/24", gateway="192.0.2.255"))], "eth0", "ipv4.gateway", E, "is the broadcast address of 192.0.2.0/24."),
    Case([eth0(static("192.0.2.10/24", gateway="fe80::1"))], "eth0", "ipv4.gateway", E, "Type it under IPv6"),
    Case([eth0(static("192.0.2.10/31", gateway="192.0.2.12"))], "eth0", "ipv4.gateway", E, "is outside the subnet 192.0.2.10/31."),
    Case(
        [eth0(static("192.0.2.10/32", gateway="192.0.2.1"))],
        "eth0", "ipv4.gateway", W, "192.0.2.1 is in no subnet of eth0, so it is looked for on the link itself.",
    ),
    Case([eth0(static("192.0.2.10/24", gateway="169.254.1.1"))], "eth0", "ipv4.gateway", W, "it is looked for on the link itself."),
    Case(
        [eth0(OFF, static("2001:db8::10/64", gateway="2001:db8:1::1"))],
        "eth0", "ipv6.gateway", E, "is outside the subnet 2001:db8::/64.",
    ),
    Case(
        [eth0(GOOD), eth1(static("198.51.100.2/24", gateway="198.51.100.1"))],
        "eth1", "ipv4.gateway", W, "More than one interface has an IPv4 gateway. That of eth0 is used; clear those of eth1.",
    ),
    Case(
        [eth0(static("192.0.2.10/24")), eth1(static("198.51.100.2/32", gateway="192.0.2.10"))],
        "eth1", "ipv4.gateway", E, "192.0.2.10 is the appliance's own address on eth0.",
    ),
]  # fmt: skip

LINKS = [
    Case([], "", "interfaces", E, "Every interface is off, so nothing would reach the appliance any more."),
    Case([eth0(OFF), eth1(OFF)], "", "interfaces", E, "Turn on IPv4 or IPv6 on at least one."),
    Case([InterfacePlan(name="eth7", ipv4=AUTO)], "eth7", "name", E, "There is no interface eth7. Choose one of: eth0, eth1."),
    Case([InterfacePlan(name="lo", ipv4=AUTO)], "lo", "name", E, "can't be set"),
    Case([InterfacePlan(name="", ipv4=AUTO)], "", "name", E, "The interface has no name."),
    Case([eth0(), eth0()], "eth0", "name", E, "“eth0” is there 2 times. Remove all but one."),
    Case([eth0()], "eth0", "name", W, "eth0 has no cable", here=(kernel("eth0", link="no cable"),)),
    Case([eth0()], "eth0", "name", W, "eth0 is down at present.", here=(kernel("eth0", link="down"),)),
    Case([vlan()], "eth0.5", "parent", E, "There is no interface eth0 for this VLAN. Choose one of: eth1.", here=(kernel("eth1"),)),
    Case([eth0(), vlan(vlan_id=4095)], "eth0.5", "vlan_id", E, "4095 is no VLAN id. Type a number from 1 to 4094."),
    Case([eth0(), vlan(vlan_id=None)], "eth0.5", "vlan_id", E, "A VLAN needs its id."),
    Case([eth0(), vlan(parent="")], "eth0.5", "parent", E, "A VLAN needs the interface it is on. Choose one of: eth0, eth1."),
    Case([eth0(), vlan(), vlan("eth0.5.6", "eth0.5", 6)], "eth0.5.6", "parent", E, "eth0.5 is a VLAN itself."),
    Case([vlan("a", "b", 6)], "a", "parent", E, "b is a VLAN itself.", here=(kernel("b", parent="eth0", vlan_id=2), kernel("eth0"))),
    Case([vlan("eth0", "eth0", 6)], "eth0", "parent", E, "eth0 is a VLAN itself."),
    Case([eth0(), vlan(), vlan("other")], "other", "vlan_id", E, "VLAN 5 on eth0 is eth0.5 already."),
    Case([eth0(), vlan("eth1")], "eth1", "name", E, "There is another interface called eth1 already. Type another name, such as eth0.5."),
    Case([InterfacePlan(name="b", ipv4=AUTO)], "b", "vlan_id", E, "b is a VLAN.", here=(kernel("b", parent="eth0", vlan_id=2),)),
    Case([eth0(mtu=100)], "eth0", "mtu", E, "100 can't be an MTU. Type a number from 576 to 9216"),
    Case([eth0(AUTO, AUTO, mtu=1000)], "eth0", "mtu", E, "1000 is too small for IPv6. Type 1280 or more, or turn IPv6 off."),
    Case([eth0(), vlan(mtu=9000)], "eth0.5", "mtu", E, "9000 is more than the 1500 of eth0, which this VLAN is on."),
    Case([eth0(mtu=1400), vlan(mtu=1500)], "eth0.5", "mtu", E, "1500 is more than the 1400 of eth0"),
]  # fmt: skip

SERVERS = [
    Case([eth0()], "", "host_name", E, "“my_host” has “_” in it.", host_name="my_host"),
    Case([eth0()], "", "dns", E, "“dns” is no address.", dns=["dns"]),
    Case([eth0()], "", "dns", E, "There are 20 name servers. Type at most 8.", dns=[f"192.0.2.{n}" for n in range(1, 21)]),
    Case([eth0()], "", "dns", W, "Only the first 3 name servers are asked.", dns=[f"192.0.2.{n}" for n in range(1, 5)]),
    Case([eth0(AUTO, AUTO)], "", "dns", W, "“2001:db8::1” is there 2 times.", dns=["2001:DB8::1", "2001:db8:0::1"]),
    Case([eth0()], "", "dns", W, "An entry is empty and is left out.", dns=["192.0.2.1", ""]),
    Case([eth0(GOOD)], "", "dns", W, "Without a name server, no name of another machine is found.", dns=[]),
    Case([eth0()], "", "dns", W, "2001:db8::53 can't be asked while IPv6 is off everywhere.", dns=["2001:db8::53"]),
    Case([eth0(GOOD)], "", "dns", W, "“192.0.2.10” is the appliance itself", dns=["192.0.2.10"]),
    Case([eth0()], "", "search_domains", E, "has “_” in it", search_domains=["corp_net"]),
    Case([eth0()], "", "search_domains", E, "There are 17 search domains. Type at most 16.", search_domains=[f"d{n}" for n in range(17)]),
    Case([eth0()], "", "search_domains", W, "“example.com” is there 2 times.", search_domains=["Example.com", "example.com"]),
    Case([eth0()], "", "ntp", E, "has “!” in it", ntp=["time!"]),
    Case([eth0()], "", "ntp", E, "There are 9 time servers. Type at most 8.", ntp=[f"ntp{n}" for n in range(9)]),
]  # fmt: skip


@pytest.mark.parametrize("case", ADDRESSES + GATEWAYS + LINKS + SERVERS, ids=lambda case: f"{case.field}: {case.said[:50]}")
def test_a_finding_names_interface_field_and_what_to_type(case: Case) -> None:
    found = [finding for finding in case.findings() if case.said in finding.message]
    assert [(each.interface, each.field, each.severity) for each in found] == [(case.interface, case.field, case.severity)]


@pytest.mark.parametrize(
    "interfaces",
    [
        [eth0(AUTO, AUTO)],
        [eth0(GOOD, mtu=9000), eth1(static("198.51.100.2/24"))],
        [eth0(static("192.0.2.10/31", gateway="192.0.2.11"))],
        [eth0(GOOD, static("2001:db8::10/64", "2001:db8::11/64", gateway="fe80::1"))],
        [eth0(GOOD, static("2001:db8::10/64", "fe80::10/64", gateway="2001:db8::1")), eth1(OFF, static("2001:db8:1::1/64", "fe80::10/64"))],
        [eth0(OFF), vlan()],
        [eth0(mtu=9000), vlan(mtu=9000), vlan("eth0.6", vlan_id=6), vlan("eth1.5", "eth1")],
        [InterfacePlan(name=" eth0 ", ipv4=static(" 192.0.2.10/24 ", gateway=" 192.0.2.1 "))],
    ],
)
def test_good_settings_have_no_finding(interfaces: list[InterfacePlan]) -> None:
    plan = NetworkPlan(
        host_name="oma-1.example.com", interfaces=interfaces, dns=["192.0.2.53"], search_domains=["example.com"], ntp=["ntp"]
    )
    assert check(plan, HERE) == []
    assert render.files(plan)


def test_only_errors_keep_settings_from_being_tried() -> None:
    found = Case([eth0(static("192.0.2.10/24"), mtu=5)], "", "", E, "").findings()
    assert {finding.severity for finding in found} == {E, W}
    assert [finding.field for finding in problems(found)] == ["mtu"]


def test_a_plan_of_twice_the_size_is_little_more_than_twice_the_work() -> None:
    """Up to the largest there can be; the addresses of all interfaces are compared with each other."""
    family = static(*[f"10.{n}.0.1/8" for n in range(16)])

    def work(count: int) -> int:
        plan = NetworkPlan(interfaces=[InterfacePlan(name=f"eth{n}", ipv4=family, ipv6=AUTO) for n in range(count)])
        here = [kernel(f"eth{n}") for n in range(count)]
        assert problems(check(plan, here))
        return calls(lambda: check(plan, here))

    assert work(64) < 2.1 * work(32)


PIECES = [
    "192.0.2.1",
    "192.0.2.9/24",
    "/24",
    "2001:db8::1/64",
    "fe80::1%",
    "eth0",
    "a.b",
    " ",
    "\n",
    "\t",
    "\x00",
    "_",
    "é",
    "٣",
    ".",
    "%",
    "[x]",
    "=y",
]
TEXT = st.one_of(st.text(max_size=20), st.lists(st.sampled_from(PIECES), max_size=3).map("".join), st.sampled_from(PIECES))
FAMILY = st.builds(Family, mode=st.sampled_from(Mode), addresses=st.lists(TEXT, max_size=3), gateway=TEXT)
VLAN_ID = st.one_of(st.none(), st.integers(-1, 4096))
NAME = st.one_of(TEXT, st.sampled_from(["eth0", "eth1"]))
INTERFACE = st.builds(
    InterfacePlan, name=NAME, parent=st.one_of(st.just(""), NAME), vlan_id=VLAN_ID, ipv4=FAMILY, ipv6=FAMILY, mtu=st.integers()
)
TEXTS = st.lists(TEXT, max_size=3)
PLAN = st.builds(
    NetworkPlan, host_name=TEXT, interfaces=st.lists(INTERFACE, max_size=3), dns=TEXTS, search_domains=TEXTS, ntp=TEXTS
)  # fmt: skip


@settings(max_examples=300)
@given(PLAN)
def test_any_text_in_any_field_is_checked_and_what_passes_is_rendered_in_lines_of_its_own(plan: NetworkPlan) -> None:
    found = check(plan, HERE)
    assert all(finding.message.isprintable() and finding.message.endswith(".") for finding in found)
    assert render.canonical(render.canonical(plan)) == render.canonical(plan)
    assert render.revision(render.canonical(plan)) == render.revision(plan)
    if not problems(found):
        assert_every_line_is_ours(plan)


CLEAN = st.one_of(
    st.just(AUTO),
    st.builds(
        static,
        st.sampled_from(["192.0.2.9/24", "192.0.2.10/32", " 192.0.2.12/31"]),
        gateway=st.sampled_from(["", "192.0.2.1", "192.0.2.13"]),
    ),
)


@settings(max_examples=200)
@given(CLEAN, TEXT, TEXT, TEXT)
def test_one_odd_text_in_good_settings_is_refused_or_stays_in_its_line(family: Family, search: str, ntp: str, name: str) -> None:
    plan = NetworkPlan(interfaces=[eth0(family), vlan(name=name)], dns=["192.0.2.53"], search_domains=[search], ntp=[ntp])
    if not problems(check(plan, HERE)):
        assert_every_line_is_ours(plan)


def assert_every_line_is_ours(plan: NetworkPlan) -> None:
    texts = [*render.files(plan).values(), render.resolv_conf(plan) or "", render.timesyncd_conf(plan) or ""]
    starts = ("[", "#", "search ", "nameserver ")
    for line in (line for text in texts for line in text.splitlines() if line):
        assert line.isascii()
        assert line.isprintable()
        assert line.startswith(starts) or line.partition("=")[0].isalnum()
