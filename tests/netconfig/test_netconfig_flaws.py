"""What is wrong with one text: addresses, names, numbers."""

from __future__ import annotations

import pytest

from appliance.netconfig.address_flaws import address_flaw, host_flaw, server_flaw
from appliance.netconfig.addresses import Version, compressed
from appliance.netconfig.links import mtu_flaw, vlan_id_flaw
from appliance.netconfig.names import host_name_flaw, interface_name_flaw, name_flaw
from appliance.netconfig.servers import ntp_flaw


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (4, "192.0.2.10/24"),
        (4, " 192.0.2.10/24 "),
        (4, "192.0.2.10/31"),
        (4, "192.0.2.11/31"),
        (4, "192.0.2.0/32"),
        (4, "169.254.3.4/16"),
        (6, "2001:db8::10/64"),
        (6, "2001:DB8::10/64"),
        (6, "2001:db8::/127"),
        (6, "2001:db8::/128"),
        (6, "fe80::10/64"),
        (6, "fd00::1/48"),
    ],
)
def test_an_address_that_can_be_used_has_no_flaw(version: Version, text: str) -> None:
    assert address_flaw(text, version) == ""


@pytest.mark.parametrize(
    ("version", "text", "said"),
    [
        (4, "10.0.0.300/24", "“10.0.0.300/24” is no IPv4 address. Type an address with its prefix, such as 192.0.2.10/24."),
        (4, "vcenter", "“vcenter” is no IPv4 address."),
        (4, "010.0.0.1/24", "“010.0.0.1/24” is no IPv4 address."),
        (4, "192.0.2.10", "has no prefix. Type how long the subnet's prefix is too, such as 192.0.2.10/24."),
        (4, "192.0.2.10/", "has no prefix."),
        (4, "192.0.2.10/33", "“/33” is no prefix. Type a number from 1 to 32, such as 192.0.2.10/24."),
        (4, "192.0.2.10/0", "“/0” is no prefix."),
        (4, "192.0.2.10/-1", "“/-1” is no prefix."),
        (4, "192.0.2.10/٢", "is no prefix."),
        (4, "192.0.2.10/255.255.255.0", "has a mask in place of a prefix. Type 192.0.2.10/24 instead."),
        (4, "192.0.2.10/0.0.0.255", "Type the prefix as a number, such as 192.0.2.10/24."),
        (4, "192.0.2.10/255.0.255.0", "Type the prefix as a number, such as 192.0.2.10/24."),
        (4, "192.0.2.0/24", "is the address of the subnet itself. Type the appliance's own, such as 192.0.2.1/24."),
        (4, "192.0.2.255/24", "is the subnet's broadcast address. Type the appliance's own, such as 192.0.2.254/24."),
        (4, "224.0.0.5/24", "224.0.0.5 is a multicast address and can't be used here."),
        (4, "127.0.0.1/8", "is a loopback address"),
        (4, "0.0.0.0/24", "is the empty address"),
        (4, "0.1.2.3/24", "is in a reserved range"),
        (4, "240.0.0.1/24", "is in a reserved range"),
        (4, "255.255.255.255/32", "is the broadcast address"),
        (4, "2001:db8::10/64", "is an IPv6 address. Type it under IPv6; here belongs one such as 192.0.2.10."),
        (4, "192.0.2.10/24\n192.0.2.11/24", "“192.0.2.10/24?192.0.2.11/24” has a line break or another character that does not show."),
        (4, "192.0.2.10/24\t", "has a line break"),
        (4, "192.0.2.10/24 192.0.2.11/24", "has a space in it. Type it without spaces, and each value as an entry of its own."),
        (6, "192.0.2.10/24", "is an IPv4 address. Type it under IPv4; here belongs one such as 2001:db8::10."),
        (6, "2001:db8::g/64", "is no IPv6 address. Type an address with its prefix, such as 2001:db8::10/64."),
        (6, "2001:db8::10", "such as 2001:db8::10/64."),
        (6, "2001:db8::10/129", "Type a number from 1 to 128"),
        (6, "2001:db8::/64", "is the address of the subnet itself. Type the appliance's own, such as 2001:db8::1/64."),
        (6, "ff02::1/64", "is a multicast address"),
        (6, "::1/128", "is a loopback address"),
        (6, "::/128", "is the empty address"),
        (6, "::ffff:192.0.2.1/128", "is an IPv4 address written as IPv6"),
        (6, "fe80::1%eth0/64", "names an interface after “%”. Type the address alone: fe80::1."),
    ],
)
def test_a_wrong_address_is_told_with_what_to_type(version: Version, text: str, said: str) -> None:
    assert said in address_flaw(text, version)


@pytest.mark.parametrize(("version", "text"), [(4, "192.0.2.1"), (4, "169.254.1.1"), (6, "2001:db8::1"), (6, "fe80::1"), (6, "2001:db8::")])
def test_a_gateway_that_can_be_one_has_no_flaw(version: Version, text: str) -> None:
    assert host_flaw(text, version) == ""


@pytest.mark.parametrize(
    ("version", "text", "said"),
    [
        (4, "192.0.2.1/24", "has a prefix, which has no meaning here. Type the address alone: 192.0.2.1."),
        (4, "router", "“router” is no IPv4 address. Type one such as 192.0.2.10."),
        (4, "fe80::1", "is an IPv6 address. Type it under IPv6"),
        (4, "224.0.0.1", "is a multicast address"),
        (4, "127.0.0.1", "is a loopback address"),
        (4, "0.0.0.0", "is the empty address"),
        (4, "192.0.2.1\n", "has a line break"),
        (6, "192.0.2.1", "is an IPv4 address. Type it under IPv4"),
        (6, "fe80::1%eth0", "Type the address alone: fe80::1."),
        (6, "::", "is the empty address"),
    ],
)
def test_a_wrong_gateway_is_told_with_what_to_type(version: Version, text: str, said: str) -> None:
    assert said in host_flaw(text, version)


