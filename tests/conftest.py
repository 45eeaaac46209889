"""What every test may use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.core.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store in the newest revision."""
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/appliance.db")
    yield opened
    await opened.close()
