"""A CloudStack configuration while it is being made: what was typed, what was found, what was chosen. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from appliance.contract.clouds import Config, Connection, Discovery, Named, Resources, SaveConfig

PARTS = (
    ("zone", "Zone", "zones", "where disks and machines are made"),
    ("domain", "Domain", "domains", "the account's own if none is chosen"),
    ("template_id", "Template", "templates", "new machines begin as one; its disk is replaced"),
    ("service_offering_id", "Service offering", "service_offerings", "CPUs and memory of new machines"),
    ("disk_offering_id", "Disk offering", "disk_offerings", "one whose size can be chosen"),
    ("network_id", "Network", "networks", "for production machines without another one"),
)
"""What is chosen from a list: its name in the contract, its title, where it is in `Resources`, and what it is for."""

OWN_VM = ("oma_vm_id", "This appliance", "its own machine: disks are attached to it")
NEEDED = ("zone", "disk_offering_id", "oma_vm_id")
"""Without these no disk can be made."""
OF_A_ZONE = ("template_id", "network_id")


@dataclass
class Draft:
    """A new configuration, or the change of a stored one (`id`). `chosen` has ids by the names of the contract."""

    id: int | None = None
    name: str = ""
    address: str = ""
    api_key: str = ""
    secret_key: SecretStr = field(default_factory=lambda: SecretStr(""))
    chosen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Draft:
        """The change of a stored configuration; its keys are kept where none are typed."""
        names = [part[0] for part in (*PARTS, OWN_VM)]
        return cls(config.id, config.name, config.api_url, chosen={name: getattr(config, name) for name in names})

    def connection(self) -> Connection:
        """Address and keys, to be tried."""
        return Connection(address=self.address, api_key=self.api_key, secret_key=self.secret_key, config_id=self.id)

    def discovery(self) -> Discovery:
        """The same, to look through; in the chosen zone if there is one."""
        return Discovery(**dict(self.connection()), zone=self.chosen.get("zone", ""))

    def saved(self) -> SaveConfig:
        """What is sent to be stored."""
        given: dict[str, Any] = dict(self.chosen)
        return SaveConfig(id=self.id, name=self.name, address=self.address, api_key=self.api_key, secret_key=self.secret_key, **given)

    def take(self, found: Resources) -> list[str]:
        """Fill in what there is no choice about, forget what is not there any more; answers the titles of what was forgotten."""
        forgotten = []
        for name, title, kind, _ in PARTS:
            there = [one.id for one in getattr(found, kind)]
            if self.chosen.get(name) and self.chosen[name] not in there:
                self.chosen[name] = ""
                forgotten.append(title)
            if name == "zone" and not self.chosen.get(name) and len(there) == 1:
                self.chosen[name] = there[0]
        if not self.chosen.get("oma_vm_id"):
            self.chosen["oma_vm_id"] = found.oma_vm_id or ""
        return forgotten

    def missing(self) -> list[str]:
        """The titles of what is needed and not chosen yet."""
        return [title for name, title, *_ in (*PARTS, OWN_VM) if name in NEEDED and not self.chosen.get(name)]


def described(kind: str, one: Named) -> str:
    """What tells it from others; of a disk offering also whether its size can be chosen."""
    if kind != "disk_offerings":
        return one.detail
    size = "size can be chosen" if one.custom else "fixed size: not for migrated disks"
    return ", ".join(part for part in (size, one.detail) if part)


def offered(kind: str, found: Resources) -> Sequence[Named]:
    """What can be chosen of one kind; disk offerings of any size come first."""
    listed: list[Named] = getattr(found, kind)
    return sorted(listed, key=lambda one: not one.custom) if kind == "disk_offerings" else listed


def name_of(kind: str, wanted: str, found: Resources | None) -> str:
    """The human name of an id; the id itself where the name is not known."""
    listed: list[Named] = getattr(found, kind) if found is not None else []
    return next((one.name for one in listed if one.id == wanted), wanted)


def own_vm_words(wanted: str, found: Resources | None) -> str:
    """What stands for this appliance's own machine."""
    if not wanted:
        return "not found, not typed"
    return f"found: {wanted}" if found is not None and found.oma_vm_id == wanted else wanted
