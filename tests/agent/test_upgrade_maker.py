"""The vendor's side: a release folder becomes an upgrade file that an appliance takes."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance.agent.upgrade.package import opened
from appliance.agent.upgrade.signature import sign
from image.__main__ import main
from image.programs import BuildProblem
from image.upgrade import manifest_of, neighbours, newest_revision, pack

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release of version 1.4.2."""
    lib = tmp_path / "1.4.2/lib"
    versions = lib / "appliance/core/store/migrations/versions"
    versions.mkdir(parents=True)
    (lib / "migration_appliance-1.4.2.dist-info").mkdir()
    for name in ("0009_a.py", "0010_b.py", "__init__.py"):
        (versions / name).write_text(f"# {name}\n")
    (lib / "appliance/__init__.py").write_text("")
    (lib / "tool").write_text("#!/bin/sh\n")
    (lib / "tool").chmod(0o755)
    return lib.parent


@pytest.mark.parametrize("form", [(Encoding.PEM, PrivateFormat.PKCS8), (Encoding.PEM, PrivateFormat.OpenSSH)], ids=["PEM", "OpenSSH"])
def test_a_release_is_packed_and_signed_by_one_command(
    tmp_path: Path, release: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[Encoding, PrivateFormat]
) -> None:
    (tmp_path / "key").write_bytes(KEY.private_bytes(*form, NoEncryption()))
    argv = ["image", "upgrade", "--release", str(release), "--key", str(tmp_path / "key"), "--out", str(tmp_path / "out"), "--role", "vma"]
    monkeypatch.setattr("sys.argv", argv)
    assert main() == 0
    with opened(tmp_path / "out/appliance-1.4.2.upgrade", KEY.public_key()) as package:
        found = package.manifest
        package.check()
    assert (found.version, found.lines, found.roles, found.schema_revision) == ("1.4.2", ["1.3", "1.4"], ["vma"], "0010")
    assert [one.path for one in found.files if one.executable] == ["lib/tool"]
    assert (tmp_path / "out/appliance-1.4.2.upgrade.sha256").read_text().endswith("  appliance-1.4.2.upgrade\n")


def test_a_manifest_is_signed_where_the_key_is(tmp_path: Path, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, signature = tmp_path / "manifest.json", tmp_path / "manifest.json.sig"
    command = ["image", "upgrade", "--release", str(release), "--manifest", str(listed)]
    monkeypatch.setattr("sys.argv", command)
    assert main() == 0
    signature.write_bytes(sign(KEY, listed.read_bytes()))
    monkeypatch.setattr("sys.argv", [*command, "--signature", str(signature), "--out", str(tmp_path)])
    assert main() == 0
    with opened(tmp_path / "appliance-1.4.2.upgrade", KEY.public_key()) as package:
        package.check()


def test_a_release_that_was_changed_after_it_was_signed_is_not_packed(tmp_path: Path, release: Path) -> None:
    listed = manifest_of(release)
    (release / "lib/tool").write_text("#!/bin/bash\n")
    with pytest.raises(BuildProblem, match="not what the manifest says"):
        pack(release, listed, sign(KEY, listed), tmp_path)
    assert not list(tmp_path.glob("*.upgrade"))


def test_links_and_folders_of_no_release_are_refused(tmp_path: Path, release: Path) -> None:
    (release / "lib/link").symlink_to("/etc")
    with pytest.raises(BuildProblem, match="no plain file"):
        manifest_of(release)
    with pytest.raises(BuildProblem, match="no release folder"):
        manifest_of(tmp_path)


@pytest.mark.parametrize(("version", "lines"), [("1.4.2", ["1.3", "1.4"]), ("1.0.0", ["1.0"])])
def test_a_release_takes_over_from_its_own_line_and_the_one_before(version: str, lines: list[str]) -> None:
    assert neighbours(version) == lines


def test_the_newest_revision_is_the_one_with_the_highest_number(release: Path) -> None:
    assert newest_revision(release) == "0010"
