"""The control tunnel over real sockets: both directions, reconnecting, and everything that is refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path

import asyncssh
import pytest
from tunnel_sites import MakeVma, Oma, Vma, eventually, get

from appliance.contract.errors import Fault
from appliance.tunnel.backoff import Backoff
from appliance.tunnel.identity import Identity, load_identity
from appliance.tunnel.login import log_in
from appliance.tunnel.peers import PairedPeer
from appliance.tunnel.tunnels import Tunnel


async def bare(oma: Oma, identity: Identity) -> asyncssh.SSHClientConnection:
    """A peer's authenticated connection that has not said hello."""
    return await log_in(identity, "127.0.0.1", oma.port, oma.identity.ssh_public_key)


async def say(connection: asyncssh.SSHClientConnection, boot_id: str = "b", versions: object = (1,)) -> dict[str, object]:
    reader, writer = await connection.open_unix_connection("/hello")
    writer.write(json.dumps({"boot_id": boot_id, "versions": versions}).encode() + b"\n")
    answer: dict[str, object] = json.loads(await reader.readline())
    return answer


async def paired(oma: Oma, folder: Path) -> Identity:
    identity = await load_identity(folder, "vma")
    await oma.side.peers.keep(PairedPeer(identity.id, "p", "vma", identity.ssh_public_key, "1", "127.0.0.1", 0))
    return identity


async def test_the_vma_reaches_the_omas_peer_api_as_itself(oma: Oma, vma: Vma) -> None:
    assert await get(vma.dialler.peer_api_path, "/whoami") == (200, {"peer": vma.id})


async def test_the_oma_reaches_the_vmas_peer_api_backwards(oma: Oma, vma: Vma) -> None:
    assert await get(await oma.side.tunnels.reverse_path(vma.id), "/whoami") == (200, {"peer": oma.identity.id})


async def test_each_of_two_vmas_is_served_as_itself(oma: Oma, vma: Vma, make_vma: MakeVma) -> None:
    other = await make_vma("w")
    await other.dialler.wait_up(10)
    assert await get(other.dialler.peer_api_path, "/whoami") == (200, {"peer": other.id})
    assert await get(vma.dialler.peer_api_path, "/whoami") == (200, {"peer": vma.id})


@pytest.mark.parametrize("route", ["/api/v1/replications", "/api/v1/peers", "/"])
async def test_any_route_that_is_not_the_peers_is_forbidden(vma: Vma, route: str) -> None:
    status, answer = await get(vma.dialler.peer_api_path, route)
    assert status == 403 and answer["error"]["key"] == "request.forbidden"  # type: ignore[index]


async def test_both_sides_know_that_the_other_answers(oma: Oma, vma: Vma) -> None:
    await eventually(lambda: vma.dialler.state.round_trip is not None)
    await eventually(lambda: oma.side.tunnels.state(vma.id).round_trip is not None)
    assert (await oma.side.peers.get(vma.id)).last_seen is not None
    assert (await vma.peers.get(oma.identity.id)).last_seen is not None


