"""Files that go to web addresses, and those that come from there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.core.web import PIECE, fetched, sent
from tests.web_places import Shelf, shelf

CONTENT = bytes(range(256)) * 9000


@pytest.fixture
async def plain() -> AsyncIterator[Shelf]:
    async with shelf() as found:
        yield found


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf(tmp_path / "server") as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(CONTENT)
    return tmp_path / "file"


async def refusal(path: Path, address: str, fingerprint: str = "") -> str:
    with pytest.raises(Fault) as refused:
        await sent(path, address, fingerprint)
    assert refused.value.key == "web.not_sent"
    return str(refused.value.fields["detail"])


async def test_a_file_comes_as_it_is_with_its_size(plain: Shelf) -> None:
    plain.files["x"] = CONTENT
    async with fetched(f"{plain.url}/x", len(CONTENT)) as (size, parts):
        assert size == len(CONTENT) and b"".join([one async for one in parts]) == CONTENT
    assert plain.asked[0]["Accept-Encoding"] == "identity"


async def test_a_file_that_is_too_large_is_not_even_begun(plain: Shelf) -> None:
    plain.files["x"] = CONTENT
    with pytest.raises(Fault) as refused:
        async with fetched(f"{plain.url}/x", len(CONTENT) - 1):
            pytest.fail("it was begun")
    assert refused.value.key == "request.too_large"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://127.0.0.1:99999/x", "http://nobody.invalid/x", "http://[::1/x", "http:///x"]
)
async def test_an_address_where_nobody_is_is_told_plainly(address: str) -> None:
    with pytest.raises(Fault) as refused:
        async with fetched(address, 1):
            pytest.fail("somebody is there")
    assert refused.value.message == "The file can't be fetched from this address: it can't be reached."


async def test_what_goes_wrong_with_the_file_itself_is_not_taken_for_the_address(plain: Shelf) -> None:
    plain.files["x"] = CONTENT
    with pytest.raises(ValueError, match="no archive"):
        async with fetched(f"{plain.url}/x", len(CONTENT)):
            raise ValueError("no archive")


async def test_a_file_goes_whole_with_its_length_and_says_how_far_it_is(plain: Shelf, file: Path) -> None:
    heard: list[int] = []
    await sent(file, f"{plain.url}/bundle?right=secret", heard=heard.append)
    content, headers = plain.put["bundle"]
    assert content == CONTENT and headers["Content-Length"] == str(len(CONTENT)) and "Transfer-Encoding" not in headers
    assert heard[0] == PIECE and heard[-1] == len(CONTENT)


async def test_an_empty_file_goes_as_well(plain: Shelf, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    await sent(tmp_path / "empty", f"{plain.url}/empty")
    assert plain.put["empty"][0] == b""


@pytest.mark.parametrize(("name", "status"), [("closed", 403), ("elsewhere", 307)])
async def test_a_place_that_does_not_take_it_is_told_and_nothing_goes_elsewhere(name: str, status: int, plain: Shelf, file: Path) -> None:
    assert await refusal(file, f"{plain.url}/{name}") == f"it answers with status {status}"
    assert plain.put == {}


async def test_a_file_that_is_gone_is_no_fault_of_the_place(plain: Shelf, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await sent(tmp_path / "gone", f"{plain.url}/x")


async def test_a_server_of_the_operators_own_is_known_by_its_certificate_alone(secure: Shelf, file: Path) -> None:
    with_colons = ":".join(secure.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    await sent(file, f"{secure.url}/bundle", with_colons)
    assert secure.put["bundle"][0] == CONTENT


async def test_a_server_that_nobody_vouches_for_gets_nothing(secure: Shelf, file: Path) -> None:
    assert await refusal(file, f"{secure.url}/bundle") == "its certificate is not signed by a known authority"
    assert await refusal(file, f"{secure.url}/bundle", "00" * 32) == "its certificate is another one"
    assert secure.put == {}
