"""The `appliance` command: starts programs, and asks an agent whatever its API can be asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

PROGRAMS = {"agent": "appliance.agent", "lab": "appliance.lab", "tui": "appliance.tui"}


def main(words: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 refused, failed or unreachable, 2 wrong usage."""
    words = sys.argv[1:] if words is None else words
    if words and words[0] in PROGRAMS:
        os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[words[0]], *words[1:]])
    if words and words[0] == "vendor":
        from appliance.cli import vendor

        return vendor.main(words[1:])
    # The whole contract is read for it: only where it is needed.
    from appliance.cli import line

    return line.run(words)
