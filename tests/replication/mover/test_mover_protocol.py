"""The mover's job and orders: what is understood, and what is refused with one clear sentence."""

import json
from typing import Any

import pytest

from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import CopyError, Exit, Kind, Order, Target, Work, parse_job, parse_order

TARGET = {"host": "oma", "port": 443, "token": "t0p-secret", "identity": "session", "key_file": "/run/key"}


def job(**changes: Any) -> str:
    return json.dumps({"source": {"socket": "/run/src"}, "targets": [TARGET], "read": [[0, 65536]], **changes})


def test_a_job_needs_no_more_than_source_targets_and_work() -> None:
    parsed = parse_job(job())
    assert parsed.work == Work(Extents.whole(65536))
    assert not parsed.target_is_zero
    assert not parsed.more


def test_a_job_may_begin_without_work_when_more_will_come() -> None:
    assert parse_job(job(read=[], more=True)).work.end == 0


def test_a_token_does_not_show_when_a_target_is_printed() -> None:
    assert "t0p-secret" not in repr(parse_job(job()))


def test_a_target_through_ssh_is_a_socket() -> None:
    target = {"socket": "/run/s", "identity": "i", "key_file": "/run/key"}
    assert parse_job(job(targets=[target])).targets == (Target(socket="/run/s", identity="i", key_file="/run/key"),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"read": []}, "nothing to copy"),
        ({"read": [[0]]}, "an extent is"),
        ({"read": [[-1, 5]]}, "negative"),
        ({"read": [[0, 9]], "zero": [[8, 2]]}, "both copied and zeroed"),
        ({"targets": []}, "no target"),
        ({"targets": [{"host": "oma", "port": 443}]}, "identity and key_file"),
        ({"targets": [{**TARGET, "plain": True}]}, "identity and key_file"),
        ({"targets": [{**TARGET, "socket": "/run/s"}]}, "either host and port or a socket"),
        ({"targets": [{**TARGET, "port": 70000}]}, "between 0 and 65535"),
        ({"source": None}, "the source must be an object"),
        ({"source": {}}, "no socket"),
        ({"colour": 1}, "unknown field of the job: colour"),
        ({"chunk_bytes": 65537}, "multiple"),
        ({"in_flight": True}, "must be int"),
    ],
)
def test_a_wrong_job_is_refused_with_the_reason(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CopyError, match=message) as refusal:
        parse_job(job(**changes))
    assert refusal.value.kind is Kind.REFUSED


@pytest.mark.parametrize("line", ["", "{", job()[:-5], "[]", "null"])
def test_a_cut_off_job_is_refused(line: str) -> None:
    with pytest.raises(CopyError):
        parse_job(line)


def test_orders_bring_work_end_and_rate() -> None:
    assert parse_order('{"read": [[0, 4]]}') == Order(work=Work(Extents.whole(4)))
    assert parse_order('{"end": true}') == Order(end=True)
    assert parse_order('{"rate": 0}') == Order(rate=0)


def test_an_order_of_another_kind_is_refused() -> None:
    with pytest.raises(CopyError, match="unknown field of the order: hurry"):
        parse_order('{"hurry": true}')


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    assert len({Exit.of(kind) for kind in Kind}) == len(Kind)
