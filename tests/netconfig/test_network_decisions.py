"""What is decided about the network without touching it: claims, replies, targets, adoption, what a start finds."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from trial_bench import AFTER, BEFORE, OLD, observed, plan

from appliance.contract.errors import Fault
from appliance.contract.network import Family, Interface, Mode, NetworkPlan
from appliance.netconfig.adopt import adopted, restoring
from appliance.netconfig.applier import Files
from appliance.netconfig.arp import claimed, probe
from appliance.netconfig.live import new_addresses
from appliance.netconfig.networkd import Management, management
from appliance.netconfig.networkd import automatic as told_by
from appliance.netconfig.observe import Observed, observe, shown_addresses
from appliance.netconfig.ping import parsed
from appliance.netconfig.reach import Target, target
from appliance.netconfig.trial import Decision, Kept, Next, Phase, TrialRecord, decide

FIRST = Path(__file__).parents[2] / "systemd/root/usr/lib/systemd/network/90-appliance-first.network"
OWN, THEIRS = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
WANTED = IPv4Address("192.0.2.22")


def frame(operation: int, sender_mac: bytes, sender: str, asked: str) -> bytes:
    packet = bytes.fromhex("0001080006040000")[:6] + operation.to_bytes(2)
    packet += sender_mac + IPv4Address(sender).packed + bytes(6) + IPv4Address(asked).packed
    return bytes(12) + b"\x08\x06" + packet


@pytest.mark.parametrize(
    ("seen", "claim"),
    [
        (frame(2, THEIRS, "192.0.2.22", "0.0.0.0"), (WANTED, "02:00:00:00:00:02")),
        (frame(1, THEIRS, "192.0.2.22", "192.0.2.1"), (WANTED, "02:00:00:00:00:02")),
        (frame(1, THEIRS, "0.0.0.0", "192.0.2.22"), (WANTED, "02:00:00:00:00:02")),
        (frame(2, OWN, "192.0.2.22", "0.0.0.0"), None),
        (frame(2, THEIRS, "0.0.0.0", "192.0.2.22"), None),
        (probe(OWN, WANTED), None),
        (frame(2, THEIRS, "192.0.2.22", "0.0.0.0")[:30], None),
        (b"", None),
    ],
    ids=["answer", "speaks from it", "probes too", "own answer", "empty answer", "own probe", "cut short", "empty"],
)
def test_an_address_is_claimed_by_who_has_it_or_probes_for_it_too(seen: bytes, claim: object) -> None:
    assert claimed(seen, OWN) == claim


def test_a_probe_claims_nothing() -> None:
    asked = probe(OWN, WANTED)
    assert asked[:6] == b"\xff" * 6 and len(asked) == 42
    assert asked[28:32] == bytes(4)


def test_only_addresses_that_are_not_ours_are_probed_for() -> None:
    machine = observed(BEFORE).interfaces
    assert new_addresses(plan(AFTER).interfaces[0], machine) == [WANTED]
    assert new_addresses(plan(BEFORE).interfaces[0], machine) == []
    assert new_addresses(plan(AFTER).interfaces[0].model_copy(update={"name": "eth9"}), machine) == []


PING = """PING localhost (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.359 ms
64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=12 ms

--- localhost ping statistics ---
3 packets transmitted, 2 received, 33% packet loss, time 1ms
"""


def test_replies_to_a_ping_are_read() -> None:
    found = parsed(PING)
    assert (found.address, found.times_ms) == ("127.0.0.1", [0.359, 12.0])


def test_a_ping_without_replies_keeps_its_complaint() -> None:
    found = parsed("PING x", "ping: x: Name or service not known\n")
    assert (found.times_ms, found.complaint) == ([], "ping: x: Name or service not known")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("oma.example.org", Target("oma.example.org")),
        (" 192.0.2.7 ", Target("192.0.2.7")),
        ("192.0.2.7:8443", Target("192.0.2.7", 8443)),
        ("2001:db8::7", Target("2001:db8::7")),
        ("[2001:db8::7]:8443", Target("2001:db8::7", 8443)),
        ("[2001:db8::7]", Target("2001:db8::7")),
        ("vcenter_1.local.", Target("vcenter_1.local.")),
    ],
)
def test_targets_are_names_or_addresses_with_a_port(text: str, meant: Target) -> None:
    assert target(text, port_allowed=True) == meant


@pytest.mark.parametrize(
    "text",
    [
        "-f",
        "--help",
        "",
        " ",
        "a b",
        "host;reboot",
        "$(id)",
        "host\n",
        "a..b",
        "host:0",
        "host:99999",
        "host:",
        "fe80::1%-f",
        "[::1",
        "ä.de",
    ],
)
def test_what_could_be_taken_for_an_option_or_is_no_host_is_refused(text: str) -> None:
    if text == "host\n":
        assert target(text, port_allowed=True) == Target("host")
        return
    with pytest.raises(Fault) as caught:
        target(text, port_allowed=True)
    assert caught.value.key == "network.bad_target"


def test_a_ping_takes_no_port() -> None:
    with pytest.raises(Fault):
        target("oma.example.org:443", port_allowed=False)


def interface(name: str = "eth0", link: str = "up", **more: list[str]) -> Interface:
    return observed(BEFORE).interfaces[0].model_copy(update={"name": name, "link": link, "addresses": [], "gateways": []} | more)


def typed(address: str, gateway: str) -> Family:
    return Family(mode=Mode.STATIC, addresses=[address], gateway=gateway)


OFF, AUTO = Family(), Family(mode=Mode.AUTO)


@pytest.mark.parametrize(
    ("there", "leased", "ipv4", "ipv6"),
    [
        (interface(addresses=["192.0.2.5/24"], gateways=["192.0.2.1"]), [], typed("192.0.2.5/24", "192.0.2.1"), OFF),
        (interface(addresses=["192.0.2.5/24", "fe80::1/64"]), ["192.0.2.5/24"], AUTO, AUTO),
        (interface(addresses=["2001:db8::5/64"], gateways=["fe80::2"]), ["2001:db8::5/64"], AUTO, AUTO),
        (interface(addresses=["2001:db8::5/64"], gateways=["fe80::2"]), [], OFF, typed("2001:db8::5/64", "fe80::2")),
        (interface(addresses=["fe80::1/64"]), [], AUTO, AUTO),
        (interface(link="no cable"), [], AUTO, AUTO),
        (interface(link="down"), [], OFF, OFF),
    ],
    ids=["typed", "leased", "advertised", "typed IPv6", "waiting", "no cable", "down"],
)
def test_what_is_becomes_a_plan(there: Interface, leased: list[str], ipv4: Family, ipv6: Family) -> None:
    machine = Observed("oma", [there], ["192.0.2.53"], leased=frozenset(("eth0", text) for text in leased))
    [found] = adopted(machine).interfaces
    assert (found.ipv4, found.ipv6) == (ipv4, ipv6)


@pytest.mark.parametrize(
    ("unmanaged", "address", "interface_name", "made"),
    [
        ({"eth0"}, BEFORE, "eth0", ["10-appliance-eth0.network"]),
        (set(), BEFORE, "eth0", []),
        ({"eth0"}, "fe80::1/64", "eth0", []),
        ({"eth0"}, BEFORE, "eth1", ["10-appliance-eth0.network"]),
        (set(), BEFORE, "eth1", []),
    ],
    ids=["another program's", "a file of somebody else's", "without an address", "not in the plan", "neither"],
)
def test_what_another_program_set_up_gets_a_file_to_come_back_by(
    unmanaged: set[str], address: str, interface_name: str, made: list[str]
) -> None:
    machine = Observed("oma", [interface(addresses=[address], gateways=["192.0.2.1"])], [], unmanaged=frozenset(unmanaged))
    [tried] = plan(AFTER).interfaces
    back = restoring(Files(networkd={}), machine, NetworkPlan(interfaces=[tried.model_copy(update={"name": interface_name})]))
    assert list(back.networkd) == made and all(BEFORE in text and "Gateway=192.0.2.1" in text for text in back.networkd.values())


def test_a_bridge_that_the_settings_do_not_name_is_left_to_who_made_it() -> None:
    bridge = interface(addresses=[BEFORE]).model_copy(update={"name": "br0", "kind": "bridge"})
    machine = Observed("oma", [bridge], [], unmanaged=frozenset({"br0"}))
    assert restoring(Files(networkd={}), machine, plan(AFTER)).networkd == {}


def test_files_of_our_own_come_back_as_they_were() -> None:
    machine = Observed("oma", [interface(addresses=[BEFORE])], [], unmanaged=frozenset({"eth0"}))
    assert restoring(OLD, machine, plan(AFTER)) == OLD


def test_name_servers_that_came_with_an_address_are_not_fixed() -> None:
    there = interface(addresses=["192.0.2.5/24"])
    given = Observed("oma", [there], ["192.0.2.53"], ("example.org",), leased=frozenset({("eth0", "192.0.2.5/24")}))
    typed = Observed("oma", [there], ["192.0.2.53"], ("example.org",))
    assert (adopted(given).dns, adopted(typed).dns, adopted(typed).search_domains) == ([], ["192.0.2.53"], ["example.org"])


@pytest.mark.parametrize(
    ("there", "automatic", "ipv4", "ipv6"),
    [
        (interface(addresses=["192.0.2.5/24"], gateways=["192.0.2.1"]), {4: True, 6: True}, AUTO, AUTO),
        (interface(addresses=["192.0.2.5/24"], gateways=["192.0.2.1"]), {4: True}, AUTO, OFF),
        (interface(link="down"), {4: True, 6: True}, AUTO, AUTO),
        (interface(addresses=["fe80::1/64"]), {4: True, 6: False}, AUTO, OFF),
        (interface(addresses=["192.0.2.5/24"], gateways=["192.0.2.1"]), {4: False, 6: True}, typed("192.0.2.5/24", "192.0.2.1"), AUTO),
    ],
    ids=["a lease without an end", "no word on IPv6", "not up yet", "IPv6 off", "one typed"],
)
def test_what_systemd_networkd_was_told_counts_before_what_is_seen(
    there: Interface, automatic: dict[int, bool], ipv4: Family, ipv6: Family
) -> None:
    machine = Observed("oma", [there], [], automatic={("eth0", version): said for version, said in automatic.items()})
    [found] = adopted(machine).interfaces
    assert (found.ipv4, found.ipv6) == (ipv4, ipv6)


def test_the_first_boots_file_lets_both_families_come_by_themselves() -> None:
    assert told_by(FIRST.read_text()) == {4: True, 6: True}


@pytest.mark.parametrize(
    ("text", "automatic"),
    [
        ("[Network]\nDHCP=ipv4\n", {4: True}),
        ("[Network]\nDHCP = ipv4\nIPv6AcceptRA=no\n", {4: True, 6: False}),
        ("[Network]\nDHCP=ipv6\n", {4: False, 6: True}),
        ("[Network]\nAddress=192.0.2.5/24\nIPv6AcceptRA=true\n", {4: False, 6: True}),
        ("[Network]\nDHCP=no\n# DHCP=yes\n[DHCPv4]\nDHCP=yes\n", {4: False}),
        ("[Match]\nName=eth0\n\n[Network]\nDHCP=no\n\n[Network]\nDHCP=yes\n", {4: True, 6: True}),
        ("DHCP=yes\n=\n[Network\nDHCP", {4: False}),
        ("", {4: False}),
    ],
)
def test_what_a_file_says_of_addresses_that_come_by_themselves(text: str, automatic: dict[int, bool]) -> None:
    assert told_by(text) == automatic


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("# private\nADMIN_STATE=unmanaged\n", Management(unmanaged=True, file="")),
        ("ADMIN_STATE=configured\nNETWORK_FILE={file}\n", Management(file="first.network", automatic={4: True, 6: True})),
        ("ADMIN_STATE=configured\nNETWORK_FILE={file}.gone\n", Management(file="first.network.gone")),
        ("", Management()),
        (None, Management()),
    ],
    ids=["another program's", "by a file", "by a file that is gone", "nothing said", "not known"],
)
def test_what_becomes_of_an_interface_is_what_systemd_networkd_says(tmp_path: Path, state: str | None, found: Management) -> None:
    (tmp_path / "first.network").write_text("[Network]\nDHCP=yes\n")
    if state is not None:
        (tmp_path / "2").write_text(state.format(file=tmp_path / "first.network"))
    assert management(2, tmp_path) == found


async def test_the_root_is_no_search_domain(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.53\nsearch .\n")
    machine = await observe(tmp_path / "resolv.conf")
    assert (machine.dns, machine.search_domains) == (["192.0.2.53"], ())


def test_shown_addresses_are_those_others_can_use() -> None:
    there = [interface(addresses=["fe80::1/64", "2001:db8::5/64", "192.0.2.5/24"]), interface(addresses=["169.254.3.4/16", "192.0.2.5/32"])]
    assert shown_addresses(there) == ["192.0.2.5", "2001:db8::5"]


@pytest.mark.parametrize(
    ("phase", "boot", "now", "kept", "next_"),
    [
        (Phase.RUNNING, "a", 99.9, "", Next.GO_ON),
        (Phase.RUNNING, "a", 100.0, "", Next.REVERT),
        (Phase.RUNNING, "b", 5.0, "", Next.REVERT),
        (Phase.APPLYING, "a", 5.0, "", Next.REVERT),
        (Phase.REVERTING, "a", 5.0, "", Next.REVERT),
        (Phase.RUNNING, "b", 500.0, "this", Next.FINISH_KEEPING),
        (Phase.RUNNING, "a", 5.0, "another", Next.GO_ON),
    ],
)
def test_what_a_start_does_with_a_trial(phase: Phase, boot: str, now: float, kept: str, next_: Next) -> None:
    record = TrialRecord(id="this", plan=plan(AFTER), before=OLD, boot_id="a", deadline=100, phase=phase, outcome="")
    found = decide(record, Kept(trial_id=kept, plan=plan(AFTER)) if kept else None, boot, now)
    assert isinstance(found, Decision) and found.next is next_
