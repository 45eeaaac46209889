"""What sshd is told, and what is understood of what it says."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.agent.remote_console.config import Server, rendered
from appliance.agent.remote_console.log import Login, login_in, problem_in

SERVER = Server("0.0.0.0", 22, "console", ("/usr/bin/appliance", "tui", "--socket", "/run/a/api.sock"), Path("/var/lib/a/rc"), False)

CLOSED = (
    "DisableForwarding yes", "AllowTcpForwarding no", "AllowStreamLocalForwarding no", "AllowAgentForwarding no", "X11Forwarding no",
    "PermitTunnel no", "GatewayPorts no", "PermitUserEnvironment no", "PermitUserRC no", "Banner none", "MaxSessions 1",
    "PermitRootLogin no", "KbdInteractiveAuthentication no", "PermitEmptyPasswords no", "LoginGraceTime 30", "StrictModes yes", "UsePAM no",
    "AllowUsers console",
)  # fmt: skip


def lines(server: Server = SERVER) -> list[str]:
    return rendered(server).splitlines()


@pytest.mark.parametrize("option", CLOSED)
def test_everything_but_the_console_is_off(option: str) -> None:
    assert lines().count(option) == 1


@pytest.mark.parametrize("absent", ["AcceptEnv", "Subsystem", "Ciphers", "Match", "Include", "SetEnv"])
def test_what_is_off_by_default_is_not_mentioned(absent: str) -> None:
    assert not [line for line in lines() if line.startswith(absent)]


def test_no_option_is_given_twice() -> None:
    options = [line.split()[0] for line in lines() if line and not line.startswith("#")]
    assert len(options) == len(set(options))


def test_the_program_is_forced() -> None:
    assert "ForceCommand exec /usr/bin/appliance tui --socket /run/a/api.sock" in lines()


def test_a_word_with_odd_characters_stays_one_word() -> None:
    odd = replace(SERVER, program=("/opt/a b/x", "it's", "$HOME;`id`", "#"))
    assert "ForceCommand exec '/opt/a b/x' 'it'\"'\"'s' '$HOME;`id`' '#'" in lines(odd)


@pytest.mark.parametrize("word", ["a\nPermitRootLogin yes", "a\0", "a\x1b"])
def test_a_word_that_no_line_can_hold_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="configuration line"):
        rendered(replace(SERVER, program=(word,)))
    with pytest.raises(ValueError, match="configuration line"):
        rendered(replace(SERVER, folder=Path(word.replace("\0", "\x01"))))


def test_paths_are_quoted() -> None:
    odd = lines(replace(SERVER, folder=Path('/var/a "b"%u')))
    assert 'HostKey "/var/a \\"b\\"%u/host_key"' in odd
    assert 'AuthorizedKeysCommand /usr/bin/cat "/var/a \\"b\\"%%u/authorized_keys"' in odd


@pytest.mark.parametrize(("wanted", "methods", "password"), [(False, "publickey", "no"), (True, "publickey password", "yes")])
def test_a_password_opens_it_only_when_that_is_wanted(wanted: bool, methods: str, password: str) -> None:
    made = lines(replace(SERVER, password_login=wanted))
    assert f"AuthenticationMethods {methods}" in made and f"PasswordAuthentication {password}" in made


@pytest.mark.parametrize(
    ("address", "listen"),
    [
        ("", "Port 22"),
        ("0.0.0.0", "ListenAddress 0.0.0.0:22"),
        ("::", "ListenAddress [::]:22"),
        ("fe80::1", "ListenAddress [fe80::1]:22"),
    ],
)
def test_it_listens_on_every_address_or_on_one(address: str, listen: str) -> None:
    assert [line for line in lines(replace(SERVER, address=address)) if line.startswith(("Port", "Listen"))] == [listen]


def test_a_dropped_line_ends_within_a_minute() -> None:
    assert "ClientAliveInterval 10" in lines() and "ClientAliveCountMax 3" in lines()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Bind to port 22 on 0.0.0.0 failed: Address already in use.", "Port 22 is taken"),
        ("Bind to port 22 on 192.0.2.1 failed: Cannot assign requested address.", "does not have the address"),
        ("User console not allowed because account is locked", "is locked"),
        ("sshd: no hostkeys available -- exiting.", "can't be read"),
        ("Connection closed by 192.0.2.1 port 4711 [preauth]", ""),
        ("Invalid user port from 192.0.2.1 port 4711", ""),
    ],
)
def test_what_goes_wrong_is_told_in_plain_words(line: str, said: str) -> None:
    told = problem_in(line, 22)
    assert said in told and bool(said) == bool(told)


@pytest.mark.parametrize(
    ("line", "login"),
    [
        (
            "Accepted publickey for console from ::1 port 41 ssh2: ED25519 SHA256:abc/+1",
            Login(by_password=False, accepted=True, detail="from ::1 by key SHA256:abc/+1"),
        ),
        (
            "Accepted password for console from 192.0.2.1 port 41 ssh2",
            Login(by_password=True, accepted=True, detail="from 192.0.2.1 by password"),
        ),
        (
            "Failed password for console from 192.0.2.1 port 41 ssh2",
            Login(by_password=True, accepted=False, detail="from 192.0.2.1 by password"),
        ),
        ("Failed publickey for console from 192.0.2.1 port 41 ssh2: ED25519 SHA256:abc", None),
        ("Failed password for invalid user root from 192.0.2.1 port 41 ssh2", None),
        ("Invalid user Accepted password for console from 192.0.2.1 port 41 ssh2", None),
    ],
)
def test_logins_and_wrong_passwords_are_read(line: str, login: Login | None) -> None:
    assert login_in(line) == login
