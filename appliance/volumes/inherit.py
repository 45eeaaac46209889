"""Start a program on sockets that already listen, in systemd's way: descriptors from 3 on, LISTEN_FDS and LISTEN_PID.

Run as a file, `inherit.py FD[,FD…] PROGRAM ARGUMENT…`: the descriptors move to their places and the program takes over this process.
"""

from __future__ import annotations

import fcntl
import os
import sys

_FIRST = 3
_OUT_OF_THE_WAY = 100


def main() -> None:
    """Move the descriptors and become the program."""
    given = [int(number) for number in sys.argv[1].split(",")]
    parked = [fcntl.fcntl(number, fcntl.F_DUPFD, _OUT_OF_THE_WAY) for number in given]
    for place, number in enumerate(parked, _FIRST):
        os.dup2(number, place)
        os.close(number)
    os.environ |= {"LISTEN_FDS": str(len(given)), "LISTEN_PID": str(os.getpid())}
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
