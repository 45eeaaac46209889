"""A real OMA process over the records of a fleet, and the lab's CloudStack behind it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.cloudstack import ApplianceVm, CloudstackLab, LabConfig
from appliance.lab.cloudstack.records import Volume
from appliance.volumes.links import Links
from bench.fleet import CONFIG, Fleet, fill, volume_id
from tests.e2e.world import Agent, _agent

GIB = 1 << 30


@dataclass(frozen=True)
class Oma:
    """An agent that is prepared, and not started."""

    agent: Agent
    state: Path

    @property
    def database(self) -> str:
        """Where its records are."""
        return f"sqlite+aiosqlite:///{self.state / 'appliance.db'}"

    def peak_mib(self) -> float:
        """The most memory that it has had."""
        assert self.agent.process is not None
        lines = Path(f"/proc/{self.agent.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@asynccontextmanager
async def prepared(folder: Path, run: Path, fleet: Fleet) -> AsyncIterator[Oma]:
    """An OMA with the records of a fleet; its volumes exist in the lab's CloudStack."""
    async with AsyncExitStack() as stack:
        (devices := folder / "devices").mkdir(parents=True)
        config = LabConfig(appliance_vms=[ApplianceVm(name="oma", devices_dir=devices)])
        cloud = await stack.enter_async_context(CloudstackLab(folder / "cloud", config))
        account = json.loads((folder / "cloud" / "account.json").read_text())
        for number in range(fleet.vms):
            made = Volume(id=volume_id(number), name=f"web{number}", state="Ready", size=GIB)
            cloud.cloud.world.volumes[made.id] = made
        found = Oma(_agent(folder, run, "oma", 0, devices), folder / "oma")
        found.state.mkdir(mode=0o700)
        store = await Store.open(found.database)
        await _configure(store, found.state, account)
        await fill(store, fleet, Links(found.state / "volumes" / "links", run / "exports"))
        await store.close()
        stack.push_async_callback(found.agent.stop)
        yield found


async def _configure(store: Store, state: Path, account: dict[str, object]) -> None:
    vault = Vault(state / "vault.key")
    draft = ConfigDraft(
        name="lab",
        address=str(account["url"]),
        api_key=str(account["api_key"]),
        secret_key=str(account["secret_key"]),
        zone=str(account["zone_id"]),
        oma_vm_id=str(account["appliance_vm_ids"]["oma"]),  # type: ignore[index]
    )
    assert (await Configs(store, vault).save(draft)).id == CONFIG


async def probed(agent: Agent, rounds: int, paths: Sequence[str]) -> dict[str, list[float]]:
    """What `bench.probe` measures in so many rounds."""
    argv = [sys.executable, "-m", "bench.probe", str(agent.socket), str(rounds), *paths]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the probe failed")
    return dict(json.loads(output))
