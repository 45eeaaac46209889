"""Whether what a configuration refers to exists, fits together and may be used: decisions on what a survey found (pure)."""

from __future__ import annotations

import re

from appliance.cloudstack._client import COMPUTE_COMMANDS, SURVEY_COMMANDS, VOLUME_COMMANDS
from appliance.cloudstack.answers import Row, flag, number, text
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.survey import Facts
from appliance.contract.checks import Check, failed, passed, warned

OLDEST_VERSION, OLDEST_TRIED = (4, 11), (4, 18)
_DISPENSABLE = SURVEY_COMMANDS | {"listAsyncJobs", "listDomains"}
NEEDED_COMMANDS = (COMPUTE_COMMANDS | VOLUME_COMMANDS) - _DISPENSABLE
_CHOOSE = "Open the CloudStack configuration, discover the resources again and choose another one."


def place_checks(config: CloudConfig, facts: Facts) -> list[Check]:
    """Version, rights, and each thing that the configuration refers to."""
    looks = (_zone, _domain, _template, _network, _service_offering, _disk_offering, _own_machine)
    return [_version(facts), _rights(facts), *(look(config, facts) for look in looks)]


def _version(facts: Facts) -> Check:
    digits = re.match(r"(\d+)\.(\d+)", facts.version)
    if digits is None:
        return warned("version", "This CloudStack does not tell its version.", "Try a test failover before you rely on it.")
    if (int(digits[1]), int(digits[2])) < OLDEST_VERSION:
        return failed("version", f"CloudStack {facts.version} is too old.", "Upgrade CloudStack; 4.18 or newer is best.")
    if (int(digits[1]), int(digits[2])) < OLDEST_TRIED:
        return warned("version", f"CloudStack {facts.version} is older than what this was tried with.", "Try a test failover first.")
    return passed("version", f"CloudStack {facts.version} is known to work.")


def _rights(facts: Facts) -> Check:
    if facts.commands is None:
        guidance = "Start the trial of snapshots, which needs most of them."
        return warned("rights", "CloudStack does not tell which commands this user may call.", guidance)
    missing = sorted(one for one in NEEDED_COMMANDS if one.lower() not in facts.commands)
    if missing:
        guidance = "Ask the CloudStack administrator for a role that has these commands, or use the keys of another user."
        return failed("rights", f"The user of the keys may not call {', '.join(missing)}.", guidance)
    return passed("rights", "The user of the keys may call everything that is needed.")


def _zone(config: CloudConfig, facts: Facts) -> Check:
    zone = facts.found.get("zone")
    if zone is None:
        return _missing("zone", "zone", config.zone)
    if text(zone, "allocationstate") not in ("Enabled", ""):
        return failed("zone", f"The zone {_name(zone)} is disabled in CloudStack.", "Ask the CloudStack administrator to enable it.")
    return passed("zone", f"The zone {_name(zone)} is there.")


def _domain(config: CloudConfig, facts: Facts) -> Check:
    domain = facts.found.get("domain")
    if not config.domain:
        return passed("domain", "No domain is chosen; the account's own one is used.")
    if domain is None:
        return warned("domain", "The domain that was chosen is not shown to this user.", "Check that it still exists, or choose none.")
    return passed("domain", f"The domain {_name(domain)} is there.")


def _template(config: CloudConfig, facts: Facts) -> Check:
    template = facts.found.get("template_id")
    if template is None:
        return _missing("template", "template", config.template_id)
    if not flag(template, "isready"):
        return failed(
            "template", f"The template {_name(template)} is not ready: {text(template, 'status')}.", "Wait until it is, or choose another."
        )
    if text(template, "hypervisor") not in ("KVM", ""):
        return failed("template", f"The template {_name(template)} is not for KVM.", _CHOOSE)
    return passed("template", f"The template {_name(template)} is ready in the zone.")


def _network(config: CloudConfig, facts: Facts) -> Check:
    network = facts.found.get("network_id")
    if network is None:
        return _missing("network", "network", config.network_id)
    if text(network, "zoneid") not in ("", config.zone):
        return failed("network", f"The network {_name(network)} lies in another zone.", _CHOOSE)
    if text(network, "canusefordeploy").lower() == "false":
        return failed("network", f"New machines can't be put into the network {_name(network)}.", _CHOOSE)
    return passed("network", f"The network {_name(network)} is there.")


def _service_offering(config: CloudConfig, facts: Facts) -> Check:
    offering = facts.found.get("service_offering_id")
    if offering is None:
        return _missing("service-offering", "service offering", config.service_offering_id)
    if not _is_offered(offering, config.zone):
        return failed("service-offering", f"The service offering {_name(offering)} is not offered in this zone.", _CHOOSE)
    return passed("service-offering", f"The service offering {_name(offering)} can be used.")


def _disk_offering(config: CloudConfig, facts: Facts) -> Check:
    name, offering = "disk-offering", facts.found.get("disk_offering_id")
    if offering is None:
        return _missing(name, "disk offering", config.disk_offering_id)
    shown = f"The disk offering {_name(offering)}"
    if not flag(offering, "iscustomized"):
        guidance = "Choose one with a custom size: volumes are made as large as the source's disks."
        return failed(name, f"{shown} makes only disks of {number(offering, 'disksize') or 0} GiB.", guidance)
    if flag(offering, "iscustomizediops"):
        return failed(name, f"{shown} wants the speed of each disk to be given.", "Choose one that does not.")
    if not _is_offered(offering, config.zone):
        return failed(name, f"{shown} is not offered in this zone.", _CHOOSE)
    if flag(offering, "encrypt"):
        return warned(
            name, f"{shown} encrypts; going back to snapshots of such disks is known to fail.", "Start the trial of snapshots first."
        )
    if text(offering, "storagetype") == "local":
        return warned(name, f"{shown} keeps disks on single hosts; a new machine must then run on the same one.", "Prefer shared storage.")
    return passed(name, f"{shown} takes disks of any size.")


def _own_machine(config: CloudConfig, facts: Facts) -> Check:
    name, machine = "own-machine", facts.found.get("oma_vm_id")
    if machine is None:
        return _missing(name, "machine of this appliance", config.oma_vm_id)
    if facts.own_vm is not None and facts.own_vm != config.oma_vm_id:
        return failed(name, f"This appliance is not the machine {_name(machine)} that the configuration names.", _CHOOSE)
    if text(machine, "zoneid") not in ("", config.zone):
        return failed(
            name, "This appliance runs in another zone; disks can't be attached to it from there.", "Choose the appliance's own zone."
        )
    if text(machine, "hypervisor") not in ("KVM", ""):
        return failed(name, "This appliance does not run on KVM.", "Move it to a KVM host: elsewhere disks can't be told apart here.")
    if facts.own_vm is None:
        guidance = "Check that the machine named in the configuration is really this appliance."
        return warned(name, f"This appliance can't tell by itself that it is the machine {_name(machine)}.", guidance)
    return passed(name, f"This appliance is the machine {_name(machine)}.")


def _missing(check: str, noun: str, chosen: str) -> Check:
    if not chosen:
        return failed(check, f"No {noun} is chosen.", "Open the CloudStack configuration, discover the resources and choose one.")
    return failed(check, f"The {noun} that was chosen does not exist any more, or is not shown to this user.", _CHOOSE)


def _is_offered(offering: Row, zone: str) -> bool:
    zones = {part.strip() for part in text(offering, "zoneid").split(",") if part.strip()}
    return not zones or zone in zones


def _name(row: Row) -> str:
    return text(row, "displayname") or text(row, "displaytext") or text(row, "name")
