"""An OVA: a tar file with descriptor, manifest and disk, in the order in which vSphere streams them in."""

import hashlib
import tarfile
from pathlib import Path

from image.ovf import Machine, check_ovf, render_ovf


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def manifest(files: dict[str, str]) -> str:
    """The manifest's text (DSP0243, 5.1): files and their SHA-256."""
    return "".join(f"SHA256({name})= {value}\n" for name, value in files.items())


def write_ova(ova: Path, machine: Machine, disk: Path, epoch: int) -> None:
    """Write the OVA of a machine whose disk is the file `disk`; its descriptor and manifest are written beside it first."""
    descriptor, listing = disk.with_name(f"{machine.name}.ovf"), disk.with_name(f"{machine.name}.mf")
    text = render_ovf(machine)
    check_ovf(text)
    descriptor.write_text(text)
    listing.write_text(manifest({file.name: digest(file) for file in (descriptor, disk)}))
    with tarfile.open(ova, "w", format=tarfile.USTAR_FORMAT) as archive:
        for file in (descriptor, listing, disk):
            _add(archive, file, epoch)


def _add(archive: tarfile.TarFile, file: Path, epoch: int) -> None:
    entry = tarfile.TarInfo(file.name)
    entry.size, entry.mtime, entry.mode = file.stat().st_size, epoch, 0o644
    with file.open("rb") as content:
        archive.addfile(entry, content)
