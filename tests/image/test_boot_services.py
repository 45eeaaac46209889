"""An OMA that runs: what is killed comes back, and disks that are plugged in appear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.image import wizard
from tests.image.machine import KVM, Machine, machine

SLOW = 600.0
"""Seconds for programs that a busy computer emulates slowly."""
CONSOLE = "appliance-console@tty1.service"
PID = f"$(systemctl show --property=MainPID --value {CONSOLE})"
KILL = f"now=0; while [ $now = 0 ] || [ $now = $before ]; do now={PID}; done; before=$now; systemctl kill --signal=KILL {CONSOLE}"
KILLS = f"before=0; for _ in 1 2 3 4 5 6 7 8; do {KILL}; done"
"""Within the machine, so that they follow each other as fast as it can: systemd's own limit is five starts in ten seconds."""
MACHINE = "/usr/lib/x86_64-linux-gnu/guestfs/supermin.d"
"""What the guest preparation makes its machine from: a list of the appliance's own files (supermin(1))."""
SERIAL = "0a1b2c3d4e5f60718293"
"""As CloudStack makes it from a volume's id."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that shows the set-up."""
    async with machine(images / "boots" / "services", oma_disk, images / "shots", KVM) as made:
        await wizard.welcome(made)
        yield made


@pytest.mark.parametrize("unit", [CONSOLE, "appliance-serial@ttyS0.service", "appliance-agent.service"])
async def test_a_killed_service_comes_back(oma: Machine, unit: str) -> None:
    before = await main_pid(oma, unit)
    await oma.guest.run(f"systemctl kill --signal=KILL {unit}")
    await oma.guest.becomes(f"systemctl show --property=MainPID --value {unit}", rf"(?!(0|{before})$)\d+")
    await oma.guest.becomes(f"systemctl is-active {unit}", "active", wizard.BOOT)


async def test_the_console_is_usable_after_that(oma: Machine) -> None:
    await wizard.welcome(oma)
    await wizard.choose_password(oma)


async def test_a_console_that_is_killed_again_and_again_still_comes_back(oma: Machine) -> None:
    await oma.guest.run(KILLS, wizard.BOOT)
    await oma.guest.shows("Password|Fingerprint", wizard.BOOT)


async def test_a_disk_that_is_plugged_in_appears_under_its_serial(oma: Machine) -> None:
    path = f"/dev/disk/by-id/virtio-{SERIAL}"
    name = await oma.plug(SERIAL, 64)
    await oma.guest.becomes(f"blockdev --getsize64 {path}", str(64 << 20))
    await oma.unplug(name)
    await oma.guest.becomes(f"test -e {path} || echo gone", "gone")


async def test_the_agent_may_write_to_a_disk_that_is_plugged_in(oma: Machine) -> None:
    serial = SERIAL[::-1]
    name = await oma.plug(serial, 64)
    path = f"/dev/disk/by-id/virtio-{serial}"
    await oma.guest.becomes(f"blockdev --getsize64 {path}", str(64 << 20))
    await as_agent(oma, f"dd if=/dev/urandom of={path} bs=4096 count=1 oflag=direct status=none")
    await oma.unplug(name)


async def test_what_a_guest_keeps_on_a_disk_is_not_started(oma: Machine) -> None:
    name = await oma.plug("volumegroup", 64)
    disk = "/dev/disk/by-id/virtio-volumegroup"
    await oma.guest.becomes(f"blockdev --getsize64 {disk}", str(64 << 20))
    await oma.guest.run(f"lvm vgcreate guest {disk} && lvm lvcreate --zero n --activate n --size 8M --name root guest", SLOW)
    await seen_anew(oma, disk)
    assert await holders(oma, disk) == ""
    await oma.guest.run(f"lvm vgremove --force guest && lvm pvremove {disk}", SLOW)
    await oma.unplug(name)


async def test_an_array_that_a_guest_has_is_not_assembled(oma: Machine) -> None:
    name = await oma.plug("array", 64)
    disk = "/dev/disk/by-id/virtio-array"
    await oma.guest.becomes(f"blockdev --getsize64 {disk}", str(64 << 20))
    made = f"mdadm --create /dev/md9 --run --level=1 --raid-devices=2 --metadata=1.2 {disk} missing && mdadm --stop /dev/md9"
    await oma.guest.run(f"modprobe raid1; {made}", SLOW)
    await seen_anew(oma, disk)
    assert await holders(oma, disk) == ""
    await oma.unplug(name)


async def test_the_agent_can_make_the_machine_that_guests_are_prepared_in(oma: Machine) -> None:
    made = "/var/tmp/preparation"
    await as_agent(oma, f"supermin --build --copy-kernel --format ext2 --host-cpu x86_64 {MACHINE} -o {made} 2>&1", SLOW, ",+chown,+fowner")
    assert (await as_agent(oma, f"ls {made}")).split() == ["initrd", "kernel", "root"]
    await as_agent(oma, f"rm -r {made}")


async def holders(one: Machine, disk: str) -> str:
    """What stands on a disk: volume groups that are in use, arrays even when they have not begun to run."""
    return await one.guest.run(f"ls /sys/block/$(basename $(readlink -f {disk}))/holders")


async def seen_anew(one: Machine, disk: str) -> None:
    """What udev does when this disk is plugged in, and its end."""
    await one.guest.run(f"udevadm trigger --action=add --settle $(readlink -f {disk}) && udevadm settle", SLOW)


async def as_agent(one: Machine, command: str, timeout: float = 30.0, rights: str = "") -> str:
    """Run a program under the agent's control group with its device rules, in its view of the files, as its user.

    Of the agent's capabilities it has only those that are named.
    """
    pid = await main_pid(one, "appliance-agent.service")
    group = "/sys/fs/cgroup/system.slice/appliance-agent.service/cgroup.procs"
    uid, gid = (await one.guest.run(f"stat -c '%u %g' /proc/{pid}")).split()
    groups = (await one.guest.run(f"sed -n 's/^Groups://p' /proc/{pid}/status")).split() or [gid]
    user = f"setpriv --reuid={uid} --regid={gid} --groups={','.join(groups)} --bounding-set=-all{rights}"
    return await one.guest.run(f"echo $$ > {group} && exec nsenter --target={pid} --mount {user} {command}", timeout)


async def main_pid(one: Machine, unit: str) -> str:
    """The main process of a unit; the machine's answer as text."""
    return await one.guest.becomes(f"systemctl show --property=MainPID --value {unit}", r"[1-9]\d*")
