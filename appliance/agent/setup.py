"""First set-up: where the wizard stands, and the console's password."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from appliance.agent.passwords import hashed, is_password, require_long_enough
from appliance.agent.tries import Tries
from appliance.contract import setup as contract
from appliance.contract.errors import Fault, fault
from appliance.core.audit import Audit
from appliance.core.settings import Settings

PASSWORD_WRONG = fault(
    "setup.password_wrong", 403, "This is not the console's password.", "Type it again; check the keyboard and the Caps Lock key."
)
CURRENT_PASSWORD_NEEDED = fault(
    "setup.current_needed", 403, "The console has a password already.", "Type the current password too to change it."
)
NO_PASSWORD = fault("setup.no_password", 409, "The console has no password yet.", "Set one in the first step of the set-up.")

_STAGE, _PASSWORD = "setup.stage", "console.password"
_ACTOR = "console"

_log = logging.getLogger(__name__)


async def _nothing(_: str) -> None:
    """What happens to a new password elsewhere, unless told otherwise."""


class Setup:
    """Keeps the wizard's place and the console's password; `on_password` is told every new password."""

    def __init__(
        self, settings: Settings, audit: Audit, on_password: Callable[[str], Awaitable[None]] = _nothing, tries: Tries | None = None
    ) -> None:
        self._settings, self._audit, self._on_password = settings, audit, on_password
        self._tries = tries or Tries(settings, "console", on_full_disk=True)
        self._changing = asyncio.Lock()

    async def state(self) -> contract.Setup:
        """Where the wizard stands."""
        return contract.Setup(stage=await self._stage(), password_set=bool(await self._kept()), wait_seconds=await self._tries.wait())

    async def is_open(self) -> bool:
        """Whether the set-up is not done yet."""
        return await self._stage() is not contract.Stage.DONE

    async def set_stage(self, stage: contract.Stage) -> None:
        """Remember the step that comes next."""
        await self._settings.put(_STAGE, {"stage": stage.value})
        await self._audit.record(_ACTOR, "setup.stage", "done", stage.value)

    async def set_password(self, current: str | None, new: str) -> None:
        """Set or change the password.

        Raises a Fault: `password.too_short`, `setup.current_needed`, `setup.password_wrong`, `tries.wait`.
        """
        require_long_enough(new)
        async with self._changing:  # of two consoles that set the first password, one comes second and needs the other's
            kept = await self._kept()
            if kept:
                if current is None:
                    raise CURRENT_PASSWORD_NEEDED()
                await self._check(current, kept, "setup.password")
            await self._settings.put(_PASSWORD, {"hash": await hashed(new)})
            await self._on_password(new)  # before anything else can fail: the old one must open nothing any more
            await self._audit.record(_ACTOR, "setup.password", "done", "changed" if kept else "set")

    async def unlock(self, password: str) -> None:
        """Raises a Fault unless this is the password: `setup.no_password`, `setup.password_wrong`, `tries.wait`."""
        kept = await self._kept()
        if not kept:
            raise NO_PASSWORD()
        await self._check(password, kept, "console.unlock")
        await self._note("console.unlock", "done")

    async def _check(self, password: str, kept: str, action: str) -> None:
        await self._tries.take()
        if not await is_password(password, kept):
            await self._note(action, "refused", "wrong password")
            raise PASSWORD_WRONG()
        await self._tries.succeeded()

    async def _note(self, action: str, result: str, detail: str = "") -> None:
        """For the audit log; a full disk locks nobody out who knows the password."""
        try:
            await self._audit.record(_ACTOR, action, result, detail)
        except Fault as error:
            _log.warning("%s (%s) is not in the audit log: %s", action, result, error)

    async def _stage(self) -> contract.Stage:
        return contract.Stage((await self._settings.get(_STAGE)).get("stage", contract.Stage.WELCOME))

    async def _kept(self) -> str:
        """The hash of the password; empty when none is set."""
        return str((await self._settings.get(_PASSWORD)).get("hash", ""))
