"""The root overlay as it comes to lie in an image: over the units of the systemd that this machine has."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

SYSTEMD = Path(__file__).parents[2] / "systemd"
ROOT = SYSTEMD / "root"
UNITS = Path("usr/lib/systemd/system")


def laid_out(target: Path, role: str) -> Path:
    """A root folder with Debian's units, the common overlay, and the role's."""
    shutil.copytree("/usr/lib/systemd/system", target / UNITS, symlinks=True)
    for overlay in (ROOT, SYSTEMD / role):
        shutil.copytree(overlay, target, symlinks=True, dirs_exist_ok=True)
    for program in ("usr/bin/python3", "usr/bin/appliance", "usr/lib/systemd/systemd-growfs", "usr/bin/systemctl"):
        (target / program).parent.mkdir(parents=True, exist_ok=True)
        (target / program).touch(mode=0o755)
    (target / "lib").symlink_to("usr/lib")
    (target / "bin").symlink_to("usr/bin")
    return target


def own_units() -> list[Path]:
    """The units that are the appliance's own."""
    return sorted((ROOT / UNITS).glob("appliance-*"))


def settings(file: Path) -> configparser.ConfigParser:
    """A file of systemd's; of a setting that is given several times, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]  # names keep their case
    parser.read(file)
    return parser
