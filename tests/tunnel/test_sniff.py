"""What a connection is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tunnel.sniff import LONGEST_LINE, Kind, sniff, token_of

TOKEN = "a" * 43


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"SSH-2.0-x\r\n", Kind.SSH),
        (f"NBD {TOKEN}\n".encode(), Kind.DATA),
        (f"NBD {TOKEN}\nand TLS after it".encode(), Kind.DATA),
        (b"\x16\x03\x01\x02\x00\x01", Kind.TLS),
        (b"\x16\x03\x03\x02\x00\x02", Kind.OTHER),
        (b"\x16\x02\x00\x02\x00\x01", Kind.OTHER),
        (b"GET / HTTP/1.1\r\n", Kind.OTHER),
        (b"\x00", Kind.OTHER),
        (b"SSX", Kind.OTHER),
        (b"NBD " + b"x" * LONGEST_LINE, Kind.OTHER),
        (b"SS", None),
        (b"NB", None),
        (b"\x16\x03", None),
        (b"NBD abc", None),
    ],
)
def test_the_first_bytes_say_who_serves_a_connection(first: bytes, kind: Kind | None) -> None:
    assert sniff(first).kind is kind


@given(st.binary(min_size=1, max_size=200))
def test_an_undecided_verdict_always_asks_for_more_than_is_there(first: bytes) -> None:
    verdict = sniff(first)
    assert verdict.kind is not None or verdict.need > len(first)
    assert verdict.kind is not None or len(first) < LONGEST_LINE


@given(st.binary(min_size=1, max_size=200), st.integers(1, 200))
def test_more_bytes_never_change_a_decision(first: bytes, cut: int) -> None:
    earlier = sniff(first[:cut])
    assert earlier.kind is None or earlier == sniff(first)


@pytest.mark.parametrize(
    "line", [b"NBD \n", b"NBD short\n", b"NBD " + b"a" * 20, b"NBD " + b"/" * 20 + b"\n", b"NBD  " + b"a" * 20 + b"\n"]
)
def test_a_line_without_a_proper_token_has_none(line: bytes) -> None:
    assert token_of(line) is None


def test_the_token_is_what_stands_between_the_word_and_the_newline() -> None:
    assert token_of(f"NBD {TOKEN}\n".encode()) == TOKEN
