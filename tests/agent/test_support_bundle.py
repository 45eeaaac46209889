"""A support bundle has what support needs and no secret, is made by a job, and takes no more room than there is."""

import asyncio
import base64
import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from appliance.agent.config import Config
from appliance.agent.http.system import SystemRoutes
from appliance.agent.logs import LogBook
from appliance.agent.power import Power
from appliance.agent.support import archive, bundles, machine, records
from appliance.agent.support.bundles import SupportBundles
from appliance.agent.support.machine import Process, family
from appliance.agent.support.redaction import SHORTEST, Redactor, is_secret_name, redact
from appliance.agent.tables import METADATA
from appliance.contract.errors import Fault, fault
from appliance.contract.system import Level, Report
from appliance.contract.types import SendTo
from appliance.core.audit import Audit
from appliance.core.jobs import Job, JobStatus, Runner
from appliance.core.jobs.log import event, new_steps
from appliance.core.settings import Settings
from appliance.core.store import Store
from appliance.core.vault import Vault
from appliance.tunnel.identity import load_identity
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.vsphere.credentials import Credentials, Draft
from tests.web_places import shelf

ASLEEP = fault("test.asleep", 503, "It sleeps.", "Wake it.")
PASSWORD, CLOUD_KEY, TOKEN = "Tr0ub4dor&3-vcenter", "cLoUdStAcKsEcReTkEy0123456789", "operator-token-0123456789abcdef"
PSK, DATABASE = "5a" * 32, "mysql-p@ssword-77"


class Site:
    """An appliance's folders, records and log."""

    def __init__(self, folder: Path, store: Store, database: str = f"mysql+aiomysql://appliance:{DATABASE}@db/appliance") -> None:
        self.config = Config(
            role="oma",
            name="Berlin 1",
            state_dir=folder / "state",
            run_dir=folder / "run",
            database=database,
        )
        for made in (self.config.state_dir, self.config.run_dir):
            made.mkdir()
        self.store, self.runner = store, Runner(store)
        self.book = LogBook(self.config.state_dir / "log")
        self.free = 1 << 40
        self.hold: asyncio.Event | None = None
        self.bundles = SupportBundles(store, self.runner, self.config, self.describe, book=self.book, free=lambda _: self.free)
        self.routes = SystemRoutes(self.book, self.bundles, Power(self.config.machine, Audit(store), lambda: None))

    async def describe(self) -> dict[str, object]:
        if self.hold is not None:
            await self.hold.wait()
        return {"health": {"state": "ok"}, "login": {"password": PASSWORD}}

    async def made(self) -> Job:
        return await self.runner.wait(await self.bundles.make())

    async def contents(self) -> dict[str, bytes]:
        """What is in the newest bundle, by name."""
        with tarfile.open(fileobj=io.BytesIO(await self.routes.bundle((await self.bundles.all())[0].name))) as tar:
            found = {entry.name.partition("/")[2]: tar.extractfile(entry) for entry in tar if entry.isfile()}
            return {name: file.read() for name, file in found.items() if file is not None}

    @property
    def folder(self) -> Path:
        return self.config.state_dir / "bundles"

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
async def site(tmp_path: Path, store: Store) -> AsyncIterator[Site]:
    made = Site(tmp_path, store)
    yield made
    await made.runner.close()
    made.book.close()


