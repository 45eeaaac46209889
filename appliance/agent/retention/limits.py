"""How long and how many records are kept; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.contract.options import AUDIT_DAYS, JOB_DAYS, JOBS_KEPT, SCHEDULE_DAYS
from appliance.core.options import Options

EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """Ended jobs with all that belongs to them are kept for so many days, and so many of them; other records for so many days.

    0 days are for ever.
    """

    job_days: int = JOB_DAYS.default
    job_count: int = JOBS_KEPT.default
    audit_days: int = AUDIT_DAYS.default
    schedule_days: int = SCHEDULE_DAYS.default

    @classmethod
    def of(cls, options: Options) -> Limits:
        """As the operator has set them now."""
        return cls(options[JOB_DAYS], options[JOBS_KEPT], options[AUDIT_DAYS], options[SCHEDULE_DAYS])

    def jobs_before(self, now: datetime) -> datetime | None:
        """Jobs that ended before this are old; None when none are."""
        return now - timedelta(days=self.job_days) if self.job_days else None


def is_due(newest: datetime | None, oldest_job: datetime | None, now: datetime) -> bool:
    """Whether it is time to remove old records: a day after the last time, or after the first job there is."""
    since = newest or oldest_job
    # A clock that was wrong may have left a time to come: that is no reason to wait for it.
    return since is not None and abs(now - since) >= EVERY
