"""What every test may use."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.agent.tables import METADATA
from appliance.core.store import Store

assert METADATA.tables  # all of them are known, whichever tests run: some refer to those of other packages


@pytest.fixture(scope="session")
def newest_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database in the newest revision, made once."""
    path = tmp_path_factory.mktemp("database") / "newest.db"
    asyncio.run(_make(path))
    return path


async def _make(path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    await store.close()


@pytest.fixture
async def store(tmp_path: Path, newest_database: Path) -> AsyncIterator[Store]:
    """An empty store in the newest revision."""
    shutil.copyfile(newest_database, tmp_path / "appliance.db")
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/appliance.db")
    yield opened
    await opened.close()
