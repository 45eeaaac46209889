"""What is done so often that it has a word of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from appliance.cli.arguments import Request
from appliance.cli.asking import Resolve
from appliance.contract.client import Transport
from appliance.contract.errors import Fault, FaultSpec


@dataclass(frozen=True)
class Shortcut:
    """A word, the command it stands for, and what is typed before the rest of the line."""

    words: tuple[str, ...]
    before: tuple[str, ...] = ()
    resolve: Resolve | None = None


async def by_name(transport: Transport, asked: Request) -> Request:
    """A cycle is asked for by the VM's context id; whoever types has its name."""
    body = json.loads(asked.body or b"{}")
    status, content = await transport.send("GET", f"/api/v1/vm-contexts/{quote(body['context_id'], safe='')}", {}, None)
    if status != 200:
        error = json.loads(content)["error"]
        raise Fault(FaultSpec.told(error["key"], status, error["message"], error["guidance"]))
    return replace(asked, body=json.dumps(body | {"context_id": json.loads(content)["context_id"]}).encode())


SHORTCUTS: Mapping[str, Shortcut] = {
    "sync": Shortcut(("replications", "start"), ("--context-id",), by_name),
    "preflight": Shortcut(("failover", "preflight")),
    "pair": Shortcut(("pairing", "create")),
    "cleanup": Shortcut(("failover", "cleanup")),
    "cancel": Shortcut(("jobs", "cancel")),
}


def expanded(words: Sequence[str]) -> tuple[list[str], Resolve | None]:
    """The line with its first word's meaning in its place (pure)."""
    found = SHORTCUTS.get(words[0]) if words else None
    if found is None:
        return list(words), None
    return [*found.words, *found.before, *words[1:]], found.resolve
