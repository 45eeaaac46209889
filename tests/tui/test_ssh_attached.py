"""The console over SSH, with Debian's OpenSSH on both sides: it gives the console and nothing else, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from appliance.contract.errors import Fault
from tests.tui.ssh_site import ALIVE_S, IDLE, Site, until
from tests.tui.terminal import PATIENCE, PROGRAM, Pty

pytestmark = [pytest.mark.lab, pytest.mark.peers]

NEEDS_TERMINAL = "The console needs a terminal."
PASSWORD, ANOTHER = "correct horse battery", "staple of another kind"
ENDS_WITHIN = PATIENCE


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A machine with an agent."""
    made = Site()
    yield made
    made.remove()


@pytest.fixture
async def on(site: Site) -> AsyncIterator[Site]:
    """The console over SSH is on, for the operator's key; nobody is there before and after."""
    await site.set(site.key)
    yield site
    await site.set(enabled=False)
    assert not site.processes()


@pytest.fixture
async def opened(on: Site) -> AsyncIterator[Callable[..., Pty]]:
    """Opens terminals with an ssh on them, and ends them."""
    terminals: list[Pty] = []

    def open_one(*more: str, key: Path | None = None) -> Pty:
        terminals.append(on.open(*more, key=key))
        return terminals[-1]

    yield open_one
    for one in terminals:
        end_client(one)
        one.hang_up()


def end_client(terminal: Pty) -> None:
    """Kill the client at once, so that it can't say goodbye."""
    assert terminal.process is not None
    terminal.process.kill()
    terminal.process.wait()


async def test_nothing_listens_until_it_is_turned_on(site: Site) -> None:
    code, said = await site.run(site.ssh("-T"))
    assert code == 255 and "Connection refused" in said and not site.processes()


async def test_a_key_opens_the_console_and_leaving_it_ends_the_connection(on: Site, opened: Callable[..., Pty]) -> None:
    terminal = opened()
    await terminal.until(IDLE)
    await terminal.until("oma1.example.net")  # what the agent answers: the account reaches its socket
    assert (await on.state()).sessions == 1
    await terminal.type(b"\x1b")
    assert terminal.process is not None
    await until(lambda: terminal.process and terminal.process.poll() is not None, ENDS_WITHIN)
    assert terminal.process.returncode == 0
    await until(lambda: not on.of_sessions(), ENDS_WITHIN)
    assert (await on.events())[0].action == "remote_console.login"


async def test_a_command_that_is_asked_for_gives_the_console_too(on: Site, opened: Callable[..., Pty]) -> None:
    """Besides: nothing of the client's environment comes along, nor its agent or display."""
    holder = socket.socket(socket.AF_UNIX)
    holder.bind(str(on.folder / "agent.sock"))
    holder.listen()
    os.environ.update({"SSH_AUTH_SOCK": str(on.folder / "agent.sock"), "DISPLAY": ":99"})
    try:
        terminal = opened("-tt", "-A", "-Y", "-oSendEnv=*", "-oSetEnv=LD_PRELOAD=/tmp/x.so BASH_ENV=/tmp/x", "/bin/sh -i")
        await terminal.until(IDLE)
    finally:
        del os.environ["SSH_AUTH_SOCK"], os.environ["DISPLAY"]
        holder.close()
    (console,) = on.consoles()
    names = {one.partition(b"=")[0].decode() for one in Path(f"/proc/{console}/environ").read_bytes().split(b"\0") if one}
    expected = {"USER", "LOGNAME", "HOME", "PATH", "SHELL", "TERM", "MAIL", "PWD", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY"}
    assert names <= expected | {"SSH_ORIGINAL_COMMAND", "_", "OLDPWD", "SHLVL"}


@pytest.mark.parametrize("command", [(), ("cat /etc/passwd",), ("/bin/sh",)])
async def test_without_a_terminal_there_is_a_sentence_and_nothing_else(on: Site, command: tuple[str, ...]) -> None:
    code, said = await on.run(on.ssh("-T", "-oLogLevel=ERROR", *command))
    assert (code, said) == (1, f"{NEEDS_TERMINAL}\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-W127.0.0.1:{port}",), "administratively prohibited"),
        (("-N", "-oExitOnForwardFailure=yes", "-R0:127.0.0.1:{port}"), "remote port forwarding failed"),
        (("-N", "-oExitOnForwardFailure=yes", "-R0"), "remote port forwarding failed"),
        (("-N", "-oExitOnForwardFailure=yes", "-R{folder}/open/r.sock:127.0.0.1:{port}"), "remote port forwarding failed"),
        (("-s", "sftp"), "subsystem request failed"),
    ],
    ids=["forwarded input", "remote port", "remote proxy", "remote socket", "subsystem"],
)
async def test_no_client_gets_through_the_machine(on: Site, options: tuple[str, ...], said: str) -> None:
    filled = [one.format(port=on.port, folder=on.folder) for one in options]
    code, heard = await on.run(on.ssh(*filled))
    assert code != 0 and said in heard


