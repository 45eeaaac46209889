"""Where the root file system of an image is."""

from __future__ import annotations

import pytest

from tests.image.planting import ROOT_TYPE, root_offset

ESP = {"start": 4096, "type": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"}


def test_the_root_partition_is_found_by_its_type() -> None:
    table = {"partitiontable": {"sectorsize": 512, "partitions": [ESP, {"start": 36864, "type": ROOT_TYPE}]}}
    assert root_offset(table) == 36864 * 512


def test_a_disk_without_a_root_partition_is_refused() -> None:
    with pytest.raises(ValueError, match="no root partition"):
        root_offset({"partitiontable": {"sectorsize": 512, "partitions": [ESP]}})
