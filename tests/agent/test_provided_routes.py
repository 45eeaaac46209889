"""What was given at deployment, asked of a real agent: it looks once somebody asks, and not after the set-up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from provided_discs import disc
from test_agent_start import config, host

from appliance.agent.config import Deployment
from appliance.agent.vma import running_vma
from appliance.contract.client import Transport, client
from appliance.contract.provided import Giver, Provided
from appliance.contract.setup import SetStage, SetupApi, Stage

pytestmark = pytest.mark.peers

DOCUMENT = b'#appliance\nhost_name = "vma1"\noma_address = "oma.example.net"\n'


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[SetupApi]:
    """A VMA's agent with a disc in its drive."""
    made = config(tmp_path, "vma")
    for folder in (made.state_dir, made.run_dir, tmp_path / "devices", tmp_path / "dev"):
        folder.mkdir()
    (tmp_path / "dev/sr0").write_bytes(disc(tmp_path, {"cloudstack/userdata/user_data.txt": DOCUMENT}))
    made = made.model_copy(update={"deployment": Deployment(devices_dir=tmp_path / "dev", leases_dir=tmp_path / "leases")})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_vma(made, host(made)))
        transport = Transport(unix=str(made.api_socket))
        stack.push_async_callback(transport.close)
        yield client(SetupApi, transport)


async def test_it_is_found_once_somebody_asks_and_gone_once_the_set_up_is_done(setup: SetupApi) -> None:
    assert (await setup.provided()).giver is Giver.NOBODY
    async with asyncio.timeout(30):
        while (found := await setup.provided()).giver is Giver.NOBODY:
            await asyncio.sleep(0.02)
    assert found == Provided(giver=Giver.CLOUDSTACK, host_name="vma1", oma_address="oma.example.net")
    await setup.set_stage(SetStage(stage=Stage.DONE))
    assert await setup.provided() == Provided()


async def test_an_agent_ends_at_once_while_it_is_looking(setup: SetupApi) -> None:
    await setup.provided()


async def test_an_agent_that_starts_does_not_load_what_reads_discs_and_documents() -> None:
    code = "import sys, appliance.agent.vma; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    loaded = set(printed.decode().split())
    assert "appliance.agent.provided.proposals" in loaded
    assert not {"appliance.agent.provided.disc", "appliance.agent.provided.environment"} & loaded
