"""The images under test. Without `--images` the tests that boot them are not collected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.image.planting import planted

BOOTING = "test_boot_"
BUILT = (BOOTING, "test_library_reader")
"""Tests that need what the builds of images make."""
LIMIT = 3600
"""Seconds for one test with the boot that comes before it."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only who has images can boot them."""
    return True if collection_path.name.startswith(BUILT) and config.getoption("--images") is None else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a module share a machine, and with it the loop that talks to it."""
    for item in items:
        if item.path.name.startswith(BOOTING):
            item.add_marker(pytest.mark.image)
            item.add_marker(pytest.mark.timeout(LIMIT))
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> Path:
    """The folder that the images were built into; machines leave their logs in `boots` there, and pictures in `shots`."""
    return Path(request.config.getoption("--images")).absolute()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma_disk(images: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The OMA's disk, with the probe."""
    disk = await planted(images / "appliance-oma.qcow2", tmp_path_factory.mktemp("oma") / "disk.raw")
    yield disk
    disk.unlink()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vma_disk(images: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The VMA's disk, with the probe."""
    disk = await planted(images / "appliance-vma.qcow2", tmp_path_factory.mktemp("vma") / "disk.raw")
    yield disk
    disk.unlink()