@pytest.mark.parametrize("option", ["-L{local}:127.0.0.1:{port}", "-L{local}:/run/appliance/api.sock", "-D{local}"])
async def test_what_a_client_forwards_leads_nowhere(on: Site, option: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        local = free.getsockname()[1]
    logged = len(on.log)
    process = await asyncio.create_subprocess_exec(*on.ssh("-N", option.format(local=local, port=on.port)), stderr=asyncio.subprocess.PIPE)
    try:
        reader, writer = await connected(local)
        # A SOCKS5 greeting and request; for -L it is just something to send.
        writer.write(b"\x05\x01\x00" + b"\x05\x01\x00\x01\x7f\x00\x00\x01" + on.port.to_bytes(2))
        with contextlib.suppress(ConnectionResetError):
            async with asyncio.timeout(60):
                assert not (await reader.read()).removeprefix(b"\x05\x00")  # all that SOCKS says is that it listens
        writer.close()
    finally:
        process.kill()
        _, heard = await process.communicate()
    assert b"open failed" in heard and "refused" in on.log[logged:]


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connected to a client's own port, once it listens."""
    for _ in range(100):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    raise AssertionError("the client never listened")


@pytest.mark.parametrize("program", [("sftp", "-P{port}"), ("scp", "-P{port}"), ("scp", "-O", "-P{port}")], ids=" ".join)
async def test_no_file_is_copied(on: Site, program: tuple[str, ...]) -> None:
    name, *options = (one.format(port=on.port) for one in program)
    here = on.folder / "copied"
    code, _ = await on.run([name, *on.options(), *options, "console@127.0.0.1:/etc/passwd", str(here)])
    assert code != 0 and not here.exists()


async def test_a_connection_has_one_session_and_no_tunnel(on: Site) -> None:
    async with asyncssh.connect("127.0.0.1", on.port, username="console", client_keys=[str(on.key)], known_hosts=None, config=None) as line:
        with pytest.raises(asyncssh.ChannelOpenError):
            await line.create_tun(asyncssh.SSHTunTapSession)
        with pytest.raises(asyncssh.ChannelOpenError):
            await line.open_unix_connection("/run/appliance/api.sock")
        await line.create_process(term_type="xterm", term_size=(80, 25))
        with pytest.raises(asyncssh.ChannelOpenError):
            await line.create_process(term_type="xterm", term_size=(80, 25))


async def test_other_keys_other_accounts_and_passwords_are_refused(on: Site) -> None:
    _, stranger = await on.run(on.ssh("-T", key=on.other_key))
    _, root = await on.run(on.ssh("-T", "-lroot"))
    _, password = await on.run(on.ssh("-T", "-oPubkeyAuthentication=no"))
    assert all("Permission denied (publickey)" in said for said in (stranger, root, password))


async def test_several_are_there_at_once_beside_a_local_one_and_a_killed_client_ends_only_its_own(
    on: Site, opened: Callable[..., Pty]
) -> None:
    local = Pty()
    local.start([*PROGRAM, "--socket", f"/proc/{on.agent.pid}/root/run/appliance/api.sock"])
    terminals = [opened() for _ in range(3)]
    for one in (local, *terminals):
        await one.until("oma1.example.net")
    assert len(on.consoles()) == (await on.state()).sessions == 3
    await terminals[1].type(b"\x1bOP")
    await terminals[1].until("Help")
    end_client(terminals[0])
    await until(lambda: len(on.consoles()) == 2, ENDS_WITHIN)
    assert sum(title.startswith("sshd: console@") for title in on.of_sessions().values()) == 2
    for one in (local, *terminals[2:]):
        assert IDLE in one.text and one.process is not None and one.process.poll() is None
    await at_rest(on)
    end_client(local)
    local.hang_up()


async def at_rest(site: Site) -> None:
    """Wait until nothing that lives on the machine is at work: a console left without its terminal would spin."""
    async with asyncio.timeout(60):
        used = 0
        while (now := cpu(site)) - used > 0.3 * os.sysconf("SC_CLK_TCK"):
            used = now
            await asyncio.sleep(1.0)


def cpu(site: Site) -> int:
    """What all that lives on the machine has used, in clock ticks."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in site.processes()]
    return sum(int(one[11]) + int(one[12]) for one in fields)


async def test_a_line_that_went_dead_ends_its_session(on: Site, opened: Callable[..., Pty]) -> None:
    """The client is stopped, so that nothing answers any more, and nobody says that the connection is over."""
    terminal = opened()
    await terminal.until(IDLE)
    assert terminal.process is not None
    terminal.process.send_signal(signal.SIGSTOP)
    # Three questions and one more wait; sshd counts whole seconds, so that each may take one longer.
    await until(lambda: not on.of_sessions(), 4 * (ALIVE_S + 1) + ENDS_WITHIN)
    assert (await on.state()).running


async def test_more_keys_leave_a_session_alone_and_fewer_end_it(on: Site, opened: Callable[..., Pty]) -> None:
    terminal = opened()
    await terminal.until(IDLE)
    await on.set(on.key, on.other_key)
    assert (await on.run(on.ssh("-T", key=on.other_key)))[0] == 1 and len(on.consoles()) == 1
    await on.set(on.other_key)
    assert not on.consoles()
    assert "Permission denied" in (await on.run(on.ssh("-T")))[1]


async def test_turning_it_off_ends_the_sessions(on: Site, opened: Callable[..., Pty]) -> None:
    terminal = opened()
    await terminal.until(IDLE)
    state = await on.set(enabled=False)
    assert not on.processes() and not (state.running or state.enabled or state.sessions)
    assert "Connection refused" in (await on.run(on.ssh("-T")))[1]


async def test_a_killed_agent_leaves_nothing_to_the_next_one(on: Site, opened: Callable[..., Pty]) -> None:
    known = (await on.state()).host_keys
    terminal = opened()
    await terminal.until(IDLE)
    on.kill_agent()
    left = set(on.processes())
    on.start_agent()
    assert left and not left & set(on.processes())
    state = await on.state()
    assert state.running and state.host_keys == known and (await on.run(on.ssh("-T")))[0] == 1


async def test_an_agent_that_stops_takes_it_along_and_one_that_starts_brings_it_back(on: Site, opened: Callable[..., Pty]) -> None:
    await opened().until(IDLE)
    on.end_agent()
    assert not on.processes()
    on.start_agent()
    assert (await on.state()).running


async def test_a_server_that_dies_is_started_again_and_its_sessions_are_gone(on: Site, opened: Callable[..., Pty]) -> None:
    await opened().until(IDLE)
    listener = next(pid for pid, title in on.processes().items() if "[listener]" in title)
    os.kill(listener, signal.SIGKILL)
    await until(lambda: not on.of_sessions(), ENDS_WITHIN)
    await until(lambda: on.processes(), ENDS_WITHIN)
    assert (await on.run(on.ssh("-T", "-oConnectionAttempts=3")))[0] == 1


async def test_a_taken_port_is_told_of_and_taken_over_once_it_is_free(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.port)):
        state = await site.set(site.key)
        assert state.enabled and not state.running and f"Port {site.port} is taken" in state.problem
    async with asyncio.timeout(60):
        while not (state := await site.state()).running:
            await asyncio.sleep(0.1)
    assert not state.problem
    await site.set(enabled=False)


async def test_nobody_else_reads_its_files(on: Site) -> None:
    folder = on.folder / "state" / "remote-console"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes.pop("remote-console") == 0o700 and modes.pop("host_key.pub") & 0o022 == 0
    assert modes == dict.fromkeys(("host_key", "sshd_config", "authorized_keys"), 0o600)


async def test_the_consoles_password_opens_it_where_that_is_wanted(site: Site) -> None:
    await site.set_password(PASSWORD)
    assert (await site.set(password_login=True)).running
    assert NEEDS_TERMINAL in await by_password(site, PASSWORD)
    assert "Permission denied" in await by_password(site, ANOTHER)
    await site.set_password(ANOTHER)
    assert NEEDS_TERMINAL in await by_password(site, ANOTHER)
    assert "Permission denied" in await by_password(site, PASSWORD)
    await site.set(site.key)
    assert "Permission denied (publickey)" in await by_password(site, ANOTHER)
    await site.set(enabled=False)
    assert PASSWORD not in site.log and ANOTHER not in site.log


async def test_wrong_passwords_cost_a_wait_in_which_keys_and_sessions_are_left_alone(on: Site, opened: Callable[..., Pty]) -> None:
    await on.set_password(PASSWORD)
    await on.set(on.key, password_login=True)
    assert NEEDS_TERMINAL in await by_password(on, PASSWORD)
    await opened().until(IDLE)
    for _ in range(5):
        assert "Permission denied (publickey,password)" in await by_password(on, "wrong horse")
    await reloaded(on, waiting=True)
    assert "Permission denied (publickey)" in await by_password(on, PASSWORD)
    assert (await on.run(on.ssh("-T")))[0] == 1 and len(on.consoles()) == 1
    await reloaded(on, waiting=False)
    assert NEEDS_TERMINAL in await by_password(on, PASSWORD)
    assert len(on.consoles()) == 1 and [one.result for one in await on.events()].count("refused") >= 5


async def reloaded(site: Site, *, waiting: bool) -> None:
    """Wait until a wait has begun, or is over, and sshd knows of it."""
    async with asyncio.timeout(60):
        while ("too many wrong passwords" in (await site.state()).problem) != waiting:
            await asyncio.sleep(0.05)
    logged = "Received SIGHUP; restarting."
    await until(lambda: site.log.count(logged) == (1 if waiting else 2) and "listening" in site.log.rpartition(logged)[2], ENDS_WITHIN)


async def by_password(site: Site, password: str) -> str:
    """What somebody gets who types this password."""
    ask = site.folder / "ask"
    ask.write_text(f"#!/bin/sh\necho '{password}'\n")
    ask.chmod(0o700)
    options = ("-T", "-oPubkeyAuthentication=no", "-oNumberOfPasswordPrompts=1")
    return (await site.run(site.ssh(*options), SSH_ASKPASS=str(ask), SSH_ASKPASS_REQUIRE="force"))[1]


async def test_a_whole_agent_serves_the_console_over_ssh() -> None:
    site = Site(whole=True)
    terminal = Pty()
    try:
        async with asyncio.timeout(20):
            while not await site.is_set_up():
                await asyncio.sleep(0.1)
        with pytest.raises(Fault) as refused:
            await site.set(password_login=True)
        assert refused.value.key == "remote_console.password_unknown"
        assert (await site.set(site.key)).running
        terminal.start(site.ssh(), term="xterm-256color")
        await terminal.until("OMA - inside CloudStack")
        site.agent.terminate()
        await until(lambda: not site.processes(), ENDS_WITHIN)
    finally:
        end_client(terminal)
        terminal.hang_up()
        site.remove()


@pytest.mark.parametrize("start", [(), ("nohup",)], ids=["as it is", "SIGHUP ignored"])
async def test_a_console_whose_line_is_gone_ends(start: tuple[str, ...], tmp_path: Path) -> None:
    terminal = Pty()
    program = f"import os, signal; signal.signal(signal.SIGHUP, signal.{'SIG_IGN' if start else 'SIG_DFL'}); os.execv({sys.executable!r}, "
    terminal.start([sys.executable, "-c", f"{program}{[*PROGRAM, '--socket', str(tmp_path / 'none.sock')]!r})"])
    await terminal.until(IDLE)
    process = terminal.process
    assert process is not None
    terminal.hang_up()
    await until(lambda: process.poll() is not None, ENDS_WITHIN)
