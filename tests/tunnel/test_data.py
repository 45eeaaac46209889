"""Data sessions: a token becomes one nbdkit on one disk, and nothing else does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import nbd
import pytest
from tunnel_sites import MakeVma, Oma, Vma, eventually

from appliance.contract.errors import Fault
from appliance.core.commands import Children
from appliance.tunnel.dial import open_data_socket, open_tunnelled_socket
from appliance.tunnel.sessions import DataGrant, DataSessions, Direction

MIB = 1 << 20
PEER = "vma-0123456789abcdef"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(8 * MIB)
    return path


async def grant(
    oma: Oma, disk: Path, *, peer: str = PEER, direction: Direction = "write", connections: int = 2, volume: str = "vol-1"
) -> DataGrant:
    return await oma.side.sessions.grant(
        job_id="job-1", volume_id=volume, device=disk, peer_id=peer, direction=direction, connections=connections
    )


def dial(oma: Oma, token: str) -> socket.socket:
    return open_data_socket("127.0.0.1", oma.port, token, 5.0)


def client(given: DataGrant, folder: Path, *, tls: bool = True) -> nbd.NBD:
    """A libnbd handle with the session's key."""
    handle = nbd.NBD()
    if tls:
        psk = folder / f"{given.session_id}-{given.psk_hex[:6]}.psk"
        psk.write_text(f"{given.psk_identity}:{given.psk_hex}\n")
        handle.set_tls(nbd.TLS_REQUIRE)
        handle.set_tls_psk_file(str(psk))
        handle.set_tls_username(given.psk_identity)
    return handle


@contextlib.contextmanager
def attached(given: DataGrant, sock: socket.socket, folder: Path, *, tls: bool = True) -> Iterator[nbd.NBD]:
    handle = client(given, folder, tls=tls)
    handle.connect_socket(sock.detach())
    yield handle
    handle.shutdown()


async def refused(sock: socket.socket) -> bool:
    """Whether the far side closes without sending a byte."""
    try:
        return await asyncio.to_thread(sock.recv, 1) == b""
    except ConnectionResetError:
        return True
    finally:
        sock.close()


async def test_what_is_written_through_a_session_is_on_the_disk(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk)

    def write() -> bool:
        with attached(given, dial(oma, given.tokens[0]), tmp_path) as handle:
            handle.pwrite(b"\xab" * MIB, 2 * MIB)
            handle.flush()
            return bool(handle.get_tls_negotiated())

    assert await asyncio.to_thread(write)
    content = await asyncio.to_thread(disk.read_bytes)
    assert content[2 * MIB : 3 * MIB] == b"\xab" * MIB and content.count(0) == 7 * MIB
    await eventually(lambda: oma.children.living("") == [])


async def test_a_reading_session_can_not_write(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk, direction="read")

    def look() -> tuple[bool, int]:
        with attached(given, dial(oma, given.tokens[0]), tmp_path) as handle:
            return bool(handle.is_read_only()), len(handle.pread(4096, 0))

    assert await asyncio.to_thread(look) == (True, 4096)


async def test_no_export_name_reaches_another_file(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk, direction="read")

    def look() -> int:
        handle = client(given, tmp_path)
        handle.set_export_name("/etc/passwd")
        handle.connect_socket(dial(oma, given.tokens[0]).detach())
        return int(handle.get_size())

    assert await asyncio.to_thread(look) == 8 * MIB


async def test_the_connection_is_kept_alive_and_not_delayed(oma: Oma, disk: Path) -> None:
    with dial(oma, (await grant(oma, disk)).tokens[0]) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


async def test_a_used_token_is_refused_and_starts_no_process(oma: Oma, disk: Path) -> None:
    given = await grant(oma, disk)
    with dial(oma, given.tokens[0]):
        await eventually(lambda: len(oma.children.living("disk/vol-1/")) == 1)
        assert await refused(dial(oma, given.tokens[0]))
        assert len(oma.children.living("")) == 1 and oma.side.data.counters["token_refused"] == 1


