"""What operators have set, and who of them comes in with which role: the same for both appliances."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Middleware

from appliance.agent.config import Config
from appliance.agent.http.admission import Limits
from appliance.agent.http.local import LocalApi, Served, new_token, operator_application, read_token
from appliance.agent.tokens.tokens import Tokens
from appliance.core.audit import Audit
from appliance.core.options import Options
from appliance.core.store import Store


@dataclass(frozen=True)
class Operators:
    """The settings, the tokens (`first` is the one of the file), how often who may ask, and what they did; every request goes by `more`."""

    options: Options
    first: str
    tokens: Tokens
    limits: Limits
    audit: Audit
    more: tuple[Middleware, ...] = ()

    @classmethod
    async def open(cls, config: Config, store: Store, *more: Middleware) -> Operators:
        """As they were left; the first token is made where there is none."""
        options = await Options.open(store, config.role)
        first = await asyncio.to_thread(read_token, config.token_file)
        tokens = await Tokens.open(store, first, partial(new_token, config.token_file))
        return cls(options, first, tokens, Limits(options.__getitem__), Audit(store), more)

    def api(self, config: Config, served: Served) -> LocalApi:
        """The local listeners."""
        return LocalApi(
            served,
            self.first,
            config.api_socket,
            config.api.address,
            config.api_port,
            group=config.remote_console.group,
            audit=self.audit,
            tokens=self.tokens,
            limits=self.limits,
            more=self.more,
        )

    def application(self, served: Served) -> web.Application:
        """The API for whoever comes from elsewhere, with a token."""
        return operator_application(served, self.first, self.audit, tokens=self.tokens, limits=self.limits, more=self.more)
