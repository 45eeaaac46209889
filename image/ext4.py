"""An ext4 file system from a folder, the same every time."""

import uuid
from pathlib import Path

from image.programs import run


def make_ext4(root: Path, disk: Path, offset: int, size_mib: int, identifier: uuid.UUID, epoch: int) -> None:
    """Write the folder `root` as a file system of `size_mib` into the file `disk` at `offset` (bytes); raises BuildProblem."""
    # Without the lazy options the kernel would go on writing to the disk long after the first mount.
    seed = uuid.uuid5(identifier, "hash seed")
    options = f"offset={offset},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,hash_seed={seed}"
    # Checksums that do not hang on the identifier: the first start gives the mounted file system one of its own.
    where = ("-O", "metadata_csum_seed", "-d", root, disk, f"{size_mib}M")
    clock = {"E2FSPROGS_FAKE_TIME": str(epoch)}
    run("mkfs.ext4", "-q", "-F", "-U", str(identifier), "-L", "root", "-E", options, *where, env=clock)
    # mkfs takes over from the folder when each inode was last changed, which is now.
    run("debugfs", "-w", "-f", "-", f"{disk}?offset={offset}", stdin=change_times(root, epoch), env=clock)


def change_times(root: Path, epoch: int) -> str:
    """The commands by which debugfs says of every file of the folder that its inode was last changed at `epoch` (seconds)."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    return "".join(f'set_inode_field "/{name}" ctime @{epoch}\n' for name in names)
