"""A MariaDB server of Debian's, for tests: in a folder of its own, on a Unix socket, ended with the process that started it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from sqlalchemy import create_engine, text

_TIED = ("setpriv", "--pdeathsig", "KILL")
_QUICK = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin", "--performance-schema=OFF")
_LOCALE = ("--character-set-server=utf8mb4", "--collation-server=utf8mb4_nopad_bin")


class MariaDb:
    """A running server for the time of the block."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mdb"))
        self._socket = self._folder / "s"
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> MariaDb:
        for program in ("mariadbd", "mariadb-install-db", "setpriv"):
            assert shutil.which(program), f"{program} is missing; scripts/setup installs it"
        data, log = f"--datadir={self._folder}/data", (self._folder / "log").open("wb")
        made = subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db", data],
            stdout=log,
            stderr=log,
            check=False,
        )
        assert made.returncode == 0, self._told()
        server = ["mariadbd", "--no-defaults", "--user=root", "--skip-networking", f"--socket={self._socket}", data, *_QUICK, *_LOCALE]
        self._server = subprocess.Popen([*_TIED, *server], stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder)

    def url(self, database: str, driver: str = "aiomysql") -> str:
        """Where a database is, for SQLAlchemy."""
        return f"mysql+{driver}://root@localhost/{database}?unix_socket={self._socket}&charset=utf8mb4"

    def make(self, database: str) -> str:
        """Make an empty database; returns its URL."""
        engine = create_engine(self.url("mysql", "pymysql"))
        with engine.begin() as connection:
            connection.execute(text(f"CREATE DATABASE {database}"))
        engine.dispose()
        return self.url(database)

    def empty(self, database: str) -> None:
        """Remove every row, and count new ones from 1 again."""
        engine = create_engine(self.url(database, "pymysql"))
        with engine.begin() as connection:
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
            for (table,) in connection.execute(text("SHOW TABLES")).all():
                if table != "alembic_version" and connection.execute(text(f"SELECT 1 FROM `{table}` LIMIT 1")).first():
                    connection.execute(text(f"TRUNCATE TABLE `{table}`"))
        engine.dispose()

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while not self._socket.exists():
            assert self._server is not None and self._server.poll() is None, self._told()
            assert time.monotonic() < end, self._told()
            time.sleep(0.05)

    def _told(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-4000:]
