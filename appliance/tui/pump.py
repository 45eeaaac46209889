"""How screens go on, and how they end."""

from __future__ import annotations

import asyncio
from typing import cast

from textual import on
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.messages import Prune


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


class LastToGo(MessagePump):
    """A screen's parts go before it does. What still works for it ends first, before it could miss one of them."""

    @on(Prune)
    def _work_ends(self) -> None:
        self.app.workers.cancel_node(cast(DOMNode, self))
