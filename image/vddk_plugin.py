"""nbdkit's plugin for VMware's disk library, which Debian 12 leaves out of its binary package: built from Debian's source package.

`python -m image.vddk_plugin FILE` builds it alone. VMware's library is not needed for that, and not in it.
"""

import argparse
import hashlib
import shutil
import tempfile
from pathlib import Path

from image.programs import BuildProblem, run

SUITES = ("bookworm", "trixie")
"""Where the source is taken from: the first of these Debian releases whose source package the mirror has whole.

The plugin finds the server's functions when it is loaded; that it is loaded by the nbdkit it is meant for is proven after each build.
"""
PLACE = "usr/lib/x86_64-linux-gnu/nbdkit/plugins/nbdkit-vddk-plugin.so"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_TARGET = "$(ORIGIN) $(CODENAME) $(REPO_URI)"
_NO_REMAKE = tuple(f"{name}=:" for name in ("ACLOCAL", "AUTOCONF", "AUTOHEADER", "AUTOMAKE"))
"""Debian's patches touch what `configure` is made from, not what it would do here."""
_FLAGS = "CFLAGS=-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2"
"""Without debugging information, which would name the folder that it was built in: two builds are alike."""
_LANGUAGES = ("perl", "python", "ocaml", "rust", "ruby", "tcl", "lua", "golang", "torrent")
_LIBRARIES = (
    *("libvirt", "libguestfs", "curl", "ssh", "gnutls", "libnbd", "zlib", "liblzma", "libzstd", "ext2", "iso", "selinux"),
    *("bash-completions", "manpages"),
)


def vddk_plugin(cache: Path) -> Path:
    """The plugin, from the cache or built into it; raises BuildProblem with what was tried."""
    kept = cache.resolve() / "vddk" / f"{_key()}.so"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as work:
            built = _build(_source(Path(work)))
            _prove(built)
            for older in kept.parent.glob("*.so"):
                older.unlink()
            built.rename(kept)
    return kept


def place_vddk_plugin(root: Path, cache: Path) -> None:
    """Put it where the image's nbdkit looks for it by name."""
    place = root / PLACE
    shutil.copyfile(vddk_plugin(cache), place)
    place.chmod(0o644)


def _key() -> str:
    """Names a plugin by how it is built and what loads it."""
    return hashlib.sha256((Path(__file__).read_text() + run("nbdkit", "--version")).encode()).hexdigest()[:16]


def _source(work: Path) -> Path:
    """The unpacked source package; apt checks its signature and digests."""
    problems = []
    for suite in SUITES:
        folder = work / suite
        try:
            _fetch(suite, folder)
        except BuildProblem as problem:
            problems.append(f"{suite}: {problem}")
            continue
        return next(one for one in folder.glob("nbdkit-*/") if one.is_dir())
    raise BuildProblem("Debian's source package of nbdkit can't be fetched.\n" + "\n".join(problems))


def _fetch(suite: str, folder: Path) -> None:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    targets = run("apt-get", "indextargets", "--format", _TARGET, "Created-By: Packages", "Origin: Debian")
    (folder / "sources.list").write_text(source_line(targets, suite))
    own = {"Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": lists}
    settings = [f"-o{name}={value}" for name, value in (*own.items(), ("APT::Sandbox::User", "root"))]
    run("apt-get", "-q", *settings, "update")
    run("apt-get", "-q", *settings, "source", "nbdkit", folder=folder)


def source_line(targets: str, suite: str) -> str:
    """The source packages of a release, from the mirror that this machine takes its own release from (pure)."""
    for line in targets.splitlines():
        origin, codename, address = line.split()
        if origin == "Debian" and codename == SUITES[0]:
            return f"deb-src [signed-by={KEYRING}] {address} {suite} main\n"
    raise BuildProblem(f"This machine has no source of Debian {SUITES[0]}: run apt-get update.")


def _build(source: Path) -> Path:
    """Configure without all that the plugin does not need, and build it with the two libraries that it is linked with."""
    options = [*(f"--disable-{one}" for one in _LANGUAGES), *(f"--without-{one}" for one in _LIBRARIES)]
    run("./configure", "--quiet", "--disable-dependency-tracking", _FLAGS, *options, folder=source)
    for part in ("common/utils", "common/replacements", "plugins/vddk"):
        run("make", "-s", "-C", source / part, *_NO_REMAKE)
    built = source / "plugins/vddk/.libs/nbdkit-vddk-plugin.so"
    run("strip", "--strip-unneeded", built)
    return built


def _prove(built: Path) -> None:
    said = run("nbdkit", built, "--dump-plugin")
    if "name=vddk\n" not in said:
        raise BuildProblem("What was built is not the plugin for VMware's library.")


def main() -> None:
    """Build the plugin to a file."""
    parser = argparse.ArgumentParser(prog="python -m image.vddk_plugin", description="Build nbdkit's plugin for VMware's disk library.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/image/cache"))
    typed = parser.parse_args()
    try:
        shutil.copyfile(vddk_plugin(typed.cache), typed.file)
    except BuildProblem as problem:
        raise SystemExit(str(problem)) from problem


if __name__ == "__main__":
    main()
