"""A lab cloud per test and the real `cs` client at it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from cs import AIOCloudStack

from appliance.lab.cloudstack import CloudstackLab, LabConfig, Settings

GIB = 1024**3


def fast(**changes: object) -> LabConfig:
    """A cloud without delays whose devices are links (no loop devices needed)."""
    return LabConfig.model_validate({"devices": "link", "settings": Settings(job_seconds=0.0), **changes})


def client(lab: CloudstackLab, **changes: object) -> AIOCloudStack:
    """The real client; job calls wait for their results."""
    settings = {"endpoint": lab.url, "key": lab.api_key, "secret": lab.secret_key, "poll_interval": 0.01, "fetch_result": True, **changes}
    return AIOCloudStack(**settings)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[CloudstackLab]:
    async with CloudstackLab(tmp_path / "cloud", fast()) as running:
        yield running


@pytest.fixture
async def cs(lab: CloudstackLab) -> AsyncIterator[AIOCloudStack]:
    async with client(lab) as connected:
        yield connected


@pytest.fixture
async def oma(cs: AIOCloudStack) -> str:
    """The id of the appliance's VM."""
    return str((await cs.listVirtualMachines(name="oma"))["virtualmachine"][0]["id"])


@pytest.fixture
def new_volume(cs: AIOCloudStack) -> Callable[..., Awaitable[str]]:
    """Makes a 1 GiB volume, Allocated, and gives its id."""

    async def make(name: str = "data", size: int = 1) -> str:
        offering = (await cs.listDiskOfferings(name="Custom"))["diskoffering"][0]["id"]
        zone = (await cs.listZones())["zone"][0]["id"]
        return str((await cs.createVolume(name=name, diskofferingid=offering, zoneid=zone, size=size))["volume"]["id"])

    return make


@pytest.fixture
def new_vm(cs: AIOCloudStack) -> Callable[..., Awaitable[str]]:
    """Deploys a stopped VM from the placeholder template and gives its id."""

    async def make(name: str = "copy", **more: object) -> str:
        choices = {
            "zoneid": (await cs.listZones())["zone"][0]["id"],
            "templateid": (await cs.listTemplates(templatefilter="executable"))["template"][0]["id"],
            "serviceofferingid": (await cs.listServiceOfferings())["serviceoffering"][0]["id"],
        }
        return str((await cs.deployVirtualMachine(name=name, startvm=False, **choices, **more))["virtualmachine"]["id"])

    return make
