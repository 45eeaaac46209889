"""What can go wrong with the appliance's own network, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

SERVICE_ABSENT = fault(
    "network.service_absent",
    503,
    "The appliance's network service does not run, so the settings can't be changed; nothing was changed.",
    "Restart the appliance; if it happens again, send the support bundle to the vendor.",
)
NOT_APPLIED = fault(
    "network.not_applied",
    500,
    "The settings could not be applied.",
    "The settings of before are put back. Try again; if it happens again, send the support bundle to the vendor.",
)
NOT_REVERTED = fault(
    "network.not_reverted",
    500,
    "The settings of before could not be put back yet.",
    "The appliance goes on trying by itself. If it does not succeed within a minute, restart it: it then tries first of all.",
)
REFUSED = fault(
    "network.refused",
    422,
    "The settings can't be tried: {detail}",
    "Correct what is named and try again; nothing was changed.",
)
ON_TRIAL = fault(
    "network.on_trial",
    409,
    "Other settings are on trial for another {seconds} seconds.",
    "Keep or revert those first, or wait until they revert by themselves.",
)
CHANGED_MEANWHILE = fault(
    "network.changed_meanwhile",
    409,
    "The network settings were changed meanwhile, perhaps from another console.",
    "Look at the settings as they are now, and make the change again.",
)
OTHER_TRIAL = fault(
    "network.other_trial",
    409,
    "Other settings are on trial by now.",
    "Look at the settings that are on trial now, then keep or revert those.",
)
TRIAL_OVER = fault(
    "network.trial_over",
    409,
    "That trial is over: {outcome}.",
    "Look at the settings as they are now; try the change again if it is still wanted.",
)
SETTLING = fault(
    "network.settling",
    409,
    "The network is still taking the settings on trial, so it is not known yet whether anything is wrong.",
    "Keep them in some seconds. They can also be kept anyway, unverified.",
)
NOT_AS_WANTED = fault(
    "network.not_as_wanted",
    409,
    "Something is wrong with the settings on trial: {detail}",
    "Revert them and correct what is named. They can also be kept anyway.",
)
NO_TRIAL = fault("network.no_trial", 404, "There is no such trial.", "Look at the network settings as they are now.")
NO_PING = fault(
    "network.no_ping",
    503,
    "The appliance can't send this test.",
    "Send the support bundle to the vendor.",
)
BAD_TARGET = fault(
    "network.bad_target",
    422,
    "{target} is neither a host name nor an address.",
    "Type a name such as vcenter.example.org or an address such as 192.0.2.10. Only the test of the other appliance takes a port too.",
)
