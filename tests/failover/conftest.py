"""A world for failovers: one VM with a complete copy."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from failover_source import DISKS
from failover_world import INSTALLED, World, script
from sqlalchemy import event

from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import CloudstackLab, LabConfig, Settings


@pytest.fixture
async def world(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A VM that is ready for failover, with two disks or as many as a test asks for.

    The preparation of a guest is done by a program that only says what it was given.
    """
    await in_a_hurry(store)
    config = LabConfig(devices="link", settings=Settings(job_seconds=0.005, acpi_seconds=0.1))
    async with CloudstackLab(tmp_path / "cloud", config) as lab:
        account = json.loads((tmp_path / "cloud" / "account.json").read_text())
        configs = Configs(store, Vault(tmp_path / "keys" / "vault.key"))
        saved = await configs.save(draft(lab, account))
        program = str(script(tmp_path / "prepare", f'cp "$3" {tmp_path}/domain.xml; {INSTALLED}'))
        made = World(store, lab, configs, saved, tmp_path, program, account["network_ids"], DISKS[: getattr(request, "param", 2)])
        await made.open()
        await made.protect()
        yield made
        await made.close()


async def in_a_hurry(store: Store) -> None:
    """Nobody pulls the plug here: a killed agent's writes are in the kernel, and need not be on the disk."""
    if store.engine.dialect.name == "sqlite":
        event.listen(store.engine.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        await store.engine.dispose()  # those that are open were told otherwise


def draft(lab: CloudstackLab, account: dict[str, dict[str, str]]) -> ConfigDraft:
    """The configuration that leads to the lab."""
    return ConfigDraft(
        name="lab",
        address=lab.url,
        api_key=lab.api_key,
        secret_key=lab.secret_key,
        zone=str(account["zone_id"]),
        template_id=account["template_ids"]["Migration placeholder"],
        network_id=account["network_ids"]["production"],
        service_offering_id=account["service_offering_ids"]["Small"],
        disk_offering_id=account["disk_offering_ids"]["Custom"],
        oma_vm_id=account["appliance_vm_ids"]["oma"],
    )
