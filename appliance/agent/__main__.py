"""`python -m appliance.agent --role oma|vma --config FILE`: runs one agent until it is told to stop."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from pathlib import Path


def main() -> int:
    """Exit codes: 0 stopped as asked, 2 unusable configuration, 1 could not start."""
    parser = argparse.ArgumentParser(prog="appliance agent", description="Run the agent of one appliance.")
    parser.add_argument("--role", choices=("oma", "vma"))
    parser.add_argument("--config", type=Path, default=Path("/etc/appliance/agent.toml"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)  # two lines for each look at the health
    # What is loaded stays. Looking through it again and again meanwhile would be a sixth of the time that loading takes; run() turns it on.
    gc.disable()
    from appliance.agent.program import run

    return run(arguments.config, arguments.role)


if __name__ == "__main__":
    sys.exit(main())
