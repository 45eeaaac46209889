"""What is started to serve a disk: arguments, files, and the address of its file."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.contract.errors import Fault
from appliance.vsphere.certificate import name_for, normal_fingerprint, shown
from appliance.vsphere.folder import address
from appliance.vsphere.snapshots import FrozenDisk, SnapshotRecord, difference
from appliance.vsphere.sources import HttpsSource, VendorSource

FOLDER, SOCKET = Path("/run/source"), Path("/run/source/disk.sock")


def certificate(*names: x509.GeneralName, common: str = "") -> str:
    """A self-signed certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)] if common else [])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7, now, now + timedelta(days=1))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def frozen(path: str = "[ds 1] web server/web.vmdk", kind: str = "FlatVer2BackingInfo", parents: int = 0) -> FrozenDisk:
    return FrozenDisk("disk-2000", 2000, "Hard disk 1", path, "ds 1", "uuid", 1 << 30, "", kind, parents, ("delta", path))


def https(host: str, pem: str) -> HttpsSource:
    return HttpsSource("disk-2000", "Hard disk 1", "ds1", 1 << 30, host, 443, "/folder/a-flat.vmdk?dcPath=DC&dsName=ds1", pem)


def test_the_address_is_the_flat_file_with_everything_quoted() -> None:
    assert address(frozen(), "/Europe/DC&1") == "/folder/web%20server/web-flat.vmdk?dcPath=Europe%2FDC%261&dsName=ds%201"


@pytest.mark.parametrize(
    "disk",
    [
        frozen("[ds1] web/web-000001.vmdk"),
        frozen(parents=1),
        frozen(kind="SeSparseBackingInfo"),
        frozen(kind="RawDiskMappingVer1BackingInfo"),
        frozen(""),
    ],
)
def test_a_disk_that_is_no_plain_base_is_refused(disk: FrozenDisk) -> None:
    with pytest.raises(Fault) as caught:
        address(disk, "/DC")
    assert caught.value.key == "vcenter.unsupported_chain"


def test_a_named_server_is_read_directly_with_its_certificate_as_the_only_one_trusted() -> None:
    pem = certificate(x509.IPAddress(ip_address("192.0.2.7")))
    rendered = https("192.0.2.7", pem).render(FOLDER, SOCKET)
    assert "url=https://192.0.2.7:443/folder/a-flat.vmdk?dcPath=DC&dsName=ds1" in rendered.argv
    assert "cainfo=/run/source/certificate.pem" in rendered.argv and rendered.files["certificate.pem"] == pem
    assert not any("sslverify" in argument for argument in rendered.argv)
    assert "--readonly" in rendered.argv and "--unix=/run/source/disk.sock" in rendered.argv
    assert rendered.relay == ()


def test_a_server_under_another_name_is_read_through_a_relay() -> None:
    rendered = https("192.0.2.7", certificate(x509.DNSName("vc.example.test"))).render(FOLDER, SOCKET)
    assert any(argument.startswith("url=https://vc.example.test:443/") for argument in rendered.argv)
    assert "unix-socket-path=/run/source/relay.sock" in rendered.argv
    assert rendered.relay[-3:] == ("/run/source/relay.sock", "192.0.2.7", "443")


def test_the_vendors_password_is_in_a_file_and_nowhere_else() -> None:
    source = VendorSource(
        "disk-2000", "Hard disk 1", "ds1", 1 << 30, "vc", 443, certificate(common="vc"), Path("/opt/vddk"), "vm-1", "snapshot-2",
        "[ds1] web/web.vmdk", "operator", "hunter2",
    )  # fmt: skip
    rendered = source.render(FOLDER, SOCKET)
    assert "password=+/run/source/password" in rendered.argv and rendered.files["password"] == "hunter2"
    assert {"vm=moref=vm-1", "snapshot=snapshot-2", "libdir=/opt/vddk", "file=[ds1] web/web.vmdk"} <= set(rendered.argv)
    assert "hunter2" not in f"{rendered.argv} {rendered!r} {source!r}"


@pytest.mark.parametrize(
    ("names", "common", "host", "asked"),
    [
        ([x509.DNSName("vc.example.test")], "", "vc.example.test", "vc.example.test"),
        ([x509.DNSName("*.example.test")], "", "vc.example.test", "vc.example.test"),
        ([x509.DNSName("*.example.test")], "", "192.0.2.7", "vcenter.example.test"),
        ([x509.IPAddress(ip_address("192.0.2.7"))], "", "192.0.2.7", "192.0.2.7"),
        ([x509.DNSName("a.test"), x509.DNSName("b.test")], "", "b.test", "b.test"),
        ([], "old.example.test", "192.0.2.7", "old.example.test"),
        ([], "", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_name_asked_for_is_one_the_certificate_bears(names: list[x509.GeneralName], common: str, host: str, asked: str) -> None:
    assert name_for(certificate(*names, common=common), host) == asked


@pytest.mark.parametrize("text", ["ab" * 32, "AB:" * 31 + "AB", "SHA256:" + "ab" * 32])
def test_fingerprints_are_taken_in_every_usual_form(text: str) -> None:
    assert shown(normal_fingerprint(text)) == ":".join(["AB"] * 32)


@pytest.mark.parametrize("text", ["", "ab" * 20, "zz" * 32])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        normal_fingerprint(text)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ((frozen(),), None),
        ((), "gone"),
        ((frozen("[ds 2] web server/web.vmdk"),), "another one"),
        ((frozen(parents=0, kind="SeSparseBackingInfo"),), "another way"),
    ],
)
def test_what_changed_about_a_recorded_disk_is_said(now: tuple[FrozenDisk, ...], words: str | None) -> None:
    found = difference(SnapshotRecord("vm-1", "snapshot-1", "n", (frozen(),)), SnapshotRecord("vm-1", "snapshot-1", "n", now))
    assert (words is None) == (found is None) and (found is None or (words or "") in found[1])
