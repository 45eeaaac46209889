"""Where guests are prepared on the appliance's own disk: what is made there once stays, what one preparation needs goes with it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.core.cancelling import to_its_end
from appliance.core.commands import Children
from appliance.core.durable import writing

OWNER = "preparation/"
"""What the owner of every program begins with that prepares a guest."""
_OWN = "now-"
_HALF_BUILT = ".guestfs-*/appliance.d.*"
"""What supermin(1) builds under such a name gets the one without its end once it is whole; killed, it leaves up to 0.4 GB."""


class Workplace:
    """A folder. Besides, it keeps the transcripts of what was said."""

    def __init__(self, folder: Path, children: Children) -> None:
        self.folder, self.made = folder, folder / "made"
        self._children, self._in_use = children, set[Path]()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Path]:
        """A folder of its own for one preparation, which goes with all that is in it; its programs must be over by then."""
        async with self._one_at_a_time:
            with writing():
                path = await to_its_end(asyncio.to_thread(self._make))
            self._in_use.add(path)
        try:
            yield path
        finally:
            await to_its_end(self._leave(path))

    async def sweep(self) -> None:
        """Remove what killed preparations left, also an earlier agent's, unless one is under way that may need it."""
        async with self._one_at_a_time:
            if not self._in_use and not self._children.living(OWNER):
                await to_its_end(asyncio.to_thread(self._remove_left))

    async def _leave(self, path: Path) -> None:
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        self._in_use.discard(path)
        await self.sweep()

    def _make(self) -> Path:
        self.made.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(prefix=_OWN, dir=self.folder))

    def _remove_left(self) -> None:
        for left in (*self.folder.glob(f"{_OWN}*"), *self.made.glob(_HALF_BUILT)):
            shutil.rmtree(left, ignore_errors=True)
