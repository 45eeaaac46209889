"""A guest as it comes from VMware: a Debian whose initial RAM disk has the drivers of VMware's disks and none of KVM's.

It is made from packages without loop devices or mounts, with its boot loader's own programs in it, and kept for the next run.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from appliance.core.commands import run
from appliance.lab.machines import bootdisk, image, recipe
from image import bootsectors

ROOT_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "root.vmware-guest.lab"))
SIZE_MIB = 1400
BUILD = 900.0
"""Seconds for installing its packages."""

PACKAGES = (
    *("linux-image-amd64", "initramfs-tools", "zstd", "systemd", "systemd-sysv", "dbus", "udev", "kmod"),
    *("e2fsprogs", "login", "util-linux", "mount", "procps", "grub-pc"),
)
_NO_DRIVERS = ("sound", "drivers/media", "drivers/net/wireless", "drivers/gpu", "drivers/infiniband", "drivers/staging", "drivers/iio")

OPTIONS = "console=ttyS0,115200 systemd.show_status=false net.ifnames=0 mitigations=off no_timer_check tsc=reliable panic=10 apparmor=0"
EARLY_FILES = {
    "etc/initramfs-tools/conf.d/guest": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\nFSTYPE=ext4\nRESUME=none\n",
    "etc/initramfs-tools/modules": "ext4\ncrc32c_generic\nsd_mod\nvmw_pvscsi\nahci\nata_piix\n",
    "etc/kernel-img.conf": "link_in_boot = no\n",
    "etc/default/grub": (
        f'GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_DISTRIBUTOR=Debian\nGRUB_CMDLINE_LINUX_DEFAULT="{OPTIONS}"\n'
        "GRUB_TERMINAL=console\nGRUB_DISABLE_OS_PROBER=true\n"
    ),
}


@dataclass(frozen=True)
class VmwareGuest:
    """Its disk, which is only read, and its kernel with modules, for who needs one."""

    disk: Path
    kernel: Path
    modules: Path

    def lent(self) -> dict[str, str]:
        """Its kernel for the small machine that guests are prepared in: this computer may have none of its own (supermin(1))."""
        return {
            "SUPERMIN_KERNEL": str(self.kernel),
            "SUPERMIN_KERNEL_VERSION": self.modules.name,
            "SUPERMIN_MODULES": str(self.modules),
        }


async def vmware_guest(cache: Path) -> VmwareGuest:
    """The guest, made first where it is not there."""
    home = cache / hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    if not home.is_dir():
        shutil.rmtree(cache, ignore_errors=True)
        part = cache / "part"
        part.mkdir(parents=True)
        await _make(part)
        part.rename(home)
    [kernel], [modules] = home.glob("vmlinuz-*"), (home / "modules").iterdir()
    return VmwareGuest(home / "disk.raw", kernel, modules)


async def _make(home: Path) -> None:
    root = home / "root"
    await _install(root, home)
    [kernel] = (root / "boot").glob("vmlinuz-*")
    _write(root, {"boot/grub/grub.cfg": _menu(kernel.name), "boot/grub/device.map": "(hd0) /dev/sda\n"})
    _write(root, {"etc/fstab": f"UUID={ROOT_UUID} / ext4 rw,noatime 0 0\n", "etc/hostname": "guest\n", "etc/resolv.conf": ""})
    shutil.copytree(bootsectors.GRUB / "i386-pc", root / "boot/grub/i386-pc")
    for folder in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    await bootdisk.make_boot_disk(root, home / "disk.raw", SIZE_MIB, ROOT_UUID)
    shutil.copy(kernel, home)
    shutil.copytree(root / "lib/modules", home / "modules", symlinks=True)
    await run(["rm", "-rf", "--one-file-system", str(root), str(home / "early")])


async def _install(root: Path, work: Path) -> None:
    _write(work / "early", EARLY_FILES)
    (work / "sources.list").write_text(await image._debian_sources())
    left_out = (*recipe.LEFT_OUT, *(f"/lib/modules/*/kernel/{folder}/*" for folder in _NO_DRIVERS))
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in left_out]
    options += [f"--aptopt={setting}" for setting in await image._host_apt_settings()]
    await run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}", "--dpkgopt=force-unsafe-io", *options),
            *(f"--essential-hook=cp -a '{(work / 'early').absolute()}/.' \"$1\"/", "bookworm", str(root), str(work / "sources.list")),
        ],
        timeout=BUILD,
    )


def _menu(kernel: str) -> str:
    """What GRUB shows until the guest makes its menu anew."""
    initial = kernel.replace("vmlinuz", "initrd.img")
    return (
        f"set timeout=0\nsearch --no-floppy --fs-uuid --set=root {ROOT_UUID}\n"
        f"menuentry 'Debian GNU/Linux' {{\nlinux /boot/{kernel} root=UUID={ROOT_UUID} ro {OPTIONS}\ninitrd /boot/{initial}\n}}\n"
    )


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
