"""A fuzzer that this project did not write goes through every route of both agents, as their OpenAPI documents describe them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = ("/api/v1/power", "/api/v1/backups/{name}/restore", "/api/v1/jobs/events")
"""What ends the agent that is tried, and the stream that has no end; each has tests of its own."""
CASES = {"oma": 4000, "vma": 1000}


@pytest.mark.peers
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", CASES)
def test_no_request_makes_an_agent_fail_or_answer_what_is_not_documented(role: str) -> None:
    schemathesis = Path(sys.executable).with_name("schemathesis")
    assert schemathesis.exists(), "schemathesis is missing; scripts/setup installs it"
    folder = Path(tempfile.mkdtemp(prefix="fz"))
    options = ["--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "3", "--no-shrink", "--continue-on-failure"]
    left_out = f"--exclude-path-regex=^({'|'.join(re.escape(path) for path in LEFT_OUT)})$"
    site = [str(HERE / "site.sh"), role, str(folder), "--config-file", str(HERE / "schemathesis.toml"), "run", *options, "--seed", "1"]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", *site, left_out],
        env={**os.environ, "PYTHON": sys.executable, "SCHEMATHESIS": str(schemathesis)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    log = (folder / "agent.log").read_text(errors="replace")
    reported = done.stdout[max(done.stdout.find(" ERRORS ="), done.stdout.find(" FAILURES ="), 0) :]
    assert done.returncode == 0, f"{reported[:8000]}\n{done.stderr[-1000:]}\n{log[-3000:]}"
    generated = re.search(r"([\d,]+) generated", done.stdout)
    assert generated and int(generated[1].replace(",", "")) >= CASES[role], done.stdout[-3000:]
    shutil.rmtree(folder)
