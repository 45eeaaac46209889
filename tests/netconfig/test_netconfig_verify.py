"""Whether the network has become what was wanted."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from appliance.contract.network import Family, Interface, InterfacePlan, Mode, NetworkPlan, Severity
from appliance.netconfig.observe import Observed
from appliance.netconfig.verify import compare

AUTO = Family(mode=Mode.AUTO)
OFF = Family()
STATIC = Family(mode=Mode.STATIC, addresses=["192.0.2.10/24"], gateway="192.0.2.1")
STATIC6 = Family(mode=Mode.STATIC, addresses=["2001:DB8::10/64"], gateway="fe80::1")
OK, W, E = Severity.OK, Severity.WARNING, Severity.ERROR


def eth0(
    *addresses: str, gateways: tuple[str, ...] = (), link: str = "up", mtu: int = 1500, parent: str = "", vlan_id: int | None = None
) -> Interface:
    return Interface(
        name="eth0",
        kind="ethernet",
        mac="02:00:00:00:00:01",
        parent=parent,
        vlan_id=vlan_id,
        link=link,
        speed_mbps=None,
        mtu=mtu,
        addresses=list(addresses),
        gateways=list(gateways),
    )


def machine(*interfaces: Interface, doubled: Iterable[tuple[str, str]] = (), file: str | None = None) -> Observed:
    files = {} if file is None else {"eth0": file}
    return Observed("oma", list(interfaces), [], doubled=frozenset(doubled), files=files)


def wanted(ipv4: Family = OFF, ipv6: Family = OFF, mtu: int = 0) -> InterfacePlan:
    return InterfacePlan(name="eth0", ipv4=ipv4, ipv6=ipv6, mtu=mtu)


V4, V6, GW4, GW6 = "ipv4.addresses", "ipv6.addresses", "ipv4.gateway", "ipv6.gateway"

CASES = [
    (wanted(STATIC), eth0("192.0.2.10/24", gateways=("192.0.2.1",)), [("name", OK), (V4, OK), (GW4, OK)]),
    (wanted(STATIC), eth0("192.0.2.10/25", gateways=("192.0.2.1",)), [("name", OK), (V4, E), (V4, W), (GW4, OK)]),
    (wanted(STATIC), eth0(), [("name", OK), (V4, E), (GW4, E)]),
    (wanted(STATIC), eth0(link="no cable"), [("name", W), (V4, W), (GW4, W)]),
    (wanted(STATIC), eth0("192.0.2.10/24", gateways=("192.0.2.1",), link="down"), [("name", E), (V4, OK), (GW4, OK)]),
    (wanted(OFF, STATIC6), eth0("fe80::7/64", "2001:db8::10/64", gateways=("fe80::1",)), [("name", OK), (V6, OK), (GW6, OK)]),
    (wanted(STATIC, STATIC6), eth0("192.0.2.10/24", gateways=("192.0.2.1",)), [("name", OK), (V4, OK), (GW4, OK), (V6, E), (GW6, E)]),
    (wanted(AUTO), eth0("192.0.2.77/24"), [("name", OK), (V4, OK)]),
    (wanted(AUTO), eth0(), [("name", OK), (V4, W)]),
    (wanted(OFF, AUTO), eth0("fe80::7/64"), [("name", OK), (V6, W)]),
    (wanted(OFF, AUTO), eth0("2001:db8::7/64"), [("name", OK), (V6, OK)]),
    (wanted(OFF), eth0("fe80::7/64"), []),
    (wanted(OFF), eth0("192.0.2.10/24"), [(V4, W)]),
    (wanted(AUTO, mtu=9000), eth0("192.0.2.77/24", mtu=9000), [("name", OK), ("mtu", OK), (V4, OK)]),
    (wanted(AUTO, mtu=9000), eth0("192.0.2.77/24"), [("name", OK), ("mtu", E), (V4, OK)]),
]


@pytest.mark.parametrize(("plan", "there", "expected"), CASES)
def test_what_was_wanted_is_compared_with_what_is(plan: InterfacePlan, there: Interface, expected: list[tuple[str, Severity]]) -> None:
    found = [one.finding for one in compare(NetworkPlan(interfaces=[plan]), machine(there))]
    assert [(finding.field, finding.severity) for finding in found] == expected
    assert {finding.interface for finding in found} <= {"eth0"}


def test_an_interface_that_is_not_there_is_an_error() -> None:
    (found,) = compare(NetworkPlan(interfaces=[wanted(AUTO)]), machine())
    assert (found.finding.interface, found.finding.field, found.finding.severity) == ("eth0", "name", E)


@pytest.mark.parametrize(("vlan_id", "expected"), [(5, []), (6, [("vlan_id", E)])])
def test_a_vlan_has_its_id(vlan_id: int, expected: list[tuple[str, Severity]]) -> None:
    plan = InterfacePlan(name="eth0", parent="lan", vlan_id=5, ipv4=AUTO)
    found = compare(NetworkPlan(interfaces=[plan]), machine(eth0("192.0.2.7/24", parent="lan", vlan_id=vlan_id)))
    assert [(one.finding.field, one.finding.severity) for one in found if one.finding.severity is not OK] == expected
    assert not any(one.meanwhile for one in found), "waiting makes no other VLAN of it"


def test_an_address_that_is_not_there_yet_is_told_as_such() -> None:
    (found,) = [one for one in compare(NetworkPlan(interfaces=[wanted(AUTO)]), machine(eth0())) if one.finding.severity is W]
    assert found.finding.message.startswith("eth0 has no IPv4 address yet.")
    assert (found.so_far.severity, found.so_far.message) == (Severity.PENDING, "eth0 has no IPv4 address yet.")


V4_THERE, GW = eth0("192.0.2.10/24", gateways=("192.0.2.1",)), "192.0.2.1 is not the gateway yet."
UNPLUGGED = "eth0 has no link yet."

AWAITED = [
    (wanted(STATIC), V4_THERE, []),
    (wanted(STATIC), eth0("192.0.2.5/24"), ["192.0.2.10/24 is not set yet.", "192.0.2.5/24 is still set.", GW]),
    (wanted(STATIC), eth0(link="no cable"), [UNPLUGGED, "192.0.2.10/24 is not set yet.", GW]),
    (wanted(AUTO), eth0(link="no cable"), []),
    (wanted(AUTO), eth0("192.0.2.7/24", link="down"), ["eth0 has not come up yet."]),
    (wanted(AUTO, AUTO), eth0(), ["eth0 has no IPv4 address yet.", "eth0 has no IPv6 address yet."]),
    (wanted(AUTO, AUTO), eth0("192.0.2.7/24"), []),
    (wanted(AUTO, AUTO), eth0("2001:db8::7/64"), ["eth0 has no IPv4 address yet."]),
    (wanted(OFF), eth0("192.0.2.10/24"), ["192.0.2.10/24 is still set."]),
    (wanted(AUTO, mtu=9000), eth0("192.0.2.7/24"), ["The MTU is 1500, and not yet 9000."]),
]


@pytest.mark.parametrize(("plan", "there", "expected"), AWAITED)
def test_what_is_a_matter_of_time_is_not_yet_rather_than_wrong(plan: InterfacePlan, there: Interface, expected: list[str]) -> None:
    found = [one.so_far for one in compare(NetworkPlan(interfaces=[plan]), machine(there))]
    assert [one.message for one in found if one.severity is Severity.PENDING] == expected
    assert not any(one.severity is E for one in found)


def test_an_interface_can_be_a_matter_of_time_too() -> None:
    (found,) = compare(NetworkPlan(interfaces=[wanted(AUTO)]), machine())
    assert (found.so_far.severity, found.so_far.message) == (Severity.PENDING, "eth0 is not there yet.")


def test_a_typed_address_that_another_machine_has_is_wrong_at_once() -> None:
    plan = NetworkPlan(interfaces=[wanted(OFF, STATIC6.model_copy(update={"gateway": ""}))])
    found = compare(plan, machine(eth0("fe80::7/64"), doubled=[("eth0", "2001:db8::10/64"), ("eth1", "2001:db8::11/64")]))
    assert [(one.finding.severity, one.meanwhile) for one in found] == [(OK, ""), (E, "")]
    assert found[-1].finding.message.startswith("2001:db8::10 is in use by another machine.")


def test_an_address_of_before_that_another_machine_has_may_be_on_its_way_out() -> None:
    found = compare(NetworkPlan(interfaces=[wanted(STATIC)]), machine(V4_THERE, doubled=[("eth0", "2001:db8::9/64")]))
    assert (found[-1].finding.severity, found[-1].so_far.message) == (E, "2001:db8::9 is still being tried.")


@pytest.mark.parametrize(
    ("file", "taken"),
    [("10-appliance-eth0.network", True), ("90-appliance-first.network", False), ("", False), (None, True)],
    ids=["its own", "the first boot's", "none yet", "not known"],
)
def test_what_is_as_wanted_by_an_earlier_file_is_not_yet_so_by_the_settings(file: str | None, taken: bool) -> None:
    """As when the address that came by itself is typed: it goes, and comes again."""
    found = compare(NetworkPlan(interfaces=[wanted(STATIC)]), machine(V4_THERE, file=file))
    assert {one.finding.severity for one in found} == {OK}
    assert [one.meanwhile for one in found if one.meanwhile] == ([] if taken else ["eth0 has not taken the settings yet."])