async def seed(site: Site) -> dict[str, bytes]:
    """Secrets in every place where there are any, and in some where there should be none; returns them."""
    state, run, store = site.config.state_dir, site.config.run_dir, site.store
    (state / "operator.token").write_text(TOKEN + "\n")
    (run / "sessions").mkdir()
    (run / "sessions" / "data-1.psk").write_text(f"data-1:{PSK}\n")
    vault = Vault(state / "vault.key")
    await load_identity(state / "identity", "oma")
    await Credentials(store, vault).create(Draft("vc", "vma-1", "vcenter.example", 443, "admin", PASSWORD, "dc", "AA", False))
    cloud = METADATA.tables["ossea_configs"]
    row = {
        "name": "c",
        "api_url": "https://c",
        "api_key": "apikey-of-the-cloud",
        "secret_key": vault.seal(CLOUD_KEY, "x"),
        "is_active": True,
    }
    text = [c.name for c in cloud.columns if c.name not in row and not c.nullable and c.name not in ("id", "created_at", "updated_at")]
    async with store.begin() as session:
        await session.execute(insert(cloud).values(**row, **dict.fromkeys(text, "z")))
        job = Job(
            id="job-1", kind="test", title="T", status=JobStatus.FAILED, params={"vm": "web", "password": PASSWORD}, steps=new_steps([])
        )
        job.state = {"sessions": [{"psk_key": PSK, "token": TOKEN}], "note": f"secret_key={CLOUD_KEY}"}
        job.error = {"key": "test.broken", "message": "It broke.", "guidance": "Mend it.", "cause": f"https://u:{PASSWORD}@vc/sdk failed"}
        session.add(job)
        await session.flush()
        session.add(
            event(
                Job(id="job-1", correlation_id="job-1"),
                "copy",
                "error",
                "No.",
                f"NBD {TOKEN} password='{PASSWORD}' {base64.b64encode(TOKEN.encode()).decode()}",
            )
        )
    await Settings(store).put("console-password", {"hash": "$argon2id$v=19$m=65536$c2FsdA$aGFzaA"})
    await Audit(store).record("operator", "shell-gate.open", "done", f"token: {TOKEN}")
    await Peers(store).keep(PairedPeer("vma-1", "Paris", "vma", "ssh-ed25519 AAAAC3NzaC1lZDI1", "1", "192.0.2.1", 0))
    vault_key = (state / "vault.key").read_bytes()
    site.book.add(Level.INFO, "http", f"GET /sdk Authorization: Bearer {TOKEN}")
    site.book.add(Level.INFO, "vault", f"opened with {vault_key.hex()} {base64.b64encode(vault_key).decode()} {PSK}")
    (state / "log").mkdir(exist_ok=True)
    identity = (state / "identity" / "ssh_key").read_text()
    (state / "log" / "agent.log.1").write_text(f"old\n{identity}\ntoken={TOKEN} {vault_key.hex().upper()}\nend\n")
    (state / "preparation").mkdir()
    (state / "preparation" / "job-1.log").write_text(f"[   0.0] Setting up\ntoken={TOKEN} {vault_key.hex()}\nno root device found\n")
    body = [line for line in identity.splitlines() if not line.startswith("-----")]
    secrets = {"vault": vault_key, "password": PASSWORD.encode(), "cloud": CLOUD_KEY.encode(), "token": TOKEN.encode()}
    secrets |= {"psk": bytes.fromhex(PSK), "psk text": PSK.encode(), "database": DATABASE.encode(), "hash": b"$argon2id$"}
    return secrets | {"api key": b"apikey-of-the-cloud", "identity": body[1].encode(), "peer": b"AAAAC3NzaC1lZDI1"}


def forms(secret: bytes) -> list[bytes]:
    coded = [base64.b64encode(secret), base64.urlsafe_b64encode(secret)]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *(one.rstrip(b"=") for one in coded)]


async def test_no_secret_is_anywhere_in_a_bundle(site: Site) -> None:
    secrets = await seed(site)
    assert (await site.made()).status == "completed"
    contents = await site.contents()
    for what, secret in secrets.items():
        for form in forms(secret):
            assert [name for name, content in contents.items() if form in content] == [], what
    assert b"old\n" in contents["logs/agent.log.1"] and contents["logs/agent.log.1"].endswith(b"end\n")
    assert contents["preparation/job-1.log"].startswith(b"[   0.0] Setting up\n") and b"no root device" in contents["preparation/job-1.log"]


async def test_a_bundle_has_what_support_needs(site: Site) -> None:
    await seed(site)
    await site.made()
    contents = await site.contents()
    assert json.loads(contents["manifest.json"]).items() >= {"appliance": "Berlin 1", "role": "oma", "missing": {}}.items()
    assert json.loads(contents["appliance.json"])["health"] == {"state": "ok"}
    assert json.loads(contents["configuration.json"])["front_door"]["port"] == 443
    assert json.loads(contents["versions.json"])["packages"]["aiohttp"]
    assert json.loads(contents["network/addresses.json"]) and json.loads(contents["processes.json"])[0]["pid"] == os.getpid()
    (job,) = (row for row in map(json.loads, contents["database/jobs.jsonl"].splitlines()) if row["id"] == "job-1")
    assert (job["params"], job["error"]["key"]) == ({"vm": "web", "password": "[removed]"}, "test.broken")
    assert json.loads(contents["database/log_events.jsonl"])["message"] == "No."
    assert b"GET /sdk" in contents["logs/memory.log"] and b"shell-gate.open" in contents["database/audit_events.jsonl"]


