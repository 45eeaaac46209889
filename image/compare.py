"""Comparing two disk images: which files differ, in what, and whether the rest of the disk is the same."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from image.bootsectors import MIB, ROOT_AT
from image.programs import run


@dataclass(frozen=True)
class Entry:
    """What is to be the same of a file in two images."""

    kind: str
    mode: int
    owner: tuple[int, int]
    modified: int
    content: str


def differences(first: Mapping[str, Entry], second: Mapping[str, Entry]) -> list[str]:
    """A line for each path that is in one tree only, or differs, with what differs (pure)."""
    lines = []
    for path in sorted(first.keys() | second.keys()):
        one, other = first.get(path), second.get(path)
        if one is None or other is None:
            lines.append(f"{path}: only in the {'second' if one is None else 'first'}")
        elif changed := [name for name in ("kind", "mode", "owner", "modified", "content") if getattr(one, name) != getattr(other, name)]:
            lines.append(f"{path}: {', '.join(changed)}")
    return lines


def compare(first: Path, second: Path) -> list[str]:
    """What differs between two disk images of any format; nothing when they are the same bit for bit. Raises BuildProblem."""
    with tempfile.TemporaryDirectory(dir=first.parent) as scratch:
        disks = [_raw(image, Path(scratch) / name) for image, name in ((first, "first"), (second, "second"))]
        parts = [_parts(disk) for disk in disks]
        changed = [name for name in parts[0] if parts[0][name] != parts[1][name]]
        lines = [f"{name}: the bytes differ" for name in changed]
        if "root file system" in changed:
            trees = [_tree(disk, Path(scratch) / f"{disk.name}-tree") for disk in disks]
            lines += differences(trees[0], trees[1]) or ["every file is the same; only the file system's own records differ"]
        return lines


def _raw(image: Path, disk: Path) -> Path:
    run("qemu-img", "convert", "-O", "raw", image, disk)
    return disk


def _parts(disk: Path) -> dict[str, str]:
    """Digests of the parts of a disk."""
    end = disk.stat().st_size
    borders = {"boot sectors, boot loader and EFI partition": (0, ROOT_AT * MIB), "root file system": (ROOT_AT * MIB, end)}
    return {name: _digest(disk, start, stop) for name, (start, stop) in borders.items()}


def _digest(disk: Path, start: int, stop: int) -> str:
    """The digest of a stretch's data and where it lies; holes are passed over, and so are written zeros."""
    whole = hashlib.sha256()
    with disk.open("rb") as file:
        for offset in _data(file.fileno(), start, stop):
            file.seek(offset)
            block = file.read(min(MIB, stop - offset))
            if block.count(0) != len(block):
                whole.update(offset.to_bytes(8, "big") + block)
    return whole.hexdigest()


def _data(descriptor: int, start: int, stop: int) -> Iterator[int]:
    """The mebibytes between start and stop that have data."""
    offset = start
    while offset < stop:
        try:
            found = os.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError:
            return
        offset = max(offset, found - found % MIB)
        if offset < stop:
            yield offset
        offset += MIB


def _tree(disk: Path, folder: Path) -> dict[str, Entry]:
    """The files of a disk's root file system, unpacked without mounting it."""
    folder.mkdir()
    run("debugfs", "-R", f'rdump / "{folder}"', f"{disk}?offset={ROOT_AT * MIB}")
    return {str(path.relative_to(folder)): _entry(path) for path in sorted(folder.rglob("*"))}


def _entry(path: Path) -> Entry:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        content = str(path.readlink())
    elif stat.S_ISREG(found.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = ""
    return Entry(oct(stat.S_IFMT(found.st_mode)), stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), int(found.st_mtime), content)
