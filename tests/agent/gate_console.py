"""A console that does nothing but relay: `gate_console.py SOCKET TICKET`, on the terminal it was started on."""

import sys
from pathlib import Path

from appliance.tui.shell import relay

if __name__ == "__main__":
    sys.stdout.write(f"[{relay(Path(sys.argv[1]), sys.argv[2])}]\n")
