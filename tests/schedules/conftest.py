"""A fleet for the scheduler."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from schedule_world import World

from appliance.core.store import Store


@pytest.fixture
async def world(store: Store) -> AsyncIterator[World]:
    """An OMA with schedules, without any VM yet; it is noon on 1 June 2026."""
    made = World(store)
    yield made
    await made.runner.close()
