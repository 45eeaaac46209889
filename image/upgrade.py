"""`python -m image upgrade`: packs the checkout's release, or a release folder, as an upgrade file that the vendor signs."""

import argparse
import gzip
import hashlib
import io
import json
import os
import stat
import sys
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from appliance.agent.upgrade import manifest as form
from appliance.agent.upgrade.package import MANIFEST, RELEASE, SIGNATURE
from appliance.agent.upgrade.signature import sign
from appliance.core import releases
from image.programs import BuildProblem
from image.programs import run as run_program
from image.release import PROJECT, make_release, project_version
from image.roles import ROLES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after `upgrade`."""
    parser.add_argument(
        "--release", type=Path, help="a release folder, opt/appliance/releases/VERSION of a root (default: one is made here)"
    )
    parser.add_argument("--out", type=Path, default=Path("build/image"), help="the folder for the file")
    parser.add_argument("--from", dest="lines", action="append", metavar="MAJOR.MINOR", help="a line that may be upgraded; may be repeated")
    parser.add_argument("--role", dest="roles", action="append", choices=sorted(ROLES), help="an appliance it is for (default: both)")
    parser.add_argument("--key", type=Path, help="the vendor's private key (PEM or OpenSSH's form)")
    parser.add_argument("--passphrase-file", type=Path, help="a file whose first line protects the key")
    parser.add_argument("--manifest", type=Path, help="where the key is elsewhere: the manifest is written here to be signed there")
    parser.add_argument("--signature", type=Path, help="the signature of --manifest, made elsewhere")


def run(options: argparse.Namespace) -> int:
    """Pack it, or write the manifest that has to be signed. Raises BuildProblem."""
    if options.signature is None and options.manifest is None and options.key is None:
        raise BuildProblem("An upgrade has to be signed: give --key, or --manifest for a key that is elsewhere.")
    release = options.release or options.out / "release" / project_version()
    if options.signature is not None:
        if options.manifest is None:
            raise BuildProblem("--signature needs the --manifest that was signed.")
        listed, signature = options.manifest.read_bytes(), options.signature.read_bytes()
    else:
        if options.release is None:
            make_release(release, options.out / "release" / "work", options.out / "cache", _epoch())
        listed = manifest_of(release, lines=options.lines, roles=options.roles)
        if options.manifest is not None:
            options.manifest.write_bytes(listed)
            print(f"{options.manifest} is to be signed, for the purpose that docs/upgrade.md names.", file=sys.stderr)
            return 0
        signature = sign(private_key(options.key, options.passphrase_file), listed)
    made = pack(release, listed, signature, options.out)
    print(f"{made}  {made.stat().st_size / 2**20:.1f} MiB")
    return 0


def manifest_of(release: Path, *, lines: Sequence[str] | None = None, roles: Sequence[str] | None = None) -> bytes:
    """The manifest of a release folder, as JSON."""
    version = version_of(release)
    files = [_entry(release, path) for path in _files(release)]
    made = form.Manifest.model_validate(
        {
            "version": version,
            "lines": list(lines or neighbours(version)),
            "roles": sorted(roles or ROLES),
            "schema_revision": newest_revision(release),
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "made_at": datetime.now(UTC).replace(microsecond=0),
            "files": files,
        }
    )
    return json.dumps(made.model_dump(mode="json"), indent=1).encode()


def pack(release: Path, listed: bytes, signature: bytes, out: Path) -> Path:
    """The upgrade file of a release folder, its manifest and the signature of that. Raises BuildProblem when they do not fit."""
    manifest = form.read(listed)
    out.mkdir(parents=True, exist_ok=True)
    made = out / form.file_name(manifest.version)
    draft = made.with_name(f".{made.name}.draft")
    try:
        _write(draft, release, manifest, listed, signature)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(made)
    made.with_name(f"{made.name}.sha256").write_text(f"{hashlib.sha256(made.read_bytes()).hexdigest()}  {made.name}\n")
    return made


def _write(draft: Path, release: Path, manifest: form.Manifest, listed: bytes, signature: bytes) -> None:
    with draft.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, MANIFEST, listed)
        _add(tar, SIGNATURE, signature)
        for entry in manifest.files:
            path = release / entry.path
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != entry.sha256:
                raise BuildProblem(f"{path} is not what the manifest says; make it and its signature again.")
            _add(tar, RELEASE + entry.path, content)


def version_of(release: Path) -> str:
    """The version that a release folder has, from the project's own metadata in it. Raises BuildProblem."""
    found = sorted((release / form.ROOT).glob("migration_appliance-*.dist-info"))
    version = found[0].name.removeprefix("migration_appliance-").removesuffix(".dist-info") if len(found) == 1 else ""
    if releases.read(version) is None:
        raise BuildProblem(f"{release} is no release folder of one version like 1.2.3.")
    return version


def newest_revision(release: Path) -> str:
    """The revision to which this release brings the records."""
    found = sorted((release / form.ROOT / "appliance/core/store/migrations/versions").glob("[0-9]*_*.py"))
    if not found:
        raise BuildProblem(f"{release} has no migrations.")
    return found[-1].name.partition("_")[0]


def neighbours(version: str) -> list[str]:
    """The lines that a release takes over from unless it is told otherwise: its own and the one before (pure)."""
    release = releases.read(version)
    assert release is not None
    return [f"{release.major}.{minor}" for minor in (release.minor - 1, release.minor) if minor >= 0]


def private_key(path: Path, passphrase_file: Path | None = None) -> Ed25519PrivateKey:
    """The vendor's private key. Raises BuildProblem."""
    passphrase = passphrase_file.read_bytes().partition(b"\n")[0] if passphrase_file else None
    content = path.read_bytes()
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
    try:
        key = load(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise BuildProblem(f"{path} can't be read as a private key: {problem}.") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildProblem(f"{path} is not an Ed25519 key.")
    return key


def _epoch() -> int:
    """When the checkout's newest commit was made."""
    return int(run_program("git", "-C", PROJECT, "log", "-1", "--format=%ct"))


def _files(release: Path) -> Iterator[Path]:
    """Every file of a release in order; whatever is neither file nor folder has no place in one."""
    for folder, folders, names in os.walk(release / form.ROOT):
        folders.sort()
        for name in sorted(names + [one for one in folders if Path(folder, one).is_symlink()]):
            path = Path(folder, name)
            if not stat.S_ISREG(path.lstat().st_mode):
                raise BuildProblem(f"{path} is no plain file.")
            yield path


def _entry(release: Path, path: Path) -> dict[str, object]:
    content, mode = path.read_bytes(), path.stat().st_mode
    place = str(path.relative_to(release))
    return {"path": place, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "executable": bool(mode & 0o100)}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))
