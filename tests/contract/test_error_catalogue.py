"""Each error has a key, a sentence and what to do; no operator's sentence tells what is inside the appliance."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from appliance.contract.errors import FaultSpec
from appliance.core.jobs import Step
from appliance.schedules import conflicts
from tests.contract.errors_page import PAGE, written
from tests.contract.operator_words import flaws
from tests.contract.product import catalogue, modules, sentences

SENTENCE = re.compile(r"{(reason|reasons|detail)}$")
"""Fields that are sentences themselves."""
ERRORS = pytest.mark.parametrize("spec", catalogue().values(), ids=lambda one: one.key)


def steps() -> list[type[Step]]:
    assert modules()
    return [one for one in _below(Step) if one.__module__.startswith("appliance.") and not one.__module__.startswith("appliance.lab")]


def _below(kind: type[Step]) -> list[type[Step]]:
    return [each for one in kind.__subclasses__() for each in (one, *_below(one))]


def test_the_page_is_what_the_code_declares() -> None:
    assert PAGE.read_text() == written(), "run: python -m tests.contract.errors_page"


def test_no_declared_error_is_left_out() -> None:
    told = _in_a_fresh_process(
        "from tests.contract.product import catalogue as found; from appliance.contract.errors import CATALOGUE as declared; "
        "print(sorted(set(found()) ^ set(declared)))"
    )
    assert told == "[]"


def _in_a_fresh_process(program: str) -> str:
    """What a program prints where no test has declared errors of its own."""
    ran = subprocess.run([sys.executable, "-c", program], cwd=PAGE.parents[1], capture_output=True, text=True, timeout=60, check=True)
    return ran.stdout.strip()


@ERRORS
def test_an_error_has_a_message_and_says_what_to_do(spec: FaultSpec) -> None:
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", spec.key)
    assert 400 <= spec.status < 600
    assert spec.message.endswith(".") or SENTENCE.search(spec.message)
    assert spec.guidance.endswith(".")


@ERRORS
def test_an_error_tells_nothing_of_the_inside(spec: FaultSpec) -> None:
    assert not flaws(spec.message) + flaws(spec.guidance)


def test_every_reason_to_skip_a_run_is_in_the_catalogue() -> None:
    reasons = {one.key for one in vars(conflicts).values() if isinstance(one, FaultSpec)}
    assert reasons
    assert reasons <= set(catalogue())


@pytest.mark.parametrize("step", [one for one in steps() if hasattr(one, "title")], ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_the_title_of_a_step_is_for_operators(step: type[Step]) -> None:
    assert step.title[:1].isupper()
    assert not step.title.endswith(".")
    assert not flaws(step.title)


def test_no_sentence_in_the_code_tells_of_the_inside() -> None:
    found = list(sentences())
    assert len(found) > 500
    assert [(where, text, flaws(text)) for where, text in found if flaws(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "virt-v2v ended with 1.",
        "The VirtIO drivers are missing.",
        "Start nbdkit again.",
        "No NBD export.",
        "The disk /dev/vdb is missing.",
        "See /var/log/syslog.",
        "Nothing listens on 127.0.0.1.",
        "The password {password} is wrong.",
        "The job was canceled.",
        "systemd does not answer.",
    ],
)
def test_what_must_not_be_read_is_found(text: str) -> None:
    assert flaws(text)


@pytest.mark.parametrize(
    "text",
    [
        "Check the address, for example 192.0.2.10 or cloud.example.org:8080.",
        "Send the token in the Authorization header as a Bearer token.",
        "This machine has no account {user}, which logins over SSH need.",
        "The vCenter {host} can't be reached on TCP port {port}.",
    ],
)
def test_what_operators_know_may_be_said(text: str) -> None:
    assert not flaws(text)
