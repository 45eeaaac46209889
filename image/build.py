"""One build of one image, step by step."""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.bootdisk import DiskPlan, make_boot_disk
from image.bootsectors import MIB
from image.consolefont import place_console_font
from image.debian import PackageSet, base_key, base_system, package_set
from image.formats import make_qcow2, make_vmdk
from image.grub import grub_config
from image.ova import digest, write_ova
from image.ovf import Machine
from image.ovf_properties import properties
from image.programs import BuildProblem, remove_tree, run
from image.release import HOME, PROJECT, install_release, project_version
from image.roles import KERNEL_OPTIONS, Role
from image.rootfs import kernel_version, lay_over, settle, settle_times, strip
from image.sbom import Subject, package_lines, write_sbom
from image.vddk_plugin import place_vddk_plugin

OVERLAYS = PROJECT / "systemd"


@dataclass(frozen=True)
class Order:
    """What is to be built: for whom, with which vendor's key, and where to. `quick`: the qcow2 alone."""

    role: Role
    out: Path
    vendor_key: Path | None = None
    quick: bool = False

    @property
    def cache(self) -> Path:
        """What is kept from one build to the next."""
        return self.out / "cache"

    @property
    def name(self) -> str:
        """What the image's files are called."""
        return f"appliance-{self.role.name}"


def build(order: Order) -> list[Path]:
    """Build the image of a role and put its files into place whole; they are named in the answer. Raises BuildProblem."""
    if os.geteuid() != 0:
        raise BuildProblem("An image is built as root: the files in it belong to its accounts.")
    order.cache.mkdir(parents=True, exist_ok=True)
    with _alone(order.cache / f"{order.role.name}.lock"):
        began = time.monotonic()
        available = package_set()
        plan = disk_plan(order.role, project_version(), max(available.epoch, _commit_epoch()))
        was_kept = (order.cache / "base" / f"{order.role.name}-{base_key(order.role, available)}.tar").exists()
        work = order.out / f"{order.role.name}.work"
        remove_tree(work)
        finished = work / "finished"
        finished.mkdir(parents=True)
        _make(order, available, plan, work, finished)
        _write_figures(order, finished, {"build_s": round(time.monotonic() - began, 1), "base_was_kept": was_kept})
        made = _put_in_place(finished, order.out)
        remove_tree(work)
        return made


def _make(order: Order, available: PackageSet, plan: DiskPlan, work: Path, finished: Path) -> None:
    root, disk = work / "root", work / "disk.raw"
    with _step("root folder"):
        make_root(order, available, root, plan)
    with _step("disk"):
        make_boot_disk(root, disk, plan)
    parts: list[tuple[str, Callable[[], None]]] = [("qcow2", lambda: make_qcow2(disk, finished / f"{order.name}.qcow2"))]
    if not order.quick:
        parts.append(("OVA", lambda: _make_ova(order, disk, finished, plan)))
        parts.append(("list of packages", lambda: _list_packages(order, root, finished, plan)))
    with ThreadPoolExecutor() as side_by_side:
        for ended in [side_by_side.submit(_timed, name, part) for name, part in parts]:
            ended.result()
    sums = {file.name: digest(file) for file in sorted(finished.iterdir())}
    (finished / f"{order.name}.sha256").write_text("".join(f"{value}  {name}\n" for name, value in sums.items()))


def make_root(order: Order, available: PackageSet, root: Path, plan: DiskPlan) -> None:
    """The folder that becomes the root file system."""
    base_system(order.role, available, root, order.cache)
    strip(root)
    for overlay in (OVERLAYS / "root", OVERLAYS / order.role.name):
        lay_over(root, overlay)
    if order.role.name == "vma":
        place_vddk_plugin(root, order.cache)
    place_console_font(root)
    install_release(root, root.with_name("project"), order.cache, plan.epoch)
    settle(root, plan.root, order.vendor_key)
    template = (OVERLAYS / "boot/grub.cfg.in").read_text()
    (root / "boot/grub/grub.cfg").write_text(grub_config(template, kernel_version(root), KERNEL_OPTIONS))
    settle_times(root, plan.epoch)


def disk_plan(role: Role, version: str, epoch: int) -> DiskPlan:
    """The disk of a role's image: every identifier follows from role and version."""
    disk, bios, esp, root = (role.identifier(version, part) for part in ("disk", "bios", "esp", "root"))
    return DiskPlan(role.disk_mib, disk, bios, esp, root, epoch)


def _make_ova(order: Order, disk: Path, finished: Path, plan: DiskPlan) -> None:
    vmdk = disk.with_name(f"{order.name}-disk1.vmdk")
    make_vmdk(disk, vmdk, plan.disk.int & 0xFFFFFFFF)
    machine = Machine(
        name=order.name,
        title=order.role.title,
        version=project_version(),
        cpus=order.role.cpus,
        memory_mib=order.role.memory_mib,
        disk_file=vmdk.name,
        disk_file_size=vmdk.stat().st_size,
        disk_capacity=plan.size_mib * MIB,
        disk_populated=disk.stat().st_blocks * 512,
        properties=properties(order.role.name),
    )
    write_ova(finished / f"{order.name}.ova", machine, vmdk, plan.epoch)


def _list_packages(order: Order, root: Path, finished: Path, plan: DiskPlan) -> None:
    tools = order.out / "tools"
    if not tools.is_dir():
        raise BuildProblem(f"{tools} is not there; scripts/setup-image installs what lists the packages.")
    version = project_version()
    subject = Subject(order.name, version, order.role.identifier(version, "packages"), plan.epoch)
    library = root / HOME / "releases" / version / "lib"
    write_sbom(root, library, finished / f"{order.name}.cdx.json", subject, tools, root.parent)
    (finished / f"{order.name}.packages").write_text(package_lines(root, library))


def _commit_epoch() -> int:
    """When the source was last committed (seconds)."""
    return int(run("git", "-C", PROJECT, "log", "-1", "--format=%ct"))


def _write_figures(order: Order, finished: Path, figures: dict[str, object]) -> None:
    size = (finished / f"{order.name}.qcow2").stat().st_size
    all_figures = {**figures, "qcow2_mib": round(size / MIB, 1)}
    (finished / f"{order.role.name}.json").write_text(json.dumps(all_figures, indent=2) + "\n")


def _put_in_place(finished: Path, out: Path) -> list[Path]:
    return [file.rename(out / file.name) for file in sorted(finished.iterdir())]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two builds of one image would write to the same place; the kernel lets go of the lock when we die."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _timed(name: str, part: Callable[[], None]) -> None:
    with _step(name):
        part()


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Say how long a part of the build took."""
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:6.1f} s  {name}", file=sys.stderr)