@pytest.mark.parametrize("token", ["x" * 43, "short", "../../etc/passwd-aaaaaaaaaa", "a" * 100])
async def test_an_unknown_token_is_refused_and_starts_no_process(oma: Oma, disk: Path, token: str) -> None:
    await grant(oma, disk)
    assert await refused(dial(oma, token))
    assert oma.children.living("") == [] and oma.side.data.counters["handed_over"] == 0


async def test_a_client_without_tls_gets_not_even_the_size(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk)

    def look() -> None:
        with attached(given, dial(oma, given.tokens[0]), tmp_path, tls=False) as handle:
            handle.get_size()

    with pytest.raises(nbd.Error):
        await asyncio.to_thread(look)
    assert oma.side.data.counters["handshakes"] == 0


async def test_a_client_with_another_key_is_refused(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk)
    forged = replace(given, psk_hex="00" * 32)

    def look() -> None:
        with attached(forged, dial(oma, given.tokens[0]), tmp_path) as handle:
            handle.get_size()

    with pytest.raises(nbd.Error):
        await asyncio.to_thread(look)
    await eventually(lambda: oma.side.data.counters["handshake_failed"] == 1)


async def test_a_server_with_another_key_is_refused_by_the_client(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk)
    psk = oma.folder / "sessions" / f"{given.session_id}.psk"
    psk.write_text(f"{given.psk_identity}:{'11' * 32}\n")

    def look() -> None:
        with attached(given, dial(oma, given.tokens[0]), tmp_path):
            pass

    with pytest.raises(nbd.Error):
        await asyncio.to_thread(look)


async def test_a_client_that_stays_silent_after_its_token_is_ended(oma: Oma, disk: Path) -> None:
    oma.side.data._patience = 0.5
    given = await grant(oma, disk)
    with dial(oma, given.tokens[0]) as sock:
        await eventually(lambda: oma.children.living("") != [])
        await eventually(lambda: oma.side.data.counters["handshake_late"] == 1)
        await eventually(lambda: oma.children.living("") == [])
        assert (await asyncio.to_thread(sock.recv, 18)).startswith(b"NBDMAGIC")
    await eventually(lambda: oma.side.door.strangers == 0)


async def test_an_ended_session_refuses_kills_and_forgets(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk)
    handle = client(given, tmp_path)
    await asyncio.to_thread(handle.connect_socket, dial(oma, given.tokens[0]).detach())
    await oma.side.sessions.end(given.session_id)
    assert oma.children.living("") == [] and list((oma.folder / "sessions").iterdir()) == []
    assert await refused(dial(oma, given.tokens[1]))
    with pytest.raises(nbd.Error):
        await asyncio.to_thread(handle.pread, 512, 0)
    with pytest.raises(Fault, match="not open any more"):
        oma.side.sessions.more_tokens(given.session_id, PEER)


