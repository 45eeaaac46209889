"""A lab cloud, the active configuration that leads to it, and the volumes of an appliance there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from volume_site import FAST
from volume_site import Site as LabSite

from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import ApplianceVm, CloudstackLab, LabConfig
from appliance.lab.cloudstack import Settings as LabSettings
from appliance.volumes.facade import Settings, Volumes


@pytest.fixture
def lab_devices() -> Literal["link", "loop"]:
    """Plain links to the volumes' files stand for devices, except where a test module says otherwise."""
    return "link"


@pytest.fixture
async def site(store: Store, tmp_path: Path, lab_devices: Literal["link", "loop"]) -> AsyncIterator[LabSite]:
    """The lab, whose devices appear in the folder the appliance looks into."""
    devices = tmp_path / "by-id"
    devices.mkdir()
    lab_config = LabConfig(
        devices=lab_devices, appliance_vms=[ApplianceVm(name="oma", devices_dir=devices)], settings=LabSettings(job_seconds=0.01)
    )
    async with CloudstackLab(tmp_path / "cloud", lab_config) as lab:
        account = json.loads((tmp_path / "cloud" / "account.json").read_text())
        configs = Configs(store, Vault(tmp_path / "keys" / "vault.key"))
        config = await configs.save(
            ConfigDraft(
                name="lab",
                address=lab.url,
                api_key=lab.api_key,
                secret_key=lab.secret_key,
                zone=account["zone_id"],
                template_id=account["template_ids"]["Migration placeholder"],
                network_id=account["network_ids"]["production"],
                service_offering_id=account["service_offering_ids"]["Small"],
                disk_offering_id=account["disk_offering_ids"]["Custom"],
                oma_vm_id=account["appliance_vm_ids"]["oma"],
            )
        )
        settings = Settings(tmp_path / "state", tmp_path / "run", devices, 0, device_wait_s=0.5, request_timeout_s=5, pace=FAST)
        one = LabSite(lab, account, store, configs, config, settings)
        yield one
        for opened in one.opened:
            await opened.close()


@pytest.fixture
def volumes(site: LabSite) -> Volumes:
    """The appliance's volumes."""
    return site.restart()
