"""Running the programs that a build is made of."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class BuildProblem(Exception):
    """The image can't be built; the text says why and what to do."""


def run(*argv: str | Path, env: Mapping[str, str] | None = None, stdin: str | None = None, folder: Path | None = None) -> str:
    """Run a program to its end and return what it printed; raises BuildProblem with its last messages when it fails."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, input=stdin or "", capture_output=True, text=True, errors="replace", cwd=folder, env={**os.environ, **(env or {})}
        )
    except FileNotFoundError as missing:
        raise BuildProblem(f"{words[0]} is not installed; scripts/setup-image installs what a build needs.") from missing
    if done.returncode:
        raise BuildProblem(f"{words[0]} ended with {done.returncode}: {_last(done.stderr or done.stdout)}")
    return done.stdout


def in_root(root: Path, *argv: str, env: Mapping[str, str] | None = None) -> str:
    """Run one of the image's own programs inside its root folder."""
    return run("chroot", root, *argv, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})})


def remove_tree(folder: Path) -> None:
    """Take a folder away without leaving its file system; what is not there is no fault."""
    run("rm", "-rf", "--one-file-system", folder)


def _last(messages: str, lines: int = 15) -> str:
    return "\n".join(messages.strip().splitlines()[-lines:])
