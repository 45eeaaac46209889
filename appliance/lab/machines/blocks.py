"""How a disk is made of files: the block nodes that QEMU and its storage daemon are told to open."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.lab.machines.qmp import Json

# Changed blocks are tracked, and overlays keep their data, in pieces of this many bytes.
GRANULARITY = 64 << 10


@dataclass(frozen=True)
class Layer:
    """One file of a disk; a layer above holds what was written after the ones below were frozen."""

    node: str
    path: Path
    format: str = "raw"


def file_node(layer: Layer) -> Json:
    """The node of a layer's file. A flush goes as far as the host's memory, which outlives the machine and the lab: that is enough here."""
    path = str(layer.path.absolute())
    return {"driver": "file", "node-name": f"{layer.node}.file", "filename": path, "discard": "ignore", "cache": {"no-flush": True}}


def format_node(layer: Layer, below: str | None) -> Json:
    """The node of a layer's contents, on top of the node `below`."""
    node: Json = {"driver": layer.format, "node-name": layer.node, "file": f"{layer.node}.file"}
    if layer.format == "qcow2":
        node["backing"] = below
    return node


def nodes(layers: Sequence[Layer]) -> list[Json]:
    """All nodes of a disk, in the order in which they can be opened; `layers` begins with the lowest."""
    opened: list[Json] = []
    below: str | None = None
    for layer in layers:
        opened += [file_node(layer), format_node(layer, below)]
        below = layer.node
    return opened
