"""Pairing's cryptography: only the same code over the same transcript gives the same key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.tunnel.spake import ALPHABET, AgreedKey, Exchange, ProofWrong, Transcript, new_code, normalise_code


def agreed(vma_code: str = "AAAA0000", oma_code: str = "AAAA0000") -> tuple[bytes, bytes, Transcript]:
    vma, oma = Exchange("vma", vma_code, "vma-1"), Exchange("oma", oma_code, "vma-1")
    transcript = Transcript(1, "vma-1", "oma-1", vma.message, oma.message, "hash")
    return vma.finish(oma.message), oma.finish(vma.message), transcript


def test_the_same_code_and_transcript_give_proofs_that_fit() -> None:
    ours, theirs, transcript = agreed()
    AgreedKey(theirs, transcript).check("vma confirm", AgreedKey(ours, transcript).proof("vma confirm"))


def test_another_code_gives_proofs_that_do_not_fit() -> None:
    ours, theirs, transcript = agreed(oma_code="AAAA0001")
    with pytest.raises(ProofWrong):
        AgreedKey(theirs, transcript).check("vma confirm", AgreedKey(ours, transcript).proof("vma confirm"))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"vma_id": "vma-2"},
        {"oma_id": "oma-2"},
        {"certificate_hash": "another"},
        {"vma_message": b"x"},
        {"oma_message": b"x"},
    ],
)
def test_every_part_of_the_transcript_counts(change: dict[str, object]) -> None:
    ours, _, transcript = agreed()
    with pytest.raises(ProofWrong):
        AgreedKey(ours, replace(transcript, **change)).check("x", AgreedKey(ours, transcript).proof("x"))


def test_parts_can_not_run_into_each_other() -> None:
    _, _, transcript = agreed()
    assert replace(transcript, vma_id="ab", oma_id="c").digest() != replace(transcript, vma_id="a", oma_id="bc").digest()


def test_a_proof_of_one_stage_is_none_of_another() -> None:
    ours, _, transcript = agreed()
    key = AgreedKey(ours, transcript)
    with pytest.raises(ProofWrong):
        key.check("oma confirm", key.proof("vma confirm"))


def test_what_was_sealed_for_one_stage_opens_there_alone() -> None:
    ours, theirs, transcript = agreed()
    sealed = AgreedKey(ours, transcript).seal("vma confirm", {"key": "k"})
    assert AgreedKey(theirs, transcript).open("vma confirm", sealed) == {"key": "k"}
    with pytest.raises(ProofWrong):
        AgreedKey(theirs, transcript).open("oma confirm", sealed)
    with pytest.raises(ProofWrong):
        AgreedKey(theirs, transcript).open("vma confirm", sealed[:-2] + "00")


@pytest.mark.parametrize("message", [b"", b"x", b"A" + bytes(32), b"B" * 33])
def test_a_message_that_is_none_is_refused(message: bytes) -> None:
    with pytest.raises(ProofWrong):
        Exchange("vma", "AAAA0000", "vma-1").finish(message)


def test_a_new_code_is_two_groups_of_four_that_can_be_read_out() -> None:
    code = new_code()
    assert len(code) == 9 and code[4] == "-" and set(code) <= {*ALPHABET, "-"}


@pytest.mark.parametrize("typed", ["ab1o-9vq0", "AB10 9VQ0", " abio9uqo ", "ABL0--9VQO"])
def test_what_looks_alike_is_read_as_it_was_meant(typed: str) -> None:
    assert normalise_code(typed) == "AB109VQ0"


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGHJ", "ABCD-EF!H", "ÄBCD-EFGH"])
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert normalise_code(typed) is None
