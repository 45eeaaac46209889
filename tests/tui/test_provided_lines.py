"""What was given at deployment becomes settings to be tried, and lines about them."""

from __future__ import annotations

import pytest

from appliance.contract.network import Family, Mode
from appliance.contract.provided import Giver, Provided
from appliance.tui.provided_lines import MOST_FLAWS, WHENCE, facts_of, filled
from tests.tui.provided_answers import FLAWED, GIVEN, NAMED, fresh, interface

KEPT = fresh().kept


def test_nothing_given_changes_nothing() -> None:
    assert filled(KEPT, fresh().interfaces, Provided()) == KEPT
    assert facts_of(Provided(), in_use=True) == []


def test_what_was_given_takes_the_place_of_what_is_and_the_rest_stays() -> None:
    found = filled(KEPT, fresh().interfaces, GIVEN)
    assert (found.host_name, found.dns, found.search_domains, found.ntp) == (
        "oma-prod", ["192.0.2.53"], ["example.net"], ["ntp.example.net"],
    )  # fmt: skip
    eth0, eth1 = found.interfaces
    assert eth0.ipv4 == Family(mode=Mode.STATIC, addresses=["192.0.2.77/24"], gateway="192.0.2.1")
    assert (eth0.ipv6, eth1) == (Family(mode=Mode.AUTO), KEPT.interfaces[1])


def test_an_address_of_the_other_family_is_for_that_one() -> None:
    found = filled(KEPT, fresh().interfaces, Provided(ipv6_address="2001:db8::7/64", ipv6_gateway="fe80::1"))
    assert found.interfaces[0].ipv6 == Family(mode=Mode.STATIC, addresses=["2001:db8::7/64"], gateway="fe80::1")
    assert found.interfaces[0].ipv4 == Family(mode=Mode.AUTO)


@pytest.mark.parametrize(
    ("there", "first"),
    [
        ([interface("eth0"), interface("eth1")], "eth0"),
        ([interface("eth0", "no cable"), interface("eth1")], "eth1"),
        ([interface("eth0", "down"), interface("eth1", "no cable")], "eth0"),
        ([interface("eth0.7", parent="eth0"), interface("eth0", "down")], "eth0"),
        ([interface("ens192")], "ens192"),
    ],
)
def test_addresses_are_for_the_first_interface_with_a_link(there: list[object], first: str) -> None:
    found = filled(KEPT, there, GIVEN)  # type: ignore[arg-type]
    assert [one.name for one in found.interfaces if one.ipv4.mode is Mode.STATIC] == [first]


def test_without_an_interface_the_names_are_filled_in() -> None:
    found = filled(KEPT, [], GIVEN)
    assert found.host_name == "oma-prod" and found.interfaces == KEPT.interfaces


def test_there_is_a_line_for_whoever_gives() -> None:
    assert set(WHENCE) == set(Giver) and all(WHENCE[one] for one in Giver if one is not Giver.NOBODY)
    assert "by DHCP" in facts_of(NAMED, in_use=True)[0][1]
    assert facts_of(NAMED, in_use=False) == []


def test_flaws_are_told_a_few_in_full() -> None:
    lines = facts_of(FLAWED, in_use=False)
    assert [line[1] for line in lines] == [*FLAWED.flaws[:MOST_FLAWS], "and 2 more"]
