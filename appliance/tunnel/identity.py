"""Who this appliance is: its id, its SSH key pair and its TLS certificate, kept in one folder that only the agent reads."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Role = Literal["oma", "vma"]

_KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Identity:
    """One appliance. `boot_id` changes with every boot of the machine."""

    id: str
    role: Role
    boot_id: str
    ssh_key: asyncssh.SSHKey
    tls_key_path: Path
    tls_certificate_path: Path

    @property
    def ssh_public_key(self) -> str:
        """The public key in OpenSSH's one-line form, without a comment."""
        return " ".join(self.ssh_key.export_public_key().decode().split()[:2])

    @property
    def ssh_fingerprint(self) -> str:
        """What the console shows: `SHA256:…`."""
        return self.ssh_key.get_fingerprint()

    def certificate_hash(self) -> str:
        """SHA-256 of the TLS certificate (DER), in hex."""
        certificate = x509.load_pem_x509_certificate(self.tls_certificate_path.read_bytes())
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def tls_context(self) -> ssl.SSLContext:
        """What the front door's TLS branch serves with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.tls_certificate_path, self.tls_key_path)
        return context


async def load_identity(folder: Path, role: Role, boot_id: str = "") -> Identity:
    """The identity kept in this folder, made at the first call. `boot_id` is the kernel's unless given."""
    return await asyncio.to_thread(_load, folder, role, boot_id)


def _load(folder: Path, role: Role, boot_id: str) -> Identity:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name_path, ssh_path = folder / "appliance_id", folder / "ssh_key"
    key_path, certificate_path = folder / "tls_key.pem", folder / "tls_certificate.pem"
    if not name_path.exists():
        _keep(name_path, f"{role}-{secrets.token_hex(8)}\n".encode())
    name = name_path.read_text().strip()
    if not ssh_path.exists():
        _keep(ssh_path, asyncssh.generate_private_key("ssh-ed25519", comment=name).export_private_key())
    if not certificate_path.exists():
        _make_certificate(name, key_path, certificate_path)
    key = asyncssh.read_private_key(ssh_path)
    return Identity(name, role, boot_id or _KERNEL_BOOT_ID.read_text().strip(), key, key_path, certificate_path)


def _make_certificate(name: str, key_path: Path, certificate_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _keep(key_path, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    _keep(certificate_path, certificate.public_bytes(pem))


def _keep(path: Path, content: bytes) -> None:
    """Write a file that only we read; it is there whole or not at all."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
