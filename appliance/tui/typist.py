"""Keys handed to the screens one after the other.

Textual gives each widget a queue of its own: a key that a screen handles goes round through several of them, and a letter typed after it
would overtake it. Somebody who types faster than the machine draws would then find letters in the wrong field, or erased. And a key that is
typed for a screen that only just opens waits until there is something on it to act on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.events import Key
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

LONGEST_WAIT = 10.0
"""Seconds for which a key waits for what the one before has begun, or for a screen that has not heard from the agent yet."""

MOMENT = 0.01
"""Seconds until a screen that opens is looked at again."""

ALWAYS = {"escape", "f1", "ctrl+g", "f10", "ctrl+l", "f12", "ctrl+p"}
"""Keys that mean the same whatever a screen shows. They wait for no screen, and whatever was typed before them waits no longer."""


class Typist:
    """Takes what was typed, from any thread; passes each key on when the one before was handled everywhere."""

    def __init__(self, app: App[object]) -> None:
        self._app, self._loop = app, asyncio.get_running_loop()
        self._typed: asyncio.Queue[Message] = asyncio.Queue()
        self._urgent = 0
        """How many keys that wait for no screen are among what was typed."""
        self._open: object = None
        """The screen that was ready last."""
        self._late: object = None
        """The screen that was waited for in vain."""
        self._task = self._loop.create_task(self._pass_on(), name="typist")

    def take(self, message: Message) -> None:
        """A key, or a pasted text."""
        self._loop.call_soon_threadsafe(self._put, message)

    def stop(self) -> None:
        """Pass nothing on any more."""
        self._task.cancel()

    def _put(self, message: Message) -> None:
        self._urgent += _is_urgent(message)
        self._typed.put_nowait(message)

    async def _pass_on(self) -> None:
        while True:
            message = await self._typed.get()
            if _is_urgent(message):
                self._urgent -= 1
            else:
                await self._opened()
            way = self._way()
            self._app.post_message(message)
            await _handled(way)

    async def _opened(self) -> None:
        """When the screen in front is whole, has the cursor in its place, and is ready for keys; or after a while, once for each screen."""
        end = self._loop.time() + LONGEST_WAIT
        while self._app.screen_stack:
            screen = self._app.screen
            if screen.is_running and getattr(screen, "is_ready", True):
                if screen is self._open:
                    return
                await _handled([screen, self._app])
                self._open, self._late = screen, None
            elif self._urgent or screen is self._late or self._loop.time() > end:
                self._late = screen
                return
            else:
                await asyncio.sleep(MOMENT)

    def _way(self) -> list[DOMNode]:
        """Who may handle a key, in the order in which it comes round to them."""
        if not self._app.screen_stack:
            return [self._app]
        start = self._app.focused or self._app.screen
        return [self._app, *start.ancestors_with_self, self._app]


def _is_urgent(message: Message) -> bool:
    return isinstance(message, Key) and message.key in ALWAYS


async def _handled(way: Sequence[DOMNode]) -> None:
    """When these, one after the other, have handled everything that was in their queues; or after a while."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_WAIT):
            for node in way:
                handled = asyncio.Event()
                if node.is_running and node.call_later(handled.set):
                    await handled.wait()
