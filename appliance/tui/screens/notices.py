"""What the console has said since it came up, to be read again."""

from __future__ import annotations

from typing import ClassVar

from appliance.tui import words
from appliance.tui.screens.records import RecordsScreen, keyed
from appliance.tui.widgets.facts import Fact
from appliance.tui.widgets.notice import KEPT, News
from appliance.tui.widgets.table import Column, Row


class NoticesScreen(RecordsScreen[News]):
    """The last pieces of news, newest first."""

    NAME = "notices"
    HEADING = "Notices"
    HELP = (
        f"The last {KEPT} notices that this console has shown, newest first: what was done, warnings, and errors with what to do about "
        "them. They are this console's alone and end with it; what happened on the appliance is in the jobs, the logs and the audit."
    )
    COLUMNS: ClassVar = (Column("Time (UTC)", 19), Column("Kind", 8), Column("Screen", 22, 100), Column("Notice"))
    EMPTY = "Nothing was said yet."

    async def load(self) -> None:
        """Those of this console."""
        self.show_records(keyed(self.console_app.news.all, lambda one: f"{one.at.isoformat()} {one.text}"))

    def row(self, key: str, record: News) -> Row:
        """One line a notice."""
        return Row(key, (words.moment(record.at), record.kind.word, record.screen, record.text), record.kind.tone)

    def facts(self, record: News) -> list[Fact]:
        """The whole sentence, which the list may cut."""
        return [("Screen", record.screen), (record.kind.word, record.text, record.kind.tone)]
