"""The commands that come from the contract: each operator's route is one, named by its path. Pure."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import appliance.contract
from appliance.contract.api import Api, Route, routes

ROOT = "/api/v1/"

NOUNS = {
    "backups": "backup",
    "disk-library": "library",
    "machine-groups": "groups",
    "network-mappings": "networks",
    "openapi.json": "description",
    "ossea": "clouds",
    "reconciliation": "reconcile",
    "schedule-executions": "runs",
    "schedule-windows": "windows",
    "shell-gate": "gate",
    "upgrades": "upgrade",
    "verifications": "verify",
    "vm-contexts": "vms",
    "windows-drivers": "drivers",
    "vmware-credentials": "credentials",
}
"""How an area of the API is called by those who type; what is not here is called as in its path."""

ACTIONS = {
    "add_member": "add-member",
    "backup": "download",
    "bundle": "download",
    "certificate": "certificate",
    "change_setting": "set",
    "check_database": "check",
    "delete_library": "delete",
    "delete_windows_drivers": "delete",
    "delete_windows_program": "delete-program",
    "disk_library": "show",
    "failover_job": "show",
    "fetch_windows_program": "fetch-program",
    "join": "join",
    "joined": "joined",
    "look": "run",
    "make_backup": "make",
    "make_bundle": "make",
    "name_peer": "rename",
    "remove_member": "remove-member",
    "replicate": "start",
    "report": "add",
    "reset_setting": "reset",
    "restore_backup": "restore",
    "revoke_peer": "revoke",
    "revoke_token": "revoke",
    "rotate_key": "rotate",
    "set_remote_console": "set",
    "test_new_credential": "test-new",
    "upload_backup": "upload",
    "upload_library": "upload",
    "upload_upgrade": "upload",
    "upload_windows_drivers": "upload",
    "upload_windows_program": "upload-program",
    "verify": "start",
}
"""Actions whose path alone would not say what they do, by the name of their route."""


SINGLE = frozenset(("gate", "logs", "network", "pairing", "reconcile", "remote-console", "setup", "tunnel", "vault", "windows"))
"""Nouns of which there is one: it is shown, not listed."""


@dataclass(frozen=True)
class Command:
    """One command: `appliance NOUN ACTION`, or `appliance NOUN` alone where there is only one."""

    noun: str
    action: str
    route: Route

    @property
    def words(self) -> str:
        """As it is typed."""
        return f"{self.noun} {self.action}".strip()


@cache
def commands() -> tuple[Command, ...]:
    """Every command, sorted. Both roles' are there: an appliance answers those of the other one with an error."""
    found: dict[tuple[str, str], Command] = {}
    for route in sorted(_operator_routes(), key=lambda one: (one.path, one.method != "GET", one.method, one.name)):
        key = noun_of(route), action_of(route)
        if key in found:
            key = key[0], route.name.replace("_", "-")
        found[key] = Command(*key, route)
    counted = [one.noun for one in found.values()]
    alone = {one.noun for one in found.values() if counted.count(one.noun) == 1}
    return tuple(sorted((Command(one.noun, "" if one.noun in alone else one.action, one.route) for one in found.values()), key=_order))


def noun_of(route: Route) -> str:
    """What a route is about (pure)."""
    area = route.path.removeprefix(ROOT).split("/")[0]
    return NOUNS.get(area, area)


def action_of(route: Route) -> str:
    """What a route does, from its method and what its path has beyond the noun (pure)."""
    if route.name in ACTIONS:
        return ACTIONS[route.name]
    rest = route.path.removeprefix(ROOT).split("/")[1:]
    literal = "-".join(one for one in rest if not one.startswith("{"))
    of_one = bool(rest) and rest[-1].startswith("{")
    if not literal or (literal == "configs" and route.path.startswith(f"{ROOT}ossea/")):
        return _plain(route.method, of_one=of_one or (route.method == "GET" and noun_of(route) in SINGLE))
    literal = re.sub("^configs-", "", literal)
    if of_one and route.method == "GET":
        return literal if "{" not in "".join(rest[:-1]) and len(rest) == 2 else f"show-{literal}"
    return {"GET": literal, "POST": literal, "PUT": f"set-{literal}", "DELETE": f"remove-{literal}"}[route.method]


def _plain(method: str, *, of_one: bool) -> str:
    of_all = {"GET": "list", "POST": "create", "PUT": "set", "DELETE": "end"}
    return ({"GET": "show", "PUT": "update", "DELETE": "delete", "POST": "create"} if of_one else of_all)[method]


def _order(one: Command) -> tuple[str, str]:
    return one.noun, one.action


def _operator_routes() -> Iterator[Route]:
    """Those of every API that is declared for operators; where both roles have the same one it counts once."""
    seen: set[tuple[str, str, str]] = set()
    for api in _declared():
        for route in routes(api):
            key = route.method, route.path, route.name
            if route.path.startswith(ROOT) and key not in seen:
                seen.add(key)
                yield route


def _declared() -> Iterable[type[Api]]:
    """Every API of the contract, whichever module it is in."""
    for module in sorted(one.name for one in pkgutil.iter_modules(appliance.contract.__path__)):
        importlib.import_module(f"appliance.contract.{module}")
    return sorted((one for one in Api.__subclasses__() if one.__module__.startswith("appliance.contract.")), key=lambda one: one.__name__)
