"""The account that logs in over SSH: what it needs, and its password.

The appliance's image makes it: `useradd --system --user-group --home-dir / --shell /bin/sh --password '*' console`.
The password `*` opens nothing but is not locked; the shell only carries out the forced command.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import unicodedata
from pathlib import Path

from appliance.agent.remote_console.faults import ACCOUNT_MISSING, ACCOUNT_SHUT_OUT
from appliance.core import commands
from appliance.core.commands import CommandFailed

_log = logging.getLogger(__name__)

_CHPASSWD_LIMIT = 30.0


def require(user: str, socket: Path) -> None:
    """Raises a Fault unless the account exists and can reach the agent: `remote_console.account_missing`, `.account_shut_out`."""
    try:
        account = pwd.getpwnam(user)
    except KeyError as error:
        raise ACCOUNT_MISSING(user=user) from error
    groups = os.getgrouplist(user, account.pw_gid)
    if not (_lets_in(socket, account.pw_uid, groups, 6) and _lets_in(socket.parent, account.pw_uid, groups, 1)):
        raise ACCOUNT_SHUT_OUT(user=user, cause=f"{socket} is closed to {user}")


def _lets_in(path: Path, uid: int, groups: list[int], bits: int) -> bool:
    """Whether owner, group or all others have these rights, as the kernel picks them (path_resolution(7))."""
    try:
        found = path.stat()
    except OSError:
        return False
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in groups else 0
    return (found.st_mode >> shift) & bits == bits


async def set_password(user: str, password: str) -> bool:
    """Set the account's password in /etc/shadow, which needs root; whether that was done."""
    password = unicodedata.normalize("NFC", password)
    if not await asyncio.to_thread(exists, user) or any(unicodedata.category(one) == "Cc" for one in password):
        return False
    try:
        # Not through PAM, as sshd does not ask PAM either.
        # Without a control character there is no second line, which could name another account.
        await commands.run(("chpasswd", "--crypt-method", "YESCRYPT"), input=f"{user}:{password}\n".encode(), timeout=_CHPASSWD_LIMIT)
    except (OSError, TimeoutError, CommandFailed) as error:
        _log.error("the password of the account %s could not be set: %s", user, error)
        return False
    return True


def exists(user: str) -> bool:
    """Whether the machine has the account."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
