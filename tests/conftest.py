"""What every test may use."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from appliance.agent.tables import METADATA
from appliance.core.commands import Children
from appliance.core.store import Store
from tests.databases.mariadb import MariaDb

assert METADATA.tables  # all of them are known, whichever tests run: some refer to those of other packages

# The same examples in every run, however slow the machine: a failure is due to the change. `--hypothesis-profile default` tries others.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which database the fixture `store` is in, and which images are booted."""
    parser.addoption("--database", choices=("sqlite", "mariadb"), default="sqlite", help="where the tests keep their records")
    parser.addoption("--images", metavar="FOLDER", help="where built images are; without it nothing boots them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another database than SQLite only those tests run that keep records in it."""
    if config.getoption("--database") != "sqlite":
        items[:] = [one for one in items if {"database_url", "empty_database_url"} & set(getattr(one, "fixturenames", ()))]


@pytest.fixture(scope="session")
def newest_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database in the newest revision, made once."""
    path = tmp_path_factory.mktemp("database") / "newest.db"
    asyncio.run(_make(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server."""
    with MariaDb() as server:
        yield server


@pytest.fixture(scope="session")
def newest_mariadb(mariadb: MariaDb) -> str:
    """An empty database in the newest revision on MariaDB, made once."""
    url = mariadb.make("newest")
    asyncio.run(_make(url))
    return url


async def _make(url: str) -> None:
    store = await Store.open(url)
    await store.close()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database in the newest revision is."""
    if request.config.getoption("--database") == "mariadb":
        yield request.getfixturevalue("newest_mariadb")
        request.getfixturevalue("mariadb").empty("newest")
    else:
        shutil.copyfile(request.getfixturevalue("newest_database"), tmp_path / "appliance.db")
        yield f"sqlite+aiosqlite:///{tmp_path}/appliance.db"


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database without tables is."""
    if request.config.getoption("--database") == "mariadb":
        return str(request.getfixturevalue("mariadb").make(f"empty_{secrets.token_hex(4)}"))
    return f"sqlite+aiosqlite:///{tmp_path}/appliance.db"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An empty store in the newest revision."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.fixture
async def children(tmp_path: Path) -> AsyncIterator[Children]:
    """Where running programs are on record; a test leaves none behind."""
    registry = Children(tmp_path / "children")
    yield registry
    assert registry.living("") == []
