"""The answer of everything that looks before something is done: a list of checks."""

from __future__ import annotations

from enum import StrEnum

from appliance.contract.api import OperatorModel


class CheckState(StrEnum):
    """`pass`, `warn` (it can be done, but know this) or `fail` (it can't)."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class Check(OperatorModel):
    """One thing that was looked at: what was found, and what to do about it where that is not good."""

    name: str
    state: CheckState
    sentence: str
    guidance: str = ""


def passed(name: str, sentence: str) -> Check:
    """A check that found nothing wrong."""
    return Check(name=name, state=CheckState.PASS, sentence=sentence)


def warned(name: str, sentence: str, guidance: str) -> Check:
    """A check that found something to know, or could not look."""
    return Check(name=name, state=CheckState.WARN, sentence=sentence, guidance=guidance)


def failed(name: str, sentence: str, guidance: str) -> Check:
    """A check that found what makes it impossible."""
    return Check(name=name, state=CheckState.FAIL, sentence=sentence, guidance=guidance)
