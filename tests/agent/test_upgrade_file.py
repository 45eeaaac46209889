"""Upgrade files: those that the vendor's programs make are taken, and nothing else is."""

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from appliance.agent.upgrade.fitness import Here, flaw
from appliance.agent.upgrade.manifest import Manifest, read
from appliance.agent.upgrade.package import opened
from appliance.agent.upgrade.signature import NAMESPACE, is_signed, sign
from appliance.agent.upgrade.unpacking import require_room, unpack
from appliance.contract.errors import Fault
from tests.core.tar_bombs import BOMBS

KEY = Ed25519PrivateKey.generate()
CONTENT = {"lib/appliance/__init__.py": b"x = 1\n", "lib/bin/tool": b"#!/bin/sh\n", "lib/big.so": bytes(range(256)) * 9000}


def manifest(**changes: object) -> dict[str, object]:
    files = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "executable": "bin/" in path}
        for path, data in CONTENT.items()
    ]
    made = {"format": 1, "version": "0.2.0", "lines": ["0.1", "0.2"], "roles": ["oma", "vma"], "schema_revision": "0012", "python": "3.11"}
    return {**made, "made_at": "2026-11-21T07:00:00Z", "files": files, **changes}


def member(name: str, data: bytes, **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry, data


def members(listed: bytes | None = None, signature: bytes | None = None) -> list[tuple[tarfile.TarInfo, bytes]]:
    listed = listed if listed is not None else json.dumps(manifest()).encode()
    head = [member("manifest.json", listed), member("manifest.json.sig", signature or sign(KEY, listed))]
    return head + [member(f"release/{path}", data) for path, data in CONTENT.items()]


def packed(folder: Path, parts: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    path = folder / "x.upgrade"
    with tarfile.open(path, "w:gz") as tar:
        for entry, data in parts:
            tar.addfile(entry, io.BytesIO(data))
    return path


def refusal(path: Path) -> str:
    """With which Fault a file is refused."""
    with pytest.raises(Fault) as refused, opened(path, KEY.public_key()) as package:
        package.check()
    return refused.value.key


def test_a_file_of_the_vendor_is_unpacked_as_it_was_packed(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    (releases / ".0.2.0.draft/lib").mkdir(parents=True)
    (releases / "0.2.0").mkdir()
    with opened(packed(tmp_path, members()), KEY.public_key()) as package:
        unpack(package, releases)
    found = {str(one.relative_to(releases / "0.2.0")): one.read_bytes() for one in (releases / "0.2.0").rglob("*") if one.is_file()}
    assert found == CONTENT and [one.name for one in releases.iterdir()] == ["0.2.0"]
    assert (releases / "0.2.0/lib/bin/tool").stat().st_mode & 0o777 == 0o755
    assert (releases / "0.2.0/lib/appliance").stat().st_mode & 0o777 == 0o755
    assert (releases / "0.2.0/lib/big.so").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("time", ["nan", "1e300", "-1e12"])
def test_times_which_nobody_has_signed_are_passed_over(tmp_path: Path, time: str) -> None:
    (tmp_path / "releases").mkdir()
    parts = [*members()[:2], *(member(f"release/{path}", data, pax_headers={"mtime": time}) for path, data in CONTENT.items())]
    with opened(packed(tmp_path, parts), KEY.public_key()) as package:
        unpack(package, tmp_path / "releases")
    assert (tmp_path / "releases/0.2.0/lib/big.so").stat().st_mtime > 1e9


def hostile() -> dict[str, list[tuple[tarfile.TarInfo, bytes]]]:
    good = members()
    link = member("release/lib/appliance/__init__.py", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    hard = member("release/lib/appliance/__init__.py", b"", type=tarfile.LNKTYPE, linkname="manifest.json")
    device = member("release/lib/appliance/__init__.py", b"", type=tarfile.CHRTYPE)
    long = member("release/lib/appliance/__init__.py", b"x = 1\n# and more")
    return {
        "nothing": [],
        "no signature": [good[0], *good[2:]],
        "the release first": [*good[2:], *good[:2]],
        "a link": [*good[:2], link, *good[3:]],
        "a hard link": [*good[:2], hard, *good[3:]],
        "a device": [*good[:2], device, *good[3:]],
        "another path": [*good[:2], member("release/../../etc/passwd", b"x = 1\n"), *good[3:]],
        "a longer file": [*good[:2], long, *good[3:]],
        "a changed file": [*good[:2], member(good[2][0].name, b"x = 2\n"), *good[3:]],
        "a file less": good[:-1],
        "a file more": [*good, member("release/lib/more.py", b"")],
        "a file twice": [*good, good[-1]],
    }


@pytest.mark.parametrize("name", list(hostile()))
def test_what_is_not_as_the_manifest_says_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(packed(tmp_path, hostile()[name])) == "upgrade.unreadable"


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "lib/../../x", "lib//x", "./lib/x", "lib", "bin/x", "lib/x/", "", "lib/a\nb", "lib/" + "x" * 400, "..", "lib/./x"],
)
def test_no_signature_makes_a_bad_path_good(path: str) -> None:
    listed = json.dumps(manifest(files=[{"path": path, "size": 1, "sha256": "0" * 64}])).encode()
    with pytest.raises(Fault) as refused:
        read(listed)
    assert refused.value.key == "upgrade.unreadable"


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"version": "../0.2.0"},
        {"version": "0.2"},
        {"roles": ["root"]},
        {"lines": []},
        {"files": []},
        {"files": [{"path": "lib/a", "size": -1, "sha256": "0" * 64}]},
        {"files": [{"path": "lib/a", "size": 1 << 40, "sha256": "0" * 64}]},
        {"files": [{"path": "lib/a", "size": 1, "sha256": "0" * 64}] * 2},
        {"made_at": "yesterday"},
        {"schema_revision": "newest"},
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    assert refusal(packed(tmp_path, members(json.dumps(manifest(**changes)).encode()))) == "upgrade.unreadable"


def test_fields_of_a_newer_maker_are_passed_over(tmp_path: Path) -> None:
    with opened(packed(tmp_path, members(json.dumps(manifest(colour="green")).encode())), KEY.public_key()) as package:
        package.check()


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path, members()).read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 40)):
        (tmp_path / "cut").write_bytes(whole[:size])
        assert refusal(tmp_path / "cut") == "upgrade.unreadable"
    (tmp_path / "cut").write_bytes(b"\0" * 5000)
    assert refusal(tmp_path / "cut") == "upgrade.unreadable"


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.REGTYPE], ids=["pax", "long name", "plain"])
def test_a_header_that_claims_gigabytes_costs_no_memory(tmp_path: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("manifest.json")
    entry.type, entry.size = kind, 6 << 30
    with gzip.open(tmp_path / "bomb", "wb") as file:
        file.write(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    assert refusal(tmp_path / "bomb") == "upgrade.unreadable"


@pytest.mark.parametrize("name", BOMBS)
def test_headers_without_bounds_are_refused_before_the_signature_is_looked_at(tmp_path: Path, name: str) -> None:
    (tmp_path / "bomb").write_bytes(gzip.compress(BOMBS[name]("manifest.json"), 1))
    assert refusal(tmp_path / "bomb") == "upgrade.unreadable"


def test_the_signature_is_the_vendors_for_this_manifest_and_this_purpose(tmp_path: Path) -> None:
    listed = json.dumps(manifest()).encode()
    other = Ed25519PrivateKey.generate()
    for wrong in (
        sign(other, listed),
        sign(KEY, listed + b" "),
        sign(KEY, listed, "file"),
        b"",
        b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
    ):
        assert refusal(packed(tmp_path, members(listed, wrong or b"\0"))) == "upgrade.not_signed"


@pytest.mark.peers
def test_openssh_makes_and_reads_the_same_signatures(tmp_path: Path) -> None:
    secret, message = tmp_path / "vendor", tmp_path / "manifest.json"
    secret.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    secret.chmod(0o600)
    message.write_bytes(b"what is signed\n")
    subprocess.run(["ssh-keygen", "-Y", "sign", "-f", secret, "-n", NAMESPACE, message], check=True, capture_output=True)
    theirs = tmp_path.joinpath("manifest.json.sig").read_bytes()
    assert is_signed(KEY.public_key(), message.read_bytes(), theirs)
    assert not is_signed(KEY.public_key(), message.read_bytes() + b"x", theirs)
    public = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    (tmp_path / "allowed").write_text(f"vendor {public}\n")
    (tmp_path / "ours").write_bytes(sign(KEY, message.read_bytes()))
    verify = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "allowed", "-I", "vendor", "-n", NAMESPACE, "-s", tmp_path / "ours"]
    subprocess.run(verify, input=message.read_bytes(), check=True, capture_output=True)


@pytest.mark.parametrize(
    ("changes", "here", "key"),
    [
        ({}, Here("0.1.5", "oma", "3.11"), ""),
        ({}, Here("0.1.5", "oma", "3.11", [("vma1", "0.1.0"), ("vma2", "0.3.0")]), ""),
        ({}, Here("0.2.0", "oma", "3.11"), "upgrade.same"),
        ({}, Here("0.2.1", "oma", "3.11"), "upgrade.older"),
        ({}, Here("1.0.0", "oma", "3.11"), "upgrade.older"),
        ({"version": "0.3.0", "lines": ["0.2", "0.3"]}, Here("0.1.5", "oma", "3.11"), "upgrade.skips"),
        ({}, Here("0", "oma", "3.11"), "upgrade.skips"),
        ({"roles": ["vma"]}, Here("0.1.5", "oma", "3.11"), "upgrade.other_role"),
        ({}, Here("0.1.5", "oma", "3.11", revision="0012"), ""),
        ({}, Here("0.1.5", "oma", "3.11", revision="0013"), "upgrade.records_newer"),
        ({}, Here("0.1.5", "oma", "3.13"), "upgrade.other_base"),
        ({}, Here("0.1.5", "oma", "3.11", [("vma1", "0.0.9")]), "upgrade.peers_apart"),
    ],
)
def test_an_upgrade_fits_this_appliance_or_says_why_not(changes: dict[str, object], here: Here, key: str) -> None:
    found = flaw(Manifest.model_validate(manifest(**changes)), here)
    assert (found.key if found else "") == key and (found is None or found.message)


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(Fault) as refused:
        require_room(Manifest.model_validate(manifest()), tmp_path, lambda _: 1 << 20)
    assert refused.value.key == "upgrade.no_room"