async def test_a_cut_tunnel_is_back_after_the_shortest_pause_and_the_history_tells(
    oma: Oma, vma: Vma, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, delay = [], Backoff.delay
    monkeypatch.setattr(Backoff, "delay", lambda self, count, chance: (failures.append(count), delay(self, count, chance))[1])
    await oma.side.tunnels.cut(vma.id)
    await eventually(lambda: not vma.dialler.state.up)
    await vma.dialler.wait_up(60)
    await oma.side.tunnels.wait_up(vma.id, 60)
    assert failures[0] == 1
    assert [event.kind for event in await vma.peers.history(oma.identity.id)][:3] == ["up", "down", "up"]
    assert [event.kind for event in await oma.side.peers.history(vma.id)][:3] == ["up", "down", "up"]
    assert (await get(await oma.side.tunnels.reverse_path(vma.id), "/hello"))[0] == 200


async def test_a_link_that_swallows_everything_is_noticed_and_replaced(
    oma: Oma, make_vma: MakeVma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.tunnel.login.KEEPALIVE", 0.3)
    passing = asyncio.Event()
    passing.set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if passing.is_set():
                    sink.write(data)
        sink.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", oma.port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    link = await asyncio.start_server(meet, "127.0.0.1", 0)
    made = await make_vma("s", port=link.sockets[0].getsockname()[1])
    await made.dialler.wait_up(10)
    passing.clear()
    await eventually(lambda: not made.dialler.state.up)
    passing.set()
    await made.dialler.wait_up(20)
    await oma.side.tunnels.wait_up(made.id, 5)
    link.close()


async def test_each_side_knows_that_the_other_is_there_though_no_tunnel_rises(
    oma: Oma, make_vma: MakeVma, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> dict[str, object]:
        return {"refused": "version"}

    monkeypatch.setattr(oma.side.tunnels, "greet", refuse)
    made = await make_vma("r")
    await eventually(lambda: made.dialler.has_reached and oma.side.tunnels.came_just_now(made.id))
    assert not made.dialler.state.up and not oma.side.tunnels.came_just_now("vma-0000000000000000")
    await oma.side.door.close()
    await eventually(lambda: not made.dialler.has_reached)


async def test_an_oma_that_was_away_is_found_again(oma: Oma, vma: Vma) -> None:
    port = oma.port
    await oma.side.door.close()
    await oma.side.tunnels.stop()
    await eventually(lambda: vma.dialler.state.last_error)
    with pytest.raises(Fault, match="not connected"):
        await oma.side.tunnels.reverse_path(vma.id)
    await oma.side.tunnels.start()
    await oma.side.door.open("127.0.0.1", port)
    await vma.dialler.wait_up(5)


async def test_no_tunnel_rises_once_the_oma_stops(oma: Oma, tmp_path: Path) -> None:
    connection = await bare(oma, await paired(oma, tmp_path / "p"))
    await oma.side.tunnels.stop()
    assert await say(connection) == {}
    connection.abort()


async def test_a_pairing_that_is_revoked_during_the_hello_leaves_no_tunnel(
    oma: Oma, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, serve = await paired(oma, tmp_path / "p"), oma.side.tunnels._site

    async def revoked_meanwhile(tunnel: Tunnel) -> None:
        await serve(tunnel)
        await oma.side.peers.revoke(identity.id)

    monkeypatch.setattr(oma.side.tunnels, "_site", revoked_meanwhile)
    connection = await bare(oma, identity)
    assert await say(connection) == {}
    await eventually(lambda: not any(oma.side.tunnels._tunnels.values()))
    connection.abort()


async def test_a_vma_whose_site_hangs_is_cut_and_dials_again(oma: Oma, vma: Vma) -> None:
    await vma.site.stop()
    await eventually(lambda: not oma.side.tunnels.state(vma.id).up)
    await vma.site._runner.cleanup()


async def test_an_impostor_oma_gets_no_login(oma: Oma, make_vma: MakeVma, tmp_path: Path) -> None:
    real = await load_identity(tmp_path / "real", "oma")
    made = await make_vma("x", host_key=real.ssh_public_key)
    await eventually(lambda: made.dialler.state.last_error)
    assert "Host key is not trusted" in made.dialler.state.last_error
    assert not oma.side.tunnels.state(made.id).up


async def test_an_impostor_vma_with_another_key_is_refused(oma: Oma, vma: Vma, tmp_path: Path) -> None:
    other = await load_identity(tmp_path / "impostor", "vma")
    forged = Identity(vma.id, "vma", "b", other.ssh_key, other.tls_key_path, other.tls_certificate_path)
    with pytest.raises(asyncssh.PermissionDenied):
        await bare(oma, forged)


async def test_a_stranger_is_refused(oma: Oma, tmp_path: Path) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await bare(oma, await load_identity(tmp_path / "stranger", "vma"))


async def test_a_peer_gets_no_shell_command_or_file_transfer(oma: Oma, tmp_path: Path) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        await say(connection)
        for ask in (connection.run(), connection.run("id"), connection.start_sftp_client(), connection.run("x", request_pty=True)):
            with pytest.raises(asyncssh.ChannelOpenError):
                await ask
    assert oma.side.tunnels.counters["refused_session"] == 4


async def test_a_peer_gets_no_tcp_in_either_direction(oma: Oma, tmp_path: Path) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        await say(connection)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22)


@pytest.mark.parametrize("path", ["/etc/passwd", "/run/docker.sock", "/peer-api/", "/data/", "/data/../peer-api", "", "/reverse", "/hello"])
async def test_a_peer_opens_no_other_path(oma: Oma, tmp_path: Path, path: str) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        await say(connection)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection(path)


async def test_a_peer_listens_on_no_other_path(oma: Oma, vma: Vma, tmp_path: Path) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        await say(connection)
        for path in ("/tmp/x.sock", str(oma.folder / "peers" / vma.id / "vma.sock"), "/peer-api"):
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_path(path, "/nowhere")


async def test_before_its_hello_a_peer_opens_nothing(oma: Oma, tmp_path: Path) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/peer-api")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_path("/reverse", "/nowhere")


@pytest.mark.parametrize("versions", [(), (99,), "1", None])
async def test_versions_too_far_apart_are_refused_with_the_reason(oma: Oma, tmp_path: Path, versions: object) -> None:
    async with await bare(oma, await paired(oma, tmp_path / "p")) as connection:
        assert (await say(connection, versions=versions))["refused"] == "version"


async def test_a_login_that_never_comes_ends(oma: Oma) -> None:
    oma.side.tunnels._login_limit = 0.5
    with socket.create_connection(("127.0.0.1", oma.port), timeout=5) as sock:
        sock.sendall(b"SSH-2.0-silent\r\n")
        while await asyncio.to_thread(sock.recv, 4096):
            pass
    await eventually(lambda: oma.side.door.strangers == 0)


async def test_the_newest_tunnel_wins_and_its_socket_is_switched_in_one_step(oma: Oma, vma: Vma) -> None:
    link = oma.folder / "peers" / vma.id / "vma.sock"
    before = link.readlink()
    missing: list[str] = []
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            if not link.exists():
                missing.append("gone")
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    async with await bare(oma, vma.identity) as newer:
        await say(newer, boot_id=vma.identity.boot_id)
        await newer.forward_remote_path("/reverse", str(vma.site.path))
        done.set()
        await looking
        assert link.readlink() != before and not missing
        await eventually(lambda: not vma.dialler.state.up)


async def test_two_machines_with_one_identity_are_both_held_with_an_alarm(oma: Oma, vma: Vma, make_vma: MakeVma, tmp_path: Path) -> None:
    copy = await load_identity(tmp_path / "v", "vma", "boot-of-the-copy")
    twin = await make_vma("t", identity=copy)
    await eventually(lambda: oma.alarms)
    await eventually(lambda: "held" in vma.dialler.state.last_error and "held" in twin.dialler.state.last_error)
    assert (await oma.side.peers.get(vma.id)).state == "held" and oma.alarms == [vma.id]
    with pytest.raises(Fault, match="Two appliances"):
        await oma.side.tunnels.reverse_path(vma.id)
    await twin.dialler.stop()
    await oma.side.peers.release(vma.id)
    await vma.dialler.wait_up(10)


async def test_a_reboot_is_no_second_machine(oma: Oma, vma: Vma, make_vma: MakeVma, tmp_path: Path) -> None:
    await vma.dialler.stop()
    again = await make_vma("r", identity=await load_identity(tmp_path / "v", "vma", "boot-2"))
    await again.dialler.wait_up(10)
    assert not oma.alarms


async def test_revoking_cuts_the_tunnel_and_its_sockets_at_once(oma: Oma, vma: Vma) -> None:
    await oma.side.peers.revoke(vma.id)
    await eventually(lambda: not vma.dialler.state.up)
    assert list((oma.folder / "peers" / vma.id).iterdir()) == []
    with pytest.raises(asyncssh.PermissionDenied):
        await bare(oma, vma.identity)


async def test_a_pending_pairing_is_completed_by_the_login(oma: Oma, vma: Vma) -> None:
    await vma.peers._change(oma.identity.id, state="pending")
    await oma.side.tunnels.cut(vma.id)
    await eventually(lambda: not vma.dialler.state.up)
    await vma.dialler.wait_up(5)
    assert (await vma.peers.get(oma.identity.id)).state == "paired"


async def test_a_stale_pending_pairing_is_forgotten_when_the_oma_does_not_know_it(
    oma: Oma, vma: Vma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.tunnel.dialler.PENDING_LIMIT", 0.0)
    await vma.peers._change(oma.identity.id, state="pending")
    await oma.side.peers.revoke(vma.id)
    async with asyncio.timeout(60):
        while await vma.peers.find(oma.identity.id) is not None:
            await asyncio.sleep(0.05)


async def test_a_vma_that_revokes_its_oma_drops_the_tunnel_and_does_not_dial_again(oma: Oma, vma: Vma) -> None:
    await vma.peers.revoke(oma.identity.id)
    await eventually(lambda: not vma.dialler.state.up)
    await asyncio.sleep(0.5)
    assert not oma.side.tunnels.state(vma.id).up


async def test_a_vma_that_forgot_its_oma_keeps_running(oma: Oma, vma: Vma) -> None:
    known = await vma.peers.get(oma.identity.id)
    await vma.peers.forget(oma.identity.id)
    await eventually(lambda: not vma.dialler.state.up)
    await vma.peers.keep(PairedPeer(known.id, "OMA", "oma", known.ssh_public_key, "1", "127.0.0.1", oma.port))
    await vma.dialler.wait_up(5)


async def test_names_of_peers_are_checked(oma: Oma, vma: Vma) -> None:
    await oma.side.peers.rename(vma.id, "Site Köln 2")
    assert (await oma.side.peers.get(vma.id)).name == "Site Köln 2"
    for bad in ("", " x", "a" * 64, "a/b", "a\nb"):
        with pytest.raises(Fault, match="name has"):
            await oma.side.peers.rename(vma.id, bad)
    with pytest.raises(Fault, match="no paired appliance"):
        await oma.side.peers.revoke("vma-0000000000000000")


@pytest.mark.peers
@pytest.mark.parametrize("key", ["stranger", "peer"])
async def test_openssh_gets_no_shell(oma: Oma, tmp_path: Path, key: str) -> None:
    identity = await (paired(oma, tmp_path / "p") if key == "peer" else load_identity(tmp_path / "p", "vma"))
    options = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-T"]
    ssh = await asyncio.create_subprocess_exec(
        *["ssh", *options, "-i", str(tmp_path / "p" / "ssh_key"), "-p", str(oma.port), f"{identity.id}@127.0.0.1", "id"],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        stdout, stderr = await ssh.communicate()
    assert ssh.returncode == 255 and stdout == b""
    assert (b"Permission denied" if key == "stranger" else b"channel 0: open failed") in stderr
