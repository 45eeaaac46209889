"""Settings put in place on disk: whole files, our own only, and back again exactly."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import time
from pathlib import Path

import pytest
from trial_bench import AFTER, plan

from appliance.contract.errors import Fault
from appliance.contract.network import InterfacePlan, NetworkPlan
from appliance.core.cancelling import to_its_end
from appliance.core.commands import run
from appliance.netconfig.applier import Files, Places, SystemApplier


class Recorded:
    """Services that remember what they were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    async def reload_network(self) -> None:
        self.asked.append("reload")
        if self.broken:
            raise TimeoutError

    async def delete_link(self, name: str) -> None:
        if self.broken:
            raise TimeoutError
        self.asked.append(f"delete {name}")

    async def restart_time(self) -> None:
        self.asked.append("time")


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "etc/systemd/network").mkdir(parents=True)
    (tmp_path / "etc/systemd/network/80-foreign.network").write_text("foreign")
    (tmp_path / "etc/hostname").write_text("before\n")
    (tmp_path / "etc/resolv.conf").write_text("nameserver 192.0.2.1\n")
    return tmp_path / "etc"


def applier(etc: Path, services: Recorded, names: list[str] | None = None) -> SystemApplier:
    named = [] if names is None else names
    return SystemApplier(Places.around(etc / "systemd/network"), services, named.append)


def contents(etc: Path) -> dict[str, str]:
    return {str(path.relative_to(etc)): path.read_text() for path in sorted(etc.rglob("*")) if path.is_file()}


WANTED = plan(AFTER).model_copy(update={"host_name": "oma-1", "dns": ["192.0.2.53"], "ntp": ["192.0.2.123"]})


def vlan(vlan_id: int = 7, parent: str = "eth0") -> NetworkPlan:
    return NetworkPlan(
        interfaces=[InterfacePlan(name="eth0"), InterfacePlan(name="eth1"), InterfacePlan(name="v", parent=parent, vlan_id=vlan_id)]
    )


async def test_settings_are_put_in_place_and_back_again_exactly(etc: Path) -> None:
    services, names, before = Recorded(), list[str](), contents(etc)
    machine = applier(etc, services, names)
    old = await machine.current()
    await machine.apply(Files.of(WANTED))
    now = contents(etc)
    assert now["hostname"] == "oma-1\n" and "192.0.2.53" in now["resolv.conf"]
    assert "192.0.2.123" in now["systemd/timesyncd.conf.d/10-appliance.conf"] and AFTER in now["systemd/network/10-appliance-eth0.network"]
    assert (services.asked, names) == (["reload", "time"], ["oma-1"])
    await machine.apply(old)
    assert contents(etc) == before
    assert names[1:] in (["before"], []) and (names[1:] == ["before"]) is (socket.gethostname() != "before")


async def test_files_of_others_are_never_touched(etc: Path) -> None:
    machine = applier(etc, Recorded())
    await machine.apply(Files.of(WANTED))
    await machine.apply(Files(networkd={}))
    assert [path.name for path in (etc / "systemd/network").iterdir()] == ["80-foreign.network"]


async def test_a_link_to_a_resolvers_file_is_left_alone(etc: Path) -> None:
    (etc / "resolv.conf").unlink()
    (etc / "resolv.conf").symlink_to("stub-resolv.conf")
    machine = applier(etc, Recorded())
    await machine.apply(Files.of(WANTED))
    assert (etc / "resolv.conf").is_symlink() and not (etc / "stub-resolv.conf").exists()


