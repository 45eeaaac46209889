"""The base system: Debian packages installed into a folder, from the sources that this machine uses itself."""

import hashlib
import re
import shutil
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from image.packagelist import packages
from image.programs import BuildProblem, remove_tree, run
from image.roles import KEPT, Role

SUITE = "bookworm"
LISTS = Path("/var/lib/apt/lists")
_DATE = re.compile(r"^Date: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class PackageSet:
    """What there is to install from at this moment: a fingerprint of the sources' indexes, and when the newest was made (seconds)."""

    digest: str
    epoch: int


def package_set(lists: Path = LISTS) -> PackageSet:
    """The state of the machine's Debian sources, from the indexes that it has; raises BuildProblem when it has none."""
    indexes = sorted(index.read_bytes() for index in lists.glob("*InRelease") if b"\nOrigin: Debian\n" in index.read_bytes())
    if not indexes:
        raise BuildProblem("This machine has no index of its Debian sources yet: run apt-get update.")
    dates = [parsedate_to_datetime(date) for index in indexes for date in _DATE.findall(index.decode(errors="replace"))]
    if not dates:
        raise BuildProblem("The indexes of the Debian sources have no date: run apt-get update.")
    return PackageSet(hashlib.sha256(b"".join(indexes)).hexdigest(), int(max(dates).timestamp()))


def base_system(role: Role, available: PackageSet, root: Path, cache: Path) -> None:
    """Make the folder `root` with the role's Debian packages: from the cache when nothing has changed, else installed and kept."""
    kept = cache / "base" / f"{role.name}-{base_key(role, available)}.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        _install(role, available, part, cache)
        for older in kept.parent.glob(f"{role.name}-*"):
            if older != part:
                older.unlink()
        part.rename(kept)
    remove_tree(root)
    root.mkdir(parents=True)
    run("tar", "-C", root, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", kept)


def base_key(role: Role, available: PackageSet) -> str:
    """Names a base system by everything that it is made from."""
    made_from = (Path(__file__).read_text(), available.digest, *packages(role.package_list), *role.left_out, *KEPT, *role.early_modules)
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]


def _install(role: Role, available: PackageSet, tarball: Path, cache: Path) -> None:
    """Run mmdebstrap; packages that were fetched once are taken from the cache."""
    work = tarball.with_suffix(".work")
    archives = cache / "debs"
    archives.mkdir(parents=True, exist_ok=True)
    try:
        _write_early_files(role, work / "early")
        sources = work / "sources.list"
        sources.write_text(_debian_sources())
        run(
            "mmdebstrap",
            *_options(role, work / "early", archives),
            SUITE,
            tarball,
            sources,
            env={"SOURCE_DATE_EPOCH": str(available.epoch)},
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _options(role: Role, early: Path, archives: Path) -> list[str]:
    excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in role.left_out]
    included = [f"--dpkgopt=path-include={pattern}" for pattern in KEPT]
    inside, preferences = '"$1/var/cache/apt/archives"', '"$1/etc/apt/preferences.d"'
    return [
        *("--quiet", "--mode=root", "--format=tar", "--variant=essential", f"--include={','.join(packages(role.package_list))}"),
        *excluded,
        *included,
        "--dpkgopt=force-unsafe-io",  # an interrupted build begins again anyway
        *(f"--aptopt={setting}" for setting in _apt_settings()),
        *("--skip=download/empty", "--skip=essential/unlink"),
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        # It does once what every new system has, and brings all of Perl for it; usr-is-merged stands in.
        f"--setup-hook=mkdir -p {preferences} && printf 'Package: usrmerge\\nPin: version *\\nPin-Priority: -1\\n' >{preferences}/image",
        f"--setup-hook=mkdir -p {inside} && find '{archives}' -name '*.deb' -exec cp -t {inside} {{}} +",
        f"--customize-hook=cp -n -t '{archives}' {inside}/*.deb",
        f"--essential-hook=cp -a '{early}/.' \"$1\"/",
    ]


def _write_early_files(role: Role, folder: Path) -> None:
    """What has to lie there before the kernel is installed, so that its initial RAM disk is made once and finds the root disk."""
    files = {
        "etc/initramfs-tools/conf.d/appliance": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=9\nFSTYPE=ext4\nRESUME=none\n",
        "etc/initramfs-tools/modules": "".join(f"{module}\n" for module in role.early_modules),
        "etc/kernel-img.conf": "link_in_boot = yes\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def _debian_sources() -> str:
    """The machine's configured sources that are Debian's own, in apt's one-line form."""
    form = "$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = sorted(set(run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines()))
    return "".join(line.removeprefix("Debian ") + "\n" for line in lines if line.startswith("Debian "))


def _apt_settings() -> list[str]:
    """How the machine reaches its mirrors: proxies, and whether an old index is accepted."""
    settings = run("apt-config", "dump").splitlines()
    return [line for line in settings if line.startswith(("Acquire::Check-", "Acquire::http::", "Acquire::https::"))]
