"""The cryptography of pairing: SPAKE2 from a short code, confirmed over the whole transcript (pure: messages in, messages out).

SPAKE2 itself is the library's (RFC 9382 describes it; the library predates the RFC and fixes its own encoding). What is added:
both sides prove that they hold the same key *and* saw the same roles, ids, version, messages and TLS certificate, before
anything is sent that an impostor could use.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve

from appliance.tunnel.identity import Role

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O or U: what looks alike is read as one (Crockford's base 32)."""

_LOOK_ALIKES = str.maketrans("OILU", "011V")
_PROTOCOL = b"appliance-pairing-1"


def new_code() -> str:
    """A one-time code of 40 bits, as the console shows it: `7KQ2-M0XD`."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


def normalise_code(typed: str) -> str | None:
    """The code as it was meant (case, spaces, hyphens and look-alikes do not matter); None when it can't be one."""
    code = "".join(c for c in typed.upper() if not c.isspace() and c not in "-–—_.").translate(_LOOK_ALIKES)
    return code if len(code) == 8 and all(c in ALPHABET for c in code) else None


class ProofWrong(Exception):
    """The other side does not hold the same key over the same transcript: another code, or somebody in between."""


@dataclass(frozen=True)
class Transcript:
    """All that both sides have to agree on. `certificate_hash` is of the certificate each side sees with its own eyes."""

    version: int
    vma_id: str
    oma_id: str
    vma_message: bytes
    oma_message: bytes
    certificate_hash: str

    def digest(self) -> bytes:
        """SHA-256 over the parts, each with its length in front so that none can run into the next."""
        parts = (
            _PROTOCOL,
            str(self.version).encode(),
            b"vma",
            self.vma_id.encode(),
            b"oma",
            self.oma_id.encode(),
            self.vma_message,
            self.oma_message,
            self.certificate_hash.encode(),
        )
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


class Exchange:
    """One side of one SPAKE2 run. Use once: `message` goes out, `finish` takes the other one."""

    def __init__(self, role: Role, code: str, vma_id: str) -> None:
        # The VMA does not know the OMA's id when it begins: that one is bound by the transcript alone.
        side = SPAKE2_A if role == "vma" else SPAKE2_B
        self._spake = side(code.encode(), idA=vma_id.encode(), idB=b"oma")
        self.message: bytes = self._spake.start()

    def finish(self, message: bytes) -> bytes:
        """The shared key. Raises ProofWrong when the message is no message of the other side."""
        try:
            key: bytes = self._spake.finish(message)
        except (SPAKEError, NotOnCurve, ValueError, AssertionError) as error:
            raise ProofWrong(f"not a message of the other side: {type(error).__name__}") from error
        return key


class AgreedKey:
    """What is derived from the shared key and the transcript: a proof and a sealing key for each side and stage."""

    def __init__(self, shared: bytes, transcript: Transcript) -> None:
        self._shared, self._digest = shared, transcript.digest()

    def proof(self, stage: str) -> str:
        """This side's (or the other's) proof of a stage, in hex."""
        return hmac.new(self._derive(f"proof {stage}"), self._digest, hashlib.sha256).hexdigest()

    def check(self, stage: str, proof: str) -> None:
        """Raises ProofWrong unless the proof is the one of this stage; takes the same time either way."""
        if not hmac.compare_digest(self.proof(stage).encode(), proof.encode()):
            raise ProofWrong(f"the proof of {stage} does not fit")

    def seal(self, stage: str, payload: dict[str, object]) -> str:
        """The payload under AES-256-GCM with a key of its own for this stage, in hex."""
        nonce = secrets.token_bytes(12)
        return (nonce + AESGCM(self._derive(f"seal {stage}")).encrypt(nonce, json.dumps(payload).encode(), self._digest)).hex()

    def open(self, stage: str, sealed: str) -> dict[str, object]:
        """The payload sealed for this stage. Raises ProofWrong when it was not sealed by the holder of the key."""
        try:
            box = bytes.fromhex(sealed)
            payload = json.loads(AESGCM(self._derive(f"seal {stage}")).decrypt(box[:12], box[12:], self._digest))
        except (InvalidTag, ValueError) as error:
            raise ProofWrong(f"what was sealed for {stage} does not open") from error
        if not isinstance(payload, dict):
            raise ProofWrong(f"what was sealed for {stage} is no object")
        return payload

    def _derive(self, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=self._digest, info=purpose.encode()).derive(self._shared)
