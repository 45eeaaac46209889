"""That the console takes keys, shown by typing into the set-up's first field."""

from __future__ import annotations

import asyncio
import re
import time

from tests.image.machine import Machine

MARKS = (1, 3)
"""How many characters are typed, by turns: what an earlier look has found, or a key has typed more, is neither."""
ARRIVAL = 120.0
"""Seconds for a key to show; a busy computer emulates slowly."""
MASKED = re.compile(r"New password +[|│║] ?([•*]*)")


async def takes_keys(one: Machine) -> None:
    """What is typed after all other keys arrives in the field, so those before it have had their effect."""
    shown = await one.guest.screen()
    wanted = MARKS[1] if typed(shown) == MARKS[0] else MARKS[0]
    end = time.monotonic() + ARRIVAL
    await one.press("ctrl-u", *["x"] * wanted)
    while typed(shown := await one.guest.screen()) != wanted:
        if "Fingerprint" in shown:  # Esc, or what the terminal makes of Alt, leaves the set-up; it waits one key away
            await one.press("f2")
            await one.guest.shows("The same again")
            await one.press("ctrl-u", *["x"] * wanted)
        if time.monotonic() > end:
            raise AssertionError(f"what is typed does not arrive; the screen:\n{shown}")
        await asyncio.sleep(0.1)


def typed(shown: str) -> int:
    """How many characters are in the field for the new password; -1 where there is no such field."""
    found = MASKED.search(shown)
    return len(found[1]) if found else -1
