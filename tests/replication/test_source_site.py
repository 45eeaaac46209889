"""A VMA that is away is waited for; one whose pairing was revoked is not."""

from pathlib import Path
from typing import cast

import pytest

from appliance.contract.errors import Fault
from appliance.core.store import Store
from appliance.replication.source import Sources
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.vsphere.credentials import Credentials

VMA = "vma-0123456789abcdef"


@pytest.mark.parametrize(("revoked", "key"), [(False, "peer.unreachable"), (True, "replication.source_unpaired")])
async def test_only_revoking_makes_an_answer_of_silence(tmp_path: Path, store: Store, revoked: bool, key: str) -> None:
    peers = Peers(store)
    await peers.keep(PairedPeer(VMA, "v", "vma", "ssh-ed25519 AAAA", "1", "127.0.0.1", 0))
    if revoked:
        await peers.revoke(VMA)
    sources = Sources(tmp_path, cast(Credentials, None), peers)
    with pytest.raises(Fault) as refused:
        await sources.vma(VMA).progress("job-1")
    await sources.close()
    assert refused.value.key == key
