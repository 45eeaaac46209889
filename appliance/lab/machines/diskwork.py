"""What is done with the disks of a machine that is on, over QMP: changed blocks, overlays, merging, exports."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from appliance.lab.machines import nbdclient
from appliance.lab.machines.blocks import GRANULARITY, Layer, file_node, format_node
from appliance.lab.machines.engine import Engine
from appliance.lab.machines.qmp import Json, QmpError
from appliance.lab.machines.tracking import Extent

# The bitmap of the interval that runs, on the node that the guest writes to; and its copy that can be read while the guest writes.
RUNNING, COPY = "running", "copy"
SOCKET = "nbd.sock"
EXPORT = "disk"
JOB = "merge"

T = TypeVar("T")


async def open_server(engine: Engine) -> None:
    """Start the NBD server of an engine; its exports come and go with each use."""
    await engine.qmp.execute("nbd-server-start", addr={"type": "unix", "data": {"path": SOCKET}})


async def track(engine: Engine, node: str, *merged: Json) -> None:
    """Note from now on what is written to a node, on top of what other nodes' bitmaps have."""
    add: Json = {"node": node, "name": RUNNING, "granularity": GRANULARITY}
    actions: list[Json] = [{"type": "block-dirty-bitmap-add", "data": add}]
    if merged:
        actions.append({"type": "block-dirty-bitmap-merge", "data": {"node": node, "target": RUNNING, "bitmaps": list(merged)}})
    await engine.qmp.execute("transaction", actions=actions)


async def forget(engine: Engine, node: str) -> None:
    """End the tracking of a node."""
    await engine.qmp.execute("block-dirty-bitmap-remove", node=node, name=RUNNING)


async def dirty(engine: Engine, node: str) -> list[Extent]:
    """What the running interval has so far. A bitmap in use cannot be exported read-only, so a copy is."""
    add: Json = {"node": node, "name": COPY, "granularity": GRANULARITY, "disabled": True}
    merge: Json = {"node": node, "target": COPY, "bitmaps": [RUNNING]}
    actions = [{"type": "block-dirty-bitmap-add", "data": add}, {"type": "block-dirty-bitmap-merge", "data": merge}]
    await engine.qmp.execute("transaction", actions=actions)
    try:
        return await with_export(engine, node, nbdclient.dirty_extents, COPY, bitmap=COPY)
    finally:
        await engine.qmp.execute("block-dirty-bitmap-remove", node=node, name=COPY)


async def with_export(
    engine: Engine, node: str, work: Callable[..., T], *arguments: object, writable: bool = False, bitmap: str | None = None
) -> T:
    """Run `work(socket, export name, *arguments)` in a thread while the node is exported."""
    export: Json = {"type": "nbd", "id": EXPORT, "node-name": node, "name": EXPORT, "writable": writable}
    if bitmap is not None:
        export["bitmaps"] = [bitmap]
    await engine.qmp.execute("block-export-add", **export)
    try:
        return await asyncio.to_thread(work, engine.folder / SOCKET, EXPORT, *arguments)
    finally:
        with engine.qmp.watch() as events:
            await engine.qmp.execute("block-export-del", id=EXPORT, mode="hard")
            await events.next("BLOCK_EXPORT_DELETED", about=EXPORT)


async def put_on_top(engine: Engine, overlays: Sequence[tuple[str, Layer]], *, tracked: bool) -> None:
    """Let what is written go to new overlays from one moment on; `overlays`: the node that is frozen, and the new layer."""
    for _, layer in overlays:
        await engine.qmp.execute("blockdev-add", **file_node(layer))
        await engine.qmp.execute("blockdev-add", **format_node(layer, None))
        if tracked:
            await track(engine, layer.node)
    actions = [{"type": "blockdev-snapshot", "data": {"node": frozen, "overlay": layer.node}} for frozen, layer in overlays]
    await engine.qmp.execute("transaction", actions=actions)


async def merge_down(engine: Engine, active: str, top: str, below: str, *, tracked: bool) -> None:
    """Copy the data of the node `top` into the one below and take `top` out of the disk whose uppermost node is `active`.

    When `top` is the active one, the guest is held for a moment at the end (the job waits "pending" with its requests drained):
    there the node below takes over the bitmap, so that it has what the guest wrote in this interval and not all that was merged.
    """
    takes_over = top == active
    named: Json = {"job-id": JOB, "device": active, "base-node": below, "top-node": top, "auto-finalize": not takes_over}
    with engine.qmp.watch() as events:
        await engine.qmp.execute("block-commit", **named)
        event = await events.next("BLOCK_JOB_READY", "BLOCK_JOB_COMPLETED", about=JOB)
        if event.name == "BLOCK_JOB_READY":
            await engine.qmp.execute("job-complete", id=JOB)
            event = await events.next("BLOCK_JOB_PENDING", "BLOCK_JOB_COMPLETED", about=JOB)
        if event.name == "BLOCK_JOB_PENDING":
            if tracked:
                await track(engine, below, {"node": top, "name": RUNNING})
            await engine.qmp.execute("job-finalize", id=JOB)
            event = await events.next("BLOCK_JOB_COMPLETED", about=JOB)
    if "error" in event.data:
        raise QmpError(f"merging {top} failed: {event.data['error']}")
    await engine.qmp.execute("blockdev-del", node_name=top)
    await engine.qmp.execute("blockdev-del", node_name=f"{top}.file")
