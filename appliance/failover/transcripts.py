"""What the program that prepares guests said, kept for support: a file a job, of the newest ones, and of each no more than its end."""

from __future__ import annotations

import logging
from pathlib import Path

from appliance.core.newest import newest_first, thin_out

_log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Bytes that are kept of what one preparation said; its end says why it failed."""
KEPT = 20
_SUFFIX = ".log"


def transcripts(folder: Path) -> list[Path]:
    """The files, newest first; reads the folder."""
    return newest_first(folder.glob(f"*{_SUFFIX}"))


class Transcript:
    """One job's file. It is written while the program speaks, so that it tells something also when the agent is killed."""

    def __init__(self, folder: Path, job_id: str) -> None:
        """Begin it anew; the oldest ones beyond those that are kept go."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / f"{job_id}{_SUFFIX}"
        self._path.unlink(missing_ok=True)
        self._path.touch(0o600)
        thin_out(folder.glob(f"*{_SUFFIX}"), KEPT, self._path)
        self._end = b""

    @property
    def end(self) -> str:
        """The last lines."""
        return self._end.decode(errors="replace").strip()

    def add(self, said: bytes) -> None:
        """Append; once the file is too large its older half goes. A disk that takes no more of it breaks no preparation off half-way."""
        self._end = (self._end + said)[-2000:]
        try:
            self._append(said)
        except OSError as error:
            _log.warning("what the preparation says can't be kept: %s", error)

    def _append(self, said: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(said)
            too_large = file.tell() > LARGEST
        if too_large:
            self._path.write_bytes(self._path.read_bytes()[-LARGEST // 2 :])
