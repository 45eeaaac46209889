"""The way back: a back-up is laid ready, and the agent that starts next puts it in place before it opens its store.

Every move can be made again after a crash: what is laid ready goes last.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.orm import Session

from appliance.agent.backup import staying
from appliance.agent.backup.archive import Contents, Manifest, pack
from appliance.agent.backup.faults import NOT_A_BACKUP, OTHER_ROLE, TOO_NEW
from appliance.agent.backup.folder import Folder
from appliance.agent.version import VERSION
from appliance.contexts import VmContext, doubts
from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.core import durable
from appliance.core.audit import AuditEvent
from appliance.core.jobs import Job, JobStatus, recovery
from appliance.core.store import dump
from appliance.core.store.base import utcnow
from appliance.core.store.engine import OURS, migrate, revisions

_log = logging.getLogger(__name__)


class Restoring:
    """Replaces records, keys and identity of one appliance, and keeps what was there in the folder `before`. All calls block."""

    def __init__(self, state_dir: Path, database_url: str, role: str, *, before: str = "before-restore") -> None:
        self._state_dir, self._url, self._role = state_dir, sa.make_url(database_url), role
        self._folder, self._before = state_dir / "restore", state_dir / before
        self._ready, self._built = self._folder / "backup.tar.gz", self._folder / "built.db"
        self._kept, self._held = self._before / "records.tar.gz", self._folder / "staying.json"
        self._begun = self._folder / "begun"
        self._tried = state_dir / "restore-check"

    def check(self, packed: bytes) -> None:
        """Make the records of an opened back-up for trial, and throw them away. Raises a Fault when they can't be made of it."""
        contents = Contents(packed)
        self._require_usable(contents.manifest)
        shutil.rmtree(self._tried, ignore_errors=True)
        self._tried.mkdir(parents=True, mode=0o700)
        try:
            _build(contents, self._tried / self._built.name)
        finally:
            shutil.rmtree(self._tried)

    def lay_ready(self, packed: bytes) -> Manifest:
        """Check an opened back-up by making its records for trial, and lay it ready. Raises a Fault; then nothing was changed."""
        contents = Contents(packed)
        self._require_usable(contents.manifest)
        self.give_up()
        self._folder.mkdir(parents=True, mode=0o700)
        try:
            self._require_room_for_files(contents)
            _build(contents, self._built)
            durable.replace(self._ready, packed)
        except BaseException:
            self.give_up()
            raise
        return contents.manifest

    @property
    def waits(self) -> bool:
        """Whether one is laid ready, which the next start takes up."""
        return self._ready.exists()

    def give_up(self) -> None:
        """Nothing is laid ready any more."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def take_up(self, *, as_it_was: bool = False) -> Manifest | None:
        """Put in place what is laid ready; its manifest, or None when nothing is. What was before is in `before-restore`.

        With `as_it_was` they are this very machine's, and nothing was done since; else what stays with the machine stays.
        """
        if not self.waits:
            shutil.rmtree(self._folder, ignore_errors=True)
            return None
        try:
            contents = Contents(self._ready.read_bytes())
        except Fault as error:  # it was whole when it was laid ready: the disk has lost it
            _log.error("the restore that was asked for is given up: %s", error)
            shutil.rmtree(self._folder)
            return None
        if not self._begun.exists():
            shutil.rmtree(self._before, ignore_errors=True)  # of two restores the last one's is kept
            durable.replace(self._begun, b"")
        self._keep_rows()
        here = None if as_it_was else self._here()
        try:
            self._put(contents, here)
        except (Fault, sa.exc.DataError, sa.exc.IntegrityError) as error:  # rows that SQLite took on trial, and the server does not
            _log.error("the records of %s do not fit this database: %s", contents.manifest.made_at, error)
            before = Contents(self._kept.read_bytes())
            if before.manifest.revision not in revisions():
                raise  # a newer release's, of which nothing can be made here: what is laid ready is tried again
            _log.error("the records of before are put back")
            self._put(before)
            self.give_up()
            return None
        self._ready.unlink()
        durable.sync(self._folder)
        shutil.rmtree(self._folder)
        _log.warning("the records of %s were restored", contents.manifest.made_at)
        return contents.manifest

    def _put(self, contents: Contents, here: staying.Held | None = None) -> None:
        self._put_files(contents)
        self._put_records(contents, here)

    def _require_usable(self, manifest: Manifest) -> None:
        if manifest.role != self._role:
            raise OTHER_ROLE(role=manifest.role.upper())
        if manifest.revision not in revisions():
            raise TOO_NEW(version=manifest.version)

    def _require_room_for_files(self, contents: Contents) -> None:
        for place in contents.files():
            path = self._state_dir / place
            if path.is_dir() or (path.parent.exists() and not path.parent.is_dir()):
                raise NOT_A_BACKUP(detail="one of its files has the place of something else here", cause=str(place))

    def _keep_rows(self) -> None:
        """What a database server and this folder hold now, as an unsealed back-up. Of a restore that is taken up again: held at first."""
        if self._url.get_backend_name() == "sqlite" or self._kept.exists():
            return
        engine = dump.blocking_engine(self._url.render_as_string(hide_password=False))
        try:
            with engine.connect() as connection:
                revision = MigrationContext.configure(connection).get_current_revision()
                if revision is not None:
                    self._before.mkdir(exist_ok=True, mode=0o700)
                    manifest = Manifest(self._role, "before a restore", VERSION, revision, utcnow().isoformat(timespec="seconds"))
                    durable.replace(self._kept, pack(connection, self._state_dir, manifest))
        finally:
            engine.dispose()

    def _here(self) -> staying.Held:
        """What stays with this machine. Of a restore that is taken up again: held at first, as the records may be moved by now."""
        if not self._held.exists():
            durable.replace(self._held, json.dumps(self._read_here()).encode())
        found: staying.Held = json.loads(self._held.read_bytes())
        return found

    def _read_here(self) -> staying.Held:
        if self._url.get_backend_name() == "sqlite" and not Path(self._url.database or "").exists():
            return {}
        engine = dump.blocking_engine(self._url.render_as_string(hide_password=False))
        try:
            with engine.connect() as connection:
                return staying.held(connection)
        except sa.exc.DatabaseError as error:
            if type(error) is not sa.exc.DatabaseError:
                raise
            _log.error("the records of before can't be read, and nothing of them stays: %s", error)
            return {}
        finally:
            engine.dispose()

    def _put_files(self, contents: Contents) -> None:
        for place, content in contents.files().items():
            path, kept = self._state_dir / place, self._before / place
            if path.exists() and path.read_bytes() != content:
                kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copy2(path, kept)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.replace(path, content)

    def _put_records(self, contents: Contents, here: staying.Held | None) -> None:
        if self._url.get_backend_name() != "sqlite":
            self._put_rows(contents, here)
        elif self._built.exists():
            if here is not None:
                _settle(self._built, here)
            database = Path(self._url.database or "")
            self._before.mkdir(exist_ok=True, mode=0o700)
            for old in sorted(database.parent.glob(f"{database.name}*"), reverse=True):  # its log first: the rows in it are its own
                old.replace(self._before / old.name)
            self._built.replace(database)
            durable.sync(database.parent)

    def _put_rows(self, contents: Contents, here: staying.Held | None) -> None:
        engine = dump.blocking_engine(self._url.render_as_string(hide_password=False))
        try:
            with engine.begin() as connection:
                dump.unchecked(connection)
                everything = sa.MetaData()
                everything.reflect(connection)
                everything.drop_all(connection)
                _fill(connection, contents)
                if here is not None:
                    _arrive(connection, here)
        finally:
            engine.dispose()


def _settle(path: Path, here: staying.Held) -> None:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _arrive(connection, here)
    finally:
        engine.dispose()


def _arrive(connection: Connection, here: staying.Held) -> None:
    """What restored records are to be on this machine, and now; done again, nothing changes."""
    staying.put(connection, here)
    recovery.keep_from_going_on(connection)
    with Session(connection) as session:
        for context in session.scalars(sa.select(VmContext)):
            doubts.cast(context, utcnow())
        session.commit()  # of the session's alone: the transaction is the caller's


def _build(contents: Contents, path: Path) -> None:
    """The records as a SQLite database: what is used, or, for another database, the trial of it. Raises a Fault.

    What is wrong with the disk is not wrong with the records: `store.unwritable` may pass.
    """
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _fill(connection, contents)
    except sa.exc.SQLAlchemyError as error:
        if isinstance(error, sa.exc.DatabaseError) and not isinstance(error, OURS):
            raise STORE_UNWRITABLE(cause=str(error.orig)) from error
        raise dump.ROWS_BROKEN(detail="they do not fit the tables", cause=str(error)) from error
    finally:
        engine.dispose()


def _fill(connection: Connection, contents: Contents) -> None:
    """Make the tables of the back-up's revision, put the rows in, bring them to today's revision."""
    manifest = contents.manifest
    migrate(connection, manifest.revision)
    dump.unchecked(connection)
    made = {table.name: table for table in dump.tables(connection)}
    for name, count in manifest.rows.items():
        if name not in made or dump.load(connection, made[name], contents.rows(name)) != count:
            raise dump.ROWS_BROKEN(detail=f"those of {name} are not all there")
    if broken := dump.broken_references(connection):
        raise dump.ROWS_BROKEN(detail=f"some of {', '.join(broken)} refer to none")
    migrate(connection)
    _finish_its_job(connection, manifest)
    said = f"The back-up of {manifest.made_at} of {manifest.appliance} was restored."
    connection.execute(
        sa.insert(AuditEvent).values(at=utcnow(), actor="appliance", action="backups.restore", result="done", detail=said, origin="")
    )


def _finish_its_job(connection: Connection, manifest: Manifest) -> None:
    """In the records of a back-up, the job that made it runs still. It has done its work: else there would be no back-up."""
    said = "The back-up was made. Its records are of a moment before that, and this was added to them when they were put back."
    running = sa.select(Job).where(Job.status == JobStatus.RUNNING)
    try:
        with Session(connection) as session:
            for job in session.scalars(running):
                if isinstance(job.state, dict) and job.state.get("name") == Folder.made_by(job.id, manifest):
                    session.add(recovery.finish(job, said))
            session.flush()
    except (ValueError, TypeError) as error:
        raise dump.ROWS_BROKEN(detail="its jobs can't be read", cause=str(error)) from error
