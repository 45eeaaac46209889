"""What a back-up consists of: a manifest, the rows of every table, keys and identity; a compressed tar file that is then sealed."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

import sqlalchemy as sa
from sqlalchemy import Connection

from appliance.agent.backup.faults import NOT_A_BACKUP
from appliance.core.store import dump
from appliance.core.tars import Header

FORMAT = 1
KEPT_FILES = ("vault*.key", "identity/*")
"""What belongs to the records and is kept beside them, below the folder of the appliance's state."""

_AT_ONCE = 1 << 20
_MANIFEST, _TABLES, _FILES = "manifest.json", "tables/", "files/"
_NAME = re.compile(r"(manifest\.json|tables/\w+\.jsonl|files/(vault(-[0-9]{1,9})?\.key|identity/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}))")
"""Every place that a back-up writes to, and no other one."""


@dataclass(frozen=True)
class Manifest:
    """What a back-up says of itself. `rows` counts by table, `revision` is the database's."""

    role: str
    appliance: str
    version: str
    revision: str
    made_at: str
    rows: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT


def pack(connection: Connection, state_dir: Path, manifest: Manifest) -> bytes:
    """Everything in one file. Reads one moment of the database. Blocks."""
    packed, kept = io.BytesIO(), _kept(state_dir)
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        rows = {table.name: _pack_table(tar, connection, table) for table in dump.tables(connection)}
        # Beside a change of the key the rows may be of before or of after it; an old key is written over before it goes.
        for name, content in sorted((_kept(state_dir) | kept).items()):
            _add(tar, name, content)
        _add(tar, _MANIFEST, json.dumps(asdict(manifest) | {"rows": rows}, indent=2).encode())
    return packed.getvalue()


class Contents:
    """An opened back-up. Raises a Fault (`backup.unreadable`) for whatever is not one."""

    def __init__(self, packed: bytes) -> None:
        try:
            _read_through(packed)
            self._tar = tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz", tarinfo=Header)  # noqa: SIM115 - it lives as long as the contents
            self._members = {one.name: one for one in self._tar.getmembers()}
        except (tarfile.TarError, EOFError, OSError, ValueError, RecursionError, zlib.error) as error:
            raise NOT_A_BACKUP(detail="it is cut off or damaged", cause=str(error)) from error
        strange = [name for name, one in self._members.items() if not _NAME.fullmatch(name) or not one.isfile()]
        if strange or _MANIFEST not in self._members:
            raise NOT_A_BACKUP(detail="it holds something else", cause=", ".join(strange))
        self.manifest = self._manifest()

    def rows(self, table: str) -> Iterator[bytes]:
        """The lines of a table."""
        yield from self._file(f"{_TABLES}{table}.jsonl")

    def files(self) -> dict[PurePosixPath, bytes]:
        """Keys and identity, by their place below the folder of the appliance's state."""
        return {PurePosixPath(name.removeprefix(_FILES)): self._file(name).read() for name in self._members if name.startswith(_FILES)}

    def _file(self, name: str) -> io.BufferedReader | io.BytesIO:
        found = self._tar.extractfile(self._members[name]) if name in self._members else None
        if found is None:
            raise NOT_A_BACKUP(detail="a part of it is missing", cause=name)
        return io.BytesIO(found.read())

    def _manifest(self) -> Manifest:
        try:
            manifest = Manifest(**json.loads(self._file(_MANIFEST).read()))
        except (ValueError, TypeError) as error:
            raise NOT_A_BACKUP(detail="its list of contents can't be read", cause=str(error)) from error
        if manifest.format != FORMAT or any(f"{_TABLES}{name}.jsonl" not in self._members for name in manifest.rows):
            raise NOT_A_BACKUP(detail="its contents are not those that it lists")
        return manifest


def _read_through(packed: bytes) -> None:
    """Its checksum is behind its last byte, which nobody reads who is content with the members."""
    with gzip.open(io.BytesIO(packed)) as content:
        while content.read(_AT_ONCE):
            pass


def _kept(state_dir: Path) -> dict[str, bytes]:
    """The files as they are now, by their names in the back-up; without what goes meanwhile."""
    found: dict[str, bytes] = {}
    for path in (path for pattern in KEPT_FILES for path in state_dir.glob(pattern) if path.is_file()):
        name = f"{_FILES}{path.relative_to(state_dir)}"
        if _NAME.fullmatch(name):
            with contextlib.suppress(FileNotFoundError):
                found[name] = path.read_bytes()
    return found


def _pack_table(tar: tarfile.TarFile, connection: Connection, table: sa.Table) -> int:
    """Rows go through a file: only what is compressed stays in memory."""
    count = 0
    with tempfile.TemporaryFile() as file:
        for line in dump.lines(connection, table):
            file.write(line)
            count += 1
        entry = tarfile.TarInfo(f"{_TABLES}{table.name}.jsonl")
        entry.size = file.tell()
        file.seek(0)
        tar.addfile(entry, file)
    return count


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
