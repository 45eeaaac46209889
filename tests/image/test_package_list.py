"""The lists of packages that images are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import appliance
from image.packagelist import packages
from image.programs import BuildProblem
from image.roles import ROLES


def _write(folder: Path, **lists: str) -> Path:
    for name, text in lists.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_a_list_is_sorted_and_has_each_package_once(tmp_path: Path) -> None:
    assert packages("one", _write(tmp_path, one="zstd\nkmod\n\nzstd\n")) == ("kmod", "zstd")


def test_comments_are_no_packages(tmp_path: Path) -> None:
    assert packages("one", _write(tmp_path, one="# all that\nkmod  # modules\n")) == ("kmod",)


def test_a_list_takes_in_another(tmp_path: Path) -> None:
    assert packages("one", _write(tmp_path, one="include two\nkmod\n", two="libc6\n")) == ("kmod", "libc6")


@pytest.mark.parametrize("line", ["Kmod", "kmod zstd", "-o=Debug::x", "kmod;reboot", "include Two", "$(reboot)", "k"])
def test_what_is_no_name_of_a_package_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(BuildProblem, match=r"one\.txt, line 2"):
        packages("one", _write(tmp_path, one=f"kmod\n{line}\n"))


def test_a_list_that_includes_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildProblem, match="includes itself"):
        packages("one", _write(tmp_path, one="include two\n", two="include one\n"))


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildProblem, match=r"two\.txt can't be read"):
        packages("one", _write(tmp_path, one="include two\n"))


@pytest.mark.parametrize("role", sorted(ROLES))
def test_both_appliances_have_what_boots_and_what_the_product_starts(role: str) -> None:
    needed = {
        "systemd",
        "systemd-sysv",
        "udev",
        "initramfs-tools",
        "python3",
        "python3-libnbd",
        "nbdkit",
        "openssh-server",
        "openssh-client",
    }
    assert needed <= set(packages(ROLES[role].package_list))


def test_each_appliance_has_one_kernel() -> None:
    kernels = {role: [name for name in packages(ROLES[role].package_list) if name.startswith("linux-image")] for role in ROLES}
    assert kernels == {"oma": ["linux-image-cloud-amd64"], "vma": ["linux-image-amd64"]}


NO_PRODUCT = ("lab", "demo")
PROGRAMS = {
    "chpasswd": "passwd",
    "nbdinfo": "libnbd-bin",
    "nbdkit": "nbdkit",
    "networkctl": "systemd",
    "ping": "iputils-ping",
    "ssh-keygen": "openssh-client",
    "systemctl": "systemd",
    "unshare": "util-linux",
}
"""What both appliances start, and the Debian package that it comes with."""


@pytest.mark.parametrize("name", ["oma", "vma"])
def test_every_program_that_the_agents_start_is_in_the_image(name: str) -> None:
    assert set(PROGRAMS.values()) <= set(packages(name))


def test_the_guest_preparation_is_in_the_image_of_the_oma() -> None:
    assert "virt-v2v" in packages("oma")


def test_no_other_program_is_started() -> None:
    product = Path(appliance.__file__).parent
    sources = (path.read_text() for path in product.rglob("*.py") if path.relative_to(product).parts[0] not in NO_PRODUCT)
    started = {found for text in sources for found in re.findall(r'\b(?:run|spawn)\((?:\w+, )*[\[(]"([\w-]+)"', text)}
    assert started <= set(PROGRAMS), "name the package above, and in image/packages"
