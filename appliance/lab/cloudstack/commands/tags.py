"""Tags on volumes, snapshots and VMs."""

from ..cloud import Cloud
from ..errors import refused, unknown_entity
from ..jobs import Work
from ..records import Tags
from ..views import owner, tag_rows
from ..wire import Params, Row
from .registry import Answer, command, listing

KINDS = {"volume": "Volume", "snapshot": "Snapshot", "uservm": "UserVm"}


@command("createTags", "resourceids", "resourcetype")
def create_tags(cloud: Cloud, params: Params) -> Answer:
    """Put tags on things; a key that is there already is refused."""
    holders = _holders(cloud, params)
    new = {entry.get("key", ""): entry.get("value", "") for entry in params.entries("tags")}

    async def work() -> Row:
        for identity, tags in holders.items():
            for key in new.keys() & tags.keys():
                raise refused(f"tag {key} already on {params.text('resourcetype')} with id {identity}")
            tags.update(new)
        return {"success": True}

    return Work(work)


@command("deleteTags", "resourceids", "resourcetype")
def delete_tags(cloud: Cloud, params: Params) -> Answer:
    """Take tags off things: the named ones, or all."""
    holders = _holders(cloud, params)
    keys = [entry.get("key", "") for entry in params.entries("tags")]

    async def work() -> Row:
        for tags in holders.values():
            for key in keys or list(tags):
                tags.pop(key, None)
        return {"success": True}

    return Work(work)


@command("listTags")
def list_tags(cloud: Cloud, params: Params) -> Answer:
    """All tags, filtered by key, value, type and thing."""
    rows = [
        {**row, **owner(cloud)}
        for kind, holders in _all_holders(cloud).items()
        for identity, tags in holders.items()
        for row in tag_rows(tags, KINDS[kind], identity)
    ]
    wanted = {field: params.text(field).lower() for field in _FIELDS if params.text(field)}
    kept = [row for row in rows if all(str(row[field]).lower() == value for field, value in wanted.items())]
    return listing("tag", kept, params)


_FIELDS = ("key", "value", "resourcetype", "resourceid")


def _all_holders(cloud: Cloud) -> dict[str, dict[str, Tags]]:
    """Everything that can carry tags."""
    world = cloud.world
    return {
        "volume": {each.id: each.tags for each in world.volumes.values()},
        "snapshot": {each.id: each.tags for each in world.snapshots.values()},
        "uservm": {each.id: each.tags for each in world.instances.values()},
    }


def _holders(cloud: Cloud, params: Params) -> dict[str, Tags]:
    """The tags of the things that are named."""
    kind = params.text("resourcetype").lower()
    known = _all_holders(cloud).get(kind)
    if known is None:
        raise refused(f"Invalid resource type {params.text('resourcetype')}")
    for identity in params.several("resourceids"):
        if identity not in known:
            raise unknown_entity(params.command, "resourceids", identity)
    return {identity: known[identity] for identity in params.several("resourceids")}
