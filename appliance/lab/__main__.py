"""`python -m appliance.lab vcenter|cloudstack …`: runs one of the stand-ins."""

import os
import sys

CLOUDS = ("vcenter", "cloudstack")

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CLOUDS:
        sys.exit(f"usage: appliance lab {'|'.join(CLOUDS)} [--help]")
    os.execv(sys.executable, [sys.executable, "-m", f"appliance.lab.{sys.argv[1]}", *sys.argv[2:]])
