"""Logging in and out, and what a session is worth."""

import ssl
import time
from http.client import HTTPException

import pytest
from pyVim.connect import SmartConnect
from pyVmomi import vim

from appliance.lab.vcenter import VcenterLab

from .conftest import Client, Control


def test_pyvmomi_logs_in_and_sees_a_vcenter(client: Client) -> None:
    assert client.content.about.apiType == "VirtualCenter"
    assert client.content.about.apiVersion == "8.0.2.0"


def test_the_session_names_its_user(client: Client) -> None:
    assert client.content.sessionManager.currentSession.userName == "administrator@vsphere.local"


def test_a_wrong_password_is_refused(lab: VcenterLab) -> None:
    with pytest.raises(vim.fault.InvalidLogin):
        Client(lab, password="wrong")


def test_a_client_that_does_not_know_the_certificate_refuses_it(lab: VcenterLab) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        SmartConnect(host=lab.host, port=lab.port, user=lab.user, pwd=lab.password, sslContext=ssl.create_default_context())


def test_after_logout_nothing_is_answered(client: Client) -> None:
    client.content.sessionManager.Logout()
    with pytest.raises(vim.fault.NotAuthenticated):
        client.read(client.content.rootFolder, "name")


def test_a_session_ends_on_command(client: Client, control: Control) -> None:
    assert control("DELETE", "/sessions")["ended"] == 1
    with pytest.raises(vim.fault.NotAuthenticated):
        client.vm()


def test_an_idle_session_ends(client: Client, control: Control) -> None:
    control("POST", "/sessions", {"idle_seconds": 0.1})
    time.sleep(0.2)
    with pytest.raises(vim.fault.NotAuthenticated):
        client.vm()


def test_there_is_a_limit_on_sessions(client: Client, lab: VcenterLab, control: Control) -> None:
    control("POST", "/sessions", {"limit": 1})
    with pytest.raises(HTTPException, match="503"):
        Client(lab)


def test_a_cut_connection_is_an_error_of_the_network(client: Client, control: Control) -> None:
    control.fail("soap_cut")
    with pytest.raises((HTTPException, OSError)):
        client.vm()
    assert client.vm() is not None
