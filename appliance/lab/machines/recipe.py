"""What the lab's guest consists of: packages, files and units. Any change here makes a new image."""

import uuid

PACKAGES = (
    *("linux-image-cloud-amd64", "initramfs-tools", "zstd", "systemd", "systemd-sysv", "dbus", "udev", "kmod"),
    *("e2fsprogs", "login", "util-linux", "mount", "procps"),
)

# Of a package only what runs is wanted.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/zoneinfo/*")

ROOT_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "root.guest.lab"))
ROOT_MIB = 1536
DATA_MIB = 1024

# On the data disk: bytes that cannot be compressed, a file that has every second mebibyte only, and written zeros in free space.
RANDOM_MIB = 192
SPARSE_MIB = 64
ZEROS_AT_MIB, ZEROS_MIB = 832, 96

# no_timer_check: on a busy host the kernel's test of the timer fails under emulation, and it panics ("IO-APIC + timer doesn't work").
KERNEL_OPTIONS = (
    f"root=UUID={ROOT_UUID} rw console=ttyS0,115200 quiet systemd.show_status=false fsck.mode=skip "
    "net.ifnames=0 audit=0 mitigations=off nowatchdog random.trust_cpu=on "
    "no_timer_check tsc=reliable panic=3 nokaslr apparmor=0 cryptomgr.notests rcupdate.rcu_expedited=1"
)

GRUB_CONFIG = f"""set timeout=0
search --no-floppy --fs-uuid --set=root {ROOT_UUID}
linux /vmlinuz {KERNEL_OPTIONS}
initrd /initrd.img
boot
"""

# Written before the kernel is installed, so that its initial RAM disk is made once and finds the root disk on any bus.
EARLY_FILES = {
    "etc/initramfs-tools/conf.d/guest": "MODULES=most\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\nFSTYPE=ext4\nRESUME=none\n",
    "etc/initramfs-tools/modules": "vmw_pvscsi\nvmxnet3\nvirtio_pci\nvirtio_blk\nvirtio_scsi\nvirtio_net\nsd_mod\n",
    "etc/kernel-img.conf": "link_in_boot = no\n",
}

FILES = {
    "boot/grub/grub.cfg": GRUB_CONFIG,
    "etc/fstab": f"UUID={ROOT_UUID} / ext4 rw,noatime 0 0\nLABEL=data /srv ext4 noatime,nofail,x-systemd.device-timeout=90s 0 0\n",
    "etc/hostname": "guest\n",
    "etc/hosts": "127.0.0.1 localhost guest\n",
    "etc/machine-id": uuid.uuid5(uuid.NAMESPACE_DNS, "guest.lab").hex + "\n",
    "etc/systemd/system.conf.d/lab.conf": "[Manager]\nDefaultTimeoutStopSec=5s\nDefaultTimeoutStartSec=300s\n",
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\n",
    "etc/systemd/logind.conf.d/lab.conf": "[Login]\nNAutoVTs=0\nReserveVT=0\nHandlePowerKey=poweroff\n",
    # Of all devices only those that something here waits for.
    "etc/systemd/system/systemd-udev-trigger.service.d/lab.conf": (
        "[Service]\nExecStart=\nExecStart=/bin/udevadm trigger --type=devices --action=add "
        "--subsystem-match=acpi --subsystem-match=block --subsystem-match=input --subsystem-match=net\n"
    ),
    # The serial login waits for no device unit, for the port is in the kernel; but for what answers the power button and for the data.
    "etc/systemd/system/lab-login.service": (
        "[Unit]\nDescription=Login on the serial console\nAfter=systemd-user-sessions.service systemd-logind.service srv.mount\n"
        "[Service]\nExecStart=/sbin/agetty --noclear --keep-baud 115200 ttyS0 vt220\nRestart=always\nRestartSec=0\n"
        "UtmpIdentifier=ttyS0\nStandardInput=tty\nStandardOutput=tty\nTTYPath=/dev/ttyS0\nTTYReset=yes\nTTYVHangup=yes\n"
        "IgnoreSIGPIPE=no\nSendSIGHUP=yes\n[Install]\nWantedBy=multi-user.target\n"
    ),
}

LINKS = {
    # What is written to /etc/marker is shown above the login prompt.
    "etc/issue.d/marker.issue": "/etc/marker",
    "etc/systemd/system/multi-user.target.wants/lab-login.service": "/etc/systemd/system/lab-login.service",
    "etc/systemd/system/default.target": "/lib/systemd/system/multi-user.target",
}

# Slow under emulation, and of no use here.
MASKED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer"),
    *("serial-getty@ttyS0.service", "getty@tty1.service", "getty-static.service", "systemd-networkd-wait-online.service"),
    *("systemd-pstore.service", "systemd-binfmt.service", "systemd-timesyncd.service", "systemd-update-utmp.service"),
    *("systemd-update-utmp-runlevel.service", "modprobe@.service", "systemd-remount-fs.service", "systemd-sysusers.service"),
    *("sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "systemd-hwdb-update.service", "ldconfig.service"),
    *(
        "systemd-modules-load.service",
        "systemd-random-seed.service",
        "systemd-sysctl.service",
        "systemd-journal-flush.service",
        "kmod-static-nodes.service",
        "proc-sys-fs-binfmt_misc.automount",
    ),
)

# root may log in with the password `lab` (crypt, SHA-512).
ROOT_PASSWORD = "$6$machines$jzFESkrhZUpw9qMvI93fzfstWtCLzrJRIcnjj0UH5Yo5kuX4qEsNJKuJuseY5Yq63hyWyqWz8bYXSJuadV2P5."
