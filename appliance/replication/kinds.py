"""The kinds of jobs that copy and compare, for those who look for such jobs and run none."""

from __future__ import annotations

REPLICATION, VERIFICATION = "replication", "verification"
CYCLES = (REPLICATION, VERIFICATION)
COPY = "copy"
"""The VMA's part of a cycle, under the id of the OMA's job."""
