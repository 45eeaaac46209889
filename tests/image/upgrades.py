"""Upgrade files for a booted appliance, signed by a vendor whose key is in its disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.agent.upgrade.signature import sign
from image.release import make_release, project_version
from image.upgrade import manifest_of, pack
from tests.image.planting import place

KEY = Ed25519PrivateKey.generate()
VENDOR = "/usr/share/appliance/vendor.pub"
PACKAGE = "lib/appliance"

Change = Callable[[Path], None]
"""What makes a release other than the checkout's."""


async def trust(disk: Path) -> None:
    """Put the vendor's public key into a raw disk, as the build does when it is given one."""
    file = disk.with_suffix(".pub")
    file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    await place(disk, file, VENDOR)
    file.unlink()


def checkouts_release(folder: Path, cache: Path) -> Path:
    """The release that `python -m image upgrade` makes of the checkout."""
    made = folder / project_version()
    make_release(made, folder / "work", cache, 0)
    return made


def upgrade_file(release: Path, version: str, *changes: Change) -> Path:
    """The upgrade file of a copy of the release that has another version and the changes."""
    copy = release.with_name(version)
    shutil.copytree(release, copy)
    about = copy / f"lib/migration_appliance-{project_version()}.dist-info"
    metadata = about / "METADATA"
    metadata.write_text(metadata.read_text().replace(f"\nVersion: {project_version()}\n", f"\nVersion: {version}\n"))
    about.rename(about.with_name(f"migration_appliance-{version}.dist-info"))
    for change in changes:
        change(copy)
    listed = manifest_of(copy)
    made = pack(copy, listed, sign(KEY, listed), release.parent)
    shutil.rmtree(copy)
    return made


def hanging(release: Path) -> None:
    """An agent that starts and never does anything."""
    program = release / PACKAGE / "agent/__main__.py"
    program.write_text("import time\n\ntime.sleep(1 << 20)\n")
    for compiled in program.parent.glob("__pycache__/__main__.*"):
        compiled.unlink()  # it would be run without a look at its source