async def test_a_new_grant_ends_the_one_before_on_that_disk_alone(oma: Oma, disk: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.raw"
    other.write_bytes(bytes(MIB))
    first, beside = await grant(oma, disk), await grant(oma, other, volume="vol-2")
    with dial(oma, first.tokens[0]), dial(oma, beside.tokens[0]):
        await eventually(lambda: len(oma.children.living("disk/")) == 2)
        second = await grant(oma, disk)
        assert oma.children.living("disk/vol-1/") == [] and len(oma.children.living("disk/vol-2/")) == 1
    assert await refused(dial(oma, first.tokens[1]))
    assert second.psk_hex != first.psk_hex


async def test_a_broken_connection_is_dialled_again_with_a_further_token(oma: Oma, disk: Path, tmp_path: Path) -> None:
    given = await grant(oma, disk, connections=1)
    dial(oma, given.tokens[0]).close()
    (token,) = oma.side.sessions.more_tokens(given.session_id, PEER)

    def look() -> int:
        with attached(given, dial(oma, token), tmp_path) as handle:
            return int(handle.get_size())

    assert await asyncio.to_thread(look) == 8 * MIB


async def test_tokens_that_wait_are_never_more_than_the_connections(oma: Oma, disk: Path) -> None:
    given = await grant(oma, disk, connections=2)
    for _ in range(5):
        oma.side.sessions.more_tokens(given.session_id, PEER, 2)
    assert len(oma.side.sessions.find(given.session_id, PEER).tokens) == 2
    assert await refused(dial(oma, given.tokens[0]))


async def test_a_further_token_leaves_the_newest_waiting_one_good(oma: Oma, disk: Path) -> None:
    given = await grant(oma, disk, connections=2)
    oma.side.sessions.more_tokens(given.session_id, PEER)
    assert await refused(dial(oma, given.tokens[0]))
    assert oma.side.sessions.redeem(given.tokens[1]) is not None


async def test_another_peer_gets_no_tokens_of_a_session(oma: Oma, disk: Path) -> None:
    given = await grant(oma, disk)
    with pytest.raises(Fault, match="not open any more"):
        oma.side.sessions.more_tokens(given.session_id, "vma-ffffffffffffffff")


async def test_the_key_is_in_a_file_for_us_alone_and_in_no_argument_list(oma: Oma, disk: Path) -> None:
    given = await grant(oma, disk)
    assert (oma.folder / "sessions" / f"{given.session_id}.psk").stat().st_mode & 0o777 == 0o600
    with dial(oma, given.tokens[0]):
        await eventually(lambda: oma.children.living("") != [])
        (pid,) = oma.children.living("")
        await eventually(lambda: b"nbdkit" in Path(f"/proc/{pid}/cmdline").read_bytes())
        assert given.psk_hex.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert given.psk_hex.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
    assert given.psk_hex not in repr(given)


@pytest.mark.parametrize("device", ["", "missing"])
async def test_a_folder_or_nothing_is_no_disk(oma: Oma, tmp_path: Path, device: str) -> None:
    with pytest.raises(Fault, match="not there"):
        await grant(oma, tmp_path / device)


async def test_revoking_a_peer_ends_its_data_at_once(oma: Oma, vma: Vma, disk: Path) -> None:
    given = await grant(oma, disk, peer=vma.id)
    with dial(oma, given.tokens[0]):
        await eventually(lambda: oma.children.living("") != [])
        async with asyncio.timeout(60):
            await oma.side.peers.revoke(vma.id)
        assert oma.children.living("") == [] and oma.side.sessions.living() == []
    assert await refused(dial(oma, given.tokens[1]))


async def test_an_agent_that_starts_again_ends_what_the_one_before_left(tmp_path: Path, disk: Path) -> None:
    earlier = Children(tmp_path / "kids")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "old.psk").write_text("x")
    child = await earlier.spawn("disk/vol-1/data-old", ["sleep", "60"])
    later = Children(tmp_path / "kids")
    await asyncio.gather(DataSessions(tmp_path / "keys", later).start(), child.wait())
    assert later.living("") == [] and list((tmp_path / "keys").iterdir()) == []


@pytest.fixture
async def tunnelled(oma: Oma, vma: Vma, disk: Path) -> AsyncIterator[tuple[DataGrant, Path]]:
    given = await grant(oma, disk, peer=vma.id, connections=1)
    yield given, await vma.dialler.open_data_path(given.session_id)
    await vma.dialler.close_data_path(given.session_id)


async def test_where_only_ssh_passes_data_goes_through_the_tunnel(
    oma: Oma, tunnelled: tuple[DataGrant, Path], disk: Path, tmp_path: Path
) -> None:
    given, path = tunnelled

    def write() -> None:
        with attached(given, open_tunnelled_socket(path), tmp_path) as handle:
            for number in range(4):
                handle.pwrite(bytes([number + 1]) * MIB, number * MIB)
            handle.flush()

    await asyncio.to_thread(write)
    content = await asyncio.to_thread(disk.read_bytes)
    assert [content[number * MIB] for number in range(5)] == [1, 2, 3, 4, 0]
    await eventually(lambda: oma.children.living("") == [])


