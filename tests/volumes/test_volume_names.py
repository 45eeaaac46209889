"""Names and sizes of volumes."""

import pytest

from appliance.volumes.names import GIB, gib_of, link_name, serial, volume_name, volume_of_link

UUID = "0f3b9c1e-7d2a-4c55-9e1f-0a1b2c3d4e5f"


@pytest.mark.parametrize(("size", "gib"), [(1, 1), (GIB, 1), (GIB + 1, 2), (5 * GIB - 512, 5)])
def test_sizes_are_rounded_up_to_whole_gib(size: int, gib: int) -> None:
    assert gib_of(size) == gib


def test_a_volume_is_named_after_vm_disk_and_job() -> None:
    assert volume_name("web/01 ä", "disk-2000", "job-1") == "web-01-ä-disk-2000-job-1"


def test_long_vm_names_are_cut_and_never_the_job() -> None:
    made = volume_name("x" * 400, "disk-2000", "job-1")
    assert len(made) == 255
    assert made.endswith("-disk-2000-job-1")


def test_the_serial_is_the_first_20_hex_digits() -> None:
    assert serial(UUID) == "0f3b9c1e7d2a4c559e1f"


def test_a_link_tells_its_volume() -> None:
    assert volume_of_link(link_name(UUID)) == UUID
    assert volume_of_link("other") == ""
