"""A machine with an agent and the console over SSH, and clients that come to it: Debian's OpenSSH on both sides."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from appliance.contract.access import RemoteConsole, RemoteConsoleApi, SetRemoteConsole
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.gate import AuditEvent, GateApi
from appliance.contract.setup import SetPassword, SetStage, SetupApi, Stage
from tests.tui.ssh_agent import configuration
from tests.tui.terminal import PATIENCE, ROOT, Pty

HERE = Path(__file__).parent
ALIVE_S = 1
PROGRAMS = ("/usr/sbin/sshd", "ssh", "ssh-keygen", "scp", "sftp", "unshare", "nsenter", "useradd", "chpasswd")
IDLE = "Migration Appliance"
"""What the console's first screen says."""


class Site:
    """The machine. All that its agent starts is in its mount namespace, and known by that."""

    def __init__(self, *, whole: bool = False) -> None:
        """With a whole agent, or with as much of one as the console over SSH needs, and clients that are asked sooner."""
        for program in PROGRAMS:
            assert shutil.which(program), f"{program} is missing (packages openssh-server, openssh-client, util-linux, passwd)"
        self.folder = Path(tempfile.mkdtemp(prefix="ssh"))
        self.folder.chmod(0o711)
        self.port = _free_port()
        self._password: str | None = None
        self._machine = subprocess.Popen(
            ["unshare", "--mount", str(HERE / "ssh_machine.sh"), str(self.folder), str(ROOT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        _await_ready(self._machine)
        (self.folder / "open").mkdir()
        (self.folder / "open").chmod(0o777)
        self._program = self._whole_agent() if whole else ["tests.tui.ssh_agent", str(self.folder), str(self.port), str(ALIVE_S)]
        self.agent = self._start_agent()
        self.key, self.other_key = self._key("operator"), self._key("stranger")

    def _whole_agent(self) -> list[str]:
        file, networkd = self.folder / "agent.json", self.folder / "networkd"
        more = {"api": {"port": 0}, "front_door": {"address": "127.0.0.1", "port": 0}, "machine": {"networkd_dir": str(networkd)}}
        more["storage"] = {"devices_dir": str(self.folder), "export_port": 0}
        config = configuration(self.folder, self.port).model_dump(mode="json", exclude_unset=True) | more
        file.write_text("\n".join(f"{key} = {_toml(value)}" for key, value in config.items()))
        return ["appliance.agent", "--config", str(file)]

    def _start_agent(self) -> subprocess.Popen[bytes]:
        argv = ["nsenter", "--mount", f"--target={self._machine.pid}", f"--wd={ROOT}", sys.executable, "-m", *self._program]
        with (self.folder / "agent.log").open("ab") as log:
            agent = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        if self._program[0] == "tests.tui.ssh_agent":
            _await_ready(agent)
        return agent

    def kill_agent(self) -> None:
        """As a crash does."""
        self.agent.kill()
        self.agent.communicate()

    def end_agent(self) -> None:
        """In order."""
        self.agent.communicate()

    def start_agent(self) -> None:
        """Another one, on the same records."""
        self.agent = self._start_agent()

    def remove(self) -> None:
        """End everything."""
        self.agent.terminate()
        self.agent.communicate()
        self._machine.communicate()
        shutil.rmtree(self.folder)

    def _key(self, name: str) -> Path:
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
        return path

    @property
    def log(self) -> str:
        """What the agents have logged."""
        return (self.folder / "agent.log").read_text()

    async def state(self) -> RemoteConsole:
        """How the console over SSH stands."""
        transport = self._transport()
        try:
            return await client(RemoteConsoleApi, transport).remote_console()
        finally:
            await transport.close()

    async def set(self, *keys: Path, enabled: bool = True, password_login: bool = False) -> RemoteConsole:
        """Turn it on for these keys."""
        lines = [key.with_suffix(".pub").read_text() for key in keys]
        transport = self._transport()
        try:
            body = SetRemoteConsole(enabled=enabled, authorised_keys=lines, password_login=password_login)
            return await client(RemoteConsoleApi, transport).set_remote_console(body)
        finally:
            await transport.close()

    async def set_password(self, new: str) -> None:
        """Set the console's password."""
        current, self._password = self._password, new
        transport = self._transport()
        try:
            await client(SetupApi, transport).set_password(SetPassword.model_validate({"current": current, "new": new}))
        finally:
            await transport.close()

    async def is_set_up(self) -> bool:
        """Finish the wizard; False while the agent does not answer yet."""
        transport = self._transport()
        try:
            await client(SetupApi, transport).set_stage(SetStage(stage=Stage.DONE))
        except Fault:
            return False
        finally:
            await transport.close()
        return True

    async def events(self) -> list[AuditEvent]:
        """The audit log, newest first."""
        transport = self._transport()
        try:
            return await client(GateApi, transport).audit()
        finally:
            await transport.close()

    def _transport(self) -> Transport:
        return Transport(unix=f"/proc/{self._machine.pid}/root/run/appliance/api.sock")

    def options(self, key: Path | None = None) -> list[str]:
        """What every client is told: nothing from this machine's own configuration, and no questions."""
        given = {
            "IdentityFile": key or self.key,
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "INFO",
            "ControlPath": "none",
        }
        return ["-F", "none", *(f"-o{name}={value}" for name, value in given.items())]

    def ssh(self, *more: str, key: Path | None = None) -> list[str]:
        """An ssh to the console; `more` may end in a command. Of options that are given twice the first counts, ssh_config(5)."""
        options = [one for one in more if one.startswith("-")]
        command = [one for one in more if not one.startswith("-")]
        return ["ssh", *options, *self.options(key), f"-p{self.port}", "console@127.0.0.1", *command]

    def open(self, *more: str, key: Path | None = None) -> Pty:
        """A terminal with an ssh on it."""
        terminal = Pty()
        terminal.start(self.ssh(*more, key=key), term="xterm-256color")
        return terminal

    async def run(self, argv: list[str], within: float = PATIENCE, **env: str) -> tuple[int, str]:
        """Run a client to its end, without a terminal; its exit code and all it said."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(within):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, said.decode(errors="replace")

    def processes(self) -> dict[int, str]:
        """All that lives on the machine, but for itself and its agent: pid and title."""
        mine = _link(self._machine.pid, "mnt")
        found = (int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal())
        own = {self._machine.pid, self.agent.pid}
        return {pid: _title(pid) for pid in found if pid not in own and _link(pid, "mnt") == mine and _title(pid)}

    def consoles(self) -> list[int]:
        """Pids of the consoles that run over SSH."""
        return [pid for pid, title in self.processes().items() if "-m appliance.tui" in title]

    def of_sessions(self) -> dict[int, str]:
        """All of sshd but what listens."""
        keep = ("unshare", "sshd: /usr/sbin/sshd", "/usr/sbin/sshd -D")
        return {pid: title for pid, title in self.processes().items() if not title.startswith(keep)}


async def until(holds: Callable[[], object], within: float) -> float:
    """Wait until something holds; the seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, f"not within {within} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def _await_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == b"ready\n", f"{process.args} did not start: {line!r}"


def _toml(value: object) -> str:
    """A value of a TOML file: JSON's texts, numbers and lists are TOML's too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _link(pid: int, kind: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:
        return ""


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
