"""The reading of messages that goes on when something else was cancelled."""

from __future__ import annotations

import asyncio

from textual.message_pump import MessagePump


class Persevering(MessagePump):
    """Textual's own ends without a word when what a message waited for was cancelled, as when a screen is closed in its work."""

    async def _process_messages_loop(self) -> None:
        while True:
            try:
                return await super()._process_messages_loop()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if self._closing or self._closed or task is None or task.cancelling():
                    raise
