"""An appliance's records before, during and after an upgrade, without its agent."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from appliance.agent.config import Config
from appliance.agent.upgrade.startup import FOLDER, VERSION, at_start
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.core.settings import Settings
from appliance.core.store import Store, dump

NEW = "99.0.0"


def state(phase: Phase, from_version: str = VERSION, to_version: str = NEW) -> State:
    return State(phase, from_version, to_version, "job-1", "2026-11-21T07:00:00+00:00")


class Site:
    """An appliance whose records hold one setting."""

    def __init__(self, folder: Path, url: str) -> None:
        self.config = Config(role="oma", name="oma1", state_dir=folder, run_dir=folder / "run", database=url)
        self.config = self.config.model_copy(update={"machine": self.config.machine.model_copy(update={"release_home": folder / "opt"})})
        self.file = StateFile(folder / FOLDER)

    async def put(self, value: int) -> None:
        store = await Store.open(self.config.database_url)
        await Settings(store).put("a", {"value": value})
        await store.close()

    async def got(self) -> object:
        store = await Store.open(self.config.database_url)
        found = await Settings(store).get("a")
        await store.close()
        return found

    def phase(self) -> Phase | None:
        found = self.file.read()
        return found.phase if found else None

    def migrate_beyond(self) -> None:
        """The records are of a revision that this release does not know."""
        self.execute("UPDATE alembic_version SET version_num = '9999'")

    def execute(self, statement: str) -> None:
        """Behind the back of everything that looks after the records."""
        engine = dump.blocking_engine(self.config.database_url)
        with engine.begin() as connection:
            dump.unchecked(connection)
            connection.execute(sa.text(statement))
        engine.dispose()

    def releases(self, *versions: str) -> Path:
        """Their folder, with these in it."""
        folder = self.config.machine.release_home / "releases"
        for version in versions:
            (folder / version / "lib").mkdir(parents=True)
        return folder


def start(site: Site) -> State | None:
    """Outside of the loop, as the agent does it."""
    return at_start(site.config)
