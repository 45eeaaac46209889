"""Give the mounted ext4 file system that a folder is on a random identifier (UUID), and see that it is on the disk.

Every machine of one image starts with the image's identifier, and a disk of a guest may carry it too. The kernel changes it as one
transaction of the journal. The boot loader reads it from the disk at each start, so a power cut at any point leaves a machine that starts.
"""

import fcntl
import os
import struct
import sys
import uuid

SET_UUID, CHECKPOINT = 0x4008662C, 0x4004662B  # EXT4_IOC_SETFSUUID, EXT4_IOC_CHECKPOINT: linux/fs/ext4/ext4.h
LENGTH = 16


def main(folder: str) -> None:
    """Change it; raises OSError where the file system can't."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.ioctl(place, SET_UUID, struct.pack("=II", LENGTH, 0) + uuid.uuid4().bytes)
    fcntl.ioctl(place, CHECKPOINT, struct.pack("=I", 0))  # the boot loader does not read the journal
    os.close(place)


if __name__ == "__main__":
    main(sys.argv[1])
