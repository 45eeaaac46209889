"""Network settings as files."""

from __future__ import annotations

import pytest

from appliance.contract.network import Family, InterfacePlan, Mode, NetworkPlan
from appliance.netconfig import render

AUTO = Family(mode=Mode.AUTO)


def static(*addresses: str, gateway: str = "") -> Family:
    return Family(mode=Mode.STATIC, addresses=list(addresses), gateway=gateway)


def plan_of(*interfaces: InterfacePlan, dns: tuple[str, ...] = (), search: tuple[str, ...] = (), ntp: tuple[str, ...] = ()) -> NetworkPlan:
    return NetworkPlan(interfaces=list(interfaces), dns=list(dns), search_domains=list(search), ntp=list(ntp))


def lines_of(plan: NetworkPlan, name: str = "10-appliance-eth0.network") -> list[str]:
    return render.files(plan)[name].splitlines()


def section_of(plan: NetworkPlan, section: str, name: str = "10-appliance-eth0.network") -> list[str]:
    """The lines of the one section of this name."""
    sections = render.files(plan)[name].split("\n\n")
    (found,) = [text.splitlines() for text in sections if f"[{section}]" in text.splitlines()]
    return found[found.index(f"[{section}]") + 1 :]


def test_a_static_interface_is_one_file_with_everything_that_was_typed() -> None:
    plan = plan_of(
        InterfacePlan(name="eth0", ipv4=static("192.0.2.10/24", "198.51.100.7/25", gateway="192.0.2.1"), mtu=9000),
        dns=("192.0.2.53",),
        search=("example.com", "example.org"),
        ntp=("ntp.example.com", "192.0.2.123"),
    )
    assert render.interface_files(plan) == {
        "10-appliance-eth0.network": """\
# Written by the appliance from its network settings. Changes made here are lost.
[Match]
Name=eth0

[Link]
MTUBytes=9000

[Network]
DHCP=no
IPv6AcceptRA=no
LinkLocalAddressing=no
DNS=192.0.2.53
Domains=example.com example.org ~.
NTP=ntp.example.com 192.0.2.123

[Address]
Address=192.0.2.10/24

[Address]
Address=198.51.100.7/25

[Route]
Gateway=192.0.2.1
Metric=100
"""
    }


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "dhcp", "advertised", "link_local"),
    [
        (AUTO, AUTO, "yes", "yes", "ipv6"),
        (AUTO, Family(), "ipv4", "no", "no"),
        (Family(), AUTO, "ipv6", "yes", "ipv6"),
        (Family(), static("2001:db8::10/64"), "no", "no", "ipv6"),
        (AUTO, static("2001:db8::10/64"), "ipv4", "no", "ipv6"),
        (Family(), Family(), "no", "no", "no"),
    ],
)
def test_modes_become_dhcp_and_router_advertisements(ipv4: Family, ipv6: Family, dhcp: str, advertised: str, link_local: str) -> None:
    network = section_of(plan_of(InterfacePlan(name="eth0", ipv4=ipv4, ipv6=ipv6)), "Network")
    assert network[:3] == [f"DHCP={dhcp}", f"IPv6AcceptRA={advertised}", f"LinkLocalAddressing={link_local}"]


@pytest.mark.parametrize("dns", [("192.0.2.53",), ()], ids=["typed", "from DHCP"])
@pytest.mark.parametrize(("search", "domains"), [((), "~."), (("example.com",), "example.com ~.")])
def test_whatever_name_is_looked_up_goes_to_the_name_servers(dns: tuple[str, ...], search: tuple[str, ...], domains: str) -> None:
    """systemd-resolved asks no server for `vcenter.corp.local` unless a domain of a link covers it."""
    plan = plan_of(InterfacePlan(name="eth0", ipv4=AUTO), InterfacePlan(name="eth1"), dns=dns, search=search)
    assert f"Domains={domains}" in section_of(plan, "Network")
    assert not [line for line in lines_of(plan, "10-appliance-eth1.network") if line.startswith("Domains=")], "it is off"


