"""A running agent is brought back to what its back-up holds, over its API."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.contract.backups import AskBackup, BackupsApi
from appliance.contract.client import UNREACHABLE, Transport, client
from appliance.contract.errors import Fault
from appliance.contract.gate import GateApi
from appliance.contract.jobs import JobsApi
from appliance.contract.settings import ChangeSetting, SettingsApi
from appliance.contract.status import StatusApi
from tests.uploads import parts

WORDS = AskBackup(passphrase=SecretStr("four words in a row"))
NAME = "jobs.kept_days"


@pytest.fixture
async def transport(tmp_path: Path) -> AsyncIterator[Transport]:
    """A real agent of the role OMA."""
    run, config = Path(tempfile.mkdtemp(prefix="bk-")), tmp_path / "agent.toml"
    machine = f'[machine]\nrestart = []\npower_off = []\nnetworkd_dir = "{tmp_path}/networkd"\n'
    tables = f'{machine}[api]\nport = 0\n[front_door]\naddress = "127.0.0.1"\nport = 0\n'
    config.write_text(
        f'role = "oma"\nname = "oma1"\nstate_dir = "{tmp_path}/state"\nrun_dir = "{run}"\n{tables}[storage]\nexport_port = 0\n'
    )
    agent = subprocess.Popen([sys.executable, "-m", "appliance.agent", "--config", str(config)], stderr=subprocess.DEVNULL)
    transport = Transport(unix=str(run / "api.sock"))
    try:
        await answered(transport)
        yield transport
    finally:
        await transport.close()
        agent.terminate()
        await asyncio.to_thread(agent.wait, 30)
        shutil.rmtree(run)


async def answered(transport: Transport) -> None:
    """Wait until the agent answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await client(StatusApi, transport).status()
                return
            except Fault as error:
                assert error.key == UNREACHABLE.key
                await asyncio.sleep(0.1)


@pytest.mark.lab
async def test_what_came_after_the_backup_is_gone_after_the_restore_and_the_audit_log_says_why(transport: Transport) -> None:
    backups, settings = client(BackupsApi, transport), client(SettingsApi, transport)
    await settings.change_setting(NAME, ChangeSetting(value=99))
    job = await client(JobsApi, transport).job((await backups.make_backup(WORDS)).job_id, wait=20)
    while job.status not in ("completed", "failed"):
        job = await client(JobsApi, transport).job(job.id, after=job.revision, wait=20)
    assert job.status == "completed"
    (made,) = await backups.backups()
    sealed = await backups.backup(made.name)
    await backups.delete_backup(made.name)
    await settings.change_setting(NAME, ChangeSetting(value=11))
    brought = await backups.upload_backup(parts(sealed))
    assert brought.sha256 == made.sha256
    await backups.restore_backup(brought.name, WORDS)
    async with asyncio.timeout(60):
        while (await tried(settings)) != 99:
            await asyncio.sleep(0.1)
    assert "backups.restore" in [one.action for one in await client(GateApi, transport).audit()]
    assert {one.state for one in await backups.check_database()} == {"pass"}


async def tried(settings: SettingsApi) -> object:
    """The setting's value; None while the agent is away."""
    try:
        return (await settings.setting(NAME)).value
    except Fault as error:
        assert error.key == UNREACHABLE.key
        return None
