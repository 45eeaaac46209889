"""The kinds of a failover's jobs, for those who look for such jobs and run none."""

from __future__ import annotations

TEST_FAILOVER, LIVE_FAILOVER = "test_failover", "live_failover"
CLEANUP, ROLLBACK, FINALISE, FAILED_CLEANUP = "cleanup", "rollback", "finalise", "failed_cleanup"
KINDS = (TEST_FAILOVER, LIVE_FAILOVER, CLEANUP, ROLLBACK, FINALISE, FAILED_CLEANUP)
