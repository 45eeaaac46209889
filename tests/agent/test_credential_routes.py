"""Credentials over the routes, with the VMA's own peer API between the OMA and the lab's vCenter."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from console_records import keep, vm

from appliance.agent.http.credentials import CredentialRoutes
from appliance.agent.peer.vma import peer_application
from appliance.contract.credentials import AskCertificate, CredentialChange, NewCredential
from appliance.contract.errors import Fault
from appliance.core.jobs import Runner
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.lab.vcenter import Plan, VcenterLab
from appliance.replication.source import Sources
from appliance.replication.transfer.logins import Logins
from appliance.replication.transfer.workflow import TransferDeps
from appliance.tunnel.models import Peer
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import Principal, PrincipalSite
from appliance.vsphere.credentials import Credentials

VMA = "vma-1"


@pytest.fixture(scope="module")
def vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path_factory.mktemp("vc") / "v", Plan())
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def oma(store: Store, tmp_path: Path) -> AsyncIterator[CredentialRoutes]:
    """An OMA whose VMA is at the end of a socket, as the tunnel puts it there."""
    async with store.begin() as session:
        session.add(Peer(id=VMA, name="vma1", role="vma", ssh_public_key="", state="paired"))
    peers, credentials = Peers(store), Credentials(store, Vault(tmp_path / "k" / "vault.key"))
    transfers = TransferDeps(Logins(), {}, cast(Any, None), cast(Any, None), Path())

    async def described() -> dict[str, object]:
        return {}

    with TemporaryDirectory(prefix="cr-") as run:
        app = peer_application(Runner(store), transfers)
        site = PrincipalSite(lambda _: app, Principal("oma", "oma"), Path(run) / "peers" / VMA / "vma.sock", described)
        await site.start()
        sources = Sources(Path(run), credentials, peers)
        yield CredentialRoutes(credentials, sources, peers)
        await sources.close()
        await site.stop()


async def body(oma: CredentialRoutes, vcenter: VcenterLab, **more: Any) -> NewCredential:
    """What an operator sends: the certificate was shown, and its fingerprint comes back."""
    shown = await oma.certificate(AskCertificate(peer_id=VMA, vcenter_host=vcenter.host, vcenter_port=vcenter.port))
    fields = {"name": "main", "peer_id": VMA, "vcenter_host": vcenter.host, "vcenter_port": vcenter.port, "username": vcenter.user}
    return NewCredential.model_validate(fields | {"password": vcenter.password, "fingerprint": shown.fingerprint} | more)


async def test_a_certificate_is_shown_before_anything_is_sent(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    shown = await oma.certificate(AskCertificate(peer_id=VMA, vcenter_host=vcenter.host, vcenter_port=vcenter.port))
    assert shown.self_signed and "localhost" in shown.names and shown.not_after > shown.not_before
    assert len(shown.fingerprint) == 95


async def test_what_was_shown_and_sent_back_is_stored_and_logs_in(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    made = await oma.create_credential(await body(oma, vcenter, datacenter="DC0"))
    found = await oma.test_credential(str(made.id))
    assert (found.ok, found.problem, found.datacenters) == (True, None, ["DC0"])
    assert found.version and found.api_version and "vCenter" in found.name
    assert (await oma.credential(str(made.id))).usage_count == 1
    assert vcenter.password not in repr([made, found, *await oma.credentials()])


async def test_a_login_is_tried_before_it_is_stored(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    assert (await oma.test_new_credential(await body(oma, vcenter))).ok
    assert await oma.credentials() == []


async def test_an_authority_is_another_way_to_trust(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    signed = await body(oma, vcenter, fingerprint="", ca=vcenter.certificate.read_text())
    assert (await oma.test_new_credential(signed)).ok


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"password": "wrong"}, "vcenter.login_refused"),
        ({"fingerprint": "AA" * 32}, "vcenter.certificate_mismatch"),
        ({"vcenter_port": 1}, "vcenter.unreachable"),
        ({"datacenter": "Elsewhere"}, "credential.no_datacenter"),
    ],
)
async def test_a_test_that_fails_says_why(oma: CredentialRoutes, vcenter: VcenterLab, wrong: dict[str, Any], key: str) -> None:
    found = await oma.test_new_credential(await body(oma, vcenter, **wrong))
    assert found.problem is not None
    assert (found.ok, found.problem.key, bool(found.problem.guidance)) == (False, key, True)


async def test_another_authority_is_refused_with_the_fingerprint_seen(oma: CredentialRoutes, vcenter: VcenterLab, tmp_path: Path) -> None:
    other = VcenterLab(tmp_path / "other", Plan())
    found = await oma.test_new_credential(await body(oma, vcenter, fingerprint="", ca=other.certificate.read_text()))
    assert found.problem is not None and found.problem.key == "vcenter.certificate_unknown" and "SHA-256" in found.problem.message


async def test_nothing_is_stored_without_a_word_about_the_certificate(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    with pytest.raises(Fault) as refused:
        await oma.create_credential(await body(oma, vcenter, fingerprint=""))
    assert refused.value.key == "credential.no_trust" and "shown" in refused.value.guidance


async def test_a_vcenter_that_is_not_there_has_no_certificate(oma: CredentialRoutes) -> None:
    with pytest.raises(Fault) as refused:
        await oma.certificate(AskCertificate(peer_id=VMA, vcenter_host="127.0.0.1", vcenter_port=1))
    assert refused.value.key == "vcenter.unreachable"


async def test_an_appliance_that_is_not_connected_is_a_reason_too(oma: CredentialRoutes, vcenter: VcenterLab, store: Store) -> None:
    async with store.begin() as session:
        session.add(Peer(id="vma-2", name="vma2", role="vma", ssh_public_key="", state="paired"))
    found = await oma.test_new_credential(await body(oma, vcenter, peer_id="vma-2"))
    assert found.problem is not None and found.problem.key == "peer.unreachable"


async def test_a_credential_of_vms_is_not_deleted(oma: CredentialRoutes, vcenter: VcenterLab, store: Store) -> None:
    made = await oma.create_credential(await body(oma, vcenter))
    await keep(store, vm(1, credential_id=made.id), vm(2, credential_id=made.id), vm(3))
    with pytest.raises(Fault) as refused:
        await oma.delete_credential(str(made.id))
    assert refused.value.message == "The credential main is used by 2 VMs: vm-0001, vm-0002."


async def test_it_is_changed_made_the_default_and_deleted(oma: CredentialRoutes, vcenter: VcenterLab) -> None:
    first = await oma.create_credential(await body(oma, vcenter))
    await oma.create_credential(await body(oma, vcenter, name="second", is_default=True))
    assert (await oma.set_default_credential(str(first.id))).is_default
    assert (await oma.default_credential()).name == "main"
    changed = await oma.update_credential(str(first.id), CredentialChange.model_validate({"name": "renamed", "password": "wrong"}))
    assert changed.name == "renamed"
    failed = await oma.test_credential(str(first.id))
    assert failed.problem is not None and failed.problem.key == "vcenter.login_refused"
    await oma.delete_credential(str(first.id))
    assert [one.name for one in await oma.credentials()] == ["second"]
