"""What a cloud offers, and which of its machines this appliance is."""

from pathlib import Path

import pytest
from lab_cloud import LabCloud

from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Identity, read_identity
from appliance.contract.errors import Fault


async def test_the_connection_test_tells_the_version(clouds: Clouds, config: CloudConfig) -> None:
    assert await clouds.discovery(config).version() == "4.20.1.0"


async def test_everything_to_choose_from_has_a_human_name(clouds: Clouds, config: CloudConfig, lab: LabCloud) -> None:
    found = await clouds.discovery(config).resources(config.zone)
    assert [one.name for one in found.zones] == ["lab-zone"]
    assert [one.name for one in found.domains] == ["ROOT"]
    assert [one.name for one in found.templates] == ["Migration placeholder"]
    assert {one.name: one.custom for one in found.disk_offerings} == {"Custom": True, "Small 5 GiB": False}
    assert {one.name for one in found.networks} == {"production", "isolated-test"}
    assert found.service_offerings[0].detail == "1 CPU, 512 MiB"


async def test_the_appliance_finds_itself_by_its_uuid(clouds: Clouds, config: CloudConfig) -> None:
    own = Identity(config.oma_vm_id.upper(), ())
    assert await clouds.discovery(config).own_vm_id(own) == config.oma_vm_id


async def test_the_appliance_finds_itself_by_a_hardware_address(clouds: Clouds, config: CloudConfig) -> None:
    own = Identity("not-a-cloudstack-id", ("52:54:00:00:00:01", "02:00:4C:4F:4D:41"))
    assert await clouds.discovery(config).own_vm_id(own) == config.oma_vm_id


async def test_an_appliance_elsewhere_does_not_find_itself(clouds: Clouds, config: CloudConfig) -> None:
    with pytest.raises(Fault) as refused:
        await clouds.discovery(config).own_vm_id(Identity("", ("52:54:00:00:00:01",)))
    assert refused.value.key == "cloudstack.own_vm_unknown"


def test_the_identity_is_read_from_the_kernel(tmp_path: Path) -> None:
    for name, mac in (("lo", "00:00:00:00:00:00"), ("eth0", "52:54:00:aa:bb:cc")):
        (tmp_path / "class/net" / name).mkdir(parents=True)
        (tmp_path / "class/net" / name / "address").write_text(f"{mac}\n")
    (tmp_path / "class/dmi/id").mkdir(parents=True)
    (tmp_path / "class/dmi/id/product_uuid").write_text("ABC\n")
    assert read_identity(tmp_path) == Identity("ABC", ("52:54:00:aa:bb:cc",))
