"""Which agent is asked: the one of this machine, or one at an address with a token."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import aiohttp

from appliance.cli.arguments import Misused
from appliance.contract.client import Transport

SOCKET = "/run/appliance/api.sock"


def add_connection(parser: argparse.ArgumentParser) -> None:
    """The options that say where the agent is."""
    group = parser.add_argument_group("which appliance")
    group.add_argument("--socket", metavar="PATH", help=f"the agent's socket on this machine (default {SOCKET}, or $APPLIANCE_SOCKET)")
    group.add_argument("--url", help="another appliance's API, such as https://oma.example/operator (or $APPLIANCE_URL)")
    group.add_argument("--token-file", metavar="FILE", help="a file with the token for --url (or $APPLIANCE_TOKEN_FILE)")
    group.add_argument(
        "--server-fingerprint", metavar="SHA256", help="the SHA-256 of the appliance's certificate, as its first screen shows it"
    )


def transport(typed: argparse.Namespace) -> Transport:
    """The way to the agent. Raises Misused."""
    url, file = typed.url or os.environ.get("APPLIANCE_URL"), typed.token_file or os.environ.get("APPLIANCE_TOKEN_FILE")
    if typed.socket or not url:
        return Transport(unix=typed.socket or os.environ.get("APPLIANCE_SOCKET") or SOCKET)
    if not file:
        raise Misused("--url needs --token-file")
    try:
        token = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file}: {getattr(error, 'strerror', None) or 'this is not text'}") from None
    return Transport(url, token=token, certificate=_fingerprint(typed.server_fingerprint))


def _fingerprint(text: str | None) -> aiohttp.Fingerprint | None:
    if not text:
        return None
    try:
        return aiohttp.Fingerprint(bytes.fromhex(text.replace(":", "").replace(" ", "")))
    except ValueError:
        raise Misused("--server-fingerprint: type the 64 digits and letters a to f of a SHA-256") from None
