"""The jobs that fetch files from web addresses, and send them there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.contract.types import SendTo
from appliance.core.carrying import Fetching, Sending, make_known
from appliance.core.jobs import Job, JobStatus, Runner
from appliance.core.receiving import received
from appliance.core.store import Store
from appliance.core.web import Heard
from tests.web_places import Shelf, shelf

CONTENT = b"what is carried" * 1000


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path / "server") as found:
        yield found


@pytest.fixture
async def runner(store: Store, tmp_path: Path) -> AsyncIterator[Runner]:
    async def take(parts: AsyncIterator[bytes], heard: Heard) -> str:
        async with received(parts, tmp_path / "kept", limit=1 << 20, heard=heard) as came:
            came.path.replace(tmp_path / "kept" / "fetched")
        return "It is here."

    (tmp_path / "file").write_bytes(CONTENT)
    names = {"file": tmp_path / "file", "going": tmp_path / "going"}
    made = Runner(store)
    make_known(made, Fetching("x-fetch", "a thing", 1 << 20, take), Sending("x-send", "thing", names.get))
    yield made
    await made.close()


def place(shelf: Shelf, name: str = "put") -> dict[str, str]:
    return SendTo(address=f"{shelf.url}/{name}?right=secret", fingerprint=shelf.fingerprint).model_dump()


async def send(runner: Runner, shelf: Shelf, name: str = "file", to: str = "put") -> Job:
    return await runner.wait(await runner.submit("x-send", {"name": name, **place(shelf, to)}))


async def test_what_was_sent_is_there_and_the_title_says_no_more_than_the_server(runner: Runner, there: Shelf) -> None:
    job = await send(runner, there)
    assert (job.status, job.title) == (JobStatus.COMPLETED, "Sending a thing to 127.0.0.1")
    assert there.put["put"][0] == CONTENT


async def test_a_place_that_refuses_fails_the_job_with_its_reason(runner: Runner, there: Shelf) -> None:
    job = await send(runner, there, to="closed")
    assert job.error is not None and job.error["message"] == "The file can't be sent to this address: it answers with status 403."
    assert "secret" not in str(job.error)
    again = await runner.wait(await runner.retry(job.id))
    assert again.params == job.params and again.status == JobStatus.FAILED


async def test_only_what_is_kept_here_is_sent(runner: Runner, there: Shelf) -> None:
    with pytest.raises(Fault) as refused:
        await send(runner, there, "../operator.token")
    assert refused.value.key == "request.not_found"


async def test_a_file_that_went_meanwhile_fails_the_job(runner: Runner, there: Shelf) -> None:
    job = await send(runner, there, "going")
    assert job.error is not None and job.error["key"] == "request.not_found" and there.put == {}


async def test_one_at_a_time_of_a_kind(runner: Runner, there: Shelf) -> None:
    first = await runner.submit("x-send", {"name": "file", **place(there)})
    with pytest.raises(Fault) as refused:
        await send(runner, there)
    assert refused.value.key == "web.under_way"
    assert (await runner.wait(first)).status == JobStatus.COMPLETED


async def test_what_was_fetched_is_kept_and_said(runner: Runner, tmp_path: Path) -> None:
    async with shelf() as plain:
        plain.files["x"] = CONTENT
        job = await runner.wait(await runner.submit("x-fetch", {"address": f"{plain.url}/x"}))
    assert (job.status, job.title) == (JobStatus.COMPLETED, "Fetching a thing from 127.0.0.1")
    assert (tmp_path / "kept" / "fetched").read_bytes() == CONTENT


@pytest.mark.parametrize("fields", [
    {"address": "http://plain.example/x"}, {"address": "https://user:word@host/x"}, {"address": "https://"}, {"address": "ftp://host/x"},
    {"address": "https://host/x", "fingerprint": "00"}, {"address": "https://host/x", "fingerprint": "zz" * 32},
])  # fmt: skip
def test_only_places_that_keep_it_hidden_on_its_way_are_sent_to(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="pattern"):
        SendTo(**fields)
