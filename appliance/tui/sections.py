"""What the menu leads to; screens are imported when they are opened, so that the first one is painted soon."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from appliance.tui.screens.base import ConsoleScreen

BOTH, OMA, VMA = ("oma", "vma"), ("oma",), ("vma",)


@dataclass(frozen=True)
class Section:
    """One entry of the menu: module and class of its screen below `appliance.tui.screens`."""

    key: str
    title: str
    about: str
    roles: tuple[str, ...]
    module: str
    screen: str

    def open(self) -> ConsoleScreen:
        """A new screen of it."""
        found = getattr(import_module(f"appliance.tui.screens.{self.module}"), self.screen)
        screen = found()
        assert isinstance(screen, ConsoleScreen)
        return screen


SECTIONS = (
    Section("vms", "Virtual machines", "state, protection, failover", OMA, "vms", "VmsScreen"),
    Section("discovery", "Discovery", "look through a vCenter, add VMs", OMA, "discovery", "DiscoveryScreen"),
    Section("jobs", "Jobs", "what runs now, and what ran", BOTH, "jobs", "JobsScreen"),
    Section("schedules", "Schedules", "when VMs are copied", OMA, "schedules", "SchedulesScreen"),
    Section("groups", "Machine groups", "VMs with a priority and a limit", OMA, "groups", "GroupsScreen"),
    Section("windows", "Windows", "times without starts, limits", OMA, "windows", "WindowsScreen"),
    Section("mappings", "Network mappings", "where the adapters of VMs go", OMA, "network_mappings", "NetworkMappingsScreen"),
    Section("guest-drivers", "Guest drivers", "what Windows guests need", OMA, "guest_drivers", "GuestDriversScreen"),
    Section("verifications", "Verification", "copies compared with their sources", OMA, "verifications", "VerificationsScreen"),
    Section("volumes", "Volumes and exports", "copies in CloudStack", OMA, "volumes", "VolumesScreen"),
    Section("reconciler", "Reconciler", "what differs from the records", OMA, "reconciler", "ReconcilerScreen"),
    Section("credentials", "vCenter credentials", "logins, their test, the default", OMA, "credentials", "CredentialsScreen"),
    Section("clouds", "CloudStack", "address, keys, zone, offerings", OMA, "clouds", "CloudsScreen"),
    Section("peers", "Paired appliances", "pair, name, revoke", OMA, "peers", "PeersScreen"),
    Section("vcenters", "vCenter", "logins in use", VMA, "vcenters", "VCentersScreen"),
    Section("transfers", "Transfers", "copies under way", VMA, "transfers", "TransfersScreen"),
    Section("snapshots", "Snapshots", "held in vCenter", VMA, "snapshots", "SnapshotsScreen"),
    Section("library", "Disk reader", "VMware's library, or HTTPS", VMA, "disk_library", "DiskLibraryScreen"),
    Section("pairing", "Pairing", "with the other appliance", VMA, "joining", "JoiningScreen"),
    Section("tunnel", "Tunnel", "connection and its history", BOTH, "tunnel", "TunnelScreen"),
    Section("network", "Network", "addresses, names, tests", BOTH, "network", "NetworkScreen"),
    Section("services", "Services", "health of each part", BOTH, "services", "ServicesScreen"),
    Section("logs", "Logs", "filter and follow", BOTH, "logs", "LogsScreen"),
    Section("support", "Support bundle", "for the vendor's support", BOTH, "support", "SupportScreen"),
    Section("backups", "Back-ups", "records and keys, the way back", BOTH, "backups", "BackupsScreen"),
    Section("upgrade", "Upgrade", "new versions, the way back", BOTH, "upgrade", "UpgradeScreen"),
    Section("settings", "Settings", "limits, how long things are kept", BOTH, "settings", "SettingsScreen"),
    Section("tokens", "API tokens", "who may ask from elsewhere", BOTH, "tokens", "TokensScreen"),
    Section("remote", "Console over SSH", "off until turned on", BOTH, "remote", "RemoteScreen"),
    Section("password", "Console password", "change it", BOTH, "password", "PasswordScreen"),
    Section("gate", "Vendor shell", "closed until the vendor opens it", BOTH, "gate", "GateScreen"),
    Section("audit", "Audit", "who did what", BOTH, "audit", "AuditScreen"),
    Section("notices", "Notices", "what this console has said", BOTH, "notices", "NoticesScreen"),
    Section("power", "Power", "restart, switch off", BOTH, "power", "PowerScreen"),
)


def sections_for(role: str) -> tuple[Section, ...]:
    """The entries for a role, in order."""
    return tuple(one for one in SECTIONS if role in one.roles)
