"""Values are looked for while the set-up asks, from one source after the other, and never after the set-up is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.agent.provided import discs
from appliance.agent.provided.leases import Lease, parsed, read_leases
from appliance.agent.provided.proposals import AGAIN, Proposals
from appliance.contract.provided import Giver, Provided

DOCUMENT = b'#appliance\nipv4_address = "192.0.2.10/24"\n'
GIVEN = Provided(giver=Giver.CLOUDSTACK, ipv4_address="192.0.2.10/24")
LEASE = """# This is private data. Do not parse.
ADDRESS=10.1.1.42
NETMASK=255.255.255.0
ROUTER=10.1.1.1
SERVER_ADDRESS=10.1.1.1
DNS=10.1.1.1
DOMAINNAME=cs2cloud.internal
HOSTNAME=oma-in-the-cloud
CLIENTID=ff5d5e
"""
ALL = Lease("10.1.1.1", "oma-in-the-cloud")


class Place:
    """An appliance in a cloud: leases in a folder, a router that says something, a clock, and a set-up that is open or done."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self.open = folder, 0.0, True
        self.says: bytes | None = b""
        self.asked: list[str] = []
        self.proposals = Proposals(self.is_open, None, folder, self.ask, lambda: self.now)

    async def is_open(self) -> bool:
        return self.open

    async def ask(self, server: str) -> bytes | None:
        self.asked.append(server)
        return self.says

    def lease(self, text: str = LEASE, name: str = "2") -> None:
        (self.folder / name).write_text(text)

    async def found(self) -> Provided:
        """What is known once the search that this starts is over."""
        await self.proposals.current()
        if self.proposals._looking is not None:
            await self.proposals._looking
        return await self.proposals.current()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_nothing_is_proposed_where_nothing_was_given(place: Place) -> None:
    assert await place.found() == Provided() and place.asked == []


async def test_the_dhcp_server_is_asked_for_user_data(place: Place) -> None:
    place.lease()
    place.says = DOCUMENT
    assert await place.found() == GIVEN.model_copy(update={"host_name": "oma-in-the-cloud"})
    assert place.asked == ["10.1.1.1"]


async def test_a_host_name_of_the_user_data_comes_first(place: Place) -> None:
    place.lease()
    place.says = DOCUMENT + b'host_name = "oma1"\n'
    assert (await place.found()).host_name == "oma1"


async def test_without_user_data_the_name_that_dhcp_gave_is_proposed(place: Place) -> None:
    place.lease()
    assert await place.found() == Provided(giver=Giver.DHCP, host_name="oma-in-the-cloud")


@pytest.mark.parametrize("says", [b"", b"#cloud-config\n", b"#appliance\n", b"\0" * 4096])
async def test_user_data_for_something_else_is_left_alone_silently_and_asked_for_once(place: Place, says: bytes) -> None:
    place.lease(LEASE.replace("HOSTNAME", "OTHER"))
    place.says = says
    assert await place.found() == Provided()
    place.now += AGAIN
    assert await place.found() == Provided() and len(place.asked) == 1


async def test_a_document_that_is_broken_is_told(place: Place) -> None:
    place.lease()
    place.says = b"#appliance\nhost_name = "
    found = await place.found()
    assert found.giver is Giver.CLOUDSTACK and "can't be read" in found.flaws[0]


async def test_a_lease_that_comes_late_is_found_at_a_later_question(place: Place) -> None:
    place.says = DOCUMENT
    assert await place.found() == Provided()
    place.lease()
    assert await place.found() == Provided(), "it is not looked again at once"
    place.now += AGAIN
    assert (await place.found()).ipv4_address == GIVEN.ipv4_address


async def test_a_router_that_does_not_answer_is_asked_again(place: Place) -> None:
    place.lease()
    place.says = None
    assert (await place.found()).giver is Giver.DHCP
    place.now += AGAIN
    place.says = DOCUMENT
    assert (await place.found()).giver is Giver.CLOUDSTACK and len(place.asked) == 2


async def test_what_was_found_is_not_looked_for_again(place: Place) -> None:
    place.lease()
    place.says = DOCUMENT
    await place.found()
    place.now += 100 * AGAIN
    place.says = b""
    assert (await place.found()).giver is Giver.CLOUDSTACK and len(place.asked) == 1


async def test_a_name_that_comes_late_is_added_to_what_was_given(place: Place) -> None:
    place.lease(LEASE.replace("HOSTNAME", "OTHER"))
    place.says = DOCUMENT
    assert (await place.found()).host_name == ""
    place.lease()
    place.now += AGAIN
    assert await place.found() == GIVEN.model_copy(update={"host_name": "oma-in-the-cloud"}) and len(place.asked) == 1


async def test_it_is_looked_less_and_less_often(place: Place) -> None:
    place.lease()
    place.says = None
    for _ in range(1000):
        await place.found()
        place.now += 1.0
    assert 15 <= len(place.asked) <= 25


async def test_once_the_set_up_is_done_nobody_is_asked_and_nothing_proposed(place: Place) -> None:
    place.lease()
    place.says = DOCUMENT
    place.open = False
    assert await place.found() == Provided() and place.asked == []
    place.open = True
    await place.found()
    place.open = False
    assert await place.proposals.current() == Provided()


async def test_nobody_is_asked_where_there_is_no_router(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.proposals = Proposals(place.is_open, None, tmp_path, None, lambda: 0.0)
    place.lease()
    assert (await place.found()).giver is Giver.DHCP and place.asked == []


async def test_without_places_nothing_is_read() -> None:
    async def is_open() -> bool:
        return True

    proposals = Proposals(is_open, None, None)
    assert await proposals.current() == Provided()
    await proposals.close()


async def test_a_drive_that_can_not_be_read_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discs, "SECONDS", 0.01)
    (tmp_path / "sr0").write_bytes(bytes(100))
    assert await discs.Discs(tmp_path).provided() is None


# leases


def test_a_lease_says_who_gave_it_and_what_this_machine_is_called() -> None:
    assert parsed(LEASE) == ALL


@pytest.mark.parametrize(
    ("text", "lease"),
    [
        ("", Lease("", "")),
        ("SERVER_ADDRESS=10.1.1.1 \nHOSTNAME=", Lease("", "")),
        ("SERVER_ADDRESS=127.0.0.1\nHOSTNAME=localhost", Lease("", "")),
        ("SERVER_ADDRESS=evil.example.net/x\nHOSTNAME=a b", Lease("", "")),
        ("SERVER_ADDRESS=255.255.255.255\nHOSTNAME=-x", Lease("", "")),
        ("SERVER_ADDRESS=::1\nHOSTNAME=a\x1b[2J", Lease("", "")),
        ("garbage\0\n=\nSERVER_ADDRESS=10.1.1.1", Lease("10.1.1.1", "")),
    ],
)
def test_what_is_no_server_or_no_name_is_none(text: str, lease: Lease) -> None:
    assert parsed(text) == lease


def test_leases_come_in_the_order_of_the_interfaces(tmp_path: Path) -> None:
    (tmp_path / "10").write_text("SERVER_ADDRESS=10.1.1.10")
    (tmp_path / "9").write_text("SERVER_ADDRESS=10.1.1.9")
    (tmp_path / "11").mkdir()
    (tmp_path / "12.tmp").write_text("SERVER_ADDRESS=10.1.1.12")
    assert [one.server for one in read_leases(tmp_path)] == ["10.1.1.9", "10.1.1.10"]
    assert read_leases(tmp_path / "absent") == []
