"""An agent of its own, as far as the gate goes, for tests that kill it: `gate_host.py FOLDER APPLIANCE_ID`. Prints socket and ticket."""

import asyncio
import json
import sys
from pathlib import Path

import uvloop
from gate_site import Site

from appliance.core.store import Store


async def main(folder: Path, appliance_id: str) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/host.db")
    site = Site(store, appliance_id=appliance_id, folder=folder)
    gate = site.gate()
    await gate.start()
    ticket = await gate.open(await site.right_answer(gate), "")
    sys.stdout.write(json.dumps([str(ticket.socket), ticket.ticket]) + "\n")
    sys.stdout.flush()
    await asyncio.sleep(60)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2]))