@pytest.mark.parametrize(
    ("address", "gateway", "on_link"),
    [
        ("192.0.2.10/24", "192.0.2.1", False),
        ("192.0.2.10/31", "192.0.2.11", False),
        ("192.0.2.10/32", "192.0.2.1", True),
        ("192.0.2.10/24", "169.254.1.1", True),
        ("2001:db8::10/64", "2001:db8::1", False),
        ("2001:db8::10/64", "fe80::1", False),
        ("2001:db8::10/128", "2001:db8::1", True),
    ],
)
def test_a_gateway_outside_every_subnet_is_said_to_be_on_the_link(address: str, gateway: str, on_link: bool) -> None:
    family = static(address, gateway=gateway)
    interface = InterfacePlan(name="eth0", ipv6=family) if ":" in address else InterfacePlan(name="eth0", ipv4=family)
    assert ("GatewayOnLink=yes" in lines_of(plan_of(interface))) is on_link


def test_a_vlan_is_a_device_and_named_by_the_interface_it_is_on() -> None:
    plan = plan_of(InterfacePlan(name="eth0", ipv4=AUTO), InterfacePlan(name="eth0.100", parent="eth0", vlan_id=100, ipv4=AUTO))
    files = render.interface_files(plan)
    assert list(files) == ["10-appliance-eth0.100.netdev", "10-appliance-eth0.100.network", "10-appliance-eth0.network"]
    assert section_of(plan, "NetDev", "10-appliance-eth0.100.netdev") == ["Name=eth0.100", "Kind=vlan"]
    assert section_of(plan, "VLAN", "10-appliance-eth0.100.netdev") == ["Id=100"]
    assert "VLAN=eth0.100" in section_of(plan, "Network")


def test_an_interface_that_only_carries_vlans_gets_a_file_without_addresses() -> None:
    plan = plan_of(InterfacePlan(name="eth0.100", parent="eth0", vlan_id=100, ipv4=AUTO), dns=("192.0.2.53",))
    assert section_of(plan, "Network") == ["DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no", "VLAN=eth0.100"]
    assert section_of(plan, "Link") == ["RequiredForOnline=no"]


def test_what_was_typed_is_not_taken_from_dhcp() -> None:
    typed = NetworkPlan(
        host_name="oma-1",
        interfaces=[InterfacePlan(name="eth0", ipv4=AUTO, ipv6=AUTO, mtu=1400)],
        dns=["192.0.2.53"],
        search_domains=["example.com"],
        ntp=["192.0.2.123"],
    )
    assert {"UseDNS=no", "UseDomains=no", "UseNTP=no", "UseHostname=no", "UseMTU=no"} <= set(section_of(typed, "DHCPv4"))
    assert {"UseDNS=no", "UseDomains=no", "UseNTP=no", "UseHostname=no"} <= set(section_of(typed, "DHCPv6"))
    assert {"UseDNS=no", "UseDomains=no", "UseMTU=no"} <= set(section_of(typed, "IPv6AcceptRA"))


def test_what_was_not_typed_is_taken_from_dhcp() -> None:
    plan = plan_of(InterfacePlan(name="eth0", ipv4=AUTO))
    assert {"UseDNS=yes", "UseDomains=yes", "UseNTP=yes", "UseHostname=yes"} <= set(section_of(plan, "DHCPv4"))


def test_the_first_gateway_by_name_wins_and_a_typed_one_before_any_by_dhcp() -> None:
    plan = plan_of(
        InterfacePlan(name="eth2", ipv4=static("203.0.113.2/24", gateway="203.0.113.1")),
        InterfacePlan(name="eth0", ipv4=AUTO),
        InterfacePlan(name="eth1", ipv4=static("192.0.2.2/24", gateway="192.0.2.1")),
    )
    assert "Metric=101" in lines_of(plan, "10-appliance-eth1.network")
    assert "Metric=102" in lines_of(plan, "10-appliance-eth2.network")
    assert "RouteMetric=1024" in lines_of(plan)


def test_the_same_settings_give_the_same_files_however_they_are_spelt() -> None:
    one = plan_of(
        InterfacePlan(name=" eth1", ipv6=static("2001:DB8:0::10/64", "", "2001:db8::10/64", gateway=" 2001:0db8::1")),
        InterfacePlan(name="eth0", ipv4=Family(mode=Mode.AUTO, addresses=["192.0.2.1/24"], gateway="192.0.2.9")),
        search=("Example.COM", "example.com "),
    )
    other = plan_of(
        InterfacePlan(name="eth0", ipv4=AUTO),
        InterfacePlan(name="eth1", ipv6=static("2001:db8::10/64", gateway="2001:db8::1")),
        search=("example.com",),
    )
    assert render.canonical(one) == other
    assert render.files(one) == render.files(other)
    assert render.revision(one) == render.revision(other)


