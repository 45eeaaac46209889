"""How the gate stands, and what each request does to it in each state."""

import asyncio
import grp
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gate_site import Site, Visitor

from appliance.agent.gate.challenge import read_vendor_key
from appliance.agent.gate.gate import Gate
from appliance.agent.gate.limits import Limits, span
from appliance.agent.http.gate import GateRoutes
from appliance.agent.http.local import open_to
from appliance.contract.errors import Fault
from appliance.contract.gate import GateState, OpenGate
from appliance.core.audit import Audit
from appliance.core.store import Store

PEM, SPKI = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo


@pytest.fixture
def site(store: Store) -> Iterator[Site]:
    made = Site(store)
    yield made
    made.remove()


@pytest.fixture
async def gate(site: Site) -> AsyncIterator[Gate]:
    made = site.gate()
    yield made
    await made.stop()


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(Fault) as caught:
        await work
    return caught.value.key


async def closed(site: Site, gate: Gate) -> None:
    pass


async def challenge(site: Site, gate: Gate) -> None:
    await gate.challenge()


async def expired(site: Site, gate: Gate) -> None:
    await gate.challenge()
    site.clock.now += 901


async def waiting(site: Site, gate: Gate) -> None:
    answer = await site.wrong_answer(gate)
    for _ in range(5):
        assert await refused(gate.open(answer, "")) == "gate.answer_wrong"


async def opened(site: Site, gate: Gate) -> None:
    await gate.open(await site.right_answer(gate), "")


async def running(site: Site, gate: Gate) -> None:
    ticket = await gate.open(await site.right_answer(gate), "")
    visitor = await Visitor.come(ticket.socket, ticket.ticket)
    visitor.type("echo sh''ell\n")
    await visitor.see("shell")


Path_ = Callable[[Site, Gate], Awaitable[None]]

TABLE = [
    # brought there by, state, then `challenge`, `open` (somebody else's answer), `close`
    (closed, "closed", "challenge", "gate.no_challenge", "closed"),
    (challenge, "challenge", "challenge", "gate.answer_wrong", "closed"),
    (expired, "closed", "challenge", "gate.no_challenge", "closed"),
    (waiting, "waiting", "tries.wait", "tries.wait", "waiting"),
    (opened, "open", "gate.in_use", "gate.in_use", "closed"),
    (running, "running", "gate.in_use", "gate.in_use", "closed"),
]


@pytest.mark.parametrize(("way", "state", "on_challenge", "on_open", "on_close"), TABLE, ids=[row[0].__name__ for row in TABLE])
async def test_each_row_of_the_state_table(
    site: Site, gate: Gate, way: Path_, state: str, on_challenge: str, on_open: str, on_close: str
) -> None:
    await way(site, gate)
    assert (await gate.state()).state == state
    foreign = Site(site.store, folder=site.folder)
    assert await refused(gate.open(await foreign.right_answer(foreign.gate()) if way is not waiting else "0" * 112, "")) == on_open
    if on_challenge == "challenge":
        await gate.challenge()
        assert (await gate.state()).state is GateState.CHALLENGE
    else:
        assert await refused(gate.challenge()) == on_challenge
    await gate.close()
    assert (await gate.state()).state == on_close


async def test_without_the_vendors_key_there_is_no_gate(site: Site) -> None:
    gate = site.gate(has_key=False)
    assert (await gate.state()).state is GateState.ABSENT
    for work in (gate.challenge(), gate.open("", ""), gate.set_password("", "a long password")):
        assert await refused(work) == "gate.absent"
    await gate.close()


