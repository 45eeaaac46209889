"""A vCenter's certificate: seen, pinned by its SHA-256 fingerprint, or verified by an authority."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from appliance.vsphere.faults import CERTIFICATE_MISMATCH, CERTIFICATE_UNKNOWN, NOT_A_VCENTER, TIMED_OUT, UNREACHABLE


@dataclass(frozen=True)
class Seen:
    """A certificate as a server shows it, trusted by nobody yet; `fingerprint` is its SHA-256 as AA:BB:…"""

    fingerprint: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    self_signed: bool


def normal_fingerprint(text: str) -> str:
    """64 lower-case hex digits from any usual notation. Raises ValueError for what is no SHA-256 fingerprint."""
    digits = text.strip().lower().removeprefix("sha256:").replace(":", "").replace(" ", "")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError("a SHA-256 fingerprint has 64 hexadecimal digits")
    return digits


def shown(digest: str) -> str:
    """A fingerprint as vCenter and browsers show it: AA:BB:…"""
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)).upper()


class PinnedContext(ssl.SSLContext):
    """A TLS context that accepts one certificate only, whoever signed it."""

    digest: str

    @classmethod
    def accepting(cls, fingerprint: str) -> PinnedContext:
        """The context for this SHA-256 fingerprint."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.digest = normal_fingerprint(fingerprint)
        return context

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Shake hands and compare before a byte of ours is sent. Raises CERTIFICATE_MISMATCH."""
        connection = super().wrap_socket(sock, *args, **options)
        seen = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
        if seen != self.digest:
            connection.close()
            raise CERTIFICATE_MISMATCH(host=str(options.get("server_hostname")), seen=shown(seen), cause=f"pinned {shown(self.digest)}")
        return connection


def context_for(fingerprint: str | None, ca: str | None) -> ssl.SSLContext:
    """Pinned when there is a fingerprint; else verified by `ca` (PEM), or by the system's authorities."""
    if fingerprint:
        return PinnedContext.accepting(fingerprint)
    return ssl.create_default_context(cadata=ca)


def read_certificate(host: str, port: int, context: ssl.SSLContext, timeout: float) -> str:
    """The server's certificate as PEM, after the context has accepted it.

    Raises CERTIFICATE_UNKNOWN with the fingerprint seen, CERTIFICATE_MISMATCH, OSError. Blocks: run it in a thread.
    """
    try:
        with socket.create_connection((host, port), timeout) as raw, context.wrap_socket(raw, server_hostname=host) as connection:
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
    except ssl.SSLCertVerificationError as error:
        seen = shown(fingerprint_of(_unverified(host, port, timeout)))
        raise CERTIFICATE_UNKNOWN(host=host, seen=seen, cause=str(error)) from error


async def fetch_fingerprint(host: str, port: int = 443, timeout: float = 15.0) -> str:
    """The SHA-256 fingerprint (AA:BB:…) that the server shows now, for the operator to compare. Raises OSError."""
    return shown(fingerprint_of(await asyncio.to_thread(_unverified, host, port, timeout)))


async def look_at(host: str, port: int = 443, timeout: float = 15.0) -> Seen:
    """The certificate that the server shows now, for the operator to judge. Raises UNREACHABLE, TIMED_OUT, NOT_A_VCENTER."""
    try:
        return describe(await asyncio.to_thread(_unverified, host, port, timeout))
    except (ssl.SSLError, ValueError) as error:
        raise NOT_A_VCENTER(host=host, cause=str(error)) from error
    except TimeoutError as error:
        raise TIMED_OUT(host=host, cause=str(error)) from error
    except OSError as error:
        raise UNREACHABLE(host=host, port=port, cause=str(error)) from error


def describe(pem: str) -> Seen:
    """What a certificate says of itself. Raises ValueError for what is none."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return Seen(
        fingerprint=shown(fingerprint_of(pem)),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=tuple(_names(pem)),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        self_signed=certificate.issuer == certificate.subject,
    )


def authorities(pem: str) -> int:
    """How many certificates there are in what was given as those of authorities; 0 when it can't be read."""
    try:
        return len(x509.load_pem_x509_certificates(pem.encode()))
    except ValueError:
        return 0


def fingerprint_of(pem: str, algorithm: str = "sha256") -> str:
    """Hex digest of the certificate's DER form; VDDK wants `sha1`."""
    return hashlib.new(algorithm, ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def name_for(pem: str, host: str) -> str:
    """The name to ask for so that a client which insists on names accepts this (already trusted) certificate.

    It is `host` itself wherever the certificate covers it.
    """
    names = _names(pem)
    if host in names or any(name.startswith("*.") and host.partition(".")[2] == name[2:] for name in names) or not names:
        return host
    return names[0].replace("*", "vcenter", 1)


def _names(pem: str) -> list[str]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    alternatives = extension.value
    assert isinstance(alternatives, x509.SubjectAlternativeName)
    addresses = [str(ipaddress.ip_address(str(value))) for value in alternatives.get_values_for_type(x509.IPAddress)]
    return [*alternatives.get_values_for_type(x509.DNSName), *addresses]


def _unverified(host: str, port: int, timeout: float) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout) as raw, context.wrap_socket(raw, server_hostname=host) as connection:
        return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
