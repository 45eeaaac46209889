"""The tunnel's other pure decisions: admission, twins, backoff, versions, the cipher file."""

from __future__ import annotations

import pytest

from appliance.tunnel.admission import Admission, Limits
from appliance.tunnel.backoff import Backoff
from appliance.tunnel.ciphers import render_priority_file
from appliance.tunnel.protocol import agree, is_peer_id, versions_of
from appliance.tunnel.twins import is_twin


def test_one_address_does_not_get_more_than_its_share() -> None:
    admission = Admission(Limits(total=10, reserve=0, per_address=2), lambda _: False)
    assert [admission.admit("a") is not None for _ in range(3)] == [True, True, False]
    assert admission.admit("b") is not None


@pytest.mark.parametrize(
    ("one", "another", "is_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_the_addresses_of_one_ipv6_subnet_share_a_share(one: str, another: str, is_one: bool) -> None:
    admission = Admission(Limits(total=10, reserve=0, per_address=1), lambda _: False)
    slot = admission.admit(one)
    assert slot is not None and (admission.admit(another) is None) is is_one
    slot.release()
    assert (admission.admit(one) is not None) and admission.strangers == (1 if is_one else 2)


def test_strangers_leave_room_for_known_peers() -> None:
    admission = Admission(Limits(total=4, reserve=2, per_address=4), lambda address: address == "peer")
    assert [admission.admit("stranger") is not None for _ in range(3)] == [True, True, False]
    assert [admission.admit("peer") is not None for _ in range(3)] == [True, True, False]


def test_a_place_that_is_given_back_twice_is_given_back_once() -> None:
    admission = Admission(Limits(), lambda _: False)
    slot, _ = admission.admit("a"), admission.admit("a")
    assert slot is not None
    slot.release()
    slot.release()
    assert admission.strangers == 1


@pytest.mark.parametrize(
    ("boot", "earlier", "twin"),
    [
        ("b1", [], False),
        ("b1", ["b1", "b1"], False),
        ("b2", ["b1"], False),
        ("b1", ["b2", "b1"], True),
        ("b3", ["b2", "b1"], False),
        ("b2", ["b2", "b1"], False),
    ],
)
def test_a_boot_that_comes_back_after_another_shows_a_second_machine(boot: str, earlier: list[str], twin: bool) -> None:
    assert is_twin(boot, earlier) is twin


def test_waits_double_up_to_the_longest_and_differ_by_chance() -> None:
    backoff = Backoff(first=1, longest=8)
    assert [backoff.delay(n, 1.0) for n in (1, 2, 3, 4, 5, 500)] == [1, 2, 4, 8, 8, 8]
    assert backoff.delay(3, 0.0) == 2


def test_neighbouring_versions_agree_on_the_newest_both_speak() -> None:
    assert agree([1, 2], [2, 3]) == 2
    assert agree([1], [2, 3]) is None
    assert versions_of("x") == [] and versions_of([1, "2"]) == [1]


@pytest.mark.parametrize("name", ["../etc", "vma-1", "vma-0123456789abcdeg", "", "root", "vma-0123456789abcdef/x"])
def test_what_is_no_appliance_id_never_becomes_a_path(name: str) -> None:
    assert not is_peer_id(name)


def test_the_cipher_file_leaves_aes_gcm_and_tls_13_alone() -> None:
    text = render_priority_file()
    assert "AES-128-GCM" not in text.replace("CAMELLIA-128-GCM", "") and "TLS1.3" not in text
    assert "tls-disabled-cipher = CHACHA20-POLY1305" in text
