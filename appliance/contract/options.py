"""Every setting of an appliance: its name, type, range, default and unit, and a sentence that says what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Value = bool | int | str
Kept = TypeVar("Kept", bool, int, str)
BOTH, OMA, VMA = ("oma", "vma"), ("oma",), ("vma",)


@dataclass(frozen=True)
class Option(Generic[Kept]):
    """One setting. Whole numbers go from `lowest` to `highest`, texts have at most `highest` characters.

    What needs a `restart` is in force after the agent's next start, everything else at once.
    """

    name: str
    default: Kept
    sentence: str
    unit: str = ""
    lowest: int = 0
    highest: int = 255
    roles: tuple[str, ...] = OMA
    restart: bool = False

    @property
    def group(self) -> str:
        """What it belongs to: the first part of its name."""
        return self.name.partition(".")[0]

    @property
    def kind(self) -> str:
        """`switch`, `number` or `text`."""
        return "switch" if isinstance(self.default, bool) else "number" if isinstance(self.default, int) else "text"

    @property
    def expected(self) -> str:
        """What to type, in words."""
        if self.kind == "switch":
            return "on or off"
        if self.kind == "text":
            return f"one line of at most {self.highest} characters, or nothing"
        return f"a whole number from {self.lowest} to {self.highest}" + (f" ({self.unit})" if self.unit else "")


API_REQUESTS = Option(
    "api.requests_per_minute",
    6000,
    "How many requests one token, or one address, may send in a minute before it is asked to wait.",
    "requests a minute",
    60,
    600_000,
    BOTH,
)
API_COSTLY = Option(
    "api.costly_per_minute",
    120,
    "How many requests that make the appliance ask other systems, such as tests of a login, one token or address may send in a minute.",
    "requests a minute",
    6,
    6000,
    BOTH,
)
AUDIT_DAYS = Option("audit.kept_days", 400, "How long entries of the audit log are kept; 0 keeps them for ever.", "days", 0, 3650, BOTH)
BACKUPS_KEPT = Option("backups.kept", 5, "How many back-ups are kept here; older ones are removed.", "back-ups", 1, 100, BOTH)
CONSOLE_IDLE = Option("console.idle_minutes", 15, "After how long without a key the console logs out.", "minutes", 1, 240, BOTH)
FAILOVER_TEST_NETWORK = Option(
    "failover.test_network",
    "",
    "The isolated CloudStack network of test failovers where no mapping says otherwise; empty: as in the configuration file.",
    "network id",
)
FAILOVER_OLD_COPY = Option(
    "failover.old_copy_hours",
    24,
    "From which age on the last consistent point of a VM is warned of before a failover.",
    "hours",
    1,
    8760,
)
FAILOVER_PREPARATION = Option(
    "failover.preparation_minutes",
    60,
    "How long the preparation of one guest for its new platform may take; then it is ended and counts as failed.",
    "minutes",
    5,
    1440,
)
HEALTH_LOOK = Option(
    "health.look_seconds", 120, "How often the health monitor looks after jobs, appliances and orders to CloudStack.", "seconds", 10, 3600
)
HEALTH_SILENT = Option(
    "health.silent_seconds", 30, "After how long without news of a job the appliance at its source is asked about it.", "seconds", 10, 3600
)
HEALTH_STUCK = Option(
    "health.stuck_minutes",
    60,
    "After how long without news of a step the health check says so; that ends nothing.",
    "minutes",
    5,
    10_080,
)
JOB_DAYS = Option(
    "jobs.kept_days",
    180,
    "How long ended jobs are kept with their logs; each VM's last failure and last success stay. 0 keeps them for ever.",
    "days",
    0,
    3650,
    BOTH,
)
JOBS_KEPT = Option("jobs.kept", 50_000, "How many jobs are kept at most; the oldest that ended are removed.", "jobs", 1000, 1_000_000, BOTH)
LOG_FILES = Option("logs.kept_files", 5, "How many files of the appliance's log are kept, of 2 MiB each.", "files", 2, 100, BOTH)
REPLICATION_TRIES = Option(
    "replication.disk_tries",
    5,
    "How often the copy of one disk is tried without getting on before its cycle fails.",
    "tries",
    1,
    50,
    VMA,
)
SCHEDULE_DAYS = Option("schedules.kept_days", 90, "How long the runs of schedules are kept in the history.", "days", 1, 3650)
SCHEDULE_STARTS = Option("schedules.starts_per_second", 5, "How many copies the scheduler starts in one second at most.", "copies", 1, 50)
SUPPORT_BUNDLES = Option("support.kept_bundles", 3, "How many support bundles are kept; older ones are removed.", "bundles", 1, 20, BOTH)
VERIFY_SAMPLE = Option("verification.sample", True, "Whether each copy is compared with its source in a small sample of blocks.")
VERIFY_SHARE = Option("verification.sample_percent", 1, "How much of each disk a sample consists of.", "percent", 1, 20)
VERIFY_MOST = Option("verification.sample_mib", 64, "How much of each disk a sample consists of at most.", "MiB", 4, 65_536)
VOLUME_SLOTS = Option(
    "volumes.slots",
    0,
    "How many volumes may be attached to this appliance at once; 0: as CloudStack allows, or as in the configuration file.",
    "volumes",
    0,
    200,
)

CATALOGUE: tuple[Option[Any], ...] = (
    API_REQUESTS,
    API_COSTLY,
    AUDIT_DAYS,
    BACKUPS_KEPT,
    CONSOLE_IDLE,
    FAILOVER_OLD_COPY,
    FAILOVER_PREPARATION,
    FAILOVER_TEST_NETWORK,
    HEALTH_LOOK,
    HEALTH_SILENT,
    HEALTH_STUCK,
    JOB_DAYS,
    JOBS_KEPT,
    LOG_FILES,
    REPLICATION_TRIES,
    SCHEDULE_DAYS,
    SCHEDULE_STARTS,
    SUPPORT_BUNDLES,
    VERIFY_SAMPLE,
    VERIFY_SHARE,
    VERIFY_MOST,
    VOLUME_SLOTS,
)
"""All of them, by group. Whoever reads one names it: `options[AUDIT_DAYS]`."""


def options_of(role: str) -> tuple[Option[Any], ...]:
    """The settings that an appliance of this role has, in order."""
    return tuple(one for one in CATALOGUE if role in one.roles)
