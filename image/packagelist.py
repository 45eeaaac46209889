"""The lists of Debian packages that an image is made of (packages/*.txt)."""

import re
from pathlib import Path

from image.programs import BuildProblem

FOLDER = Path(__file__).with_name("packages")

# Debian policy 5.6.1: lower case letters, digits, plus, minus and full stops; at least two of them.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_INCLUDE = re.compile(r"include\s+([a-z][a-z0-9-]*)")


def packages(name: str, folder: Path = FOLDER) -> tuple[str, ...]:
    """The packages of a list and of those that it includes, sorted, each once; raises BuildProblem with the line at fault."""
    return tuple(sorted(_read(name, folder, ())))


def _read(name: str, folder: Path, above: tuple[str, ...]) -> set[str]:
    file = folder / f"{name}.txt"
    if name in above:
        raise BuildProblem(f"The package list {name} includes itself, by way of {' and '.join(above)}.")
    try:
        lines = file.read_text().splitlines()
    except OSError as error:
        raise BuildProblem(f"The package list {file.name} can't be read: {error.strerror}.") from error
    found: set[str] = set()
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip()
        if included := _INCLUDE.fullmatch(word):
            found |= _read(included[1], folder, (*above, name))
        elif _NAME.fullmatch(word):
            found.add(word)
        elif word:
            raise BuildProblem(f"{file.name}, line {number}: “{word}” is not the name of a Debian package.")
    return found
