"""The vCenters that a VMA works with."""

from __future__ import annotations

from typing import ClassVar

from appliance.contract.source import VCenterUse
from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.table import Column, Row


class VCentersScreen(RecordsScreen[VCenterUse]):
    """Who is logged in where, and what went wrong last."""

    NAME = "vcenters"
    HEADING = "vCenter"
    HELP = (
        "The vCenters that this appliance was asked to work with since its start. The OMA sends host, user and password with each piece of "
        "work; no password is kept here. Compare the fingerprint with the one of your vCenter. To change a login, change it at the OMA."
    )
    COLUMNS: ClassVar = (
        Column("vCenter"),
        Column("User", 26),
        Column("Sessions", 8),
        Column("Last used", 12),
        Column("State", 7),
        Column("Last error", needs=120),
    )
    EMPTY = "No vCenter was used since the start."

    async def load(self) -> None:
        """All of them."""
        found = await self.console_app.agent.source.vcenters()
        self.show_records(keyed(found, lambda one: f"{one.username}@{one.host}:{one.port}"))

    def row(self, key: str, record: VCenterUse) -> Row:
        """One line for each vCenter and user."""
        used, state = words.ago(record.last_used, self.console_app.clock()), "failed" if record.last_error else "ok"
        cells = (record.host, record.username, str(record.sessions), used, state, record.last_error)
        return Row(key, cells, "bad" if record.last_error else "")

    def facts(self, record: VCenterUse) -> list[Fact]:
        """The rest of it."""
        return [
            ("vCenter", f"{record.host}, port {record.port}"),
            ("User", record.username),
            ("Sessions open", str(record.sessions)),
            ("Last used", f"{words.moment(record.last_used)} UTC" if record.last_used else "never"),
            ("Fingerprint", words.fingerprint(record.fingerprint) or "not seen yet"),
            ("Last error", record.last_error or "none", "bad" if record.last_error else ""),
        ]
