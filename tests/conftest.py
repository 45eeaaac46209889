"""What every test may use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.core.store import Base, Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store in the newest revision."""
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/appliance.db")
    async with opened.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield opened
    await opened.close()
