"""A machine in memory for the trials of network settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from trial_bench import Bench

from appliance.core.audit import Audit
from appliance.core.store import Store


@pytest.fixture
async def bench(store: Store, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "network", Audit(store))
    yield made
    for agent in made.agents:
        await agent.close()