async def test_the_way_through_the_tunnel_has_no_more_connections_than_granted(oma: Oma, tunnelled: tuple[DataGrant, Path]) -> None:
    with open_tunnelled_socket(tunnelled[1]):
        await eventually(lambda: oma.side.data.counters["handed_over"] == 1)
        assert await refused(open_tunnelled_socket(tunnelled[1]))
        assert oma.side.data.counters["handed_over"] == 1


async def test_another_peers_session_is_not_reached_through_the_tunnel(oma: Oma, vma: Vma, make_vma: MakeVma, disk: Path) -> None:
    other = await make_vma("w")
    await other.dialler.wait_up(10)
    given = await grant(oma, disk, peer=vma.id)
    assert await refused(open_tunnelled_socket(await other.dialler.open_data_path(given.session_id)))
    assert oma.side.data.counters["handed_over"] == 0


@pytest.fixture
async def strangers_uri(oma: Oma, disk: Path, tmp_path: Path) -> AsyncIterator[str]:
    """Where programs that are not ours find a reading session: a local relay that adds the line with the token."""
    given = await grant(oma, disk, direction="read", connections=8)
    psk, tokens = tmp_path / "keys.psk", iter(given.tokens)
    psk.write_text(f"{given.psk_identity}:{given.psk_hex}\n")

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", oma.port)
        far_writer.write(f"NBD {next(tokens)}\n".encode())
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    yield f"nbds://{given.psk_identity}@127.0.0.1:{server.sockets[0].getsockname()[1]}/?tls-psk-file={psk}"
    server.close()


@pytest.mark.peers
async def test_nbdinfo_and_nbdcopy_read_what_a_session_serves(strangers_uri: str, disk: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(disk.write_bytes, os.urandom(8 * MIB))
    assert (await output("nbdinfo", "--size", strangers_uri)).strip() == str(8 * MIB).encode()
    copied = tmp_path / "copied.raw"
    await output("nbdcopy", "--connections=1", strangers_uri, str(copied))
    assert await asyncio.to_thread(copied.read_bytes) == await asyncio.to_thread(disk.read_bytes)


@pytest.mark.peers
async def test_no_other_cipher_than_aes_gcm_is_agreed(strangers_uri: str, tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.write_text("[overrides]\ntls-disabled-cipher = AES-128-GCM\ntls-disabled-cipher = AES-256-GCM\n")
    with pytest.raises(AssertionError):
        await output("nbdinfo", "--size", strangers_uri, GNUTLS_SYSTEM_PRIORITY_FILE=str(others))
    assert await output("nbdinfo", "--size", strangers_uri)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
    sink.close()


async def output(*argv: str, **variables: str) -> bytes:
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, env={**os.environ, **variables})
    async with asyncio.timeout(30):
        stdout, _ = await process.communicate()
    assert process.returncode == 0
    return stdout


def test_the_copying_process_dials_without_the_agents_libraries() -> None:
    import subprocess
    import sys

    code = "import sys, json, appliance.tunnel.dial, appliance.tunnel.ciphers; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert not {"aiohttp", "sqlalchemy", "asyncssh", "appliance.core", "appliance.contract"} & set(modules)


async def test_stopping_does_not_wait_for_ever_for_a_process_that_the_kernel_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing a slow disk can keep a killed process for minutes; the next start waits for it."""
    children = Children(tmp_path / "children")
    sessions = DataSessions(tmp_path / "keys", children)
    await sessions.start()
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(4096))
    await sessions.grant(job_id="j", volume_id="v", device=disk, peer_id="p", direction="write")

    async def kept(_: str) -> int:
        await asyncio.sleep(60)
        return 1

    monkeypatch.setattr(children, "end", kept)
    monkeypatch.setattr("appliance.tunnel.sessions.STOP_LIMIT", 0.1)
    async with asyncio.timeout(60):
        await sessions.stop()
