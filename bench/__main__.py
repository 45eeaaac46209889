"""`python -m bench [NAME ...]`: runs all benchmarks, or the named ones."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.console import console
from bench.control_plane import control_plane
from bench.increments import increments
from bench.results import merge
from bench.scenarios import Ground, copy_plain, copy_tls, sparse_1tib

SOAKS: dict[str, Callable[[Ground], Awaitable[dict[str, object]]]] = {"increments": increments}
"""Long: run only where they are named."""
BENCHMARKS: dict[str, Callable[[Ground], Awaitable[dict[str, object]]]] = {
    "copy_tls": copy_tls,
    "copy_plain": copy_plain,
    "sparse_1tib": sparse_1tib,
    "console": console,
    "control_plane": control_plane,
}


async def main(names: list[str], output: Path, memory: Path) -> None:
    """Runs the named benchmarks on disks in a temporary folder under `memory` (a tmpfs) and merges the results into `output`."""
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=memory))
        try:
            outcome = await (BENCHMARKS | SOAKS)[name](Ground.from_environment(folder))
        finally:
            shutil.rmtree(folder)
        merge(output, name, outcome)
        sys.stdout.write(f"{name}: {json.dumps(outcome)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description="Measures ours beside the best known peer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS | SOAKS))
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a folder on tmpfs")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - BENCHMARKS.keys() - SOAKS.keys()
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    asyncio.run(main(arguments.names or list(BENCHMARKS), arguments.output, arguments.memory))
