"""Network settings that are being made, in words; pure."""

from __future__ import annotations

import pytest

from appliance.contract.network import Family, InterfacePlan, Mode, NetworkPlan, ProbeKind
from appliance.tui.screens.network_edit import addresses_flaw, mtu_flaw
from appliance.tui.screens.network_general import at_most
from appliance.tui.screens.network_list import actions, facts, is_removable, rows, set_words, speed
from appliance.tui.screens.network_plan import (
    LIST_LIMIT,
    Draft,
    changes,
    entries,
    family_words,
    interface_of,
    vlan_name,
    with_interface,
    without,
)
from appliance.tui.screens.probes import suggestions
from tests.tui.stand_in import network_state, plan

VLAN = InterfacePlan(name="eth0.100", parent="eth0", vlan_id=100, ipv4=Family(mode=Mode.AUTO))


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), (" , ;", []), ("a", ["a"]), ("a,b", ["a", "b"]), ("a b\nc;d", ["a", "b", "c", "d"]), ("10.0.0.1/24 ,", ["10.0.0.1/24"])],
)
def test_lists_are_typed_with_commas_or_blanks(text: str, found: list[str]) -> None:
    assert entries(text) == found


@pytest.mark.parametrize(("text", "good"), [("", True), ("1500", True), ("-1", False), ("15 00", False), ("x", False), ("²", False)])
def test_an_mtu_is_a_number(text: str, good: bool) -> None:
    assert (mtu_flaw(text) == "") is good


def test_lists_have_an_end() -> None:
    assert not addresses_flaw("192.0.2.1/24 " * 16)
    assert "at most 16" in addresses_flaw("192.0.2.1/24 " * 17)
    assert not at_most("name servers")("1 " * 64)
    assert "at most 64" in at_most("name servers")("1 " * 65)


@pytest.mark.parametrize(
    ("family", "text"),
    [
        (Family(mode=Mode.AUTO), "automatic"),
        (Family(), "off"),
        (Family(mode=Mode.STATIC), "no address, no gateway"),
        (Family(mode=Mode.STATIC, addresses=["a", "b"], gateway="g"), "a, b, gateway g"),
    ],
)
def test_a_family_in_words(family: Family, text: str) -> None:
    assert family_words(family) == text


def test_what_changes_is_said_old_and_new() -> None:
    after = with_interface(plan(), InterfacePlan(name="eth0", ipv4=Family(mode=Mode.AUTO), mtu=9000)).model_copy(update={"dns": []})
    assert changes(plan(), after) == [
        ("eth0 IPv4", "192.0.2.10/24, gateway 192.0.2.1", "automatic"),
        ("eth0 MTU", "as it is", "9000"),
        ("name servers", "192.0.2.53", "nothing"),
    ]


def test_nothing_changed_is_nothing_said() -> None:
    assert changes(plan(), plan()) == []


def test_a_vlan_comes_and_goes() -> None:
    with_vlan = with_interface(plan(), VLAN)
    assert ("eth0.100 VLAN", "none", "100 on eth0") in changes(plan(), with_vlan)
    assert ("eth0.100 IPv4", "automatic", "not set up") in changes(with_vlan, plan())
    assert without(with_vlan, "eth0.100") == plan()
    assert without(with_vlan, "eth0").interfaces == []


def test_an_interface_without_settings_is_off() -> None:
    assert interface_of(plan(), "eth1") == InterfacePlan(name="eth1")


def test_the_name_of_a_vlan_fits_into_the_kernel() -> None:
    assert vlan_name("eth0", "100") == "eth0.100"
    assert vlan_name("enx001122334455", "4094") == "vlan4094"


def test_a_draft_without_changes_follows_what_is_kept() -> None:
    draft = Draft()
    draft.follow(network_state())
    other = network_state(kept=plan().model_copy(update={"dns": []}), revision="r2")
    draft.follow(other)
    assert (draft.plan, draft.revision, draft.changed) == (other.kept, "r2", False)


