"""The key that protects stored secrets, over the routes."""

from pathlib import Path

import pytest

from appliance.agent.http.vault import VaultRoutes
from appliance.agent.oma import SEALED_COLUMNS
from appliance.agent.tables import METADATA
from appliance.core.jobs import Runner
from appliance.core.rotation import KeyRotation
from appliance.core.store import Store
from appliance.core.vault import Vault


@pytest.fixture
def routes(store: Store, tmp_path: Path) -> VaultRoutes:
    vault, runner = Vault(tmp_path / "k" / "vault.key"), Runner(store)
    runner.register(KeyRotation(store, vault, SEALED_COLUMNS))
    return VaultRoutes(vault, runner)


async def test_the_key_is_changed_by_a_job(routes: VaultRoutes) -> None:
    before = await routes.vault()
    job = await routes._runner.wait((await routes.rotate_key()).job_id)
    after = await routes.vault()
    assert job.status == "completed"
    assert (before.key_id, after.key_id, after.has_old_keys) == ("vault", "vault-1", False)
    assert after.made_at >= before.made_at


def test_every_column_with_a_secret_is_changed_with_it() -> None:
    sealed = {(one.model.__tablename__, one.name) for one in SEALED_COLUMNS}
    secret = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if column.name in ("password", "secret_key")
    }
    assert sealed == secret
