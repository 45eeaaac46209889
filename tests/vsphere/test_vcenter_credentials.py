"""Credentials as they are kept: sealed, trusted in one way, counted, and not lost while they are used."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from appliance.contract.errors import Fault
from appliance.core.store import Store, utcnow
from appliance.core.vault import Vault
from appliance.vsphere.certificate import describe
from appliance.vsphere.credentials import Change, Credentials, Draft, VmwareCredential

PRINT = "AA:" * 31 + "AA"
DRAFT = Draft("main", "vma-1", "vc.example", 443, "admin@local", "geheim!", "", PRINT, True)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "keys" / "vault.key")


@pytest.fixture
def credentials(store: Store, vault: Vault) -> Credentials:
    return Credentials(store, vault)


@pytest.fixture(scope="module")
def authority() -> str:
    key, name = generate_private_key(SECP256R1()), Name([NameAttribute(NameOID.COMMON_NAME, "Company CA <&> ü")])
    made = CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(random_serial_number())
    signed = (
        made.not_valid_before(utcnow().replace(tzinfo=None)).not_valid_after(utcnow().replace(tzinfo=None, year=2040)).sign(key, SHA256())
    )
    return signed.public_bytes(Encoding.PEM).decode()


def used_by(*names: str):  # type: ignore[no-untyped-def]
    async def users(_: AsyncSession, __: int) -> Sequence[str]:
        return names

    return users


async def test_the_password_is_sealed_and_comes_back_for_a_login(store: Store, credentials: Credentials) -> None:
    made = await credentials.create(DRAFT)
    async with store.session() as session:
        assert "geheim" not in str(await session.scalar(select(VmwareCredential.password)))
    row, password = await credentials.use(made.id)
    assert password == "geheim!" and "geheim" not in repr(row) + repr(DRAFT)


async def test_every_use_is_counted(credentials: Credentials) -> None:
    made = await credentials.create(DRAFT)
    assert (made.usage_count, made.last_used) == (0, None)
    await credentials.use(made.id)
    row, _ = await credentials.use(made.id)
    assert row.usage_count == 2 and row.last_used is not None


async def test_a_name_is_given_once(credentials: Credentials) -> None:
    await credentials.create(DRAFT)
    second = await credentials.create(dataclasses.replace(DRAFT, name="second"))
    for attempt in (credentials.create(DRAFT), credentials.update(second.id, Change(name="main"), used_by())):
        with pytest.raises(Fault) as refused:
            await attempt
        assert refused.value.key == "credential.name_taken"


async def test_one_is_the_default_and_no_other(credentials: Credentials) -> None:
    with pytest.raises(Fault) as none:
        await credentials.default()
    assert none.value.status == 404
    first = await credentials.create(DRAFT)
    second = await credentials.create(dataclasses.replace(DRAFT, name="second"))
    assert (await credentials.default()).id == second.id
    await credentials.set_default(first.id)
    assert [one.is_default for one in await credentials.all()] == [True, False]


@pytest.mark.parametrize(("fingerprint", "ca", "key"), [("", "", "no_trust"), (PRINT, "x", "no_trust"), ("", "no PEM", "bad_authority")])
async def test_a_certificate_is_never_trusted_in_silence(credentials: Credentials, fingerprint: str, ca: str, key: str) -> None:
    with pytest.raises(Fault) as refused:
        await credentials.create(dataclasses.replace(DRAFT, fingerprint=fingerprint, ca=ca))
    assert refused.value.key == f"credential.{key}"
    assert await credentials.all() == []


async def test_trust_goes_from_a_fingerprint_to_an_authority_and_back(credentials: Credentials, authority: str) -> None:
    made = await credentials.create(DRAFT)
    changed = await credentials.update(made.id, Change(ca=authority), used_by())
    assert (changed.fingerprint, changed.ca) == ("", authority)
    changed = await credentials.update(made.id, Change(fingerprint=PRINT), used_by())
    assert (changed.fingerprint, changed.ca) == (PRINT, None)
    with pytest.raises(Fault):
        await credentials.update(made.id, Change(fingerprint=""), used_by())


async def test_what_is_left_out_stays_as_it_is(credentials: Credentials) -> None:
    made = await credentials.create(DRAFT)
    changed = await credentials.update(made.id, Change(username="other"), used_by("web01"))
    assert (changed.username, changed.vcenter_host, changed.fingerprint) == ("other", "vc.example", PRINT)
    assert (await credentials.use(made.id))[1] == "geheim!"


@pytest.mark.parametrize("change", [{"vcenter_host": "evil.example"}, {"vcenter_port": 8443}, {"peer_id": "vma-2"}])
async def test_a_stored_password_is_not_sent_to_another_vcenter(credentials: Credentials, change: dict[str, str]) -> None:
    made = await credentials.create(DRAFT)
    for more in ({}, {"password": "again"}, {"fingerprint": PRINT}):
        with pytest.raises(Fault) as refused:
            await credentials.update(made.id, Change(**change | more), used_by())  # type: ignore[arg-type]
        assert refused.value.key == "credential.enter_again"
    assert (await credentials.get(made.id)).vcenter_host == "vc.example"
    await credentials.update(made.id, Change(**change, password="new", fingerprint=PRINT), used_by())  # type: ignore[arg-type]
    assert (await credentials.use(made.id))[1] == "new"


async def test_one_in_use_is_not_deleted_and_the_vms_are_named(credentials: Credentials) -> None:
    made = await credentials.create(DRAFT)
    with pytest.raises(Fault) as refused:
        await credentials.delete(made.id, used_by(*(f"web{number:02}" for number in range(12))))
    assert refused.value.status == 409
    assert "used by 12 VMs: web00, web01" in refused.value.message and "and 2 more" not in refused.value.message
    assert refused.value.message.endswith("web09, 2 more.")
    await credentials.delete(made.id, used_by())
    assert await credentials.all() == []


async def test_one_in_use_does_not_go_to_another_appliance(credentials: Credentials) -> None:
    made = await credentials.create(DRAFT)
    with pytest.raises(Fault) as refused:
        await credentials.update(made.id, Change(peer_id="vma-2", password="x", fingerprint=PRINT), used_by("web01"))
    assert refused.value.key == "credential.in_use"


@pytest.mark.parametrize("operation", ["get", "use", "set_default"])
async def test_what_is_not_there_is_not_found(credentials: Credentials, operation: str) -> None:
    with pytest.raises(Fault) as refused:
        await getattr(credentials, operation)(7)
    assert refused.value.status == 404


def test_a_certificate_is_described_for_a_person(authority: str) -> None:
    seen = describe(authority)
    assert seen.self_signed and "Company CA" in seen.subject and len(seen.fingerprint) == 95
