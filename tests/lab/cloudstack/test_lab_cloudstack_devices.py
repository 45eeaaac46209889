"""Volumes of the appliance's VM as devices: loop devices and links by serial."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cs import AIOCloudStack

from appliance.lab.cloudstack import CloudstackLab, Fault, LabConfig, Settings


def config(devices: str, folder: Path) -> LabConfig:
    return LabConfig.model_validate(
        {
            "devices": devices,
            "settings": Settings(job_seconds=0.0),
            "appliance_vms": [{"name": "oma", "id": "0c9d2fd1-7cf4-4c8c-8f43-3c0f2f9c5a11", "devices_dir": folder}],
        }
    )


def client(lab: CloudstackLab) -> AIOCloudStack:
    return AIOCloudStack(lab.url, lab.api_key, lab.secret_key, poll_interval=0.01, fetch_result=True)


@pytest.fixture(params=["loop", "link"])
async def lab(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CloudstackLab]:
    async with CloudstackLab(tmp_path / "cloud", config(request.param, tmp_path / "by-id")) as running:
        yield running


@pytest.fixture
async def loops(tmp_path: Path) -> AsyncIterator[CloudstackLab]:
    async with CloudstackLab(tmp_path / "cloud", config("loop", tmp_path / "by-id")) as running:
        yield running


async def attached(lab: CloudstackLab, name: str = "data") -> str:
    """The id of a new volume that is attached to the appliance."""
    cs = client(lab)
    offering = next(iter(lab.cloud.disk_offerings))
    volume = (await cs.createVolume(name=name, diskofferingid=offering, size=1))["volume"]["id"]
    await cs.attachVolume(id=volume, virtualmachineid="0c9d2fd1-7cf4-4c8c-8f43-3c0f2f9c5a11")
    return str(volume)


def link_of(lab: CloudstackLab, volume: str) -> Path:
    return lab.cloud.folder.parent / "by-id" / f"virtio-{volume.replace('-', '')[:20]}"


async def eventually(what: object, seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    assert callable(what)
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


async def loops_under(folder: Path) -> list[str]:
    """Loop devices over files in this folder."""
    listing = await asyncio.create_subprocess_exec("losetup", "-l", "-n", "-O", "BACK-FILE", stdout=asyncio.subprocess.PIPE)
    output, _ = await listing.communicate()
    return [line for line in output.decode().splitlines() if str(folder) in line]


async def test_what_is_written_to_the_device_is_in_the_volume(lab: CloudstackLab) -> None:
    volume = await attached(lab)
    link = link_of(lab, volume)
    await eventually(link.exists)
    with link.open("r+b", buffering=0) as device:
        device.write(b"through the device".ljust(512))
        os.fsync(device.fileno())
        device.seek(0, os.SEEK_END)
        assert device.tell() == 1024**3
    assert lab.cloud.disks.volume(volume).open("rb").read(18) == b"through the device"


async def test_a_detach_removes_link_and_device(loops: CloudstackLab) -> None:
    volume = await attached(loops)
    await eventually(link_of(loops, volume).exists)
    assert len(await loops_under(loops.cloud.folder)) == 1
    await client(loops).detachVolume(id=volume)
    assert not link_of(loops, volume).is_symlink()
    assert await loops_under(loops.cloud.folder) == []


async def test_who_holds_a_device_over_its_detach_writes_into_the_void(loops: CloudstackLab) -> None:
    volume = await attached(loops)
    await eventually(link_of(loops, volume).exists)
    holder = link_of(loops, volume).open("r+b", buffering=0)
    holder.write(b"before".ljust(512))
    os.fsync(holder.fileno())
    await client(loops).detachVolume(id=volume)
    holder.write(b"after!".ljust(512))
    os.fsync(holder.fileno())
    holder.close()
    await eventually_async_empty(loops.cloud.folder)
    with loops.cloud.disks.volume(volume).open("rb") as file:
        assert (file.read(6), file.seek(512), file.read(6)) == (b"before", 512, bytes(6))


async def eventually_async_empty(folder: Path) -> None:
    """Wait until no loop device is left over this folder."""
    async with asyncio.timeout(60):
        while await loops_under(folder):
            await asyncio.sleep(0.02)


async def test_a_grown_volume_is_a_grown_device(loops: CloudstackLab) -> None:
    volume = await attached(loops)
    await eventually(link_of(loops, volume).exists)
    await client(loops).resizeVolume(id=volume, size=2)
    with link_of(loops, volume).open("rb") as device:
        assert device.seek(0, os.SEEK_END) == 2 * 1024**3


async def test_a_device_can_be_late(lab: CloudstackLab) -> None:
    lab.cloud.faults.add(Fault(kind="device_late", seconds=1.0))
    volume = await attached(lab)
    assert not link_of(lab, volume).is_symlink()
    await eventually(link_of(lab, volume).exists)


async def test_a_device_can_stay_away(lab: CloudstackLab) -> None:
    lab.cloud.faults.add(Fault(kind="device_never", match={"name": "unlucky"}))
    unlucky, lucky = await attached(lab, "unlucky"), await attached(lab, "lucky")
    await eventually(link_of(lab, lucky).exists)
    assert not link_of(lab, unlucky).is_symlink()
    await client(lab).detachVolume(id=unlucky)


async def test_devices_go_when_the_appliance_stops_and_come_back_when_it_starts(lab: CloudstackLab) -> None:
    volume = await attached(lab)
    await eventually(link_of(lab, volume).exists)
    oma = "0c9d2fd1-7cf4-4c8c-8f43-3c0f2f9c5a11"
    await client(lab).stopVirtualMachine(id=oma)
    assert not link_of(lab, volume).is_symlink()
    await client(lab).startVirtualMachine(id=oma)
    await eventually(link_of(lab, volume).exists)


async def test_nothing_is_left_behind_and_everything_is_back_after_a_restart(tmp_path: Path) -> None:
    async with CloudstackLab(tmp_path / "cloud", config("loop", tmp_path / "by-id")) as first:
        volume = await attached(first)
        await eventually(link_of(first, volume).exists)
        keys = (first.api_key, first.secret_key)
    assert await loops_under(tmp_path) == []
    assert list((tmp_path / "by-id").iterdir()) == []
    async with CloudstackLab(tmp_path / "cloud", config("loop", tmp_path / "by-id")) as second:
        assert (second.api_key, second.secret_key) == keys
        assert link_of(second, volume).exists()
        assert (await client(second).listVolumes(id=volume))["volume"][0]["state"] == "Ready"


@pytest.mark.lab
async def test_what_a_killed_lab_leaves_is_healed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config("loop", tmp_path / "by-id").model_dump_json())
    argv = (sys.executable, "-m", "appliance.lab.cloudstack", "--dir", tmp_path / "cloud", "--listen", "127.0.0.1:0")
    process = await asyncio.create_subprocess_exec(*argv, "--config", tmp_path / "config.json", stderr=asyncio.subprocess.DEVNULL)
    try:
        await eventually((tmp_path / "cloud" / "account.json").exists)
        await asyncio.sleep(0.1)
        account = json.loads((tmp_path / "cloud" / "account.json").read_text())
        cs = AIOCloudStack(account["url"], account["api_key"], account["secret_key"], poll_interval=0.01, fetch_result=True)
        offering = account["disk_offering_ids"]["Custom"]
        kept, gone = [(await cs.createVolume(name=name, diskofferingid=offering, size=1))["volume"]["id"] for name in "ab"]
        for volume in (kept, gone):
            await cs.attachVolume(id=volume, virtualmachineid=account["appliance_vm_ids"]["oma"])
        await eventually(lambda: len(list((tmp_path / "by-id").glob("virtio-*"))) == 2)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert len(await loops_under(tmp_path)) == 2
    state = json.loads((tmp_path / "cloud" / "state.json").read_text())
    state["volumes"][gone]["instance_id"] = None
    (tmp_path / "cloud" / "state.json").write_text(json.dumps(state))
    async with CloudstackLab(tmp_path / "cloud", config("loop", tmp_path / "by-id")) as healed:
        assert [Path(line).stem for line in await loops_under(tmp_path)] == [kept]
        assert link_of(healed, kept).exists()
        assert not link_of(healed, gone).is_symlink()
    assert await loops_under(tmp_path) == []
