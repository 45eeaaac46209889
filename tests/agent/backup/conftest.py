"""The back-ups' tests: an appliance on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from backup_place import Place

from appliance.core.store import Store


@pytest.fixture
async def place(store: Store, tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    made = Place(store, tmp_path / "state", database_url)
    yield made
    await made.runner.close()
