"""The vendor's shell: what it is started with, who gets in, and that nothing of it is left however it ends."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator

import pytest
from gate_site import Site, Visitor

from appliance.agent.gate.gate import Gate
from appliance.agent.gate.limits import Limits
from appliance.agent.gate.processes import started_by
from appliance.agent.gate.shell import command
from appliance.contract.gate import GateState
from appliance.contract.shell import Kind, frame, size_frame
from appliance.core.store import Store


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    made = Site(store)
    yield made
    made.remove()


async def enter(site: Site, gate: Gate) -> Visitor:
    """A visitor in front of a shell that answers."""
    ticket = await gate.open(await site.right_answer(gate), "")
    visitor = await Visitor.come(ticket.socket, ticket.ticket)
    visitor.type("PS1=; echo he''llo\n")
    await visitor.see("hello")
    return visitor


async def started(visitor: Visitor, what: str) -> int:
    """Start something in the background; its pid."""
    visitor.type(f"{what} & echo pid''=$!.\n")
    found = re.search(r"pid=(\d+)\.", await visitor.see("pid="))
    assert found
    return int(found[1])


async def gone(site: Site) -> bool:
    """Whether nothing of the shell is left, at the latest in a moment."""
    for _ in range(100):
        if not started_by(site.appliance_id):
            return True
        await asyncio.sleep(0.05)
    return False


def test_the_shell_gets_nothing_of_the_agents_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET", "x")
    argv = command(["/bin/sh"], "oma-1", "vt220")
    assert argv[:5] == ["setsid", "--ctty", "env", "--default-signal", "-i"] and argv[-1] == "/bin/sh"
    names = {one.partition("=")[0] for one in argv if "=" in one}
    assert names == {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TERM", "APPLIANCE_SHELL"}


async def test_it_is_a_real_terminal_of_the_consoles_kind_and_size(site: Site) -> None:
    gate = site.gate()
    visitor = await enter(site, gate)
    visitor.type("tty; echo $TERM; stty size; echo sess''ion $(ps -o sid= -p $$) $$\n")
    screen = await visitor.see("session")
    assert "/dev/pts/" in screen and "linux" in screen and "25 80" in screen
    found = re.search(r"session +(\d+) (\d+)", await visitor.see("session "))
    assert found and found[1] == found[2]
    visitor.send(size_frame(50, 160))
    visitor.type("stty size\n")
    await visitor.see("50 160")
    assert (await gate.state()).state is GateState.RUNNING
    await gate.close()


async def test_keys_that_interrupt_reach_the_program_in_front(site: Site) -> None:
    gate = site.gate()
    visitor = await enter(site, gate)
    # one process, and a little later: shells forget an interruption while they are putting a program in front
    visitor.type("sh -c 'sleep 0.3; echo be\"\"gun; read line'; echo inter''rupted\n")
    await visitor.see("begun")
    visitor.type("\x03")
    await asyncio.sleep(1.0)  # a shell that is interrupted forgets what was typed ahead
    visitor.type("echo go''es on\n")
    await visitor.see("goes on")
    await gate.close()


async def test_leaving_the_shell_closes_the_gate(site: Site) -> None:
    gate = site.gate()
    visitor = await enter(site, gate)
    visitor.type("echo go''od-bye; exit\n")
    assert await visitor.end() == "The shell was left." and b"good-bye" in visitor.screen
    assert await gone(site)
    await gate.stop()
    assert (await gate.state()).state is GateState.CLOSED
    assert re.fullmatch(r"left, after \d+ s", (await site.events())[-1][2])


async def by_closing(site: Site, gate: Gate, visitor: Visitor) -> str:
    await gate.close()
    assert await gone(site)
    return await visitor.end()


async def by_stopping(site: Site, gate: Gate, visitor: Visitor) -> str:
    await gate.stop()
    return await visitor.end()


async def by_hanging_up(site: Site, gate: Gate, visitor: Visitor) -> str:
    await visitor.leave()
    return ""


async def by_nonsense(site: Site, gate: Gate, visitor: Visitor) -> str:
    visitor.send(b"\x07\xff\xff\xff\xff")
    return await visitor.end()


async def by_waiting(site: Site, gate: Gate, visitor: Visitor) -> str:
    return await visitor.end()


Way = Callable[[Site, Gate, Visitor], Awaitable[str]]

ENDS = [
    (Limits(grace=0.3), by_closing, "its gate was closed"),
    (Limits(grace=0.3), by_stopping, "the appliance's agent stops"),
    (Limits(grace=0.3), by_hanging_up, ""),
    (Limits(grace=0.3), by_nonsense, "disconnected"),
    (Limits(grace=0.3, idle=1.0), by_waiting, "no key was typed for 1 second"),
    (Limits(grace=0.3, total=1.5), by_waiting, "may be open for 2 seconds"),
]


@pytest.mark.parametrize(("limits", "way", "sentence"), ENDS, ids=["closed", "stopped", "client gone", "bad frame", "idle", "total"])
async def test_nothing_is_left_whatever_ends_it(site: Site, limits: Limits, way: Way, sentence: str) -> None:
    site.limits = limits
    gate = site.gate()
    visitor = await enter(site, gate)
    for stubborn in (
        "sleep 61",
        "nohup sleep 62 >/dev/null 2>&1",
        "setsid sleep 63",
        "(trap '' HUP TERM INT; while :; do sleep 0.1; done)",
    ):
        visitor.screen = b""
        await started(visitor, stubborn)
    async with asyncio.timeout(60):
        while len(started_by(site.appliance_id)) < 5:
            await asyncio.sleep(0.05)
    assert sentence in await way(site, gate, visitor)
    assert await gone(site)
    await gate.stop()
    assert (await gate.state()).state is GateState.CLOSED
    assert (await site.events())[-1][:2] == ("shell-gate.close", "done")


async def test_a_key_now_and_then_keeps_it_open_and_output_does_not(site: Site) -> None:
    site.limits = Limits(grace=0.3, idle=0.8)
    gate = site.gate()
    visitor = await enter(site, gate)
    await started(visitor, "while :; do echo tick; sleep 0.1; done")
    for _ in range(4):
        await asyncio.sleep(0.3)
        visitor.type(" ")
    assert (await gate.state()).state is GateState.RUNNING
    assert "no key was typed" in await visitor.end()


async def test_a_wrong_ticket_is_refused_and_the_right_one_still_works(site: Site) -> None:
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    for wrong in ("", "x" * 43, "é"):
        assert "not the ticket" in await (await Visitor.come(ticket.socket, wrong)).end()
    assert ("shell-gate.enter", "refused", "wrong ticket") in await site.events()
    visitor = await Visitor.come(ticket.socket, ticket.ticket)
    visitor.type("echo i''n\n")
    await visitor.see("in")
    await gate.close()


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"x" * 10000 + b"\n", b'{"ticket": "t", "rows": 0, "columns": 80, "term": "linux"}\n'])
async def test_a_first_line_that_is_none_is_refused(site: Site, line: bytes) -> None:
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    reader, writer = await asyncio.open_unix_connection(str(ticket.socket))
    writer.write(line)
    assert b"not the ticket" in await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await gate.close()


async def test_a_caller_who_says_nothing_is_let_go(site: Site) -> None:
    site.limits = Limits(hello=0.1)
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    reader, writer = await asyncio.open_unix_connection(str(ticket.socket))
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await gate.close()


async def test_a_second_shell_is_refused_while_one_runs(site: Site) -> None:
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    visitors = [await Visitor.come(ticket.socket, ticket.ticket) for _ in range(2)]
    for visitor in visitors:
        visitor.type("echo i''n; exit\n")
    ends = [await visitor.end() for visitor in visitors]
    assert [b"in" in visitor.screen.split(b"i''n; exit")[-1] for visitor in visitors] == [True, False] and "left" in ends[0]
    await gate.stop()


async def test_while_a_shell_runs_nobody_can_connect(site: Site) -> None:
    gate = site.gate()
    await enter(site, gate)
    assert not (site.folder / "shell.sock").exists()
    await gate.close()


async def test_a_large_paste_and_a_flood_arrive_whole(site: Site) -> None:
    gate = site.gate()
    visitor = await enter(site, gate)
    visitor.type("stty raw -echo; head -c 300000 | md5sum; stty sane; seq 1 50000\n")
    await asyncio.sleep(0.3)
    for _ in range(5):
        visitor.send(frame(Kind.DATA, b"a" * 60000))
    screen = await visitor.see("\n50000")
    assert hashlib.md5(b"a" * 300000).hexdigest() in screen and "\n25000\r" in screen
    await gate.close()


async def test_a_console_that_does_not_read_is_ended_all_the_same(site: Site) -> None:
    site.limits = Limits(grace=0.3, total=1.0)
    gate = site.gate()
    visitor = await enter(site, gate)
    visitor.type("yes\n")
    assert await asyncio.wait_for(idle_until_closed(gate), 8)
    assert await gone(site)
    await visitor.leave()


async def idle_until_closed(gate: Gate) -> bool:
    while (await gate.state()).state is not GateState.CLOSED:
        await asyncio.sleep(0.1)
    return True


async def test_a_shell_that_cannot_be_started_closes_the_gate_again(site: Site) -> None:
    gate = site.gate(shell=("/nowhere/shell",))
    ticket = await gate.open(await site.right_answer(gate), "")
    visitor = await Visitor.come(ticket.socket, ticket.ticket)
    assert await visitor.end() == "The shell was left."
    await gate.stop()
    assert (await gate.state()).state is GateState.CLOSED


async def test_the_agents_own_descriptors_do_not_reach_the_shell(site: Site) -> None:
    gate = site.gate()
    visitor = await enter(site, gate)
    visitor.type("for one in /proc/$$/fd/*; do readlink $one; done; echo th''at is all\n")
    shown = (await visitor.see("that is all")).rpartition("\x1b[?2004l")[2].partition("that")[0].split()
    assert shown and all(re.fullmatch(r"/dev/pts/\d+", one) for one in shown)
    await gate.close()