@pytest.mark.parametrize("text", ["192.0.2.53", "2001:db8::53", "192.0.2.53 "])
def test_a_name_server_is_an_address(text: str) -> None:
    assert server_flaw(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dns.example.com", "is no address. Type the server's IP address, such as 192.0.2.53 or 2001:db8::53."),
        ("192.0.2.53:53", "is no address."),
        ("192.0.2.53/24", "is no address."),
        ("fe80::53", "is valid on one link only."),
        ("fe80::53%eth0", "names an interface after “%”."),
        ("127.0.0.53", "is a loopback address"),
        ("224.0.0.251", "is a multicast address"),
        ("192.0.2.53\nevil", "has a line break"),
        ("192.0.2.53 192.0.2.54", "has a space in it."),
    ],
)
def test_a_wrong_name_server_is_told_with_what_to_type(text: str, said: str) -> None:
    assert said in server_flaw(text)


@pytest.mark.parametrize("text", ["oma", "oma-1.example.com", "OMA-1", "1a", "3com.example", "xn--mnchen-3ya.example", "a" * 63, " oma "])
def test_a_host_name_that_can_be_one_has_no_flaw(text: str) -> None:
    assert host_name_flaw(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("my_host", "“my_host” has “_” in it. Use letters, digits and hyphens only, such as appliance-1.example.com."),
        ("host!", "has “!” in it."),
        ("host/../x", "has “/” in it."),
        ("my host", "has a space in it."),
        ("host\nname", "has a line break"),
        ("host\x1b[31m", "“host?[31m” has a line break or another character that does not show."),
        ("a" * 64, "has 64 characters. Between two dots there can be at most 63."),
        (".".join(["a" * 31] * 3), "has 95 characters. Type a host name with at most 64, dots included."),
        (".".join(["a" * 50] * 5), "has 254 characters. Type a name with at most 253."),
        ("-host", "begins or ends with a hyphen. Type it without, such as host."),
        ("host-.example", "“host-” begins or ends with a hyphen."),
        ("-", "begins or ends with a hyphen."),
        ("host..example", "has a dot too many"),
        ("host.", "has a dot too many"),
        (".", "has a dot too many"),
        ("12345", "ends in digits only, as addresses do."),
        ("host.123", "ends in digits only"),
        ("192.0.2.10", "is an address. Type a name, such as appliance-1.example.com."),
        ("münchen.example", "Type its form for the network: xn--mnchen-3ya.example."),
        ("ü" * 100, "which begins with xn--."),
        ("localhost", "is what every machine calls itself."),
        ("LocalHost.localdomain", "is what every machine calls itself."),
    ],
)
def test_a_wrong_host_name_is_told_with_what_to_type(text: str, said: str) -> None:
    assert said in host_name_flaw(text)


def test_a_domain_may_be_longer_than_a_host_name() -> None:
    assert name_flaw(".".join(["a" * 31] * 3)) == ""


@pytest.mark.parametrize(
    ("text", "said"), [("300.1.1.1", "is no address"), ("ntp_1", "has “_” in it"), ("127.0.0.1", "is a loopback address")]
)
def test_a_wrong_time_server_is_judged_as_what_it_looks_like(text: str, said: str) -> None:
    assert said in ntp_flaw(text)


@pytest.mark.parametrize("text", ["ntp.example.com", "0.pool.ntp.org", "192.0.2.123", "2001:db8::123"])
def test_a_time_server_is_a_name_or_an_address(text: str) -> None:
    assert ntp_flaw(text) == ""


@pytest.mark.parametrize("text", ["eth0", "eth0.100", "enp0s31f6", "bond0_a", "vlan4094"])
def test_an_interface_name_that_can_be_one_has_no_flaw(text: str) -> None:
    assert interface_name_flaw(text) == ""


@pytest.mark.parametrize("text", ["", "lo", "eth*", "!eth0", "../eth0", "eth 0", "eth0\n", "a" * 16, "123", "all", "-eth0", "eth0@if5"])
def test_what_can_be_no_interface_name_is_refused(text: str) -> None:
    assert interface_name_flaw(text)


@pytest.mark.parametrize(("mtu", "ipv6"), [(576, False), (1280, True), (1500, True), (9216, True)])
def test_an_mtu_in_range_has_no_flaw(mtu: int, ipv6: bool) -> None:
    assert mtu_flaw(mtu, ipv6) == ""


@pytest.mark.parametrize(("mtu", "ipv6"), [(-1, False), (575, False), (9217, False), (1279, True), (10**30, False)])
def test_an_mtu_out_of_range_is_refused(mtu: int, ipv6: bool) -> None:
    assert "Type" in mtu_flaw(mtu, ipv6)


@pytest.mark.parametrize(("vlan_id", "good"), [(None, False), (-1, False), (0, False), (1, True), (4094, True), (4095, False)])
def test_a_vlan_id_is_from_1_to_4094(vlan_id: int | None, good: bool) -> None:
    assert (vlan_id_flaw(vlan_id) == "") is good


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("2001:DB8:0:0::1/64", "2001:db8::1/64"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("192.0.2.1/24", "192.0.2.1/24"),
        ("x/24", "x/24"),
        ("", ""),
    ],
)
def test_addresses_are_spelt_in_one_way(text: str, short: str) -> None:
    assert compressed(text) == short
