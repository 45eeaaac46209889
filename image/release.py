"""The product's release folder in the image: the project and the Python packages that it stands on, without its lab."""

import hashlib
import shutil
import sys
import tomllib
from pathlib import Path

from image.programs import in_root, remove_tree, run

PROJECT = Path(__file__).resolve().parent.parent
HOME = Path("opt/appliance")
LAUNCHER = """#!/bin/sh
PYTHONPATH=/opt/appliance/current/lib PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m appliance.cli "$@"
"""

# Not for an appliance: the two clouds' stand-ins and the guided run.
LEFT_OUT = ("appliance/lab", "appliance/demo")

COMPILED = ("-q", "-f", "--invalidation-mode", "unchecked-hash", "-j", "1")

# What only compilers, type checkers and tests of those packages read; and the colours of Mako's errors, which load languages by the dozen.
_NOT_RUN = (
    *("**/*.pyx", "**/*.pxd", "**/*.pyi", "**/*.c", "**/*.h", "**/tests", "**/direct_url.json", "**/RECORD", "**/REQUESTED", "bin"),
    "mako/ext/pygmentplugin.py",
)


def project_version(project: Path = PROJECT) -> str:
    """The version that the project gives itself."""
    return str(tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"])


def install_release(root: Path, work: Path, cache: Path, epoch: int, project: Path = PROJECT) -> None:
    """Make /opt/appliance and the launcher in the root folder; `work` is a folder for the
    project's own wheel, foreign ones come from the cache. Raises BuildProblem."""
    version = project_version(project)
    release = root / HOME / "releases" / version
    library = release / "lib"
    fill_library(library, work, cache, epoch, project)
    _compile(root, library.relative_to(root))
    current = root / HOME / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(f"releases/{version}")
    launcher = root / "usr/bin/appliance"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)


def make_release(folder: Path, work: Path, cache: Path, epoch: int, project: Path = PROJECT) -> None:
    """The same release in a folder that is no root folder, for an upgrade: compiled by the Python that runs, for the place it will have."""
    library, place = folder / "lib", Path("/") / HOME / "releases" / project_version(project) / "lib"
    fill_library(library, work, cache, epoch, project)
    run(sys.executable, "-m", "compileall", *COMPILED, "-s", library, "-p", place, library, env={"PYTHONHASHSEED": "0"})


def fill_library(library: Path, work: Path, cache: Path, epoch: int, project: Path = PROJECT) -> None:
    """The project and the packages that it stands on, without what is not run."""
    remove_tree(library)
    library.mkdir(parents=True)
    wheels = _wheels(cache, project)
    own = _own_wheel(work, project, epoch)
    _pip("install", "--no-index", "--no-compile", "--find-links", wheels, "--target", library, own)
    for pattern in _NOT_RUN:
        for found in library.glob(pattern):
            remove_tree(found)


def _wheels(cache: Path, project: Path) -> Path:
    """The wheels of everything that the project depends on, fetched once for each list of dependencies."""
    dependencies = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
    digest = hashlib.sha256("\n".join([sys.version, *dependencies]).encode()).hexdigest()[:16]
    wheels = cache / "wheels" / digest
    if not wheels.is_dir():
        part = wheels.with_suffix(".part")
        remove_tree(part)
        part.mkdir(parents=True)
        _pip("wheel", "--wheel-dir", part, *dependencies)
        part.rename(wheels)
    return wheels


def _own_wheel(work: Path, project: Path, epoch: int) -> Path:
    """The project's own wheel, from the files that belong to it and no others."""
    remove_tree(work)
    work.mkdir(parents=True)
    for name in _own_files(project):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / name, work / name)
    clock = {"SOURCE_DATE_EPOCH": str(epoch)}
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", work / "dist", work, env=clock)
    return next((work / "dist").glob("*.whl"))


def _own_files(project: Path) -> list[str]:
    listed = run("git", "-C", project, "ls-files", "--cached", "--others", "--exclude-standard", "appliance").splitlines()
    kept = [name for name in listed if not name.startswith(tuple(f"{folder}/" for folder in LEFT_OUT))]
    return ["pyproject.toml", *(name for name in kept if (project / name).is_file())]


def _compile(root: Path, library: Path) -> None:
    """Byte code that is the same every time and is never checked against its source: nothing here writes either again."""
    in_root(root, "/usr/bin/python3", "-m", "compileall", *COMPILED, f"/{library}", env={"PYTHONHASHSEED": "0"})


def _pip(*words: str | Path, env: dict[str, str] | None = None) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words, env=env)
