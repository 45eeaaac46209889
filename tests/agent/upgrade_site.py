"""An appliance's releases on disk, the vendor's key, and what restarts an agent as the appliance's unit does."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import appliance
from appliance.agent.upgrade.signature import sign
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.jobs import Job, JobsApi
from appliance.contract.status import StatusApi
from image.upgrade import manifest_of, pack

PROJECT = Path(appliance.__file__).parents[1]
SELECT = PROJECT / "systemd/root/usr/lib/appliance/select_release.py"
KILLING = Path(__file__).with_name("upgrade_killed.py")
OLD, NEW = "0.1.0", "0.2.0"
VERSIONS = "lib/appliance/core/store/migrations/versions"

Change = Callable[[Path], None]
"""What makes a release other than the checkout it is copied from."""


def release(folder: Path, version: str, *changes: Change) -> Path:
    """A release folder of this version: the checkout's code, with the changes."""
    lib = folder / version / "lib"
    shutil.copytree(PROJECT / "appliance", lib / "appliance", ignore=shutil.ignore_patterns("lab", "demo", "__pycache__"))
    about = lib / f"migration_appliance-{version}.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: migration-appliance\nVersion: {version}\n")
    for change in changes:
        change(folder / version)
    return folder / version


def migration(statements: str) -> Change:
    """One more migration."""

    def change(folder: Path) -> None:
        last = max(one.name.partition("_")[0] for one in (folder / VERSIONS).glob("[0-9]*_*.py"))
        number = f"{int(last) + 1:04d}"
        head = f'from alembic import op\nimport sqlalchemy as sa\nrevision = "{number}"\ndown_revision = "{last}"\n'
        (folder / VERSIONS / f"{number}_of_the_new_release.py").write_text(f"{head}\ndef upgrade():\n    {statements}\n")

    return change


def beginning(file: str, text: str) -> Change:
    """This stands before everything else in one of its files, but for the line that has to be the first."""

    def change(folder: Path) -> None:
        path = folder / "lib/appliance" / file
        path.write_text(
            path.read_text().replace("from __future__ import annotations\n", f"from __future__ import annotations\n{text}\n", 1)
        )

    return change


def ending(file: str, text: str) -> Change:
    """This stands after everything else in one of its files."""

    def change(folder: Path) -> None:
        path = folder / "lib/appliance" / file
        path.write_text(f"{path.read_text()}\n\n{text}\n")

    return change


@dataclass
class Site:
    """One appliance: `key` is its vendor's. `kills` are the moments at which its agent is killed, each once."""

    folder: Path
    run: Path
    trial: float = 60.0
    kills: Sequence[str] = ()
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    ends: list[int] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "opt"

    @property
    def state_file(self) -> Path:
        return self.folder / "state/upgrade/state.json"

    @property
    def started(self) -> str:
        """The release that is started next."""
        return (self.home / "current").readlink().name

    def state(self) -> dict[str, object]:
        return dict(json.loads(self.state_file.read_text()))

    async def time_is_over_once(self, problem: str) -> None:
        """The time of the trial is over when the new release has said this."""
        async with asyncio.timeout(200):
            while not (self.state_file.exists() and problem in str(self.state().get("problem"))):
                await asyncio.sleep(0.1)
        draft = self.state_file.with_suffix(".over")
        draft.write_text(json.dumps({**self.state(), "until": 0.0}))
        draft.replace(self.state_file)

    def set_up(self) -> None:
        """The old release, its link, the vendor's key and the configuration."""
        release(self.home / "releases", OLD)
        (self.home / "current").symlink_to(f"releases/{OLD}")
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "vendor.pub").write_bytes(public)
        (self.folder / "agent.toml").write_text(
            f'role = "oma"\nname = "oma1"\nstate_dir = "{self.folder}/state"\nrun_dir = "{self.run}"\n'
            f'[machine]\nrestart = []\npower_off = []\nnetworkd_dir = "{self.folder}/networkd"\nrelease_home = "{self.home}"\n'
            f'[api]\nport = 0\n[front_door]\naddress = "127.0.0.1"\nport = 0\n[storage]\nexport_port = 0\n'
            f'[gate]\nvendor_key = "{self.folder}/vendor.pub"\n'
        )

    def upgrade_file(self, *changes: Change, version: str = NEW) -> Path:
        """An upgrade file that the vendor has signed."""
        made = release(self.folder / "vendor", version, *changes)
        listed = manifest_of(made)
        return pack(made, listed, sign(self.key, listed), self.folder)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Transport]:
        """Its unit, started; and the way to its agent."""
        unit = asyncio.create_task(self._unit())
        transport = Transport(unix=str(self.run / "api.sock"))
        try:
            yield transport
        finally:
            await transport.close()
            unit.cancel()
            await asyncio.gather(unit, return_exceptions=True)

    async def _unit(self) -> None:
        """What the units do: choose the release, start the agent, watch the trial; and again when the agent has ended."""
        select = [sys.executable, "-I", str(SELECT), f"--state={self.state_file}", f"--home={self.home}", f"--trial={self.trial}"]
        agent = [sys.executable, str(KILLING), "--config", str(self.folder / "agent.toml")]
        plain = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
        environment = plain | {"PYTHONPATH": str(self.home / "current/lib"), "PYTHONSAFEPATH": "1", "KILLS": " ".join(self.kills)}
        while True:
            await asyncio.to_thread(subprocess.run, select, check=True)
            with (self.folder / "agent.log").open("ab") as log:
                running = await asyncio.create_subprocess_exec(*agent, cwd="/", env=environment, stderr=log)
            watching = await asyncio.create_subprocess_exec(*select, "watch", "/bin/kill", "-KILL", str(running.pid))
            try:
                self.ends.append(await running.wait())
            finally:
                for process in (running, watching):
                    with suppress(ProcessLookupError):
                        process.send_signal(signal.SIGTERM)
                    await asyncio.shield(process.wait())


@asynccontextmanager
async def site(folder: Path, *, trial: float = 60.0, kills: Sequence[str] = ()) -> AsyncIterator[Site]:
    """An appliance of the old release, not started."""
    run = Path(tempfile.mkdtemp(prefix="up-"))
    try:
        made = Site(folder, run, trial, kills)
        await asyncio.to_thread(made.set_up)
        yield made
    finally:
        shutil.rmtree(run, ignore_errors=True)


async def version(transport: Transport) -> str:
    """Which version answers; empty while none does."""
    with suppress(Fault):
        return (await client(StatusApi, transport).status()).version
    return ""


async def until(transport: Transport, wanted: Callable[[], bool] | str) -> None:
    """Wait until this is so; a text is the version that answers."""
    async with asyncio.timeout(200):
        while not (await version(transport) == wanted if isinstance(wanted, str) else wanted()):
            await asyncio.sleep(0.1)


async def ended(transport: Transport, job_id: str) -> Job:
    """The job once it has ended, however often the agent restarts meanwhile."""
    async with asyncio.timeout(300):
        while True:
            with suppress(Fault):
                job = await client(JobsApi, transport).job(job_id)
                if job.status in ("completed", "failed", "cancelled"):
                    return job
            await asyncio.sleep(0.2)


async def pieces(path: Path) -> AsyncIterator[bytes]:
    """A file as it is sent."""
    with path.open("rb") as file:
        while piece := file.read(1 << 16):
            yield piece
