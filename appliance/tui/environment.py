"""The environment that Textual is to be imported in; this module imports nothing of it."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN = ("linux", "xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "konsole", "gnome", "vte", "kitty", "putty")
"""How the TERM of terminals begins that have sixteen colours; any other is taken for a VT220."""

MEDDLING = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM_PROGRAM", "LC_TERMINAL", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def environment_for(term: str) -> Mapping[str, str]:
    """Variables to set: the sixteen colours only, no keyboard protocol and no animations that a bare terminal would show as rubbish."""
    return {
        "TERM": term if term.startswith(KNOWN) else "vt220",
        "TEXTUAL_COLOR_SYSTEM": "standard",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "ESCDELAY": "50",
    }


def is_meddling(name: str) -> bool:
    """Whether a variable that somebody else has set would change what the console shows, or how large it takes the terminal to be."""
    return name.startswith("TEXTUAL") or name in MEDDLING
