"""An agent that is told to end ends, whatever hangs in it."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.status import StatusApi
from appliance.contract.system import AskMachine, PowerAction, SystemApi

PROGRAM = """
import asyncio, sys, time
from appliance.agent import program as agent
agent.END_LIMIT = 0.3
async def run():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(lambda: agent._stop(stop, asyncio.Event(), anew=False))
    await stop.wait()
    time.sleep(60)
asyncio.run(run())
"""


async def test_an_agent_whose_end_hangs_ends_all_the_same() -> None:
    began = time.monotonic()
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=50)
    assert done.returncode == 1 and time.monotonic() - began < 40
    assert "did not end within" in done.stderr


async def test_an_agent_that_is_told_to_restart_answers_again_by_itself_in_the_same_process(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    run = Path(tempfile.mkdtemp(prefix="ae-"))
    tables = f'[machine]\nrestart = []\npower_off = []\nnetworkd_dir = "{tmp_path}/networkd"\n[api]\nport = 0\n'
    config.write_text(f'role = "vma"\nname = "vma1"\nstate_dir = "{tmp_path}/state"\nrun_dir = "{run}"\n{tables}')
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(run / "notify"))
    agent = subprocess.Popen(
        [sys.executable, "-m", "appliance.agent", "--config", str(config)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NOTIFY_SOCKET": str(run / "notify")},
    )
    transport = Transport(unix=str(run / "api.sock"))
    try:
        first = await answered(transport, "")
        await client(SystemApi, transport).power(AskMachine(action=PowerAction.RESTART_AGENT))
        assert await answered(transport, first) != first
        assert agent.poll() is None
    finally:
        await transport.close()
        agent.terminate()
        await asyncio.to_thread(agent.wait, 30)
        shutil.rmtree(run)
    # Told that it stops, systemd would wait for the end of a process that goes on, and kill it.
    assert [systemd.recv(200).decode().partition("\n")[0] for _ in range(4)] == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
    systemd.close()


async def answered(transport: Transport, other_than: str) -> str:
    """When the agent says that it was started, once that is another time than this one."""
    async with asyncio.timeout(40):
        while True:
            try:
                started = (await client(StatusApi, transport).status()).started_at.isoformat()
            except Fault:
                started = other_than
            if started != other_than:
                return started
            await asyncio.sleep(0.1)
