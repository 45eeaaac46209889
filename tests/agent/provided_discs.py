"""Discs as a hypervisor makes them, with the program that CloudStack makes its config drives with."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

AS_CLOUDSTACK = ("-iso-level", "3", "-J", "-r")


def disc(folder: Path, files: Mapping[str, bytes], label: str = "config-2", options: tuple[str, ...] = AS_CLOUDSTACK) -> bytes:
    """A disc with these files, by their paths."""
    root, made = folder / "root", folder / "made.iso"
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    root.mkdir(exist_ok=True)
    subprocess.run(
        ["genisoimage", "-quiet", *options, "-V", label, "-o", str(made), str(root)], check=True, capture_output=True, timeout=60
    )
    return made.read_bytes()
