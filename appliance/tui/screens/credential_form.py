"""A vCenter credential to add or to change."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from appliance.contract import credentials as contract
from appliance.contract.errors import Fault
from appliance.contract.pairing import Peer
from appliance.tui.flaws import check_of
from appliance.tui.screens.acting import MOMENT, FormScreen
from appliance.tui.screens.certificate import is_trusted
from appliance.tui.screens.credentials import login_words
from appliance.tui.widgets.bars import TitleBar
from appliance.tui.widgets.form import Choice, Field, in_one_sentence

Answer = TypeVar("Answer")

BESIDE = {
    "credential.name_taken": "name", "credential.enter_again": "password", "credential.no_trust": "host",
    "credential.no_datacenter": "datacenter", "vcenter.login_refused": "username", "vcenter.no_right": "username",
    "vcenter.unreachable": "host", "vcenter.timed_out": "host", "vcenter.not_a_vcenter": "host",
    "vcenter.certificate_mismatch": "host", "vcenter.certificate_unknown": "host",
}  # fmt: skip
"""Beside which field a refusal is explained; the others are below the form."""


class CredentialForm(FormScreen):
    """The fields; before anything is stored or tried, the certificate of a vCenter that is not trusted yet is shown and confirmed."""

    NAME = "credential"
    HEADING = "vCenter credential"
    HELP = (
        "Type which vCenter it is and how to log in there, and choose the appliance (VMA) that reaches it. F8 fetches the vCenter's "
        "certificate through that appliance and shows its fingerprint; it is stored only after that was confirmed. F6 tries the login "
        "without storing anything. When one is changed, an empty password keeps the stored one; another vCenter needs it again."
    )
    EVERY: ClassVar[float] = 3600.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "submit", "Save"),
        Binding("f6,ctrl+e", "test", "Test login"),
    ]

    def __init__(self, peers: Sequence[Peer], stored: contract.Credential | None = None, *, is_first: bool = False) -> None:
        super().__init__()
        self._peers, self._stored, self._is_first = peers, stored, is_first
        self._confirmed: tuple[contract.AskCertificate, str] | None = None

    def body(self) -> ComposeResult:
        """What it is called, where it is, how to log in."""
        old = self._stored
        yield Field(
            "Name", id="name", value=old.name if old else "", hint="such as production", check=check_of(contract.Text, "Type a name.")
        )
        yield Choice("Through", [(one.id, one.name) for one in self._peers], id="peer", value=old.peer_id if old else "")
        yield Field("vCenter", id="host", value=old.vcenter_host if old else "", hint="such as vcenter.example.net", check=_HOST)
        yield Field("Port", id="port", value=str(old.vcenter_port if old else 443), limit=5, check=_PORT)
        yield Field("User", id="username", value=old.username if old else "", hint="such as migrate@vsphere.local", check=_USER)
        hint = "empty keeps the stored one" if old else ""
        yield Field("Password", id="password", secret=True, hint=hint, limit=512, check=self._password_flaw)
        yield Field("Datacenter", id="datacenter", value=old.datacenter if old else "", hint="empty: all of them", check=_DATACENTER)

    def on_mount(self) -> None:
        """Which one it is."""
        self.query_one(TitleBar).tell(heading=f"Change {self._stored.name}" if self._stored else "New vCenter credential")

    def _password_flaw(self, text: str) -> str:
        return "" if text or self._stored else "Type the password of this user."

    async def submit(self) -> None:
        """Store it, once its certificate is trusted."""
        if not self.all_good():
            return
        trust = await self._trust()
        if trust is None:
            return
        api = self.console_app.agent.credentials
        if self._stored is None:
            saved = await self._asked(api.create_credential(self._new(trust)))
        else:
            saved = await self._asked(api.update_credential(str(self._stored.id), self._change(trust)))
        if saved is not None:
            self.console_app.leave(self)
            self.console_app.say(f"{saved.name} is stored. F6 tests the login.", "success")

    def action_test(self) -> None:
        """Try what was typed."""
        self.once(self._test)

    async def _test(self) -> None:
        if not self.all_good():
            return
        if not self.field("password").value:
            self.field("password").problem("Type the password to try it here, or test the stored one in the list (F6 there).")
            self.field("password").focus_input()
            return
        trust = await self._trust()
        found = await self._asked(self.console_app.agent.credentials.test_new_credential(self._new(trust))) if trust is not None else None
        if found is None:
            return
        beside = BESIDE.get(found.problem.key) if found.problem else None
        text, kind = login_words(found)
        self.say(text, kind)
        if beside:
            self.field(beside).focus_input()

    def _place(self) -> contract.AskCertificate:
        port = int(self.field("port").value)
        return contract.AskCertificate(
            peer_id=self.query_one("#peer", Choice).value, vcenter_host=self.field("host").value, vcenter_port=port
        )

    def _leads_elsewhere(self) -> bool:
        old = self._stored
        return old is None or (old.peer_id, old.vcenter_host, old.vcenter_port) != tuple(self._place().model_dump().values())

    async def _trust(self) -> dict[str, Any] | None:
        """How its certificate is trusted; None where it was not confirmed."""
        place = self._place()
        if self._stored and not self._leads_elsewhere():
            return {"fingerprint": self._stored.fingerprint, "ca": self._stored.ca}
        if self._confirmed is None or self._confirmed[0] != place:
            shown = await self._asked(self.console_app.agent.credentials.certificate(place))
            if shown is None or not await is_trusted(self, place.vcenter_host, shown):
                return None
            self._confirmed = (place, shown.fingerprint)
        return {"fingerprint": self._confirmed[1], "ca": ""}

    def _typed(self) -> dict[str, Any]:
        named = {name: self.field(name).value for name in ("name", "username", "datacenter")}
        return named | self._place().model_dump()

    def _new(self, trust: dict[str, Any]) -> contract.NewCredential:
        return contract.NewCredential(**self._typed(), password=SecretStr(self.field("password").value), is_default=self._is_first, **trust)

    def _change(self, trust: dict[str, Any]) -> contract.CredentialChange:
        """Password and certificate only where they are others."""
        password = SecretStr(self.field("password").value) if self.field("password").value else None
        fingerprint = trust["fingerprint"] if self._leads_elsewhere() else None
        return contract.CredentialChange(**self._typed(), password=password, fingerprint=fingerprint)

    async def _asked(self, work: Awaitable[Answer]) -> Answer | None:
        """Like `asking`; a refusal is shown beside the field that it is about."""
        self.say(MOMENT, "info")
        try:
            answer = await work
        except Fault as error:
            name = BESIDE.get(error.key)
            self.say("" if name else in_one_sentence(error), "error")
            if name:
                self.field(name).problem(in_one_sentence(error))
                self.field(name).focus_input()
            return None
        self.say("")
        return answer


_HOST = check_of(contract.Host, "Type the vCenter's name or address only, such as vcenter.example.net or 192.0.2.20.")
_PORT = check_of(contract.Port, "Type a port from 1 to 65535; 443 is usual.")
_USER = check_of(contract.Text, "Type the user's name, such as migrate@vsphere.local.")
_DATACENTER = check_of(contract.Datacenter, "Type the datacenter's name on one line, or leave it empty.")
