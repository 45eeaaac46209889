"""Findings, and how a typed text is shown in one."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.contract.network import Finding, Severity

LONGEST_SHOWN = 60


def error(interface: str, field: str, message: str) -> Finding:
    """What keeps the settings from being tried."""
    return _finding(interface, field, Severity.ERROR, message)


def warning(interface: str, field: str, message: str) -> Finding:
    """What the operator should look at again."""
    return _finding(interface, field, Severity.WARNING, message)


def pending(interface: str, field: str, message: str) -> Finding:
    """What is not yet as it was wanted, and may still come to be."""
    return _finding(interface, field, Severity.PENDING, message)


def fine(interface: str, field: str, message: str) -> Finding:
    """What was found as it should be."""
    return _finding(interface, field, Severity.OK, message)


def errors(interface: str, field: str, flaws: list[str]) -> list[Finding]:
    """An error for each flaw; an empty text is none."""
    return [error(interface, field, flaw) for flaw in flaws if flaw]


def listed(findings: Iterable[Finding]) -> str:
    """What they say in one text, each with the interface it is about."""
    return " ".join(f"{one.interface}: {one.message}" if one.interface else one.message for one in findings)


def printable(text: str) -> str:
    """A text in one line, with “?” for what a screen can't show."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def shown(text: str) -> str:
    """A typed text in quotes, cut when it is long."""
    plain = printable(text.strip(" "))
    return f"“{plain if len(plain) <= LONGEST_SHOWN else plain[: LONGEST_SHOWN - 1] + '…'}”"


def entry_flaw(text: str) -> str:
    """What is wrong with one entry as a text: it has a line break, a tab, another character that does not show, or a space inside."""
    if not text.isprintable():
        return f"{shown(text)} has a line break or another character that does not show. Type it again, in one line."
    return (
        f"{shown(text)} has a space in it. Type it without spaces, and each value as an entry of its own." if " " in text.strip(" ") else ""
    )


def _finding(interface: str, field: str, severity: Severity, message: str) -> Finding:
    """A message may hold an interface's name as it was typed: no character of that may reach a screen raw."""
    return Finding(interface=interface, field=field, severity=severity, message=printable(message))