def test_a_draft_with_changes_outlives_a_trial_that_was_reverted() -> None:
    draft = changed_draft()
    draft.tried = draft.plan
    draft.follow(network_state(outcome="reverted by the operator"))
    assert draft.changed


def test_a_draft_that_was_kept_is_done() -> None:
    draft = changed_draft()
    draft.tried = draft.plan
    draft.follow(network_state(kept=draft.plan, revision="r2"))
    assert not draft.changed


def test_a_draft_is_stale_when_something_else_was_kept() -> None:
    draft, other = changed_draft(), network_state(kept=plan().model_copy(update={"ntp": []}), revision="r2")
    draft.follow(other)
    assert draft.is_stale(other)
    assert ("Settings", "changed here and on another console; F4 forgets the changes made here", "bad") in facts(other, draft)


def changed_draft() -> Draft:
    draft = Draft()
    draft.follow(network_state())
    draft.plan = draft.plan.model_copy(update={"dns": []})
    return draft


@pytest.mark.parametrize(("mbps", "text"), [(None, ""), (100, "100 Mbit/s"), (1000, "1 Gbit/s"), (2500, "2.5 Gbit/s")])
def test_a_speed_in_words(mbps: int | None, text: str) -> None:
    assert speed(mbps) == text


def test_how_addresses_are_set_in_a_word() -> None:
    assert set_words(InterfacePlan(name="a")) == "off"
    assert set_words(InterfacePlan(name="a", ipv4=Family(mode=Mode.AUTO), ipv6=Family(mode=Mode.STATIC))) == "both"
    assert set_words(InterfacePlan(name="a", ipv4=Family(mode=Mode.AUTO), ipv6=Family(mode=Mode.AUTO))) == "automatic"


def test_the_list_marks_what_is_new_changed_and_removed() -> None:
    state, draft = network_state(), Draft()
    draft.follow(state)
    draft.plan = with_interface(with_interface(plan(), VLAN), InterfacePlan(name="eth0"))
    assert {row.key: row.cells[5] for row in rows(state, draft)} == {"eth0": "changed", "eth1": "", "eth0.100": "new"}
    draft.plan = NetworkPlan()
    assert {row.key: row.cells[5] for row in rows(state, draft)} == {"eth0": "removed", "eth1": ""}


def test_only_vlans_and_absent_interfaces_are_removable() -> None:
    state, draft = network_state(), Draft()
    draft.plan = with_interface(with_interface(plan(), VLAN), InterfacePlan(name="gone0"))
    assert [is_removable(state, draft, name) for name in ("eth0", "eth1", "eth0.100", "gone0", "nothing")] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_actions_are_those_that_make_sense() -> None:
    state, draft = network_state(), Draft()
    draft.follow(state)
    assert [key for key, _ in actions(state, draft, "eth0")] == ["general", "vlan"]
    draft.plan = with_interface(plan(), VLAN)
    assert [key for key, _ in actions(state, draft, "eth0.100")] == ["general", "vlan", "remove", "try", "forget"]
    assert [key for key, _ in actions(network_state(interfaces=[]), Draft(), "")] == ["general"]


def test_targets_of_tests_are_suggested() -> None:
    found = suggestions(network_state(), "oma.example.net")
    assert found == {ProbeKind.PING: "192.0.2.1", ProbeKind.DNS: "example.net", ProbeKind.PEER: "oma.example.net"}
    assert suggestions(network_state(interfaces=[]))[ProbeKind.PING] == "192.0.2.53"


def test_lists_are_as_long_as_the_agent_takes_them_and_no_entry_is_longer() -> None:
    assert len(", ".join(["2001:db8:1111:2222:3333:4444:5555:6666"] * 64)) <= LIST_LIMIT
    assert not at_most("name servers")("x" * 255)
    assert "at most 255" in at_most("name servers")("192.0.2.1 " + "x" * 256)
