"""Who calls and what they may do: accounts, users, domains, limits, the list of commands."""

from ..cloud import Cloud
from ..config import GIB
from ..records import fixed_id
from ..usage import usage_row
from ..views import owner
from ..wire import Params, Row
from .registry import COMMANDS, Answer, command, listing


@command("listDomains")
def list_domains(cloud: Cloud, params: Params) -> Answer:
    """The one domain, with its limits."""
    row: Row = {
        "id": cloud.domain_id,
        "name": cloud.config.domain,
        "level": 0,
        "path": cloud.config.domain,
        "haschild": False,
        "state": "Active",
        **usage_row(cloud, cloud.settings.domain_limits),
    }
    return listing("domain", [row], params)


@command("listAccounts")
def list_accounts(cloud: Cloud, params: Params) -> Answer:
    """The one account, with its user."""
    row: Row = {
        "id": fixed_id("account", cloud.config.account),
        "name": cloud.config.account,
        "accounttype": 1 if cloud.config.administrator else 0,
        "rolename": "Root Admin" if cloud.config.administrator else "User",
        "roletype": "Admin" if cloud.config.administrator else "User",
        "domainid": cloud.domain_id,
        "domain": cloud.config.domain,
        "state": "enabled",
        **usage_row(cloud, cloud.settings.limits),
        "user": [_user_row(cloud)],
    }
    return listing("account", [row], params)


@command("listUsers")
def list_users(cloud: Cloud, params: Params) -> Answer:
    """The one user."""
    row = _user_row(cloud)
    wanted = params.text("username")
    return listing("user", [row] if wanted in ("", row["username"]) else [], params)


@command("getUser", "userapikey", administrators_only=True)
def get_user(cloud: Cloud, params: Params) -> Answer:
    """The user of an API key."""
    return {"user": _user_row(cloud)} if params.text("userapikey") == cloud.world.api_key else {}


@command("listApis")
def list_apis(cloud: Cloud, params: Params) -> Answer:
    """The commands this account may call."""
    admin = cloud.config.administrator
    allowed = [each for each in COMMANDS.values() if (admin or not each.administrators_only) and not cloud.is_denied(each.name)]
    rows: list[Row] = [{"name": each.name, "description": each.handler.__doc__ or ""} for each in allowed]
    wanted = params.text("name")
    kept = [row for row in rows if wanted in ("", row["name"])]
    # This command knows no pages (ApiDiscoveryServiceImpl).
    return {"count": len(kept), "api": kept}


@command("listCapabilities")
def list_capabilities(cloud: Cloud, params: Params) -> Answer:
    """What this cloud can do, and its version."""
    capability: Row = {
        "cloudstackversion": cloud.config.version,
        "securitygroupsenabled": False,
        "dynamicrolesenabled": True,
        "userpublictemplateenabled": True,
        "kvmsnapshotenabled": cloud.settings.snapshots_of_running_vms,
        "customdiskofferingminsize": 1,
        "customdiskofferingmaxsize": 1024,
    }
    return {"capability": capability}


@command("listResourceLimits")
def list_resource_limits(cloud: Cloud, params: Params) -> Answer:
    """The quotas of the account (resource types of Resource.java; storage in GiB)."""
    limits = cloud.settings.limits
    known = {0: ("user_vm", limits.instance), 2: ("volume", limits.volume), 3: ("snapshot", limits.snapshot)}
    known |= {8: ("cpu", limits.cpu), 9: ("memory", limits.memory_mib)}
    known |= {10: ("primary_storage", limits.primary_storage_gib), 11: ("secondary_storage", limits.secondary_storage_gib)}
    wanted = params.whole("resourcetype")
    rows: list[Row] = [
        {**owner(cloud), "resourcetype": str(number), "resourcetypename": name, "max": limit}
        for number, (name, limit) in known.items()
        if wanted in (None, number)
    ]
    return listing("resourcelimit", rows, params)


@command("listCapacity", administrators_only=True)
def list_capacity(cloud: Cloud, params: Params) -> Answer:
    """Allocated primary storage (type 3, in bytes)."""
    total = cloud.settings.limits.primary_storage_gib * GIB
    total = total if total >= 0 else 100 * 1024 * GIB
    used = sum(volume.size for volume in cloud.world.volumes.values())
    row: Row = {
        "type": 3,
        "name": "PRIMARY_STORAGE_ALLOCATED",
        "zoneid": cloud.zone_id,
        "zonename": cloud.config.zone,
        "capacityallocated": used,
        "capacityused": used,
        "capacitytotal": total,
        "percentused": f"{100 * used / total if total else 100:.2f}",
    }
    return listing("capacity", [row] if params.whole("type") in (None, 3) else [], params)


def _user_row(cloud: Cloud) -> Row:
    """The one user."""
    return {
        "id": fixed_id("user", cloud.config.user),
        "username": cloud.config.user,
        "firstname": "Lab",
        "lastname": "User",
        "state": "enabled",
        "accountid": fixed_id("account", cloud.config.account),
        "accounttype": 1 if cloud.config.administrator else 0,
        "roletype": "Admin" if cloud.config.administrator else "User",
        "apikey": cloud.world.api_key,
        **owner(cloud),
    }
