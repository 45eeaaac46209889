"""VMware's own simulator as a program: built once into build/, run, and logged in to."""

import fcntl
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.session import VCenter

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).with_name("main.go")
USER, PASSWORD = "operator@vsphere.local", "correct horse"


@dataclass(frozen=True)
class Simulator:
    """Where the running simulator listens, and the folder of its datastore."""

    host: str
    port: int
    datastore: str
    folder: Path
    certificate: Path


def make_certificate(folder: Path, *options: str) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    argv = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        "-days",
        "2",
        *options,
    ]
    subprocess.run(argv, check=True, capture_output=True)
    return certificate, key


def build() -> Path:
    """The simulator's program; building takes half a minute, once."""
    built = ROOT / "build" / "vcsim"
    built.parent.mkdir(exist_ok=True)
    with (built.parent / "vcsim.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists() or built.stat().st_mtime < SOURCE.stat().st_mtime:
            go = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(built.parent / "go-cache")}
            subprocess.run(["go", "build", "-o", str(built), str(SOURCE)], check=True, env=os.environ | go)
    return built


def run_simulator(program: Path, certificate: Path, key: Path, *options: str) -> Iterator[Simulator]:
    """The simulator until the generator is closed; it ends when its input does."""
    argv = [str(program), "-cert", str(certificate), "-key", str(key), "-user", USER, "-password", PASSWORD, *options]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin and process.stdout
        where = json.loads(process.stdout.readline())
        yield Simulator(where["host"], int(where["port"]), where["datastore"], Path(where["folder"]), certificate)
        process.stdin.close()
        process.wait(10)


async def session(simulator: Simulator) -> AsyncIterator[VCenter]:
    """A session whose certificate was accepted by its fingerprint."""
    thumbprint = await fetch_fingerprint(simulator.host, simulator.port)
    async with VCenter(simulator.host, USER, PASSWORD, port=simulator.port, thumbprint=thumbprint) as vcenter:
        yield vcenter
