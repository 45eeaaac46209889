"""An agent that is told to end ends, whatever hangs in it."""

import asyncio
import subprocess
import sys
import time

PROGRAM = """
import asyncio, sys, time
from appliance.agent import __main__ as agent
agent.END_LIMIT = 0.3
async def run():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(agent._stop, stop)
    await stop.wait()
    time.sleep(60)
asyncio.run(run())
"""


async def test_an_agent_whose_end_hangs_ends_all_the_same() -> None:
    began = time.monotonic()
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=50)
    assert done.returncode == 1 and time.monotonic() - began < 40
    assert "did not end within" in done.stderr
