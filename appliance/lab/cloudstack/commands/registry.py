"""How a command is declared, and what nearly all of them share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..cloud import Cloud
from ..errors import unknown_entity
from ..jobs import Work
from ..records import Instance, Snapshot, Tags, Volume
from ..wire import Params, Row, paged

Answer = Row | Work
Handler = Callable[[Cloud, Params], Answer]


@dataclass(frozen=True)
class Command:
    """A command of the API. A handler checks at once what CloudStack checks at once, and leaves the rest to its Work."""

    name: str
    handler: Handler
    required: tuple[str, ...] = ()
    administrators_only: bool = False


COMMANDS: dict[str, Command] = {}


def command(name: str, *required: str, administrators_only: bool = False) -> Callable[[Handler], Handler]:
    """Declare a handler as an API command with its required parameters."""

    def declare(handler: Handler) -> Handler:
        COMMANDS[name.lower()] = Command(name, handler, required, administrators_only)
        return handler

    return declare


def listing(noun: str, rows: Iterable[Row], params: Params) -> Row:
    """A list answer: filtered by `id`, `ids`, `name`, `keyword`, then paged. An empty list has no fields at all."""
    kept = [row for row in rows if _passes(row, params)]
    return {"count": len(kept), noun: page} if (page := paged(kept, params)) else {}


def _passes(row: Row, params: Params) -> bool:
    """The filters that every list command has."""
    name = str(row.get("name", ""))
    identities = [*params.several("ids"), *([params.text("id")] if params.text("id") else [])]
    if identities and row.get("id") not in identities:
        return False
    if params.text("zoneid") and row.get("zoneid", params.text("zoneid")) != params.text("zoneid"):
        return False
    if params.text("keyword") and params.text("keyword").lower() not in name.lower():
        return False
    # Only the name filter of VMs finds parts of names (QueryManagerImpl).
    partial = params.command.lower() == "listvirtualmachines"
    wanted = params.text("name")
    return not wanted or (wanted.lower() in name.lower() if partial else wanted == name)


def has_tags(tags: Tags, params: Params) -> bool:
    """Whether a row carries every tag of the `tags[0].key`, `tags[0].value` filter."""
    return all(tags.get(entry.get("key", "")) == entry.get("value") for entry in params.entries("tags"))


def the_volume(cloud: Cloud, params: Params, parameter: str = "id") -> Volume:
    """The volume a parameter names."""
    value = params.required(parameter)
    if value not in cloud.world.volumes:
        raise unknown_entity(params.command, parameter, value)
    return cloud.world.volumes[value]


def the_instance(cloud: Cloud, params: Params, parameter: str = "id") -> Instance:
    """The VM a parameter names."""
    value = params.required(parameter)
    if value not in cloud.world.instances:
        raise unknown_entity(params.command, parameter, value)
    return cloud.world.instances[value]


def the_snapshot(cloud: Cloud, params: Params, parameter: str = "id") -> Snapshot:
    """The snapshot a parameter names."""
    value = params.required(parameter)
    if value not in cloud.world.snapshots:
        raise unknown_entity(params.command, parameter, value)
    return cloud.world.snapshots[value]
