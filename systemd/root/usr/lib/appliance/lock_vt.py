"""`lock_vt.py TERMINAL`: from now on no key does anything but type, until the machine is started again.

No key changes to another virtual terminal, and none of any terminal's keymap stops the screen, scrolls it, restarts the machine or asks
the kernel for anything.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios

VT_LOCKSWITCH = 0x560B
"""linux/vt.h; needs CAP_SYS_TTY_CONFIG. It holds for all terminals, whichever is named."""

KDGKBENT, KDSKBENT = 0x4B46, 0x4B47
"""linux/kd.h: read and set what a key means with some modifiers held. There is one keymap for all terminals."""
KEYMAPS, KEYS = 256, 256
TYPES_OF_FUNCTIONS = (2, 5)
"""Of meanings, which are a type and a value, a byte each: KT_SPEC, KT_CONS (linux/keyboard.h)."""
NOTHING, NO_SUCH_KEYMAP = 0x200, 0x27F
HARMLESS = {NOTHING, 0x201, 0x207, 0x208, 0x20D, 0x20E, 0x213, 0x27E}
"""K_HOLE, K_ENTER, K_CAPS, K_NUM, K_CAPSON, K_COMPOSE, K_BARENUMLOCK, K_ALLOCATED."""


def leads_away(meaning: int) -> bool:
    """Whether a key does more than type: stops or scrolls, changes terminals, restarts, shows the kernel's state (pure)."""
    return meaning >> 8 in TYPES_OF_FUNCTIONS and meaning not in HARMLESS


def disarm(keyboard: int) -> None:
    """Take their functions from all keys that have one."""
    for keymap in range(KEYMAPS):
        if _meaning(keyboard, keymap, 0) == NO_SUCH_KEYMAP:
            continue
        for key in range(1, KEYS):
            if leads_away(_meaning(keyboard, keymap, key)):
                fcntl.ioctl(keyboard, KDSKBENT, struct.pack("BBH", keymap, key, NOTHING))


def _meaning(keyboard: int, keymap: int, key: int) -> int:
    found: int = struct.unpack("BBH", fcntl.ioctl(keyboard, KDGKBENT, struct.pack("BBH", keymap, key, 0)))[2]
    return found


def go_on(terminal: int) -> None:
    """Let a terminal that was stopped while the machine started go on: no key is left that would."""
    for stops in (True, False):  # the kernel lets it go when it no longer listens to Ctrl-S
        settings = termios.tcgetattr(terminal)
        settings[0] = settings[0] | termios.IXON if stops else settings[0] & ~termios.IXON
        termios.tcsetattr(terminal, termios.TCSANOW, settings)


def main(path: str) -> None:
    """Raises OSError where the terminal is none."""
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(terminal, VT_LOCKSWITCH, 1)
    disarm(terminal)
    go_on(terminal)
    os.close(terminal)


if __name__ == "__main__":
    main(sys.argv[1])
