"""Logging in to VMware's simulator."""

import pytest
from pyVmomi import vim
from vcsim_peer import PASSWORD, USER, Simulator

from appliance.contract.errors import Fault
from appliance.vsphere.certificate import fetch_fingerprint
from appliance.vsphere.session import VCenter

# The first test waits while the simulator is built.
pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]


async def refusal(vcenter: VCenter) -> Fault:
    with pytest.raises(Fault) as caught:
        await vcenter.connect()
    return caught.value


async def test_a_pinned_certificate_lets_us_log_in(vcenter: VCenter) -> None:
    assert vcenter.cookie.startswith("vmware_soap_session=")


async def test_the_authority_lets_us_log_in_without_a_pin(simulator: Simulator) -> None:
    async with VCenter(simulator.host, USER, PASSWORD, port=simulator.port, ca=simulator.certificate.read_text()) as vcenter:
        assert vcenter.logins == 1


async def test_an_unknown_certificate_is_refused_and_its_fingerprint_shown(simulator: Simulator) -> None:
    fault = await refusal(VCenter(simulator.host, USER, PASSWORD, port=simulator.port))
    assert fault.key == "vcenter.certificate_unknown"
    assert await fetch_fingerprint(simulator.host, simulator.port) in fault.message


async def test_another_certificate_than_the_pinned_is_refused_and_its_fingerprint_shown(simulator: Simulator) -> None:
    fault = await refusal(VCenter(simulator.host, USER, PASSWORD, port=simulator.port, thumbprint="ab" * 32))
    assert fault.key == "vcenter.certificate_mismatch"
    assert await fetch_fingerprint(simulator.host, simulator.port) in fault.message


async def test_a_wrong_password_is_named_and_not_shown(simulator: Simulator) -> None:
    thumbprint = await fetch_fingerprint(simulator.host, simulator.port)
    vcenter = VCenter(simulator.host, USER, "wrong horse", port=simulator.port, thumbprint=thumbprint)
    fault = await refusal(vcenter)
    assert fault.key == "vcenter.login_refused"
    assert "horse" not in f"{fault!r} {fault} {vcenter!r}"


async def test_a_terminated_session_logs_in_again_by_itself(simulator: Simulator, vcenter: VCenter) -> None:
    followed: list[str] = []
    vcenter.follow_cookie(followed.append)
    key = await vcenter.call("read the session", lambda content: content.sessionManager.currentSession.key)
    async with VCenter(simulator.host, USER, PASSWORD, port=simulator.port, ca=simulator.certificate.read_text()) as other:
        await other.call("end a session", lambda content: content.sessionManager.TerminateSession([key]))
    folder = await vcenter.call("read the root", lambda content: content.viewManager.CreateContainerView(content.rootFolder, [], True))
    assert isinstance(folder, vim.view.ContainerView)
    assert vcenter.logins == 2
    assert len(followed) == 2 and followed[0] != followed[1] == vcenter.cookie
