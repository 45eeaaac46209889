"""The control protocol: what a line means, and a client over a real socket."""

import asyncio
import json
import socket

import pytest

from appliance.lab.machines.qmp import Answer, Event, Greeting, Qmp, QmpError, parse

GREETING = b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}}\n'


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (GREETING, Greeting((7, 2, 22))),
        (b'{"return": {}, "id": 4}', Answer(4, {})),
        (b'{"return": [{"name": "quit"}], "id": 5}', Answer(5, [{"name": "quit"}])),
        (b'{"id": 6, "error": {"class": "GenericError", "desc": "no such node"}}', Answer(6, error="no such node")),
        (b'{"event": "SHUTDOWN", "data": {"guest": true}, "timestamp": {"seconds": 1}}', Event("SHUTDOWN", {"guest": True})),
        (b'{"event": "STOP", "timestamp": {"seconds": 1}}', Event("STOP", {})),
    ],
)
def test_a_line_is_understood(line: bytes, meaning: object) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[]", b"{}", b'{"error": "x"}', b'{"QMP": {}}'])
def test_a_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(QmpError):
        parse(line)


async def machine(connection: socket.socket) -> None:
    """Answers: capabilities; `late` after the following command; `refuse` with an error; closes on `quit`."""
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    writer.write(GREETING)
    late: list[bytes] = []
    while line := await reader.readline():
        command = json.loads(line)
        answer = json.dumps({"return": command["arguments"], "id": command["id"]}).encode() + b"\n"
        match command["execute"]:
            case "quit":
                break
            case "late":
                late.append(answer)
            case "refuse":
                writer.write(json.dumps({"error": {"class": "GenericError", "desc": "no"}, "id": command["id"]}).encode() + b"\n")
            case _:
                writer.write(answer + b"".join(late))
    writer.close()


async def connect() -> tuple[Qmp, asyncio.Task[None]]:
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(machine(theirs))
    return await Qmp.open(ours), serving


async def test_answers_in_another_order_reach_their_commands() -> None:
    qmp, serving = await connect()
    late = asyncio.create_task(qmp.execute("late", node_name="a"))
    await asyncio.sleep(0)
    assert await qmp.execute("now", id="b") == {"id": "b"}
    assert await late == {"node-name": "a"}
    await qmp.close()
    await serving


async def test_a_refusal_carries_the_machines_words() -> None:
    qmp, serving = await connect()
    with pytest.raises(QmpError, match=r"^no$"):
        await qmp.execute("refuse")
    await qmp.close()
    await serving


async def test_a_machine_that_goes_away_fails_what_waits_and_what_comes() -> None:
    qmp, serving = await connect()
    with qmp.watch() as events:
        for command in ("quit", "anything"):
            with pytest.raises(QmpError):
                await qmp.execute(command)
        with pytest.raises(QmpError):
            await events.next("STOP", about="x")
    await qmp.close()
    await serving
