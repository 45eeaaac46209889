"""The vendor's side of the shell gate, through the real command."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from appliance.contract.vendor import Challenge, read_answer

CHALLENGE = Challenge("oma-0123456789abcdef", bytes(range(11)))


def vendor(*words: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "import sys; from appliance.cli.main import main; sys.exit(main())"]
    return subprocess.run([*program, "vendor", *map(str, words)], input=given, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vendor") / "vendor.key"
    assert vendor("keygen", "--out", path).returncode == 0
    return path


def is_answer(text: str, key: Path) -> bool:
    load_pem_public_key(key.with_name(f"{key.name}.pub").read_bytes()).verify(read_answer(text), CHALLENGE.message())
    return True


def test_the_private_key_is_for_its_owner_alone_and_neither_is_overwritten(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    again = vendor("keygen", "--out", key)
    assert again.returncode == 1 and "there already" in again.stderr and key.read_bytes() == before


def test_an_answer_is_printed_alone_and_what_it_is_for_beside_it(key: Path) -> None:
    done = vendor("sign", "--key", key, *CHALLENGE.text().split())
    assert done.returncode == 0 and is_answer(done.stdout, key)
    assert "OMA oma-0123456789abcdef" in done.stderr and "15 minutes" in done.stderr
    assert [len(line) for line in done.stdout.splitlines()] == [19] * 7


def test_a_challenge_is_read_from_standard_input_as_it_was_typed(key: Path) -> None:
    assert is_answer(vendor("sign", "--key", key, given=CHALLENGE.text().lower().replace("0", "o")).stdout, key)


def test_a_key_can_have_a_passphrase(tmp_path: Path) -> None:
    words, wrong, path = tmp_path / "words", tmp_path / "wrong", tmp_path / "k"
    words.write_text("some words\n")
    wrong.write_text("other words\n")
    assert vendor("keygen", "--out", path, "--passphrase-file", words).returncode == 0
    assert b"ENCRYPTED" in path.read_bytes()
    assert is_answer(vendor("sign", "--key", path, "--passphrase-file", words, CHALLENGE.text()).stdout, path)
    for options in ([], ["--passphrase-file", wrong]):
        refused = vendor("sign", "--key", path, *options, CHALLENGE.text())
        assert refused.returncode == 1 and "can't be read" in refused.stderr and not refused.stdout


def test_a_typing_mistake_names_its_group(key: Path) -> None:
    groups = CHALLENGE.text().split()
    groups[3] = groups[3][::-1]
    refused = vendor("sign", "--key", key, *groups)
    assert refused.returncode == 1 and "Group 4" in refused.stderr and not refused.stdout


def test_what_is_missing_or_wrong_is_said_in_a_sentence(key: Path, tmp_path: Path) -> None:
    assert "eight groups; these are 4" in vendor("sign", "--key", key, "AAAA").stderr
    assert "No such file" in vendor("sign", "--key", tmp_path / "none", CHALLENGE.text()).stderr
    assert "can't be read as a private key" in vendor("sign", "--key", f"{key}.pub", CHALLENGE.text()).stderr
