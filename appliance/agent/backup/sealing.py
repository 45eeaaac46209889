"""Seals and opens back-ups in a process of its own: age's work on a passphrase would hold up everything else in the agent for seconds.

The sealing is age's with a passphrase (age-encryption.org/v1, recipient `scrypt`): any program that knows the format opens it.
"""

from __future__ import annotations

import struct
import sys
import time

import pyrage

from appliance.agent.backup.faults import NOT_A_BACKUP, PASSPHRASE_WRONG
from appliance.core import commands

BEGINNING = b"age-encryption.org/v1\n"
_LENGTH = struct.Struct("!I")
_SEAL, _OPEN = "seal", "open"
_WRONG = 3
"""Exit code: it can't be opened with this passphrase."""
_TOO_LONG = "Excessive work"
GUESS_AGAIN_AFTER = (0.1, 0.5, 1.0, 2.0, 4.0)
"""Seconds."""
_LIMIT = 900.0
"""Seconds; a second of work on the passphrase, then as fast as the machine is."""


def require_sealed(content: bytes) -> None:
    """Raises a Fault (`backup.unreadable`) when this does not begin as a back-up."""
    if not content.startswith(BEGINNING):
        raise NOT_A_BACKUP(detail="it does not begin as one")


async def sealed(content: bytes, passphrase: str) -> bytes:
    """The content in age's format."""
    return (await _asked(_SEAL, content, passphrase)).stdout


async def opened(content: bytes, passphrase: str) -> bytes:
    """What is in a back-up. Raises a Fault (`backup.passphrase`, `backup.unreadable`)."""
    require_sealed(content)
    try:
        return (await _asked(_OPEN, content, passphrase)).stdout
    except commands.CommandFailed as error:
        if error.code == _WRONG:
            raise PASSPHRASE_WRONG(cause=str(error)) from error
        raise


async def _asked(what: str, content: bytes, passphrase: str) -> commands.Completed:
    """The passphrase goes through the pipe: what is on a command line can be seen by others."""
    words = passphrase.encode()
    return await commands.run([sys.executable, "-m", __name__, what], timeout=_LIMIT, input=_LENGTH.pack(len(words)) + words + content)


def main(what: str) -> int:
    """The process: length of the passphrase, passphrase and content on standard input, what becomes of it on standard output."""
    (length,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    passphrase, content = sys.stdin.buffer.read(length).decode(), sys.stdin.buffer.read()
    try:
        work = pyrage.passphrase.encrypt if what == _SEAL else _decrypted
        sys.stdout.buffer.write(work(content, passphrase))
    except pyrage.DecryptError as error:
        sys.stderr.write(str(error))
        return _WRONG
    return 0


def _decrypted(content: bytes, passphrase: str) -> bytes:
    """What would take far too long is refused unseen. That is guessed from a look at how fast the machine is: while it is busy with
    other things the guess may be wrong, and is made again."""
    for pause in GUESS_AGAIN_AFTER:
        try:
            return bytes(pyrage.passphrase.decrypt(content, passphrase))
        except pyrage.DecryptError as error:
            if _TOO_LONG not in str(error):
                raise
            time.sleep(pause)
    return bytes(pyrage.passphrase.decrypt(content, passphrase))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
