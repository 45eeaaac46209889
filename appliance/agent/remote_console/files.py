"""sshd's files: its configuration, the keys that may log in, and the key by which it is known."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from appliance.agent.remote_console.config import Server, rendered
from appliance.agent.remote_console.keys import PublicKey, authorized_keys, public_key
from appliance.contract.errors import Fault
from appliance.core import commands


def fingerprints(file: Path) -> list[str]:
    """The host key as a client shows it; none before it was made."""
    try:
        key = public_key(file.read_text())
    except (OSError, Fault):
        return []
    return [f"{key.kind} {key.fingerprint}"]


def write(server: Server, keys: Sequence[PublicKey]) -> None:
    """Configuration and keys; nobody but the agent's user reads them, and no half of one is ever read."""
    server.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path, text in ((server.file, rendered(server)), (server.authorized_keys, authorized_keys(keys))):
        new = path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        new.rename(path)


async def make_host_key(path: Path) -> None:
    """Make the host key. Its private half comes to its place last, and whole: where it is, both are. Raises OSError or CommandFailed."""
    new = path.with_name("new_host_key")
    halves = ((new.with_suffix(".pub"), path.with_suffix(".pub")), (new, path))
    for one, _ in halves:
        await asyncio.to_thread(one.unlink, missing_ok=True)
    await commands.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(new)))
    await asyncio.to_thread(_put_in_place, halves)


def _put_in_place(halves: tuple[tuple[Path, Path], ...]) -> None:
    for new, path in halves:
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.rename(path)
