"""Whether the network has become what was wanted."""

from __future__ import annotations

import pytest

from appliance.contract.network import Family, Interface, InterfacePlan, Mode, NetworkPlan, Severity
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
    found = compare(NetworkPlan(interfaces=[plan]), [there])
    assert [(finding.field, finding.severity) for finding in found] == expected
    assert {finding.interface for finding in found} <= {"eth0"}


def test_an_interface_that_is_not_there_is_an_error() -> None:
    (found,) = compare(NetworkPlan(interfaces=[wanted(AUTO)]), [])
    assert (found.interface, found.field, found.severity) == ("eth0", "name", E)


@pytest.mark.parametrize(("vlan_id", "expected"), [(5, []), (6, [("vlan_id", E)])])
def test_a_vlan_has_its_id(vlan_id: int, expected: list[tuple[str, Severity]]) -> None:
    plan = InterfacePlan(name="eth0", parent="lan", vlan_id=5, ipv4=AUTO)
    found = compare(NetworkPlan(interfaces=[plan]), [eth0("192.0.2.7/24", parent="lan", vlan_id=vlan_id)])
    assert [(finding.field, finding.severity) for finding in found if finding.severity is not OK] == expected


def test_an_address_that_is_not_there_yet_is_told_as_such() -> None:
    (found,) = [finding for finding in compare(NetworkPlan(interfaces=[wanted(AUTO)]), [eth0()]) if finding.severity is W]
    assert found.message.startswith("eth0 has no IPv4 address yet.")
