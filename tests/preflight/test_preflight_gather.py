"""Everybody is asked at once, and nobody who is silent, slow or gone keeps the others from being heard."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from preflight_facts import LINK, vm
from pydantic import SecretStr

from appliance.cloudstack._client import Pace
from appliance.cloudstack.clouds import Clouds
from appliance.cloudstack.configs import CloudConfig, ConfigDraft, Configs
from appliance.cloudstack.limits import Places
from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.inventory import VCenterAccess, Vm
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import CloudstackLab, LabConfig, Settings
from appliance.lab.cloudstack import Fault as Broken
from appliance.lab.cloudstack.faults import Kind
from appliance.preflight.facts import Cloud, Found, Link, LinkOf
from appliance.preflight.gather import Lookout

FAST = Pace(first=0.01, most=0.05)
ACCESS = VCenterAccess(host="vc", username="u", password=SecretStr("p"), fingerprint="f")
STRANGE = "Zürich <b>&amp; 🏔️"


class Source:
    """A VMA that answers, refuses, or is silent."""

    def __init__(self, answer: Vm | Fault | None) -> None:
        self.answer = answer

    def vma(self, peer_id: str) -> Any:
        return self

    async def vm(self, body: Any) -> Vm:
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Fault):
            raise self.answer
        assert self.answer is not None
        return self.answer


class Volumes:
    async def places(self, config: CloudConfig) -> Places:
        return Places(20, 1)


async def up(peer_id: str) -> Link | None:
    return LINK


async def silent(peer_id: str) -> Link | None:
    await asyncio.Event().wait()
    return None


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[CloudstackLab]:
    async with CloudstackLab(tmp_path / "cloud", LabConfig(zone=STRANGE, devices="link", settings=Settings(job_seconds=0.01))) as running:
        yield running


@pytest.fixture
async def configs(store: Store, lab: CloudstackLab, tmp_path: Path) -> Configs:
    account = json.loads((tmp_path / "cloud" / "account.json").read_text())
    kept = Configs(store, Vault(tmp_path / "keys" / "vault.key"))
    await kept.save(ConfigDraft("lab", lab.url, lab.api_key, lab.secret_key, zone=account["zone_id"], oma_vm_id="oma"))
    return kept


@pytest.fixture
async def clouds(store: Store) -> AsyncIterator[Clouds]:
    opened = Clouds(store, FAST, timeout=5)
    yield opened
    await opened.close()


def lookout(configs: Configs, clouds: Clouds, answer: Vm | Fault | None, link: LinkOf = up, patience: float = 20.0) -> Lookout:
    return Lookout(cast(Any, Source(answer)), clouds, cast(Any, Volumes()), configs, link, patience)


async def look(at: Lookout, *, config_id: int | None = None, networks: tuple[str, ...] = ()) -> Found:
    async with asyncio.timeout(30):
        return await at.look("vma-1", ACCESS, "vm-1", config_id, networks)


async def test_everything_is_told_of_those_who_answer(lab: CloudstackLab, configs: Configs, clouds: Clouds) -> None:
    network = next(iter(lab.cloud.networks))
    found = await look(lookout(configs, clouds, vm(name=STRANGE)), networks=(network, "gone", network))
    assert isinstance(found.cloud, Cloud) and isinstance(found.vm, Vm) and isinstance(found.config, CloudConfig)
    assert (found.link, found.vm.name, found.cloud.facts.found["zone"]["name"], found.cloud.places) == (
        LINK,
        STRANGE,
        STRANGE,
        Places(20, 1),
    )
    assert set(found.cloud.networks) == {network}


async def test_who_is_silent_is_named_and_the_others_are_heard(configs: Configs, clouds: Clouds) -> None:
    found = await look(lookout(configs, clouds, None, silent, patience=3.0))
    assert found.link is None and isinstance(found.cloud, Cloud)
    assert isinstance(found.vm, Fault) and found.vm.message == "The source did not answer within 3 seconds."


async def test_a_cloudstack_that_never_answers_is_given_up_in_time(store: Store, configs: Configs, clouds: Clouds) -> None:
    server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(0), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await configs.save(ConfigDraft("silent", f"127.0.0.1:{port}", "key", "secret", zone="z"))
    found = await look(lookout(configs, clouds, vm(), patience=1.0))
    server.close()
    assert isinstance(found.cloud, Fault) and found.cloud.key == "preflight.too_slow" and isinstance(found.vm, Vm)


async def test_a_refusal_is_an_answer(configs: Configs, clouds: Clouds) -> None:
    found = await look(lookout(configs, clouds, UNREACHABLE(cause="tunnel")))
    assert isinstance(found.vm, Fault) and found.vm.key == "peer.unreachable"


async def test_without_a_login_the_source_is_not_asked(configs: Configs, clouds: Clouds) -> None:
    refusal = UNREACHABLE(cause="no login")
    found = await lookout(configs, clouds, None).look("vma-1", refusal, "vm-1", None)
    assert found.vm is refusal


async def test_without_a_configuration_cloudstack_is_not_asked(configs: Configs, clouds: Clouds) -> None:
    await configs.delete(1)
    found = await look(lookout(configs, clouds, vm()))
    assert isinstance(found.config, Fault) and found.cloud is found.config


@pytest.mark.parametrize("command", ["listCapabilities", "listZones", "listNetworks", "listAccounts"])
@pytest.mark.parametrize("kind", ["unavailable", "disconnect"])
async def test_half_an_answer_is_a_finding_and_no_crash(
    lab: CloudstackLab, configs: Configs, clouds: Clouds, command: str, kind: Kind
) -> None:
    lab.cloud.faults.add(Broken(kind=kind, command=command, times=-1))
    found = await look(lookout(configs, clouds, vm()), networks=("n",))
    assert isinstance(found.cloud, Fault) and found.cloud.message and isinstance(found.vm, Vm)
