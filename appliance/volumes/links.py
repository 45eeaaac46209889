"""Stable links: `vol<id>` in the links folder lives until the volume is deleted; in the exports folder while it is present."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.volumes.names import link_name, volume_of_link


class Links:
    """Two folders of links: all volumes of this appliance, and those that are present."""

    def __init__(self, links: Path, exports: Path) -> None:
        self.links, self.exports = links, exports
        for folder in (links, exports):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, volume_id: str) -> Path:
        """The stable name under which the volume is opened."""
        return self.links / link_name(volume_id)

    async def keep(self, volume_id: str, device: Path) -> None:
        """Let the stable link lead to the device's name by identity, whether that is there now or not."""
        await asyncio.to_thread(_point, self.path(volume_id), device)

    async def publish(self, volume_id: str) -> None:
        """Show the volume among the exports."""
        await asyncio.to_thread(_point, self.exports / link_name(volume_id), self.path(volume_id))

    async def withdraw(self, volume_id: str) -> None:
        """Take the volume from the exports."""
        (self.exports / link_name(volume_id)).unlink(missing_ok=True)

    async def forget(self, volume_id: str) -> None:
        """Remove both links: the volume is deleted."""
        await self.withdraw(volume_id)
        self.path(volume_id).unlink(missing_ok=True)

    def is_kept(self, volume_id: str) -> bool:
        """Whether the volume has a stable link."""
        return self.path(volume_id).is_symlink()

    def is_published(self, volume_id: str) -> bool:
        """Whether the volume is among the exports."""
        return (self.exports / link_name(volume_id)).is_symlink()

    def kept(self) -> set[str]:
        """Volumes that have a stable link."""
        return _volumes_in(self.links)

    def published(self) -> set[str]:
        """Volumes among the exports."""
        return _volumes_in(self.exports)


def _point(link: Path, target: Path) -> None:
    """Make or change a link in one step: a reader sees the old or the new one, never none."""
    if link.is_symlink() and link.readlink() == target:
        return
    draft = link.with_name(f".{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)


def _volumes_in(folder: Path) -> set[str]:
    return {volume for path in folder.iterdir() if (volume := volume_of_link(path.name))}