def test_a_key_that_is_missing_or_unusable_is_none(tmp_path: Path, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "vendor.pub"
    assert read_vendor_key(path) is None and not caplog.records
    for content in (b"", b"not a key", generate_private_key(SECP256R1()).public_key().public_bytes(PEM, SPKI)):
        path.write_bytes(content)
        caplog.clear()
        assert read_vendor_key(path) is None and caplog.records
    path.write_bytes(site.vendor.public_key().public_bytes(PEM, SPKI))
    assert read_vendor_key(path) == site.vendor.public_key()


async def test_a_challenge_is_valid_for_fifteen_minutes(site: Site, gate: Gate) -> None:
    answer = await site.right_answer(gate)
    site.clock.now += 899
    assert (await gate.state()).challenge_seconds == 1
    site.clock.now += 1
    assert (await gate.state()).challenge == ""
    assert await refused(gate.open(answer, "")) == "gate.no_challenge"


async def test_an_answer_opens_once(site: Site, gate: Gate) -> None:
    answer = await site.right_answer(gate)
    await gate.open(answer, "")
    await gate.close()
    assert await refused(gate.open(answer, "")) == "gate.no_challenge"
    await gate.challenge()
    assert await refused(gate.open(answer, "")) == "gate.answer_wrong"


async def test_two_right_answers_at_once_open_once(site: Site, gate: Gate) -> None:
    answer = await site.right_answer(gate)
    results = await asyncio.gather(gate.open(answer, ""), gate.open(answer, ""), return_exceptions=True)
    assert sum(isinstance(one, Fault) for one in results) == 1


async def test_a_new_challenge_voids_the_earlier_one(site: Site, gate: Gate) -> None:
    answer = await site.right_answer(gate)
    await gate.challenge()
    assert await refused(gate.open(answer, "")) == "gate.answer_wrong"


async def test_a_restart_voids_the_challenge(site: Site, gate: Gate) -> None:
    answer = await site.right_answer(gate)
    later = site.gate()
    await later.start()
    assert (await later.state()).state is GateState.CLOSED
    assert await refused(later.open(answer, "")) == "gate.no_challenge"


async def test_five_wrong_answers_begin_a_wait_that_a_restart_does_not_end(site: Site, gate: Gate) -> None:
    await waiting(site, gate)
    later = site.gate()
    state = await later.state()
    assert (state.state, state.wait_seconds, state.tries_left) == (GateState.WAITING, 30.0, 0)
    site.clock.now += 30
    answer = await site.wrong_answer(later)
    assert (await later.state()).tries_left == 1
    assert await refused(later.open(answer, "")) == "gate.answer_wrong"
    assert (await later.state()).wait_seconds == 60
    site.boot_id, site.clock.now = "boot-2", 3.0
    assert (await site.gate().state()).wait_seconds == 57


async def test_a_typing_mistake_names_its_line_and_costs_no_try(site: Site, gate: Gate) -> None:
    lines = (await site.right_answer(gate)).split("\n")
    lines[2] = ("A" if lines[2][0] != "A" else "B") + lines[2][1:]
    with pytest.raises(Fault, match="Line 3 of the answer has a typing mistake"):
        await gate.open("\n".join(lines), "")
    with pytest.raises(Fault, match="112 letters and digits, in 7 lines of 16; 32 were typed"):
        await gate.open("\n".join((await site.right_answer(gate)).split("\n")[:2]), "")
    assert (await gate.state()).tries_left == 5


async def test_an_answer_is_taken_as_it_is_typed(site: Site, gate: Gate) -> None:
    await gate.open((await site.right_answer(gate)).lower().replace("0", "O").replace("\n", " "), "")
    assert (await gate.state()).state is GateState.OPEN


async def test_a_right_answer_forgets_the_wrong_ones(site: Site, gate: Gate) -> None:
    await refused(gate.open(await site.wrong_answer(gate), ""))
    assert (await gate.state()).tries_left == 4
    await gate.open(await site.right_answer(gate), "")
    assert (await gate.state()).tries_left == 5


async def test_a_password_is_asked_for_besides(site: Site, gate: Gate) -> None:
    await gate.set_password("", "a long password")
    answer = await site.right_answer(gate)
    assert (await gate.state()).password_required
    assert await refused(gate.open(answer, "")) == "gate.password_wrong"
    assert await refused(gate.open(answer, "another password")) == "gate.password_wrong"
    assert (await gate.state()).tries_left == 3
    await gate.open(answer, "a long password")


async def test_the_password_alone_opens_nothing(site: Site, gate: Gate) -> None:
    await gate.set_password("", "a long password")
    assert await refused(gate.open(await site.wrong_answer(gate), "a long password")) == "gate.answer_wrong"


async def test_the_password_is_changed_and_removed_only_by_who_knows_it(site: Site, gate: Gate) -> None:
    assert await refused(gate.set_password("", "short")) == "password.too_short"
    await gate.set_password("", "a long password")
    assert await refused(gate.set_password("", "")) == "gate.password_wrong"
    await gate.set_password("a long password", "")
    assert not (await gate.state()).password_required


async def test_a_ticket_nobody_uses_expires_with_its_socket(site: Site) -> None:
    site.limits = Limits(ticket=0.1)
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    assert ticket.socket.stat().st_mode & 0o777 == 0o600
    await asyncio.sleep(0.3)
    assert (await gate.state()).state is GateState.CLOSED and not ticket.socket.exists()
    assert (await site.events())[-1] == ("shell-gate.close", "done", "nobody came with the ticket")


async def test_consoles_of_the_group_reach_the_shell_and_nobody_else_does(site: Site) -> None:
    """A console over SSH runs as another user; with the ticket it gets in too."""
    site.admit = partial(open_to, "daemon")
    gate = site.gate()
    ticket = await gate.open(await site.right_answer(gate), "")
    found = ticket.socket.stat()
    assert (found.st_mode & 0o777, found.st_gid) == (0o660, grp.getgrnam("daemon").gr_gid)
    await gate.close()


async def test_the_audit_log_tells_the_whole_story_newest_first(site: Site, gate: Gate) -> None:
    routes = GateRoutes(gate, Audit(site.store))
    assert await refused(gate.open(await site.wrong_answer(gate), "")) == "gate.answer_wrong"
    opened = await routes.open_gate(OpenGate(answer=await site.right_answer(gate)))
    assert opened.socket.endswith("shell.sock") and opened.seconds == 60
    await routes.close_gate()
    events = [(one.actor, one.action, one.result, one.detail) for one in reversed(await routes.audit(limit=10))]
    assert events == [
        ("console", "shell-gate.challenge", "done", ""),
        ("console", "shell-gate.open", "refused", "gate.answer_wrong"),
        ("console", "shell-gate.challenge", "done", ""),
        ("vendor", "shell-gate.open", "done", ""),
        ("agent", "shell-gate.close", "done", "closed"),
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (0.3, "0 seconds"), (45, "45 seconds"), (60, "1 minute"), (900, "15 minutes"), (3600, "1 hour"), (7200, "2 hours")],
)
def test_a_limit_is_told_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words
