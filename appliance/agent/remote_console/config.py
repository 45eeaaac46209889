"""sshd's configuration file, as text."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

FOLDER = "remote-console"
"""Below the agent's folder for its state."""

ALIVE_S = 10
"""Seconds of silence after which a client is asked whether it is there; after three questions without an answer its session ends."""


@dataclass(frozen=True)
class Server:
    """What one sshd serves: where it listens, for whom, which program, and by what one logs in."""

    address: str
    port: int
    user: str
    program: tuple[str, ...]
    folder: Path
    password_login: bool
    alive_s: int = ALIVE_S

    @property
    def file(self) -> Path:
        return self.folder / "sshd_config"

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    @property
    def authorized_keys(self) -> Path:
        return self.folder / "authorized_keys"


_FIXED = """\
# Only the account of the console, and only its program: a command, a subsystem or a file that is asked for is ignored.
PermitTTY yes
PermitUserRC no
PermitUserEnvironment no
DisableForwarding yes
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitOpen none
PermitListen none
GatewayPorts no
MaxSessions 1

# How one logs in. Without PAM sshd itself looks into /etc/shadow: no PAM module runs, neither for accounts nor for sessions
# (no limits.conf, no motd, no systemd user session), and an account whose password begins with "!" counts as locked, also for keys.
UsePAM no
PermitRootLogin no
PubkeyAuthentication yes
RequiredRSASize 2048
KbdInteractiveAuthentication no
HostbasedAuthentication no
GSSAPIAuthentication no
KerberosAuthentication no
PermitEmptyPasswords no
IgnoreRhosts yes
StrictModes yes
MaxAuthTries 6
LoginGraceTime 30
MaxStartups 10:30:20
PerSourceMaxStartups 5

# A connection that is silent, or has no console, ends.
TCPKeepAlive yes
ClientAliveCountMax 3
UnusedConnectionTimeout 60

# Nothing is said to strangers or printed before the console.
Banner none
DebianBanner no
VersionAddendum none
PrintMotd no
PrintLastLog no
PidFile none
UseDNS no
ExposeAuthInfo no
Compression no
LogLevel INFO
"""
"""Ciphers, key exchange and MACs are OpenSSH's own defaults. AcceptEnv and Subsystem are absent: none is the default of both."""


def rendered(server: Server) -> str:
    """The file, sshd_config(5). Raises ValueError when a path or word of the program has characters that no line can hold."""
    methods = "publickey password" if server.password_login else "publickey"
    return "\n".join(
        [
            "# Written by the appliance's agent; changes are lost.",
            _listen(server.address, server.port),
            f"HostKey {_quoted(str(server.host_key))}",
            f"AllowUsers {server.user}",
            f"ForceCommand exec {shlex.join(map(_on_one_line, server.program))}",
            # Read by root: sshd reads an AuthorizedKeysFile as the account, which has no business in the agent's folder.
            "AuthorizedKeysFile none",
            f"AuthorizedKeysCommand /usr/bin/cat {_quoted(str(server.authorized_keys).replace('%', '%%'))}",
            "AuthorizedKeysCommandUser root",
            f"AuthenticationMethods {methods}",
            f"PasswordAuthentication {'yes' if server.password_login else 'no'}",
            f"ClientAliveInterval {server.alive_s}",
            "",
            _FIXED,
        ]
    )


def _listen(address: str, port: int) -> str:
    """Without an address: on all, of both families."""
    if not address:
        return f"Port {port}"
    return f"ListenAddress [{address}]:{port}" if ":" in address else f"ListenAddress {address}:{port}"


def _quoted(text: str) -> str:
    """One argument, as sshd's argv_split takes it apart again."""
    return '"' + _on_one_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r} can't be part of a configuration line")
    return text
