"""`python -m appliance.agent.revision "what changes"`: writes a migration from the newest revision to today's models."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import appliance.core.store
from appliance.agent.tables import METADATA

MIGRATIONS = Path(appliance.core.store.__file__).parent / "migrations"


def main() -> None:
    """Compares the models with an empty database at the newest revision."""
    assert METADATA.tables
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine("sqlite://").connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        number = len(list((MIGRATIONS / "versions").glob("*.py"))) + 1
        command.revision(config, " ".join(sys.argv[1:]), autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    main()
