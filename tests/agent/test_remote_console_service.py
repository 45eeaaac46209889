"""Turning the console over SSH on and off: what is refused, what is kept, and what needs no sshd to be known."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.agent.config import Config
from appliance.agent.http.local import LocalApi
from appliance.agent.remote_console import account
from appliance.agent.remote_console.service import RemoteConsole
from appliance.agent.tries import Tries
from appliance.contract.access import SetRemoteConsole
from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.settings import Settings
from appliance.core.store import Store

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEIiKgaoFecQDijx+IJ07VJZmQ/gUc78M2pgq0UJI1YZ anna"
ABSENT = "nobody-has-this"


@pytest.fixture
def made(store: Store, tmp_path: Path) -> Callable[[], RemoteConsole]:
    """The console over SSH as an agent that starts now would make it, for an account that this machine does not have."""
    remote = {"user": ABSENT, "address": "127.0.0.1", "port": 2222}
    config = Config.model_validate({"role": "oma", "name": "oma1", "state_dir": tmp_path, "remote_console": remote})
    return lambda: RemoteConsole(config, Settings(store), Audit(store), Children(tmp_path / "children"), tmp_path / "api.sock")


async def test_it_is_off_until_it_is_turned_on(made: Callable[[], RemoteConsole], tmp_path: Path) -> None:
    console = made()
    await console.start()
    state = await console.state()
    assert not (state.enabled or state.running or state.password_login or state.host_keys or state.authorised_keys or state.sessions)
    assert state.port == 2222 and not state.problem and not (tmp_path / "remote-console").exists()
    await console.close()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"enabled": True}, "no_way_in"),
        ({"enabled": True, "authorised_keys": ["rubbish"]}, "key_unreadable"),
        ({"enabled": False, "authorised_keys": [f"no-pty {KEY}"]}, "key_options"),
        ({"enabled": True, "authorised_keys": [KEY]}, "account_missing"),
        ({"enabled": True, "password_login": True}, "account_missing"),
    ],
)
async def test_what_can_not_be_is_refused_and_changes_nothing(
    made: Callable[[], RemoteConsole], store: Store, wanted: dict[str, object], said: str
) -> None:
    console = made()
    await console.set(SetRemoteConsole(enabled=False, authorised_keys=[KEY]))
    before = await console.state()
    with pytest.raises(Fault) as refused:
        await console.set(SetRemoteConsole.model_validate(wanted))
    assert refused.value.key == f"remote_console.{said}"
    assert await console.state() == before
    assert [one.detail for one in await Audit(store).newest(9)] == ["off"]


async def test_keys_are_kept_while_it_is_off(made: Callable[[], RemoteConsole]) -> None:
    await made().set(SetRemoteConsole(enabled=False, authorised_keys=[KEY]))
    assert (await made().state()).authorised_keys == [KEY]


async def test_a_password_is_no_trouble_where_there_is_no_account(made: Callable[[], RemoteConsole]) -> None:
    console = made()
    await console.set_password("correct horse")
    assert not (await console.state()).problem


async def test_a_password_with_a_line_break_names_no_other_account() -> None:
    assert not await account.set_password("root", "correct horse\nroot:another")


def test_an_account_that_can_not_reach_the_agent_is_told_of(tmp_path: Path) -> None:
    socket = tmp_path / "api.sock"
    socket.touch(0o600)
    with pytest.raises(Fault, match="is not let near"):
        account.require("daemon", socket)
    tmp_path.chmod(0o711)
    socket.chmod(0o666)
    account.require("daemon", socket)


@pytest.mark.parametrize(("group", "socket_mode", "folder_mode"), [("", 0o600, 0o700), (ABSENT, 0o600, 0o700), ("daemon", 0o660, 0o710)])
async def test_the_socket_is_open_to_one_group_or_to_none(tmp_path: Path, group: str, socket_mode: int, folder_mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir(0o700)
    api = LocalApi((), "token", folder / "api.sock", "127.0.0.1", 0, group=group)
    await api.start()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder / "api.sock", folder)]
    await api.stop()
    assert modes == [socket_mode, folder_mode]


async def test_passwords_that_a_full_disk_lets_nobody_count_are_not_taken(store: Store, tmp_path: Path) -> None:
    class Full(Settings):
        async def put(self, name: str, value: dict[str, object]) -> None:
            raise STORE_UNWRITABLE()

    settings = Settings(store)
    await settings.put("remote_console", {"enabled": True, "keys": [], "password_login": True})
    await settings.put("remote_console.password", {"known": True})
    config = Config.model_validate({"role": "oma", "name": "oma1", "state_dir": tmp_path, "remote_console": {"user": ABSENT}})
    full = Tries(Full(store), "remote_console")
    console = RemoteConsole(config, settings, Audit(store), Children(tmp_path / "children"), tmp_path / "api.sock", tries=full)
    assert not (await console.state()).problem
    await console._heard("Failed password for nobody-has-this from 192.0.2.9 port 40000 ssh2")
    assert "none is taken for 30 seconds" in (await console.state()).problem
    await console.close()
