"""Comparing and counting by qemu-img."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.demo.compare import BLOCK, identical, image_options, nonzero_bytes
from appliance.demo.witness import device


def disk(path: Path, blocks: dict[int, bytes], count: int = 64) -> Path:
    with path.open("wb") as file:
        file.truncate(count * BLOCK)
        for number, content in blocks.items():
            file.seek(number * BLOCK)
            file.write(content)
    return path


async def test_blocks_that_hold_anything_are_counted_whole(tmp_path: Path) -> None:
    assert await nonzero_bytes(disk(tmp_path / "a", {1: b"x", 5: os.urandom(BLOCK), 9: bytes(BLOCK - 1) + b"x"}), tmp_path) == 3 * BLOCK


async def test_zeros_that_were_written_are_not_counted(tmp_path: Path) -> None:
    assert await nonzero_bytes(disk(tmp_path / "a", {1: bytes(4 * BLOCK), 9: b"x"}), tmp_path) == BLOCK


async def test_counting_leaves_nothing_behind(tmp_path: Path) -> None:
    await nonzero_bytes(disk(tmp_path / "a", {1: b"x"}), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_one_byte_makes_disks_different(tmp_path: Path) -> None:
    one, same, other = disk(tmp_path / "a", {3: b"x"}), disk(tmp_path / "b", {3: b"x"}), disk(tmp_path / "c", {3: b"y"})
    assert await identical(one, same)
    assert not await identical(one, other)


async def test_a_longer_target_may_only_go_on_with_zeros(tmp_path: Path) -> None:
    one = disk(tmp_path / "a", {3: b"x"})
    assert await identical(one, disk(tmp_path / "b", {3: b"x"}, 80))
    assert not await identical(one, disk(tmp_path / "c", {3: b"x", 70: b"x"}, 80))


def test_a_volume_appears_under_its_serial() -> None:
    assert device(Path("/dev/x"), "01234567-89ab-cdef-0123-456789abcdef") == Path("/dev/x/virtio-0123456789abcdef0123")


def test_commas_in_names_are_doubled_for_qemu() -> None:
    written = image_options("host_device", Path("/a,b"), direct=True)
    assert written == "driver=raw,file.driver=host_device,file.cache.direct=on,file.filename=/a,,b"
