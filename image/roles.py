"""The two appliances, as their images differ."""

import uuid
from dataclasses import dataclass

# Needed to find the root file system; every other driver is loaded from there.
_STORAGE = ("ext4", "crc32c_generic", "sd_mod", "virtio_pci", "virtio_blk", "virtio_scsi", "vmw_pvscsi", "ata_piix")
# The cloud kernel, which the OMA has, has NVMe built in, and none of the others.
_FULL = ("ahci", "nvme", "mptspi", "mptsas")

# What no appliance has: the drivers of desktops, laptops and radios. In the full kernel they are two thirds.
_NO_HARDWARE = (
    *("sound", "drivers/media", "drivers/net/wireless", "drivers/bluetooth", "net/bluetooth", "net/wireless", "net/mac80211"),
    *("drivers/gpu/drm/amd", "drivers/gpu/drm/i915", "drivers/gpu/drm/nouveau", "drivers/gpu/drm/radeon", "drivers/gpu/drm/gma500"),
    *("drivers/infiniband", "drivers/isdn", "drivers/staging", "drivers/iio", "drivers/comedi", "drivers/usb/gadget", "drivers/nfc"),
    *("drivers/staging", "drivers/mtd", "drivers/edac", "drivers/hwmon", "drivers/platform", "drivers/video/fbdev", "drivers/thunderbolt"),
    *("drivers/net/can", "drivers/net/hamradio", "drivers/net/ieee802154", "drivers/net/wwan", "drivers/net/ethernet/mellanox"),
    *("fs/ocfs2", "fs/gfs2", "fs/ceph", "fs/afs", "fs/coda", "fs/nilfs2", "fs/reiserfs", "fs/jfs", "fs/ubifs", "fs/orangefs"),
    *("net/can", "net/nfc", "net/6lowpan", "net/ieee802154", "net/batman-adv", "net/openvswitch", "net/rds", "net/tipc", "net/ceph"),
)

# Of a package only what runs is wanted. Licences stay: they have to be passed on with the programs.
_LEFT_OUT = (
    *("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*", "/usr/share/bug/*"),
    *("/usr/share/zoneinfo/*", "/usr/share/i18n/*", "/usr/share/bash-completion/*", "/usr/share/zsh/*", "/usr/share/pixmaps/*"),
)
KEPT = ("/usr/share/doc/*/copyright",)

# The initial RAM disk finds one disk and nothing else. What guests keep on theirs (arrays, volume groups) must not be started there: an
# array that is started is written to. And it does not check the file system, as systemd does so and writes into the journal.
_INITIAL = "/usr/share/initramfs-tools"
_NOT_AT_START = (
    *(f"{_INITIAL}/hooks/{name}" for name in ("btrfs", "dmsetup", "fsck", "fuse", "lvm2", "mdadm", "ntfs_3g")),
    *(f"{_INITIAL}/scripts/*/{name}" for name in ("btrfs", "mdadm", "ntfs_3g")),
)
_EVERYWHERE = (*_LEFT_OUT, *_NOT_AT_START)


@dataclass(frozen=True)
class Role:
    """One appliance's image: its place on disk, what the kernel needs, and the machine that its OVF asks for."""

    name: str
    title: str
    package_list: str
    disk_mib: int
    memory_mib: int
    cpus: int
    early_modules: tuple[str, ...]
    left_out: tuple[str, ...]

    def identifier(self, version: str, part: str) -> uuid.UUID:
        """The same in every build of one version, so that two builds differ in nothing."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{part}.{version}.{self.name}.appliance.image")


def _without(*folders: str) -> tuple[str, ...]:
    return tuple(f"/lib/modules/*/kernel/{folder}/*" for folder in sorted(set(folders)))


ROLES = {
    role.name: role
    for role in (
        Role("oma", "Migration appliance (CloudStack)", "oma", 8192, 4096, 2, _STORAGE, _EVERYWHERE),
        Role("vma", "Migration appliance (vCenter)", "vma", 8192, 2048, 2, (*_STORAGE, *_FULL), (*_EVERYWHERE, *_without(*_NO_HARDWARE))),
    )
}

# no_timer_check: on a busy host the kernel's test of the timer fails under emulation, and it panics ("IO-APIC + timer doesn't work").
# transparent_hugepage: whole huge pages for small programs, and a reserve to make them from, are a third of what is used after the start.
# ctrl-alt-del: until systemd runs, the kernel would restart the machine itself.
# panic: the initial RAM disk restarts the machine where it would else open a shell.
KERNEL_OPTIONS = (
    "console=ttyS0,115200 console=tty0 quiet loglevel=1 systemd.show_status=false rd.systemd.show_status=false "
    "vt.global_cursor_default=0 net.ifnames=0 no_timer_check transparent_hugepage=never panic=10 sysctl.kernel.ctrl-alt-del=0"
)
