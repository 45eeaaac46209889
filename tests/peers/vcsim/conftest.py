"""VMware's own simulator, run for one test module."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from vcsim_peer import Simulator, build, make_certificate, run_simulator, session

from appliance.vsphere.session import VCenter


@pytest.fixture(scope="session")
def program() -> Path:
    """The simulator's program; building takes half a minute, once."""
    return build()


@pytest.fixture(scope="module")
def simulator(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator whose self-signed certificate names its address."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"), "-subj", "/CN=vc", "-addext", "subjectAltName=IP:127.0.0.1")
    yield from run_simulator(program, certificate, key)


@pytest.fixture(scope="module")
def foreign_name(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator whose certificate names another host than the one it is reached at."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"), "-subj", "/CN=vcenter.example.test")
    yield from run_simulator(program, certificate, key)


@pytest.fixture
async def vcenter(simulator: Simulator) -> AsyncIterator[VCenter]:
    async for one in session(simulator):
        yield one


@pytest.fixture
async def foreign_vcenter(foreign_name: Simulator) -> AsyncIterator[VCenter]:
    async for one in session(foreign_name):
        yield one
