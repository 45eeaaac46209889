"""The list of everything in an image: CycloneDX, from Debian's `debsbom` and CycloneDX's own `cyclonedx-py`, joined into one document."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from uuid import UUID

from image.programs import run

SPEC = "1.6"

Document = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """What the list is of."""

    name: str
    version: str
    identifier: UUID
    epoch: int

    @property
    def moment(self) -> str:
        return datetime.fromtimestamp(self.epoch, UTC).isoformat()


def write_sbom(root: Path, library: Path, out: Path, subject: Subject, tools: Path, work: Path) -> int:
    """Write the list of the Debian packages under `root` and the Python packages in `library`; says how many there are. `tools` is the
    environment with the two programs, `work` a folder for what each writes. Raises BuildProblem."""
    debian, python = work / "debian.cdx.json", work / "python.cdx.json"
    _debian(root, debian, subject, tools)
    _python(library, python, subject, tools)
    joined = join(json.loads(debian.read_text()), json.loads(python.read_text()), subject)
    out.write_text(json.dumps(joined, indent=1, sort_keys=True) + "\n")
    return len(joined["components"])


def package_lines(root: Path, library: Path) -> str:
    """The Debian packages of a root folder and the Python packages of a library, one a line with its version."""
    listed = run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat", "${Package} ${Version}\n").splitlines()
    python = (f"{found.name} {found.version} (Python)" for found in distributions(path=[str(library)]))
    return "".join(f"{line}\n" for line in (*sorted(listed), *sorted(python)))


def _debian(root: Path, out: Path, subject: Subject, tools: Path) -> None:
    names = ("--distro-name", subject.name, "--distro-version", subject.version)
    fixed = ("--cdx-serialnumber", str(subject.identifier), "--timestamp", subject.moment, "--cdx-schema-version", SPEC)
    run(tools / "bin/debsbom", "generate", "-r", root, "-t", "cdx", *names, *fixed, "-o", out)


def _python(library: Path, out: Path, subject: Subject, tools: Path) -> None:
    """`cyclonedx-py` asks an interpreter for its packages; this one sees the library and nothing of the machine's."""
    interpreter = out.with_suffix(".interpreter")
    interpreter.write_text(f'#!/bin/sh\nPYTHONPATH="{library}" exec /usr/bin/python3 -S "$@"\n')
    interpreter.chmod(0o755)
    clock = {"SOURCE_DATE_EPOCH": str(subject.epoch)}
    run(tools / "bin/cyclonedx-py", "environment", "--output-reproducible", "--sv", SPEC, "-o", out, interpreter, env=clock)
    interpreter.unlink()


def join(debian: Document, python: Document, subject: Subject) -> Document:
    """One document of two: the Python packages become parts of what the Debian packages are parts of (pure)."""
    components = sorted([*debian["components"], *python["components"]], key=_reference)
    whole = debian["metadata"]["component"]["bom-ref"]
    depends = {entry["ref"]: set(entry.get("dependsOn", ())) for entry in (*debian["dependencies"], *python["dependencies"])}
    depends.setdefault(whole, set()).update(_reference(component) for component in python["components"])
    tools = [*debian["metadata"]["tools"]["components"], *python["metadata"]["tools"]["components"]]
    return {
        **debian,
        "metadata": {**debian["metadata"], "timestamp": subject.moment, "tools": {"components": tools}},
        "components": components,
        "dependencies": [{"ref": reference, "dependsOn": sorted(parts)} for reference, parts in sorted(depends.items())],
    }


def _reference(component: Document) -> str:
    return str(component["bom-ref"])
