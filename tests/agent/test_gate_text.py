"""Challenges and answers survive a telephone: what is typed in another way is the same, what is mistyped is found."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.shell import PAYLOAD_LIMIT, FrameProblem, Frames, Kind, frame, read_size, size_frame
from appliance.contract.vendor import SYMBOLS, Challenge, Incomplete, Mistyped, Unreadable, answer_text, read_answer

SIGNATURE = hashlib.sha512(b"an answer").digest()
ANSWER = answer_text(SIGNATURE)
CHALLENGE = Challenge("vma-00112233445566ff", bytes(range(11)))


@given(st.binary(min_size=64, max_size=64))
def test_an_answer_is_read_as_it_was_written(signature: bytes) -> None:
    assert read_answer(answer_text(signature)) == signature


@given(st.sampled_from(["oma", "vma"]), st.binary(min_size=8, max_size=8), st.binary(min_size=11, max_size=11))
def test_a_challenge_is_read_as_it_was_written(role: str, number: bytes, nonce: bytes) -> None:
    challenge = Challenge(f"{role}-{number.hex()}", nonce)
    assert Challenge.read(challenge.text()) == challenge


def test_an_answer_is_seven_lines_and_a_challenge_eight_groups() -> None:
    assert [len(line) for line in ANSWER.split("\n")] == [19] * 7
    assert [len(group) for group in CHALLENGE.text().split()] == [5] * 8


@pytest.mark.parametrize(
    "typed",
    [
        ANSWER.lower(),
        ANSWER.replace(" ", ""),
        ANSWER.replace("\n", " "),
        ANSWER.replace(" ", "").replace("\n", ""),
        ANSWER.replace(" ", "-").replace("\n", "\r\n\r\n") + "\n",
        ANSWER.replace("0", "O").replace("1", "I"),
        ANSWER.replace("0", "o").replace("1", "l"),
        "\n".join(ANSWER.replace(" ", "")[at : at + 30] for at in range(0, 120, 30)).replace("\n\n", "\n"),
    ],
    ids=["lower", "no spaces", "one line", "nothing between", "hyphens", "O and I", "o and l", "other lines"],
)
def test_case_spaces_lines_and_lookalikes_do_not_matter(typed: str) -> None:
    assert read_answer(typed) == SIGNATURE


@pytest.mark.parametrize("line", range(1, 8))
def test_every_single_wrong_symbol_is_found_in_its_line(line: int) -> None:
    lines = ANSWER.replace(" ", "").split("\n")
    for place in range(16):
        for symbol in set(SYMBOLS) - {lines[line - 1][place]}:
            typed = [*lines]
            typed[line - 1] = typed[line - 1][:place] + symbol + typed[line - 1][place + 1 :]
            with pytest.raises(Mistyped) as found:
                read_answer("".join(typed))
            assert found.value.part == line


def test_every_swap_of_two_neighbours_is_found_in_its_line() -> None:
    lines = ANSWER.replace(" ", "").split("\n")
    for place in range(15):
        one, other = lines[4][place : place + 2]
        if one != other:
            with pytest.raises(Mistyped, match="part 5"):
                read_answer("".join([*lines[:4], lines[4][:place] + other + one + lines[4][place + 2 :], *lines[5:]]))


def test_lines_in_the_wrong_order_are_found() -> None:
    lines = ANSWER.split("\n")
    with pytest.raises(Mistyped, match="part 3"):
        read_answer("\n".join([*lines[:2], lines[3], lines[2], *lines[4:]]))


@pytest.mark.parametrize("extra", ["", "7"], ids=["left out", "typed twice"])
@pytest.mark.parametrize("between", ["\n", ""], ids=["in lines", "in one"])
def test_a_symbol_too_few_or_too_many_is_found_in_its_line(extra: str, between: str) -> None:
    lines = ANSWER.replace(" ", "").split("\n")
    lines[2] = lines[2][:5] + extra * 2 + lines[2][6:]
    with pytest.raises(Mistyped, match="part 3"):
        read_answer(between.join(lines))


@pytest.mark.parametrize("bad", ["U", "é", "!", "٣", "ß"])
def test_a_symbol_that_is_none_is_a_typing_mistake(bad: str) -> None:
    with pytest.raises(Mistyped, match="part 2"):
        read_answer(ANSWER[:25] + bad + ANSWER[26:])


@pytest.mark.parametrize(("typed", "found"), [("", 0), (ANSWER[:39], 32), (ANSWER[:45], 36), (ANSWER + "\nAAAA", 116)])
def test_an_answer_that_is_cut_off_or_goes_on_is_told_by_its_length(typed: str, found: int) -> None:
    with pytest.raises(Incomplete) as problem:
        read_answer(typed)
    assert (problem.value.found, problem.value.expected) == (found, 112)


def test_a_mistyped_group_of_a_challenge_is_named() -> None:
    groups = CHALLENGE.text().split()
    groups[5] = groups[5][:2] + ("A" if groups[5][2] != "A" else "B") + groups[5][3:]
    with pytest.raises(Mistyped, match="part 6"):
        Challenge.read(" ".join(groups))


def test_anything_at_all_is_refused_in_one_way() -> None:
    chance = random.Random(3)
    for _ in range(300):
        text = "".join(chance.choice(SYMBOLS + " \nüU-") for _ in range(chance.randrange(200)))
        with pytest.raises(Unreadable):
            read_answer(text)


def test_what_is_signed_differs_by_appliance_and_by_nonce() -> None:
    other = Challenge("oma-00112233445566ff", CHALLENGE.nonce)
    later = Challenge(CHALLENGE.appliance_id, bytes(11))
    assert len({CHALLENGE.message(), other.message(), later.message()}) == 3


def test_frames_are_cut_however_they_arrive() -> None:
    sent = frame(Kind.DATA, b"ls\n") + size_frame(40, 132) + frame(Kind.DATA, b"")
    frames = Frames()
    found = [one for at in range(len(sent)) for one in frames.feed(sent[at : at + 1])]
    assert [kind for kind, _ in found] == [Kind.DATA, Kind.SIZE, Kind.DATA]
    assert read_size(found[1][1]) == (40, 132)


@pytest.mark.parametrize("sent", [b"\x09\0\0\0\x01x", b"\0" + (PAYLOAD_LIMIT + 1).to_bytes(4)])
def test_a_frame_beyond_the_rules_is_refused_before_it_is_there(sent: bytes) -> None:
    with pytest.raises(FrameProblem):
        Frames().feed(sent)


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\x50", b"\xff\xff\xff\xff", b"12345"])
def test_a_size_that_is_none_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameProblem):
        read_size(payload)
