"""Which public keys may be pasted, and what sshd gets to read of them."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as some

from appliance.agent.remote_console.keys import authorized_keys, public_key, public_keys
from appliance.contract.errors import Fault


def line_of(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def blob(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4) + part for part in parts)).decode()


F4 = (65537).to_bytes(3)
"""The exponent of most RSA keys."""
ED25519 = line_of(ed25519.Ed25519PrivateKey.generate())
RSA_2048 = line_of(rsa.generate_private_key(65537, 2048))
SK = f"sk-ssh-ed25519@openssh.com {blob(b'sk-ssh-ed25519@openssh.com', bytes(32), b'ssh:')}"
CURVES = [line_of(ec.generate_private_key(curve)) for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())]


@pytest.mark.parametrize("line", [ED25519, RSA_2048, SK, *CURVES], ids=lambda _: "key")
def test_keys_of_every_good_kind_are_taken(line: str) -> None:
    assert public_key(f"  {line} anna@office \n").line == f"{line} anna@office"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "key_unreadable"),
        ("   ", "key_unreadable"),
        ("ssh-ed25519", "key_unreadable"),
        ("hello world", "key_unreadable"),
        ("ssh-ed25519 AAAA", "key_unreadable"),
        ("ssh-ed25519 AAAA!", "key_unreadable"),
        (ED25519[:-4], "key_unreadable"),
        (ED25519.replace("ssh-ed25519 ", "ssh-rsa "), "key_unreadable"),
        (f"ssh-ed25519 {blob(b'ssh-ed25519', bytes(31))}", "key_unreadable"),
        (f"ssh-ed25519 {blob(b'ssh-ed25519', bytes(32), b'more')}", "key_unreadable"),
        (f"ecdsa-sha2-nistp256 {blob(b'ecdsa-sha2-nistp256', b'nistp384', bytes(65))}", "key_unreadable"),
        (f"ssh-rsa {blob(b'ssh-rsa', bytes(3), bytes(256))}", "key_unreadable"),
        (f"ssh-rsa {blob(b'ssh-rsa')}", "key_unreadable"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "key_unreadable"),
        (f"ssh-rsa {blob(b'ssh-rsa', F4, (2**1023 + 1).to_bytes(129))}", "key_short"),
        (f"ssh-rsa {blob(b'ssh-rsa', F4, (2**16384 + 1).to_bytes(2050))}", "key_short"),
        (f"ssh-dss {blob(b'ssh-dss', b'1', b'1', b'1', b'1')}", "key_kind"),
        (f"ssh-ed25519-cert-v01@openssh.com {ED25519.split()[1]}", "key_kind"),
        (f'command="/bin/sh" {ED25519}', "key_options"),
        (f"no-pty {ED25519}", "key_options"),
        (f'from="10.0.0.1",environment="A=ssh-rsa x" {ED25519}', "key_options"),
        (f"{ED25519} a\n{ED25519} b", "key_lines"),
        (f"{ED25519} a\r{ED25519} b", "key_lines"),
        (f"{ED25519} a\u2028b", "key_lines"),
    ],
    ids=lambda _: "key",
)
def test_anything_else_is_refused_and_named(line: str, said: str) -> None:
    with pytest.raises(Fault) as refused:
        public_keys([ED25519, line])
    assert refused.value.key == f"remote_console.{said}" and "Key 2" in refused.value.message


def test_a_comment_is_kept_without_its_control_characters() -> None:
    assert public_key(f"{ED25519} Ann\x07a \x1b[31mMüller\x00").comment == "Anna [31mMüller"


def test_a_key_that_is_given_twice_counts_once() -> None:
    assert [one.comment for one in public_keys([f"{ED25519} a", RSA_2048, f"{ED25519} b"])] == ["a", ""]


def test_sshd_reads_each_key_with_everything_taken_away_but_the_terminal() -> None:
    assert authorized_keys(public_keys([f"{ED25519} a", RSA_2048])) == f"restrict,pty {ED25519} a\nrestrict,pty {RSA_2048}\n"


@given(some.text() | some.text().map(lambda text: f"{ED25519} {text}"))
def test_no_text_makes_more_than_one_line_for_sshd(text: str) -> None:
    try:
        lines = authorized_keys([public_key(text)])
    except Fault as refused:
        assert refused.key.startswith("remote_console.key_")
        return
    assert lines.count("\n") == 1 and lines.startswith(f"restrict,pty {ED25519}")
    assert lines.rstrip("\n").isprintable()
