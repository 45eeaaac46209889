"""The `appliance` command: starts programs, and asks the local agent."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from appliance.cli import vendor
from appliance.contract.client import Transport
from appliance.contract.errors import Fault

PROGRAMS = {"agent": "appliance.agent", "lab": "appliance.lab", "tui": "appliance.tui"}
SOCKET = "/run/appliance/api.sock"


def main() -> int:
    """Exit codes: 0 done, 1 refused or unreachable, 2 wrong usage."""
    if len(sys.argv) > 1 and sys.argv[1] in PROGRAMS:
        os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[sys.argv[1]], *sys.argv[2:]])
    parser = argparse.ArgumentParser(prog="appliance", description="Runs a migration appliance, and talks to it.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("agent", help="run the agent: appliance agent --role oma|vma --config FILE")
    commands.add_parser("tui", help="open the console on this terminal: appliance tui --help")
    commands.add_parser("lab", help="run a stand-in of a cloud: appliance lab vcenter|cloudstack --help")
    request = commands.add_parser("request", help="send one request to the local agent, and print its answer")
    request.add_argument("method", choices=("GET", "POST", "PUT", "DELETE"))
    request.add_argument("path", help="for example /api/v1/jobs")
    request.add_argument("body", nargs="?", help="a JSON document, or - to read it from standard input")
    request.add_argument("--socket", type=Path, default=Path(SOCKET), help=f"the agent's socket (default {SOCKET})")
    vendor.add_to(commands)
    arguments = parser.parse_args()
    if arguments.command == "vendor":
        return vendor.run(arguments)
    return asyncio.run(_request(arguments.method, arguments.path, arguments.body, arguments.socket))


async def _request(method: str, path: str, body: str | None, socket: Path) -> int:
    text = sys.stdin.read() if body == "-" else body
    transport = Transport(unix=str(socket))
    path, _, query = path.partition("?")
    pairs = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    try:
        status, content = await transport.send(method, path, pairs, None if text is None else text.encode())
    except Fault as error:
        print(f"{error.message} {error.guidance} [{error.cause}]", file=sys.stderr)
        return 1
    finally:
        await transport.close()
    _show(content)
    return 0 if status < 400 else 1


def _show(content: bytes) -> None:
    """JSON made readable; texts and files as they are."""
    try:
        print(json.dumps(json.loads(content), indent=2, ensure_ascii=False))
    except ValueError:
        sys.stdout.buffer.write(content)
