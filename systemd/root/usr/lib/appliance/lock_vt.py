"""`lock_vt.py TERMINAL`: from now on no key changes to another virtual terminal, until the machine is started again."""

from __future__ import annotations

import fcntl
import os
import sys

VT_LOCKSWITCH = 0x560B
"""linux/vt.h; needs CAP_SYS_TTY_CONFIG. It holds for all terminals, whichever is named."""


def main(terminal: str) -> None:
    """Raises OSError where the terminal is none."""
    descriptor = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, VT_LOCKSWITCH, 1)
    os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1])
