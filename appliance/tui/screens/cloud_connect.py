"""The first step of a CloudStack configuration: address and keys."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from appliance.contract import clouds as contract
from appliance.contract.errors import Fault
from appliance.tui.cloud_draft import Draft
from appliance.tui.flaws import check_of
from appliance.tui.screens.acting import MOMENT, FormScreen
from appliance.tui.widgets.form import Check, Field, in_one_sentence

BESIDE = {
    "cloudstack.config_address": "address", "cloudstack.unreachable": "address", "cloudstack.not_cloudstack": "address",
    "cloudstack.no_answer": "address", "cloudstack.keys_refused": "api_key", "cloudstack.config_incomplete": "secret_key",
}  # fmt: skip
"""Beside which field a refusal is explained; the others are below the form."""
KEPT = "empty keeps the stored one"


class ConnectScreen(FormScreen):
    """Where CloudStack is, and the keys of the account there; nothing is stored yet."""

    NAME = "cloud-connect"
    HEADING = "CloudStack, step 1 of 3: address and keys"
    HELP = (
        "Type a name for the configuration, CloudStack's host and port (or the whole address of its API), and the API key and secret "
        "key of the account in which this appliance runs. F6 tries them. F8 does so too, and goes on to what was found there. When a "
        "stored configuration is changed, empty keys keep the stored ones. Nothing is stored before the third step."
    )
    EVERY: ClassVar[float] = 3600.0
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8,ctrl+s", "submit", "Next"),
        Binding("f6,ctrl+e", "test", "Test connection"),
    ]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft

    def body(self) -> ComposeResult:
        """Four fields."""
        yield Static("The account in which this appliance runs. Its keys are on the user's page in CloudStack.\n", markup=False)
        yield Field("Name", id="name", value=self._draft.name, hint="such as production", check=check_of(contract.Text, "Type a name."))
        yield Field("Address", id="address", value=self._draft.address, hint="such as cloud.example.net:8080", check=_ADDRESS)
        hint = KEPT if self._draft.id is not None else ""
        yield Field("API key", id="api_key", value=self._draft.api_key, hint=hint, check=self._key_check("API key"))
        yield Field("Secret key", id="secret_key", secret=True, hint=hint, limit=512, check=self._key_check("secret key"))

    def _key_check(self, noun: str) -> Check:
        of_kind = check_of(contract.Optional, f"Type the {noun} on one line, without blanks around it.")
        return lambda text: of_kind(text) if text or self._draft.id is not None else f"Type the {noun} of the account."

    def _take(self) -> None:
        """What was typed goes into the draft."""
        draft = self._draft
        draft.name, draft.address, draft.api_key = (self.field(name).value for name in ("name", "address", "api_key"))
        draft.secret_key = SecretStr(self.field("secret_key").value)

    def action_test(self) -> None:
        """Do they work?"""
        self.once(self._test)

    async def _test(self) -> None:
        await self._works()

    async def submit(self) -> None:
        """On to what is there."""
        if await self._works():
            from appliance.tui.screens.cloud_found import FoundScreen

            self.say("")
            self.app.push_screen(FoundScreen(self._draft))

    async def _works(self) -> bool:
        if not self.all_good():
            return False
        self._take()
        self.say(MOMENT, "info")
        try:
            cloud = await self.console_app.agent.clouds.test_connection(self._draft.connection())
        except Fault as error:
            name = BESIDE.get(error.key)
            self.say("" if name else in_one_sentence(error), "error")
            if name:
                self.field(name).problem(in_one_sentence(error))
                self.field(name).focus_input()
            return False
        self.say(f"Address and keys work: CloudStack {cloud.name} at {cloud.id}.")
        return True


_ADDRESS = check_of(contract.Text, "Type host and port, such as cloud.example.net:8080.")
