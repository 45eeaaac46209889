"""Asking for a web address that a file is fetched from, or sent to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from appliance.contract.types import FetchFrom, SendTo
from appliance.tui.widgets.ask import Ask
from appliance.tui.widgets.form import Field

_FETCHED = re.compile(r"https?://[^\s@/]+[^\s@]*$")
_SENT = re.compile(r"https://[^\s@/]+[^\s@]*$")
_FINGERPRINT = re.compile(r"([0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31})?$")


def ask_fetch(heading: str, text: str, file: str, fetch: Callable[[FetchFrom], Awaitable[None]]) -> Ask:
    """A form for the address; `file` is a file's name in its hint."""

    async def work(typed: Mapping[str, str]) -> None:
        await fetch(FetchFrom(address=typed["address"]))

    field = Field("Web address", id="address", hint=f"https://files.example.com/{file}", limit=2000, check=fetched_flaw)
    return Ask(heading, text, [field], work)


def ask_send(heading: str, text: str, send: Callable[[SendTo], Awaitable[None]]) -> Ask:
    """A form for the address, and the certificate of a server that no known authority vouches for."""

    async def work(typed: Mapping[str, str]) -> None:
        await send(SendTo(address=typed["address"], fingerprint=typed["fingerprint"]))

    fields = [
        Field("Web address", id="address", hint="https://files.example.com/place", limit=2000, check=sent_flaw),
        Field("Fingerprint", id="fingerprint", hint="SHA-256 of its certificate; mostly empty", check=fingerprint_flaw),
    ]
    return Ask(heading, text, fields, work)


def fetched_flaw(text: str) -> str:
    """Something a web server may have (pure)."""
    return "" if _FETCHED.match(text) else "Type an address that begins with http:// or https://, without a user name in it."


def sent_flaw(text: str) -> str:
    """What is sent is hidden from others on its way (pure)."""
    return "" if _SENT.match(text) else "Type an address that begins with https://, without a user name in it."


def fingerprint_flaw(text: str) -> str:
    """As other programs show it, or nothing (pure)."""
    return "" if _FINGERPRINT.match(text) else "Type the 64 hexadecimal digits, with or without colons; or leave it empty."
