"""What an upgrade file says of itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from appliance.agent.upgrade.faults import UNREADABLE
from appliance.core import releases

ROOT = "lib"
"""Everything of a release is in this folder."""
MOST_FILES, LARGEST, LONGEST_NAME = 100_000, 1 << 31, 400
"""Files of a release, bytes of all of them together, and characters of a name."""


class _Part(BaseModel):
    """Fields that are not known here are of a newer maker, and mean nothing to this version."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Entry(_Part):
    """One file of the release: its place, its length and its SHA-256."""

    path: Annotated[str, Field(max_length=LONGEST_NAME)]
    size: Annotated[int, Field(ge=0, le=LARGEST)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    executable: bool = False

    @field_validator("path")
    @classmethod
    def _harmless(cls, path: str) -> str:
        """A file below the release's folder, written in one way only."""
        parts = PurePosixPath(path).parts
        if str(PurePosixPath(*parts)) != path or ".." in parts or len(parts) < 2 or parts[0] != ROOT or not path.isprintable():
            raise ValueError("is no place in a release")
        return path


class Manifest(_Part):
    """An upgrade: the release it brings, for whom it is, and every file of it.

    `lines` are the releases (major.minor) that it takes over from, `schema_revision` that to which it brings the records, `python` the
    base system's.
    """

    format: Literal[1] = 1
    version: str
    lines: Annotated[list[Annotated[str, Field(pattern=r"^\d+\.\d+$")]], Field(min_length=1, max_length=100)]
    roles: Annotated[list[Literal["oma", "vma"]], Field(min_length=1)]
    schema_revision: Annotated[str, Field(pattern=r"^\d{4}$")]
    python: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    made_at: datetime
    files: Annotated[list[Entry], Field(min_length=1, max_length=MOST_FILES)]

    @field_validator("version")
    @classmethod
    def _of_a_release(cls, version: str) -> str:
        if releases.read(version) is None:
            raise ValueError("is not the version of a release")
        return version

    @field_validator("files")
    @classmethod
    def _bounded(cls, files: list[Entry]) -> list[Entry]:
        if len({one.path for one in files}) != len(files) or sum(one.size for one in files) > LARGEST:
            raise ValueError("are too large, or one is there twice")
        return files

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)


def file_name(version: str) -> str:
    """How the file of a version is called."""
    return f"appliance-{version}.upgrade"


def read(content: bytes) -> Manifest:
    """A manifest from its JSON. Raises a Fault (`upgrade.unreadable`)."""
    try:
        return Manifest.model_validate_json(content)
    except (ValidationError, RecursionError) as error:
        cause = str(error.errors(include_input=False, include_url=False)[:5]) if isinstance(error, ValidationError) else "nested too deep"
        raise UNREADABLE(detail="its list of contents can't be used", cause=cause) from None
