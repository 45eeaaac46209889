"""The logins at vCenters that an OMA has stored."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.contract.credentials import AskCertificate, Credential, CredentialChange, CredentialTest
from appliance.contract.pairing import Peer
from appliance.tui import words
from appliance.tui.screens.acting import ActingScreen
from appliance.tui.screens.certificate import is_trusted
from appliance.tui.screens.records import RecordsScreen
from appliance.tui.screens.removing import remove
from appliance.tui.widgets.dialog import Choose
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row

NO_VMA = "No appliance (VMA) is paired yet, so no vCenter can be reached: pair one first (menu: Paired appliances, F7)."
REMOVING = "Its password is deleted here; nothing is changed in the vCenter. A credential that VMs use is not removed."
ROTATING = (
    "Every stored password and secret key is sealed with a new key, then the old key is destroyed. Nothing has to be typed again, and "
    "copies that are running go on. Back-ups made before still need the old key."
)


class CredentialsScreen(RecordsScreen[Credential], ActingScreen):
    """Each credential: which vCenter, through which appliance, whether it is the default, how much it was used."""

    NAME = "credentials"
    HEADING = "vCenter credentials"
    HELP = (
        "The logins with which VMs are looked for and copied. F7 adds one: the appliance (VMA) beside the vCenter fetches the vCenter's "
        "certificate, and its fingerprint is confirmed before anything is stored. F6 logs in with the one under the cursor and says what "
        "it found. F4 makes it the default one, changes it, or looks at its vCenter's certificate again; F9 removes it, which is "
        "refused while VMs use it. Passwords are stored sealed and never shown; F4 also changes the key that they are sealed with."
    )
    EVERY = 5.0
    COLUMNS: ClassVar = (
        Column("Name", 18), Column("vCenter"), Column("VMA", 14), Column("Default", 7), Column("Last used", 12),
        Column("Uses", 6, needs=100), Column("User", 36, needs=120),
    )  # fmt: skip
    EMPTY = "No credential is stored yet. F7 adds one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4,ctrl+t,enter", "actions", "Actions"),
        Binding("f6,ctrl+e", "test", "Test login"),
        Binding("f7,ctrl+n", "add", "Add"),
        Binding("f9,ctrl+d", "remove", "Remove"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._peers: dict[str, Peer] = {}

    async def load(self) -> None:
        """All of them, and the names of the appliances."""
        agent = self.console_app.agent
        self._peers = {one.id: one for one in await agent.peers.peers()}
        self.show_records({str(one.id): one for one in await agent.credentials.credentials()})

    def row(self, key: str, record: Credential) -> Row:
        """One line for each."""
        return credential_row(record, self._vma(record), self.console_app.clock())

    def facts(self, record: Credential) -> list[Fact]:
        """The rest of it."""
        return credential_facts(record, self._vma(record))

    def _vma(self, record: Credential) -> str:
        peer = self._peers.get(record.peer_id)
        return peer.name if peer else record.peer_id

    def action_add(self) -> None:
        """A new one."""
        self._open(None)

    def _open(self, stored: Credential | None) -> None:
        from appliance.tui.screens.credential_form import CredentialForm

        usable = [one for one in self._peers.values() if one.state == "paired" or (stored and one.id == stored.peer_id)]
        if usable:
            self.app.push_screen(CredentialForm(usable, stored, is_first=not self.records))
        else:
            self.say(NO_VMA, "warning")

    def on_data_table_row_selected(self) -> None:
        """Enter on one."""
        self.action_actions()

    def action_actions(self) -> None:
        """What can be done with the one under the cursor."""
        self.once(self._act)

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        record = self.chosen
        if record is not None:
            self.once(lambda: self._do("remove", record))

    def action_test(self) -> None:
        """Does it work?"""
        self.once(self._test)

    async def _act(self) -> None:
        record = self.chosen
        key = await self.app.push_screen_wait(Choose(record.name if record else self.HEADING, actions(record)))
        if key == "key":
            await self._rotate()
        elif record is not None and key is not None:
            await self._do(key, record)

    async def _do(self, key: str, record: Credential) -> None:
        api = self.console_app.agent.credentials
        if key == "test":
            await self._test()
        elif key == "default":
            await self.asking(api.set_default_credential(str(record.id)), f"{record.name} is the default credential now.")
        elif key == "edit":
            self._open(record)
        elif key == "certificate":
            await self._look_again(record)
        elif key == "remove":
            await remove(self, record.name, REMOVING, lambda: api.delete_credential(str(record.id)))

    async def _test(self) -> None:
        record = self.chosen
        if record is None:
            self.say(self.EMPTY, "warning")
            return
        found = await self.asking(self.console_app.agent.credentials.test_credential(str(record.id)))
        if found is not None:
            self.say(*login_words(found))

    async def _look_again(self, record: Credential) -> None:
        api, host = self.console_app.agent.credentials, record.vcenter_host
        asked = AskCertificate(peer_id=record.peer_id, vcenter_host=host, vcenter_port=record.vcenter_port)
        shown = await self.asking(api.certificate(asked))
        if shown is not None and await is_trusted(self, host, shown, record.fingerprint):
            change = CredentialChange(fingerprint=shown.fingerprint)
            await self.asking(api.update_credential(str(record.id), change), f"The certificate of {host} is trusted.")

    async def _rotate(self) -> None:
        state = await self.asking(self.console_app.agent.vault.vault())
        if state is None:
            return
        since = f"The key of now is in use since {words.moment(state.made_at)} UTC. "
        if not await self.confirmed("Change the key that protects stored passwords?", since + ROTATING):
            return
        job = await self.asking(self.console_app.agent.vault.rotate_key())
        if job is not None:
            from appliance.tui.screens.job import JobScreen

            self.app.push_screen(JobScreen(job.job_id))


def credential_row(record: Credential, vma: str, now: datetime) -> Row:
    """A credential as it stands in the list (pure)."""
    cells = (
        record.name, record.vcenter_host, vma, "yes" if record.is_default else "", words.ago(record.last_used, now),
        str(record.usage_count), record.username,
    )  # fmt: skip
    return Row(str(record.id), cells)


def credential_facts(record: Credential, vma: str) -> list[Fact]:
    """The lines below the list (pure)."""
    trusted = words.fingerprint(record.fingerprint) or "signed by the authority that was given"
    used = f"{record.usage_count} times, last {words.moment(record.last_used)} UTC" if record.last_used else "never"
    return [
        ("Login", f"{record.username} at {record.vcenter_host}, port {record.vcenter_port}"),
        ("Through", vma),
        ("Datacenter", record.datacenter or "all"),
        ("Certificate", trusted),
        ("Used", used),
    ]


def actions(record: Credential | None) -> list[tuple[str, str]]:
    """What can be done, as (key, text) (pure)."""
    of_one = [
        ("test", "Test the login"),
        ("default", "Make it the default one"),
        ("edit", "Change it"),
        ("certificate", "Look at the certificate of its vCenter again"),
        ("remove", "Remove it"),
    ]
    shown = [] if record is None else [one for one in of_one if one[0] != "default" or not record.is_default]
    return [*shown, ("key", "Change the key that protects stored passwords")]


def login_words(found: CredentialTest) -> tuple[str, str]:
    """How a login went, and its tone (pure)."""
    if not found.ok:
        problem = found.problem
        return (f"{problem.message} {problem.guidance}" if problem else "The login does not work.", "bad")
    datacenters = ", ".join(found.datacenters) or "none that this user may see"
    return f"The login works: {found.name} {found.version} (build {found.build}). Datacenters: {datacenters}.", "good"
