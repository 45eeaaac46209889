"""The two sites left running, for looking around: their set-up, and how to talk to them."""

from __future__ import annotations

from pathlib import Path

from appliance.demo import operating
from appliance.demo import stage as staging
from appliance.demo.labs import VM
from appliance.demo.ledger import STOP
from appliance.demo.show import Show
from appliance.demo.sites import SOURCE_ADDRESS, TARGET_ADDRESS
from appliance.demo.stage import Stage


async def set_up(stage: Stage, show: Show, image: Path) -> tuple[int, int, dict[str, str]]:
    """Sites, clouds, appliances; paired and configured. Returns the ids of credential and configuration, and networks by name."""
    with show.step("Two sites; their link passes TCP 443 and nothing else"):
        await staging.join_sites(stage)
    with show.step(f"vCenter and CloudStack start; {VM} is switched on"):
        await staging.start_clouds(stage, image)
    with show.step("The two appliances start"):
        await staging.start_appliances(stage)
    with show.step("Pairing by a code"):
        code = await operating.pair(stage)
        show.fact(f"the OMA showed {code}, the VMA took it; the tunnel is up")
    with show.step("vCenter's credentials, CloudStack's configuration"):
        credential_id = await operating.add_credential(stage)
        found, config_id = await operating.configure_cloud(stage)
        show.fact(f"certificate {stage.vcenter.fingerprint[:23]}…, CloudStack {found.version}")
    return credential_id, config_id, {one.name: one.id for one in found.networks}


def how_to_talk(stage: Stage) -> str:
    """What a person can do with the running sites (pure)."""
    source, target = stage.sites.source, stage.sites.target
    oma, vma = stage.oma, stage.vma
    return f"""
The sites run until `{STOP}`. They are paired and configured; {VM} runs in vCenter.

Console        make console   (or: .venv/bin/appliance tui --socket {oma.socket}; the VMA's: {vma.socket})
Ask the OMA    .venv/bin/appliance status --socket {oma.socket}
Ask the VMA    .venv/bin/appliance status --socket {vma.socket}
Find VMs       .venv/bin/appliance request POST /api/v1/discovery/vms '{{"credential_id": 1}}' --socket {oma.socket}
Protect {VM}  .venv/bin/appliance request POST /api/v1/replications \\
                 '{{"credential_id": 1, "vm_path": "/DC0/vm/{VM}"}}' --socket {oma.socket}
Follow jobs    .venv/bin/appliance request GET '/api/v1/jobs?limit=1' --socket {oma.socket}
With a token   ip netns exec {target} curl -H "Authorization: Bearer $(cat {oma.state_dir}/operator.token)" http://127.0.0.1:8082/api/v1/jobs

vCenter        https://{SOURCE_ADDRESS}/sdk in the namespace {source}; password in {stage.vcenter.folder}/password
CloudStack     http://{TARGET_ADDRESS}:8080/client/api in {target}; keys in {stage.cloud.folder}/account.json
Consoles       tail -f {stage.vcenter.folder}/machines/{VM}/console.log   (started VMs: {stage.cloud.folder}/machines/*/console.log)
Guest          curl --unix-socket {stage.vcenter.folder}/control.sock http://lab/vms/{VM}/run -d '{{"command": "uptime"}}'
Link           ip netns exec {stage.sites.link} nft list counters
Logs           {stage.work}/logs
"""
