"""The text on the machine's screens: the virtual terminal as the kernel has it, the serial one as an emulator shows it. Pure."""

from __future__ import annotations

import pyte

TEXT_COLUMNS = 80
SERIAL_SIZE = (80, 24)
"""Columns and lines of a terminal on the serial port."""


class Receiver(pyte.Screen):
    """A terminal that gets over sequences that a full line has garbled, as a real one does."""

    def cursor_position(self, line: int | None = None, column: int | None = None, *more: int) -> None:
        """Further numbers say nothing."""
        super().cursor_position(line, column)


def virtual(memory: bytes) -> str:
    """The lines of a virtual terminal from the first four bytes of /dev/vcsa1 and all of /dev/vcsu1 (vcs(4)).

    The first begins with the lines and the columns, a byte each; the second is UTF-32 in the machine's byte order, without line ends.
    Raises ValueError when it was cut off.
    """
    if len(memory) < 4 or len(memory) - 4 != memory[0] * memory[1] * 4:
        raise ValueError(f"not a whole screen: {len(memory)} bytes")
    columns = memory[1]
    text = memory[4:].decode("utf-32-le", errors="replace")
    return "\n".join(text[at : at + columns].rstrip() for at in range(0, len(text), columns))


def text_mode(memory: bytes) -> str:
    """The lines that are not empty in the memory of a VGA card's text mode: 80 columns, a byte each for character and colours."""
    text = memory[::2].decode("cp437").replace("\0", " ")
    lines = (text[at : at + TEXT_COLUMNS].rstrip() for at in range(0, len(text), TEXT_COLUMNS))
    return "\n".join(line for line in lines if line)


def serial(printed: bytes) -> str:
    """What a terminal shows after all this was printed to it."""
    screen = Receiver(*SERIAL_SIZE)
    pyte.ByteStream(screen).feed(printed)
    return "\n".join(line.rstrip() for line in screen.display)
