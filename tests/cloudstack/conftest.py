"""A lab cloud and the configuration that leads to it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab_cloud import FAST, LabCloud

from appliance.cloudstack._client import Endpoint, Transport
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig, ConfigDraft, Configs
from appliance.cloudstack.tracking import Tracking
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import CloudstackLab, LabConfig, Settings


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[LabCloud]:
    """A running lab cloud whose devices are plain links."""
    config = LabConfig(devices="link", settings=Settings(job_seconds=0.01, acpi_seconds=0.1))
    async with CloudstackLab(tmp_path / "cloud", config) as running:
        yield LabCloud(running, json.loads((tmp_path / "cloud" / "account.json").read_text()))


@pytest.fixture
def configs(store: Store, tmp_path: Path) -> Configs:
    """The stored configurations."""
    return Configs(store, Vault(tmp_path / "keys" / "vault.key"))


@pytest.fixture
async def config(lab: LabCloud, configs: Configs) -> CloudConfig:
    """The active configuration: the lab."""
    account = lab.account
    return await configs.save(
        ConfigDraft(
            name="lab",
            address=lab.lab.url,
            api_key=account["api_key"],
            secret_key=account["secret_key"],
            zone=account["zone_id"],
            template_id=account["template_ids"]["Migration placeholder"],
            network_id=account["network_ids"]["production"],
            service_offering_id=account["service_offering_ids"]["Small"],
            disk_offering_id=account["disk_offering_ids"]["Custom"],
            oma_vm_id=account["appliance_vm_ids"]["oma"],
        )
    )


@pytest.fixture
async def transport(lab: LabCloud, store: Store) -> AsyncIterator[Transport]:
    """Requests to the lab."""
    opened = Transport(Endpoint(lab.lab.url, lab.lab.api_key, lab.lab.secret_key, timeout=5), Tracking(store), FAST)
    yield opened
    await opened.close()


@pytest.fixture
async def clouds(store: Store) -> AsyncIterator[Clouds]:
    """The compute face of the clouds in use."""
    opened = Clouds(store, FAST, timeout=5)
    yield opened
    await opened.close()
