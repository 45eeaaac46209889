"""Tests of the lab's vCenter."""
