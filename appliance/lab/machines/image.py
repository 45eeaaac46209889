"""Building the lab's guest: `python -m appliance.lab.machines.image OUT_DIR [--cache DIR]`."""

import argparse
import asyncio
import fcntl
import hashlib
import os
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.lab.machines import bootdisk, recipe
from appliance.lab.machines.files import next_data
from appliance.lab.machines.process import run
from image import bootsectors

DEFAULT_CACHE = Path.home() / ".cache" / "migration-appliance" / "guest"
MIB = 1 << 20


@dataclass(frozen=True)
class GuestImage:
    """The two disks of the guest: raw sparse files in the cache, to be copied with copy_image() before use."""

    root: Path
    data: Path


async def guest_image(cache: Path = DEFAULT_CACHE) -> GuestImage:
    """The guest's disks from the cache, built first (about two minutes) when they are not there; raises ToolFailed."""
    home = cache / recipe_key()
    image = GuestImage(home / "root.raw", home / "data.raw")
    if home.is_dir():
        return image
    cache.mkdir(parents=True, exist_ok=True)
    async with _alone(cache / "lock"):
        if not home.is_dir():
            await _build_into(home)
    return image


async def copy_image(image: GuestImage, root: Path, data: Path) -> None:
    """Copy both disks to the files named; holes stay holes and written zeros stay written."""
    for original, copy in ((image.root, root), (image.data, data)):
        copy.parent.mkdir(parents=True, exist_ok=True)
        await run("cp", "--sparse=auto", "--reflink=auto", str(original), str(copy))


def recipe_key() -> str:
    """Names an image by everything that it is made from, but for the packages' versions."""
    made_by = [Path(__file__), Path(bootdisk.__file__), Path(bootsectors.__file__), Path(recipe.__file__)]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in made_by)).hexdigest()[:16]


@asynccontextmanager
async def _alone(lock: Path) -> AsyncIterator[None]:
    """Hold the cache's lock, so that two builders do not do the same work; the kernel lets go of it when we die."""
    with lock.open("w") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


async def _build_into(home: Path) -> None:
    """Build beside `home` and rename, so that what has that name is whole; leftovers of an interrupted build are removed."""
    for leftover in home.parent.glob("building-*"):
        await run("rm", "-rf", "--one-file-system", str(leftover))
    work = Path(tempfile.mkdtemp(prefix="building-", dir=home.parent))
    try:
        root = work / "root"
        await _install(root, work)
        await asyncio.to_thread(_furnish, root)
        finished = work / "finished"
        finished.mkdir()
        await bootdisk.make_boot_disk(root, finished / "root.raw", recipe.ROOT_MIB, recipe.ROOT_UUID)
        await _make_data_disk(work / "data", finished / "data.raw")
        finished.rename(home)
    finally:
        await run("rm", "-rf", "--one-file-system", str(work))


async def _install(root: Path, work: Path) -> None:
    """Install the packages into the folder `root` with mmdebstrap, from the host's own Debian sources."""
    early = work / "early"
    _write_files(early, recipe.EARLY_FILES)
    sources = work / "sources.list"
    sources.write_text(await _debian_sources())
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.LEFT_OUT]
    options.append("--dpkgopt=force-unsafe-io")  # an interrupted build begins again anyway
    options += [f"--aptopt={setting}" for setting in await _host_apt_settings()]
    await run(
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(recipe.PACKAGES)}", *options),
        *(f"--essential-hook=cp -a '{early}/.' \"$1\"/", "bookworm", str(root), str(sources)),
    )


async def _debian_sources() -> str:
    """The host's configured sources that are Debian's own, in apt's one-line form."""
    configured = await run(
        "apt-get", "indextargets", "--format", "$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"
    )
    lines = sorted(set(configured.decode().splitlines()))
    return "".join(line.removeprefix("Debian ") + "\n" for line in lines if line.startswith("Debian "))


async def _host_apt_settings() -> list[str]:
    """How the host reaches its mirrors: proxies, and whether an old index is accepted."""
    settings = (await run("apt-config", "dump")).decode().splitlines()
    return [line for line in settings if line.startswith(("Acquire::Check-", "Acquire::http::", "Acquire::https::"))]


def _furnish(root: Path) -> None:
    """Write the guest's own files into its root folder and take out what it does not need."""
    _write_files(root, recipe.FILES)
    for name, target in recipe.LINKS.items():
        _link(root / name, target)
    for unit in recipe.MASKED:
        _link(root / "etc/systemd/system" / unit, "/dev/null")
    shadow = root / "etc/shadow"
    fields = [line.split(":") for line in shadow.read_text().splitlines()]
    shadow.write_text(
        "".join(":".join([name, recipe.ROOT_PASSWORD if name == "root" else old, *rest]) + "\n" for name, old, *rest in fields)
    )
    (root / "etc/resolv.conf").write_text("")
    for folder in ("var/cache/apt", "var/lib/apt/lists", "var/log"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()


def _write_files(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def _link(link: Path, target: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


async def _make_data_disk(folder: Path, disk: Path) -> None:
    """The second disk: random bytes, a file with holes, free space, and a stretch of free space filled with written zeros."""
    await asyncio.to_thread(_fill_data_folder, folder)
    options = "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0"
    await run("mkfs.ext4", "-q", "-F", "-L", "data", "-E", options, "-d", str(folder), str(disk), f"{recipe.DATA_MIB}M")
    await asyncio.to_thread(_write_zeros, disk)


def _fill_data_folder(folder: Path) -> None:
    folder.mkdir()
    source = random.Random("data.guest.lab")
    with (folder / "random").open("wb") as file:
        for _ in range(recipe.RANDOM_MIB):
            file.write(source.randbytes(MIB))
    with (folder / "sparse").open("wb") as file:
        for mebibyte in range(0, recipe.SPARSE_MIB, 2):
            file.seek(mebibyte * MIB)
            file.write(source.randbytes(MIB))
        file.truncate(recipe.SPARSE_MIB * MIB)


def _write_zeros(disk: Path) -> None:
    """Fill the holes of a stretch with zeros, which changes no content but what the host's file system calls data."""
    end = (recipe.ZEROS_AT_MIB + recipe.ZEROS_MIB) * MIB
    with disk.open("r+b") as file:
        offset = recipe.ZEROS_AT_MIB * MIB
        while (offset := os.lseek(file.fileno(), offset, os.SEEK_HOLE)) < end:
            until = min(end, next_data(file.fileno(), offset, end))
            os.pwrite(file.fileno(), bytes(until - offset), offset)
            offset = until


async def _main() -> None:
    parser = argparse.ArgumentParser(prog="image", description="Build the lab's guest, or take it from the cache, and copy its disks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    options = parser.parse_args()
    image = await guest_image(options.cache)
    await copy_image(image, options.out / "root.raw", options.out / "data.raw")
    sys.stdout.write(f"{options.out}/root.raw {options.out}/data.raw\n")


if __name__ == "__main__":
    asyncio.run(_main())
