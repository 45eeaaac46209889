"""What an agent loads when it starts: its own role, and no client that only the other one needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FOREIGN = {
    "oma": {"pyVmomi", "cs", "appliance.agent.vma"},
    "vma": {"cs", "appliance.agent.oma", "appliance.volumes.facade", "appliance.failover.workflows"},
}


@pytest.mark.parametrize("role", FOREIGN)
def test_an_agent_loads_nothing_that_only_the_other_role_needs(role: str) -> None:
    code = f"import json, sys, appliance.agent.program, appliance.agent.{role}; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60).stdout)
    assert f"appliance.agent.{role}" in loaded
    assert FOREIGN[role].isdisjoint(loaded)
