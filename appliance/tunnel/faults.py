"""Everything that can go wrong between the appliances, in the operator's words."""

from __future__ import annotations

from appliance.contract.errors import fault

CODE_MALFORMED = fault(
    "pairing.code_malformed",
    422,
    "This can't be a pairing code: it has eight letters and digits, shown in two groups of four.",
    "Type the code as the other appliance's console shows it.",
)
CODE_WRONG = fault(
    "pairing.code_wrong",
    403,
    "The code was not accepted, or something between the appliances answers in the other one's place.",
    "Compare the code and the address with what the other appliance's console shows, and try again.",
)
CODE_EXPIRED = fault(
    "pairing.code_expired",
    410,
    "The pairing code has expired.",
    "Have a new code shown on the other appliance's console, and type that one within ten minutes.",
)
CODE_NOT_SHOWN = fault(
    "pairing.not_shown",
    409,
    "The other appliance is not showing a pairing code.",
    "Open the pairing screen on its console, leave it open, and type the code it shows.",
)
TRIES_USED = fault(
    "pairing.tries_used",
    429,
    "This code has been tried {tries} times and is no longer taken.",
    "Have a new code shown on the other appliance's console.",
)
PAIRING_BUSY = fault(
    "pairing.busy",
    409,
    "Another appliance is being paired at this moment.",
    "Wait half a minute and try again.",
)
PAIRING_NOT_FOR_THIS = fault(
    "pairing.other_peer",
    409,
    "The code that is shown renews the pairing of another appliance.",
    "Have a code shown for a new pairing, or for this appliance.",
)
PAIRING_LOST = fault(
    "pairing.lost",
    410,
    "The pairing was given up before it was finished; neither appliance is paired.",
    "Start again with a new code.",
)
PAIRING_UNREACHABLE = fault(
    "pairing.unreachable",
    504,
    "No answer from {address} on port {port}.",
    "Check the address, and that a connection to its port {port} is allowed on the way.",
)
PAIRING_NOT_AN_OMA = fault(
    "pairing.not_an_appliance",
    502,
    "What answers at {address} is not the other migration appliance.",
    "Check the address that the other appliance's console shows.",
)
PAIRING_UNFINISHED = fault(
    "pairing.unfinished",
    502,
    "The connection was lost at the last moment of the pairing.",
    "Wait a minute: it is finished or forgotten by itself as soon as {address} answers again.",
)
VERSION_APART = fault(
    "tunnel.version_apart",
    409,
    "The two appliances are too far apart in version to work together.",
    "Upgrade the older one: this one speaks {ours}, the other one {theirs}.",
)
PEER_UNKNOWN = fault("peer.unknown", 404, "There is no paired appliance {peer} here.", "The list of pairings shows which there are.")
PEER_NAME = fault(
    "peer.name",
    422,
    "An appliance's name has 1 to 63 letters, digits, spaces, dots and hyphens.",
    "Choose another name.",
)
PEER_DOWN = fault(
    "peer.down",
    503,
    "The appliance {peer} is not connected.",
    "It connects again by itself as soon as it can; check that it runs and reaches this appliance's port 443.",
)
PEER_HELD = fault(
    "peer.held",
    409,
    "Two appliances use the identity of {peer}; both are held.",
    "Switch one of them off (one is likely a copy of the other), then release the pairing or pair again.",
)
SESSION_UNKNOWN = fault(
    "data.session_unknown",
    404,
    "This transfer is not open any more.",
    "Nothing needs to be done: the job opens a new one or ends by itself.",
)
DEVICE_NOT_READABLE = fault(
    "data.device_missing",
    409,
    "The disk that belongs to this transfer is not there.",
    "Check the volume in CloudStack, and start the job again.",
)
