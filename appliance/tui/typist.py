"""Keys handed to the screens one after the other.

Textual gives each widget a queue of its own: a key that a screen handles goes round through several of them, and a letter typed after it
would overtake it. Somebody who types faster than the machine draws would then find letters in the wrong field, or erased.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

LONGEST_WAIT = 0.5
"""Seconds for which the next key waits for something that a key has begun."""


class Typist:
    """Takes what was typed, from any thread; passes each key on when the one before was handled everywhere."""

    def __init__(self, app: App[object]) -> None:
        self._app, self._loop = app, asyncio.get_running_loop()
        self._typed: asyncio.Queue[Message] = asyncio.Queue()
        self._task = self._loop.create_task(self._pass_on(), name="typist")

    def take(self, message: Message) -> None:
        """A key, or a pasted text."""
        self._loop.call_soon_threadsafe(self._typed.put_nowait, message)

    def stop(self) -> None:
        """Pass nothing on any more."""
        self._task.cancel()

    async def _pass_on(self) -> None:
        while True:
            message = await self._typed.get()
            way = self._way()
            self._app.post_message(message)
            for node in way:
                await _reached(node)

    def _way(self) -> list[DOMNode]:
        """Who may handle a key, in the order in which it comes round to them."""
        if not self._app.screen_stack:
            return [self._app]
        start = self._app.focused or self._app.screen
        return [self._app, *start.ancestors_with_self, self._app]


async def _reached(node: DOMNode) -> None:
    """When a node has handled everything that was in its queue."""
    handled = asyncio.Event()
    if node.is_running and node.call_later(handled.set):
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await handled.wait()
        except TimeoutError:
            return