def test_the_case_of_an_interface_name_stays() -> None:
    assert render.canonical(plan_of(InterfacePlan(name="enP2p1"))).interfaces[0].name == "enP2p1"


def test_different_settings_have_different_revisions() -> None:
    assert render.revision(plan_of(InterfacePlan(name="eth0", ipv4=AUTO))) != render.revision(
        plan_of(InterfacePlan(name="eth0", ipv6=AUTO))
    )


def test_resolv_conf_has_the_first_three_name_servers_in_their_order() -> None:
    plan = plan_of(dns=("192.0.2.4", "192.0.2.3", "2001:DB8::2", "192.0.2.1"), search=("example.com", "example.org"))
    text = render.resolv_conf(plan)
    assert text is not None
    assert text.splitlines()[1:] == [
        "search example.com example.org",
        "nameserver 192.0.2.4",
        "nameserver 192.0.2.3",
        "nameserver 2001:db8::2",
    ]


def test_without_typed_name_servers_there_is_no_resolv_conf() -> None:
    assert render.resolv_conf(plan_of(InterfacePlan(name="eth0", ipv4=AUTO), search=("example.com",))) is None


def test_typed_time_servers_become_one_line() -> None:
    text = render.timesyncd_conf(plan_of(ntp=("ntp.example.com", "192.0.2.123")))
    assert text is not None
    assert text.splitlines()[1:] == ["[Time]", "NTP=ntp.example.com 192.0.2.123"]
    assert render.timesyncd_conf(plan_of()) is None


HOSTILE = ["a\nDHCP=yes", "a\r", "\n", "a b", "a\x00", "a\u2028b", "é", "a%n", "a;b"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["dns", "search_domains", "ntp", "name", "parent", "address", "gateway"])
def test_no_value_breaks_out_of_its_line(field: str, text: str) -> None:
    interface = InterfacePlan(
        name=text if field == "name" else "eth0",
        parent=text if field == "parent" else "",
        vlan_id=5 if field == "parent" else None,
        ipv4=static(
            text if field == "address" else "192.0.2.10/24",
            gateway=text if field == "gateway" else "",
        ),
    )
    lists = {name: [text] if field == name else [] for name in ("dns", "search_domains", "ntp")}
    with pytest.raises(ValueError, match="not a value"):
        render.files(NetworkPlan(interfaces=[interface], **lists))


@pytest.mark.parametrize("name", ["../eth0", "/etc/passwd", ""])
def test_no_name_becomes_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="not "):
        render.files(plan_of(InterfacePlan(name=name, ipv4=AUTO)))


@pytest.mark.parametrize("text", ["192.0.2.53\noptions debug", "a b"])
def test_resolv_conf_and_timesyncd_conf_refuse_what_breaks_a_line(text: str) -> None:
    with pytest.raises(ValueError, match="not a value"):
        render.resolv_conf(plan_of(dns=(text,)))
    with pytest.raises(ValueError, match="not a value"):
        render.timesyncd_conf(plan_of(ntp=(text,)))


def test_every_file_is_known_as_our_own_by_its_name() -> None:
    plan = plan_of(InterfacePlan(name="eth0.7", parent="eth0", vlan_id=7, ipv4=AUTO))
    assert all(map(render.is_own, render.files(plan)))
    assert not render.is_own("80-factory.network") and not render.is_own("90-appliance-first.network")


def test_what_the_settings_do_not_name_gets_no_addresses_by_itself() -> None:
    """A card that is added later is taken by the file for the rest, and not by the first boot's, which would ask for addresses."""
    files = render.files(plan_of(InterfacePlan(name="eth0", ipv4=AUTO)))
    assert list(files) == sorted(["10-appliance-eth0.network", render.REST]) and list(files)[-1] < "90-appliance-first.network"
    rest = files[render.REST].splitlines()
    assert {"Type=ether", "Kind=!*", "DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no", "RequiredForOnline=no"} <= set(rest)
    assert not [line for line in rest if line.startswith(("Name=", "DNS=", "Domains="))]
