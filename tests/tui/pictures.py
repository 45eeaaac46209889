"""Which snapshots the documentation shows, and the colours they are shown in."""

from __future__ import annotations

import re

PICTURES: dict[str, dict[str, str]] = {
    "idle": {
        "idle": "test_snap_entrance/test_idle_screen[normal-80x25]",
        "idle-failed": "test_snap_entrance/test_idle_screen[failed-80x25]",
    },
    "set-up-welcome": {"set-up-welcome": "test_snap_wizard/test_step[welcome-oma-80x25]"},
    "set-up-network": {
        "set-up-network": "test_snap_wizard/test_step[network-oma-80x25]",
        "set-up-network-given": "test_snap_provided/test_network_filled_in[given-80x25]",
    },
    "set-up-code": {"set-up-code": "test_snap_wizard/test_step[pairing-oma-80x25]"},
    "set-up-pairing": {"set-up-pairing": "test_snap_wizard/test_step[pairing-vma-80x25]"},
    "set-up-done": {"set-up-done": "test_snap_wizard/test_status_at_the_end[normal-80x25]"},
    "menu": {"menu": "test_snap_entrance/test_menu[oma-80x25]"},
    "vms": {"vms": "test_snap_vms/test_vms[busy-80x25]", "vms-wide": "test_snap_vms/test_vms[busy-160x50]"},
    "vm": {
        "vm": "test_snap_vm/test_vm_page[busy-80x25]",
        "vm-failed": "test_snap_vm/test_vm_page[failed-80x25]",
        "vm-actions": "test_snap_vm/test_actions_of_a_vm",
    },
    "protect": {"protect": "test_snap_protect/test_a_search_found_vms[80x25]"},
    "discovery": {
        "discovery": "test_snap_discovery/test_marked[80x25]",
        "discovery-places": "test_snap_discovery/test_folders_and_clusters",
    },
    "found-vm": {"found-vm": "test_snap_discovery/test_why_a_vm_cant_be_migrated[80x25]"},
    "additions": {"additions": "test_snap_discovery/test_additions[normal-80x25]"},
    "specifications": {"specifications": "test_snap_discovery/test_specifications[normal-80x25]"},
    "failover": {
        "failover": "test_snap_vm/test_form_of_a_live_failover[80x25]",
        "failover-question": "test_snap_vm/test_question_before_a_live_failover",
    },
    "preflight": {
        "preflight": "test_snap_preflight/test_preflight_of_a_test[warned-80x25]",
        "preflight-failed": "test_snap_preflight/test_preflight_of_a_test[stopped-80x25]",
    },
    "jobs": {"jobs": "test_snap_jobs/test_jobs[busy-80x25]"},
    "job": {"job": "test_snap_jobs/test_job_page[busy-80x25]", "job-failed": "test_snap_jobs/test_job_page[failed-80x25]"},
    "schedules": {"schedules": "test_snap_schedules/test_schedules[normal-80x25]"},
    "schedule": {
        "schedule": "test_snap_schedules/test_schedule_page[normal-80x25]",
        "schedule-next": "test_snap_schedules/test_next_runs",
    },
    "schedule-form": {"schedule-form": "test_snap_schedules/test_schedule_form[normal-80x25]"},
    "groups": {"groups": "test_snap_groups/test_groups[normal-80x25]"},
    "group": {"group": "test_snap_groups/test_group_page[normal-80x25]"},
    "group-form": {"group-form": "test_snap_groups/test_group_form[80x25]"},
    "windows": {"windows": "test_snap_windows/test_windows[busy-80x25]"},
    "window-form": {"window-form": "test_snap_windows/test_window_form[80x25]"},
    "network-mappings": {
        "network-mappings": "test_snap_mappings/test_network_mappings[normal-80x25]",
        "network-mappings-pick": "test_snap_mappings/test_a_target_is_picked_by_name",
    },
    "vm-network-mappings": {"vm-network-mappings": "test_snap_mappings/test_networks_of_a_vm[80x25]"},
    "guest-drivers": {"guest-drivers": "test_snap_guest_drivers/test_guest_drivers[partly-80x25]"},
    "verifications": {"verifications": "test_snap_verifications/test_verifications[normal-80x25]"},
    "verification": {
        "verification": "test_snap_verifications/test_verification_report[normal-80x25]",
        "verification-failed": "test_snap_verifications/test_verification_report[failed-80x25]",
    },
    "reconciler": {
        "reconciler": "test_snap_reconciler/test_reconciler[normal-80x25]",
        "reconciler-question": "test_snap_reconciler/test_question_before_all_is_healed",
    },
    "volumes": {"volumes": "test_snap_volumes/test_volumes[normal-80x25]"},
    "credentials": {"credentials": "test_snap_credentials/test_credentials[normal-80x25]"},
    "credential": {
        "credential": "test_snap_credentials/test_form[failed-80x25]",
        "credential-certificate": "test_snap_credentials/test_certificate[80x25]",
    },
    "clouds": {"clouds": "test_snap_clouds/test_clouds[normal-80x25]"},
    "cloud-connect": {"cloud-connect": "test_snap_clouds/test_step[connect-failed-80x25]"},
    "cloud-found": {"cloud-found": "test_snap_clouds/test_step[found-normal-80x25]"},
    "cloud-choice": {
        "cloud-choice": "test_snap_clouds/test_step[choice-normal-80x25]",
        "cloud-choice-list": "test_snap_clouds/test_step[choice-list-80x25]",
    },
    "cloud-checks": {"cloud-checks": "test_snap_clouds/test_checks[failed-80x25]"},
    "peers": {"peers": "test_snap_pairing/test_peers[normal-80x25]"},
    "pairing-code": {"pairing-code": "test_snap_pairing/test_code[shown-80x25]"},
    "pairing": {"pairing": "test_snap_pairing/test_joining[failed-80x25]"},
    "vcenters": {"vcenters": "test_snap_source/test_source[vcenters-normal-80x25]"},
    "transfers": {"transfers": "test_snap_source/test_source[transfers-busy-80x25]"},
    "disk-library": {
        "disk-library": "test_snap_disk_library/test_disk_library[normal-80x25]",
        "disk-library-waits": "test_snap_disk_library/test_disk_library[waits-80x25]",
    },
    "snapshots": {"snapshots": "test_snap_source/test_source[snapshots-normal-80x25]"},
    "tunnel": {"tunnel": "test_snap_tunnel/test_tunnel[normal-80x25]"},
    "network": {"network": "test_snap_network/test_network[normal-80x25]"},
    "interface": {"interface": "test_snap_network/test_interface[failed-80x25]"},
    "names": {"names": "test_snap_network/test_other_forms[names-80x25]"},
    "vlan": {"vlan": "test_snap_network/test_other_forms[vlan-80x25]"},
    "trial": {
        "trial": "test_snap_network/test_trial[on-80x25]",
        "trial-settling": "test_snap_network/test_trial_that_settles[settling-80x25]",
    },
    "tests": {"tests": "test_snap_network/test_tests_of_the_network[80x25]"},
    "services": {"services": "test_snap_services/test_services[failed-80x25]"},
    "logs": {"logs": "test_snap_logs/test_log[normal-80x25]"},
    "backups": {
        "backups": "test_snap_backups/test_backups[normal-80x25]",
        "backups-restore": "test_snap_backups/test_question_before_a_restore",
    },
    "upgrade": {
        "upgrade": "test_snap_upgrade/test_upgrades[normal-80x25]",
        "upgrade-apply": "test_snap_upgrade/test_question_before_an_upgrade",
    },
    "database-checks": {"database-checks": "test_snap_backups/test_database_checks[normal-80x25]"},
    "support": {"support": "test_snap_support/test_support[busy-80x25]"},
    "remote": {"remote": "test_snap_remote/test_remote[on-80x25]"},
    "password": {"password": "test_snap_password/test_password[refused-80x25]"},
    "gate": {"gate": "test_snap_gate/test_gate[challenge-80x25]"},
    "settings": {
        "settings": "test_snap_settings/test_settings[busy-80x25]",
        "settings-value": "test_snap_settings/test_a_value_that_can_not_be[80x25]",
    },
    "tokens": {"tokens": "test_snap_settings/test_tokens[normal-80x25]"},
    "token-form": {"token-form": "test_snap_settings/test_token_form[80x25]"},
    "token-text": {"token-text": "test_snap_settings/test_text_of_a_token[80x25]"},
    "notices": {"notices": "test_snap_settings/test_notices[normal-80x25]"},
    "audit": {"audit": "test_snap_audit/test_audit[normal-80x25]"},
    "power": {"power": "test_snap_power/test_power[busy-80x25]"},
    "fallback": {"fallback": "test_snap_entrance/test_first_screen_after_it_has_crashed_again_and_again[80x25]"},
}
"""By the screen's name, in the order of the documentation: name of the picture → snapshot."""

_EXPORTED = (
    "#4b4e55", "#cc555a", "#98a84b", "#d0b344", "#608ab1", "#98729f", "#68a0b3", "#c5c8c6",
    "#9a9b99", "#ff2627", "#00823d", "#d08442", "#1984e9", "#ff2c7a", "#398280", "#fdfdc5",
)  # fmt: skip
"""What the export makes of the sixteen colours."""
_VGA = (
    "#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
    "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff",
)  # fmt: skip
"""What a virtual terminal makes of them."""


def recoloured(svg: str) -> str:
    """An exported picture in a virtual terminal's colours."""
    table = dict(zip(_EXPORTED, _VGA, strict=True))
    return re.sub("|".join(_EXPORTED), lambda found: table[found[0]], svg.replace("<text ", '<text xml:space="preserve" '))