async def test_files_can_be_read_by_the_network_service(etc: Path) -> None:
    await applier(etc, Recorded()).apply(Files.of(WANTED))
    assert (etc / "systemd/network/10-appliance-eth0.network").stat().st_mode & 0o777 == 0o644
    assert (etc / "systemd/timesyncd.conf.d").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("then", "asked"),
    [
        (vlan(), ["reload"]),
        (vlan(vlan_id=8), ["delete v", "reload"]),
        (vlan(parent="eth1"), ["delete v", "reload"]),
        (NetworkPlan(interfaces=[InterfacePlan(name="eth0")]), ["delete v", "reload"]),
    ],
    ids=["the same", "another id", "another parent", "gone"],
)
async def test_a_vlan_that_changes_is_removed_first(etc: Path, then: NetworkPlan, asked: list[str]) -> None:
    await applier(etc, Recorded()).apply(Files.of(vlan()))
    services = Recorded()
    await applier(etc, services).apply(Files.of(then))
    assert services.asked == asked


async def test_a_vlan_on_trial_is_removed_also_by_the_second_attempt_to_revert(etc: Path) -> None:
    """The first one has replaced the files already; by the files alone nobody would know of the VLAN any more."""
    services, before, tried = Recorded(), Files.of(NetworkPlan(interfaces=[InterfacePlan(name="eth0")])), Files.of(vlan())
    machine = applier(etc, services)
    await machine.apply(tried)
    services.broken = True
    with pytest.raises(Fault):
        await machine.apply(before, tried)
    services.broken = False
    services.asked.clear()
    await machine.apply(before, tried)
    assert services.asked == ["delete v", "reload"]


FULL = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_network_files import WANTED, Recorded, applier
from trial_bench import BEFORE, plan
from appliance.netconfig.applier import Files
async def run(etc):
    (etc / "systemd/network").mkdir(parents=True)
    machine = applier(etc, Recorded())
    await machine.apply(Files.of(plan(BEFORE)))
    before = await machine.current()
    await machine.apply(Files.of(WANTED))
    try:
        (etc / "filler").write_bytes(bytes(1 << 20))
    except OSError as full:
        print(full.errno)
    await machine.apply(before, Files.of(WANTED))
    print(await machine.current() == before, sorted(path.name for path in (etc / "systemd/network").iterdir()))
asyncio.run(run(Path(sys.argv[1])))
"""


async def test_the_settings_of_before_come_back_on_a_full_disk(tmp_path: Path) -> None:
    """In a mount namespace of its own, on a disk of 40 KiB."""
    script = f"mount -t tmpfs -o size=40k tmpfs {tmp_path} && exec {sys.executable} -c '{FULL}' {tmp_path} {Path(__file__).parent}"
    done = await run(["unshare", "--mount", "sh", "-c", script], check=False)
    assert done.stdout.decode().splitlines() == [
        str(errno.ENOSPC),
        "True ['10-appliance-eth0.network', '89-appliance-rest.network']",
    ], done.stderr.decode()


async def test_a_write_that_is_cancelled_is_over_before_anything_follows(tmp_path: Path) -> None:
    wrote: list[str] = []

    def write() -> None:
        time.sleep(0.1)
        wrote.append("the trial")

    writing = asyncio.create_task(to_its_end(asyncio.to_thread(write)))
    await asyncio.sleep(0.02)
    writing.cancel()
    await asyncio.wait([writing])
    assert writing.cancelled() and wrote == ["the trial"]


async def test_a_service_that_does_not_answer_is_told_before_and_after(etc: Path) -> None:
    services = Recorded()
    services.broken = True
    machine = applier(etc, services)
    with pytest.raises(Fault) as before:
        await machine.ready()
    with pytest.raises(Fault) as after:
        await machine.apply(Files.of(WANTED))
    assert (before.value.key, after.value.key) == ("network.service_absent", "network.not_applied")


async def test_an_appliance_that_is_tried_out_does_not_rename_the_machine(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(socket, "sethostname", names.append)
    await SystemApplier(Places.around(etc / "systemd/network"), Recorded()).apply(Files.of(WANTED))
    assert names == []


def test_a_folder_that_is_in_no_etc_holds_all_files_itself(tmp_path: Path) -> None:
    assert Places.around(tmp_path / "networkd").host_name == tmp_path / "networkd/hostname"
    assert Places.around(Path("/etc/systemd/network")).resolv_conf == Path("/etc/resolv.conf")
