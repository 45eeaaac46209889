"""Furnishing the root folder: the project's own files and settings in, what an image does not need out."""

import os
import shutil
import stat
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from image.programs import BuildProblem, remove_tree, run

# Each is made again where it is needed, names this machine, or would make an appliance like every other.
_FOLDERS_EMPTIED = ("var/cache", "var/lib/apt", "var/log", "var/tmp", "tmp", "run", "boot/grub")
_TAKEN_OUT = (
    *(
        "etc/apt/sources.list",
        "etc/apt/apt.conf.d/99mmdebstrap",
        "etc/apt/preferences.d/image",
        "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
        "etc/resolv.conf",
        "etc/hostname",
    ),
    *("etc/ssh/ssh_host_*", "var/lib/systemd/random-seed", "var/lib/dbus/machine-id", "var/lib/dpkg/*-old", "etc/*-", "etc/.pwd.lock"),
    *("var/lib/systemd/catalog/database", "var/lib/systemd/deb-systemd-helper-enabled", "var/lib/systemd/deb-systemd-user-helper-enabled"),
)


def strip(root: Path) -> None:
    """Take out what installing left behind: identities, caches, logs, settings of the machine that built it."""
    for name in _FOLDERS_EMPTIED:
        folder = root / name
        remove_tree(folder)
        folder.mkdir(mode=0o1777 if name in ("tmp", "var/tmp") else 0o755, parents=True)
        folder.chmod(0o1777 if name in ("tmp", "var/tmp") else 0o755)
    for pattern in _TAKEN_OUT:
        for found in root.glob(pattern):
            remove_tree(found)
    (root / "etc/machine-id").write_text("")


def lay_over(root: Path, overlay: Path) -> None:
    """Copy an overlay's files to their places, root's own and readable by all; one that does not exist yet holds nothing."""
    for source in sorted(overlay.rglob("*")):
        target = root / source.relative_to(overlay)
        if source.is_symlink():
            _make_way(target)
            target.symlink_to(source.readlink())
        elif source.is_dir():
            target.mkdir(exist_ok=True)
        else:
            _make_way(target)
            shutil.copyfile(source, target)
            target.chmod(0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)


def _make_way(target: Path) -> None:
    """A file takes the place of a file; it is not written through a link to somewhere else."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)


def settle(root: Path, identifier: UUID, vendor_key: Path | None) -> None:
    """What follows from the files in place: accounts, units enabled, the root file system's entry, no way in by password."""
    settle_root_entry(root, identifier)
    run("systemd-sysusers", f"--root={root}")
    if any((root / "usr/lib/systemd/system-preset").glob("*-appliance.preset")):
        run("systemctl", f"--root={root}", "preset-all")
    _lock_passwords(root / "etc/shadow")
    if vendor_key is not None:
        place_vendor_key(root, vendor_key)


def settle_root_entry(root: Path, identifier: UUID) -> None:
    """The root file system's options, and when it gets an identifier of its own: at a start from the image's."""
    # /dev/root: the one that is mounted already, whichever it is. A disk of a guest may carry any identifier.
    (root / "etc/fstab").write_text("/dev/root / ext4 defaults,noatime,errors=remount-ro 0 1\n")
    drop_in = root / "usr/lib/systemd/system/appliance-identifier.service.d/10-image.conf"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(f"[Unit]\nConditionKernelCommandLine=root=UUID={identifier}\n")


def place_vendor_key(root: Path, vendor_key: Path) -> None:
    """Put the public key that opens the vendor's shell into the image; raises BuildProblem when it is not one that an appliance takes."""
    try:
        text = vendor_key.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BuildProblem(f"The vendor's key {vendor_key} can't be read: {error}.") from error
    if "PRIVATE KEY" in text or not text.startswith("-----BEGIN PUBLIC KEY-----"):
        raise BuildProblem(f"{vendor_key} is not a public key in PEM form; an image must never hold a private one.")
    if not _is_ed25519(text):
        raise BuildProblem(
            f"{vendor_key} is no Ed25519 public key, and appliances take no other. Make one with "
            "`openssl genpkey -algorithm ed25519 -out vendor.key` and `openssl pkey -in vendor.key -pubout -out vendor.pub`."
        )
    place = root / "usr/share/appliance/vendor.pub"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(0o644)


def _is_ed25519(text: str) -> bool:
    try:
        return isinstance(load_pem_public_key(text.encode()), Ed25519PublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _lock_passwords(shadow: Path) -> None:
    shadow.write_text(locked(shadow.read_text()))


def locked(shadow: str) -> str:
    """A shadow file in which no password opens anything and no day of change tells when the image was made."""
    fields = (line.split(":") for line in shadow.splitlines())
    return "".join(":".join([name, "!*" if name == "root" else "*", "", *rest]) + "\n" for name, _, _, *rest in fields)


def kernel_version(root: Path) -> str:
    """The version of the image's only kernel."""
    found = [kernel.name.removeprefix("vmlinuz-") for kernel in (root / "boot").glob("vmlinuz-*")]
    if len(found) != 1:
        raise BuildProblem(f"The image has to have one kernel, and has {len(found)}: {', '.join(sorted(found)) or 'none'}.")
    return found[0]


def settle_times(root: Path, epoch: int) -> None:
    """Let no file be younger than `epoch` (seconds), and drop what is finer than a second."""
    found = [*root.rglob("*"), root]  # all at once: to look into a folder counts as reading it
    for path in found:
        _settle_time(path, epoch)


def _settle_time(path: Path, epoch: int) -> None:
    moment = min(int(path.lstat().st_mtime), epoch)
    os.utime(path, (moment, moment), follow_symlinks=False)