async def test_a_bundle_is_ours_alone_and_three_are_kept(site: Site) -> None:
    names = []
    for _ in range(archive.KEPT + 1):
        await site.made()
        names.append((await site.routes.bundles())[0].name)
        await asyncio.sleep(0.02)
    kept = await site.routes.bundles()
    assert [one.name for one in kept] == names[:0:-1] and site.files() == sorted(names[1:])
    for one in kept:
        assert stat.S_IMODE((site.config.state_dir / "bundles" / one.name).stat().st_mode) == 0o600
        content = await site.routes.bundle(one.name)
        assert (one.size_bytes, one.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", ["support-none.tar.gz", "../operator.token", "..%2foperator.token", ""])
async def test_only_a_bundle_of_the_list_can_be_fetched(site: Site, name: str) -> None:
    await site.made()
    with pytest.raises(Fault) as refused:
        await site.routes.bundle(name)
    assert refused.value.status == 404


async def test_only_one_is_made_at_a_time(site: Site) -> None:
    site.hold = asyncio.Event()
    first = (await site.routes.make_bundle()).job_id
    with pytest.raises(Fault) as refused:
        await site.bundles.make()
    assert (refused.value.key, refused.value.status) == ("support.being_made", 409)
    site.hold.set()
    assert (await site.runner.wait(first)).status == "completed"
    assert (await site.made()).status == "completed"


async def test_too_little_room_is_said_before_anything_is_done(site: Site) -> None:
    site.free = bundles.ROOM - 1
    with pytest.raises(Fault) as refused:
        await site.bundles.make()
    assert (refused.value.key, refused.value.status) == ("support.no_room", 507)
    assert "127 MiB are free, 128 MiB are needed" in refused.value.message
    assert not site.folder.exists() and await site.bundles.all() == []


async def test_a_disk_that_fills_up_leaves_nothing_behind(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: archive.Archive, job_id: str, name: str) -> None:
        (site.folder / f".{name}").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.Archive, "pack", full)
    job = await site.made()
    assert (job.status, job.error and job.error["key"]) == ("failed", "support.no_room")
    assert site.files() == []


async def test_a_cancelled_bundle_leaves_nothing_behind(site: Site) -> None:
    site.hold = asyncio.Event()
    job_id = await site.bundles.make()
    while not site.folder.exists():
        await asyncio.sleep(0.01)
    await site.runner.cancel(job_id)
    assert (await site.runner.wait(job_id)).status == "cancelled" and site.files() == []


async def test_a_bundle_goes_on_after_a_crash(site: Site) -> None:
    site.hold = asyncio.Event()
    job_id = await site.bundles.make()
    while not site.folder.exists():
        await asyncio.sleep(0.01)
    await site.runner.close()
    site.hold = None
    again = Runner(site.store)
    SupportBundles(site.store, again, site.config, site.describe)
    assert await again.recover() == [job_id]
    assert (await again.wait(job_id)).status == "completed" and len(site.files()) == 1


async def test_what_cannot_be_had_is_named_and_costs_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asleep() -> dict[str, object]:
        raise ASLEEP(cause=f"password={PASSWORD}")

    async def absent(*argv: str) -> str:
        raise FileNotFoundError(2, "No such file", argv[0])

    monkeypatch.setattr(machine, "told", absent)
    SupportBundles(site.store, site.runner, site.config, asleep, free=lambda _: site.free)
    assert (await site.made()).status == "completed"
    contents = await site.contents()
    missing = json.loads(contents["manifest.json"])["missing"]
    assert {"appliance.json", "network/addresses.json", "packages.txt"} <= missing.keys() and "versions.json" in contents
    assert "It sleeps." in missing["appliance.json"] and PASSWORD not in json.dumps(missing)


async def test_the_log_is_followed_and_reported_to(site: Site) -> None:
    waiting = asyncio.create_task(site.routes.logs(wait=10, level=Level.WARNING, contains="screen"))
    await asyncio.sleep(0.05)
    await site.routes.report(Report(level=Level.INFO, message="the screen is wide"))
    await site.routes.report(Report(level=Level.ERROR, message="the screen\nfailed"))
    page = await waiting
    assert [(one.source, one.message) for one in page.entries] == [("console", "the screen")] and page.last == 3
    assert (await site.routes.logs(after=3, wait=0.05)).entries == []


def test_every_table_is_either_shown_or_withheld() -> None:
    assert set(METADATA.tables) == {*records.SHOWN, *records.WITHHELD}, "decide in support/records.py what support may see"
    assert not set(records.SHOWN) & set(records.WITHHELD)


def test_no_column_that_may_hold_a_secret_is_shown() -> None:
    shown = {f"{name}.{column.name}" for name in records.SHOWN for column in records.columns(METADATA.tables[name])}
    words = ("password", "secret", "key", "psk", "token", "code")
    assert [name for name in shown if any(word in name for word in words)] == [] and "log_events.cause" in shown


