"""The console over SSH: off until it is turned on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.contract.api import Api, OperatorModel, route

Key = Annotated[str, Field(min_length=1, max_length=4096)]


class RemoteConsole(OperatorModel):
    """Whether the console is reachable by `ssh console@…`, and by whose keys. `sessions` are open now."""

    enabled: bool
    running: bool
    port: int
    host_keys: list[str]
    authorised_keys: list[Key]
    password_login: bool
    sessions: int
    problem: str


class SetRemoteConsole(OperatorModel):
    """Turn it on or off. With `password_login` the console's password opens it.

    Keys are lines as in an `authorized_keys` file, without options.
    """

    enabled: bool
    authorised_keys: Annotated[list[Key], Field(max_length=50)] = Field(default_factory=list)
    password_login: bool = False


class RemoteConsoleApi(Api):
    """The console over SSH."""

    @route("GET", "/api/v1/remote-console")
    async def remote_console(self) -> RemoteConsole:
        """How it stands."""
        raise NotImplementedError

    @route("PUT", "/api/v1/remote-console")
    async def set_remote_console(self, body: SetRemoteConsole) -> RemoteConsole:
        """Turn it on or off; open sessions end when it is turned off."""
        raise NotImplementedError
