"""GRUB's configurations: the one in its core, and the one on the root file system (systemd/boot/grub.cfg.in)."""

import re
from collections.abc import Mapping

from image.programs import BuildProblem

# What the two configurations use.
MODULES = ("part_gpt", "ext2", "probe", "configfile", "linux", "normal", "boot", "test", "sleep", "reboot")

# The third partition of the disk that the firmware has loaded GRUB from. It is not searched for: any other disk may carry any identifier.
PREFIX = "(,gpt3)/boot/grub"

_FIELD = re.compile(r"@([A-Z_]+)@")


# What GRUB's core does first: go on on the root file system, or try again. No superuser has a password to open GRUB's command line.
START_CONFIG = "set superusers=nobody\nexport superusers\nconfigfile ($root)/boot/grub/grub.cfg\nsleep 10\nreboot\n"


def grub_config(template: str, kernel: str, options: str) -> str:
    """The template with its fields filled in, for the kernel of the version named; raises BuildProblem for a field that nobody knows."""
    return filled(template, {"KERNEL": f"/boot/vmlinuz-{kernel}", "INITRD": f"/boot/initrd.img-{kernel}", "CMDLINE": options})


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put the values in the places of @NAME@."""
    if unknown := sorted(set(_FIELD.findall(template)) - values.keys()):
        raise BuildProblem(f"grub.cfg.in has fields that the image builder does not know: {', '.join(unknown)}.")
    return _FIELD.sub(lambda field: values[field[1]], template)