@pytest.mark.parametrize(
    "name", ["password", "api_key", "secretKey", "psk", "vault.key", "apiKey", "pairing_code", "SESSION_TOKEN", "hash"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["keyboard", "monkey", "barcode_count", "vm_name", "sha256", "tokenised", "decoded", "passenger"])
def test_other_names_are_not_taken_for_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a calm line about key frames", "a calm line about key frames"),
        ("x -----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIa+/=\n-----END RSA PRIVATE KEY----- y", "x [removed] y"),
        (r"'-----BEGIN PRIVATE KEY-----\nMIIa\n-----END PRIVATE KEY-----\n'", r"'[removed]\n'"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz", "[removed]"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [removed]"),
        ('{"Authorization": "Basic dXNlcjpwYXNz"}', '{"Authorization": "[removed]"}'),
        ("?command=x&apiKey=AbC-d_e&signature=Zm9v%3D&id=7", "?command=x&apiKey=[removed]&signature=[removed]&id=7"),
        ('{"secret_key": "a \\" b", "id": 1}', '{"secret_key": [removed], "id": 1}'),
        ("password='it is' user=x", "password=[removed] user=x"),
        ("mysql://root:p@ss@db/x and https://host:443/y", "mysql://root:[removed]@db/x and https://host:443/y"),
        (f"data-0192:{PSK} granted", "data-0192:[removed] granted"),
        ("SHA256:" + "ab" * 32, "SHA256:" + "ab" * 32),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_text(text: str, left: str) -> None:
    assert redact(text) == left


def test_a_private_key_over_many_lines_is_taken_out_line_by_line() -> None:
    lines = ["a\n", "-----BEGIN PRIVATE KEY-----\n", "MIIa\n", "-----END PRIVATE KEY-----\n", "b\n"]
    assert list(Redactor().lines(lines)) == ["a\n", *["[removed]\n"] * 3, "b\n"]


def test_a_family_is_the_agent_and_all_that_descends_from_it() -> None:
    def process(pid: int, parent: int) -> Process:
        return Process(pid, parent, "x", "S", 1, 0, "x")

    everyone = [process(1, 0), process(9, 5), process(5, 1), process(7, 1), process(6, 5), process(8, 9)]
    assert [one.pid for one in family(5, everyone)] == [5, 9, 6, 8]


async def test_a_bundle_is_sent_to_a_web_server_and_says_nothing_of_the_right_to_use_the_address(site: Site, tmp_path: Path) -> None:
    await site.made()
    (bundle,) = await site.bundles.all()
    async with shelf(tmp_path / "server") as there:
        place = SendTo(address=f"{there.url}/x?sig=r1ght-to-put-it-there", fingerprint=there.fingerprint)
        assert (await site.runner.wait(await site.bundles.send(bundle.name, place))).status == JobStatus.COMPLETED
    assert hashlib.sha256(there.put["x"][0]).hexdigest() == bundle.sha256
    await site.made()
    assert not [name for name, content in (await site.contents()).items() if b"r1ght-to-put" in content]
    with pytest.raises(Fault) as refused:
        await site.bundles.send("support-of-nobody.tar.gz", place)
    assert refused.value.key == "request.not_found"


@pytest.mark.parametrize(
    ("written", "password"),
    [("pa/ss-word12", "pa/ss-word12"), ("p@ss/w0rd-of-it", "p@ss/w0rd-of-it"), ("s%2Fl%40sh-word", "s/l@sh-word"), ("a/b", "a/b")],
)
async def test_a_password_of_the_database_is_in_no_part_whatever_signs_it_has(
    tmp_path: Path, store: Store, written: str, password: str
) -> None:
    address = f"mysql+aiomysql://appliance:{written}@db.example/appliance?charset=utf8mb4"
    site = Site(tmp_path, store, address)
    (site.config.state_dir / "log").mkdir(exist_ok=True)
    (site.config.state_dir / "log" / "agent.log.1").write_text(f"can't connect to {address}\n")
    (site.config.state_dir / "log" / "agent.log.2").write_text(f"denied, tried '{password}'\n" if len(password) >= SHORTEST else "")
    assert (await site.made()).status == "completed"
    found = await site.contents()
    for form in (f":{written}@", *((written, password) if len(password) >= SHORTEST else ())):
        assert [name for name, content in found.items() if form.encode() in content] == []
    assert json.loads(found["configuration.json"])["database"].endswith("@db.example/appliance?charset=utf8mb4")
    await site.runner.close()
    site.book.close()
