"""How a disk at a snapshot is served to the copying processes: pure rendering of programs' arguments and their files.

Two kinds with one interface: `HttpsSource` reads the frozen base file by ranges over HTTPS, `VendorSource` uses VMware's library.
Several connections to one source see the same bytes, for a snapshot does not change: both say so (multi-conn).
Secrets are in files (0600), never in arguments.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from appliance.contract.disk_library import Reader
from appliance.vsphere.certificate import fingerprint_of, name_for
from appliance.vsphere.vddk.probing import PLUGIN

# The session's cookie is read again this often (seconds), so that a new login reaches a running source.
COOKIE_RENEW = 2
# A request that fails is tried again every 2 seconds, without closing the connection to the copying process.
TRIES, TRY_PAUSE = 15, 2
REQUEST_TIMEOUT = 60
MULTI_CONN_FILTER, MULTI_CONN_MODE = ("--filter=multi-conn",), "multi-conn-mode=unsafe"


@dataclass(frozen=True)
class Rendered:
    """A source ready to be started: its program, the files it needs, and a relay to run before it, if any."""

    argv: tuple[str, ...]
    files: dict[str, str] = field(repr=False)
    relay: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpsSource:
    """A disk read by ranged HTTPS. `address` is path and query; `certificate` the server's, as PEM."""

    reader: ClassVar[Reader] = Reader.HTTPS
    disk_id: str
    label: str
    datastore: str
    capacity_bytes: int
    host: str
    port: int
    address: str
    certificate: str

    def render(self, folder: Path, socket: Path) -> Rendered:
        """Arguments and files. The certificate itself is the only one trusted: nbdkit-curl-plugin(1), cainfo.

        Where the certificate does not name the host (an address, say), its own name is asked for through a local relay.
        """
        name = name_for(self.certificate, self.host)
        relay = folder / "relay.sock"
        options = [
            f"url=https://{_bracketed(name)}:{self.port}{self.address}",
            f"cainfo={folder / 'certificate.pem'}",
            f"cookie-script=cat '{folder / 'cookie'}'",
            f"cookie-script-renew={COOKIE_RENEW}",
            "protocols=https",
            "followlocation=false",
            "tcp-keepalive=true",
            f"timeout={REQUEST_TIMEOUT}",
            *([f"unix-socket-path={relay}"] if name != self.host else []),
        ]
        filters = [*MULTI_CONN_FILTER, "--filter=retry-request"]
        settings = [MULTI_CONN_MODE, f"retry-request-retries={TRIES}", f"retry-request-delay={TRY_PAUSE}"]
        return Rendered(
            argv=(*_nbdkit(socket), *filters, "curl", *options, *settings),
            files={"certificate.pem": self.certificate},
            relay=(sys.executable, "-m", "appliance.vsphere.relay", str(relay), self.host, str(self.port)) if name != self.host else (),
        )


@dataclass(frozen=True)
class VendorSource:
    """A disk read with VMware's library, which the operator has installed under `library`. See nbdkit-vddk-plugin(1)."""

    reader: ClassVar[Reader] = Reader.LIBRARY
    disk_id: str
    label: str
    datastore: str
    capacity_bytes: int
    host: str
    port: int
    certificate: str
    library: Path
    vm: str
    snapshot: str
    path: str
    username: str
    password: str = field(repr=False)
    transports: str = "nbdssl:nbd"
    plugin: str = PLUGIN

    def render(self, folder: Path, socket: Path) -> Rendered:
        """Arguments and files; the library wants the certificate's SHA-1 fingerprint."""
        sha1 = fingerprint_of(self.certificate, "sha1")
        options = [
            f"libdir={self.library}",
            f"server={self.host}",
            f"port={self.port}",
            f"user={self.username}",
            f"password=+{folder / 'password'}",
            f"thumbprint={':'.join(sha1[at : at + 2] for at in range(0, 40, 2))}",
            f"vm=moref={self.vm}",
            f"snapshot={self.snapshot}",
            f"transports={self.transports}",
            f"file={self.path}",
        ]
        return Rendered(
            argv=(*_nbdkit(socket), *MULTI_CONN_FILTER, self.plugin, *options, MULTI_CONN_MODE), files={"password": self.password}
        )


DiskSource = HttpsSource | VendorSource


def _nbdkit(socket: Path) -> tuple[str, ...]:
    return ("nbdkit", "--foreground", "--exit-with-parent", "--readonly", "--threads=8", f"--unix={socket}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
