"""Test and live failover, cleanup, rollback, finalise and guest preparation."""
