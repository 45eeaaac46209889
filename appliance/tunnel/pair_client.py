"""Pairing on the VMA: address and code in, a paired OMA out, or nothing on either side."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from dataclasses import replace

import aiohttp
import asyncssh

from appliance.contract.errors import CATALOGUE, Fault
from appliance.tunnel import faults
from appliance.tunnel.identity import Identity
from appliance.tunnel.login import log_in
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.tunnel.protocol import VERSIONS
from appliance.tunnel.spake import AgreedKey, Exchange, ProofWrong, Transcript, normalise_code

_UNREACHABLE = (aiohttp.ClientConnectionError, OSError, TimeoutError)
PATIENCE = 10.0
"""Seconds for each request."""
COMMIT_TRIES = 3


async def pair(address: str, port: int, code: str, identity: Identity, peers: Peers, *, name: str, version: str) -> PairedPeer:
    """Pair with the OMA at this address by the code its console shows. Raises a Fault; then this side is not paired.

    Only `pairing.unfinished` leaves the question open: the dialler answers it as soon as the OMA can be reached.
    """
    meant = normalise_code(code)
    if meant is None:
        raise faults.CODE_MALFORMED()
    certificate = await _certificate_hash(address, port)
    fingerprint = aiohttp.Fingerprint(bytes.fromhex(certificate))
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=fingerprint), timeout=timeout) as http:
        talk = _Talk(http, address, port)
        exchange, key, oma_id = await _agree(talk, meant, identity, certificate)
        oma = await _confirm(talk, exchange, key, PairedPeer(oma_id, "", "oma", "", "", address, port), identity, name, version)
        known = await peers.find(oma.id)
        if known is None or known.state != "paired" or known.ssh_public_key != oma.ssh_public_key:
            await peers.keep(oma, state="pending")
        await _commit(talk, exchange, key, oma, identity)
    await peers.keep(oma)
    return oma


class _Talk:
    """Requests to the OMA's pairing routes; whatever goes wrong is a Fault."""

    def __init__(self, http: aiohttp.ClientSession, address: str, port: int) -> None:
        self._http, self.address, self.port = http, address, port

    async def post(self, stage: str, body: dict[str, object]) -> dict[str, str]:
        """The answer's fields as texts."""
        url = f"https://{_host(self.address)}:{self.port}/pair/v1/{stage}"
        try:
            async with self._http.post(url, json=body) as response:
                answer = await response.json(content_type=None)
        except aiohttp.ServerFingerprintMismatch as error:
            raise faults.CODE_WRONG(cause="the certificate changed during the pairing") from error
        except _UNREACHABLE as error:
            raise faults.PAIRING_UNREACHABLE(address=self.address, port=self.port, cause=repr(error)) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise faults.PAIRING_NOT_AN_OMA(address=self.address, cause=repr(error)) from error
        if not isinstance(answer, dict):
            raise faults.PAIRING_NOT_AN_OMA(address=self.address, cause="the answer is no object")
        if "error" in answer:
            raise self._fault(answer["error"])
        return {str(key): str(value) for key, value in answer.items()}

    def _fault(self, error: object) -> Fault:
        key = str(error.get("key")) if isinstance(error, dict) else ""
        spec = CATALOGUE.get(key)
        if spec is None or not isinstance(error, dict) or not key.startswith(("pairing.", "tunnel.")):
            return faults.PAIRING_NOT_AN_OMA(address=self.address, cause=f"answered with the error {key!r}")
        try:
            return Fault(spec, "said by the other appliance", {str(k): str(v) for k, v in dict(error.get("fields") or {}).items()})
        except (KeyError, TypeError, ValueError) as wrong:
            return faults.PAIRING_NOT_AN_OMA(address=self.address, cause=f"error {key} with other fields than its own: {wrong}")


async def _certificate_hash(address: str, port: int) -> str:
    """SHA-256 of the certificate that is shown to us; who owns it is proved by the exchange."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(address, port, ssl=context)
    except ssl.SSLError as error:
        raise faults.PAIRING_NOT_AN_OMA(address=address, cause=str(error)) from error
    except (OSError, TimeoutError) as error:
        raise faults.PAIRING_UNREACHABLE(address=address, port=port, cause=repr(error)) from error
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return hashlib.sha256(shown).hexdigest()


async def _agree(talk: _Talk, code: str, identity: Identity, certificate: str) -> tuple[str, AgreedKey, str]:
    ours = await asyncio.to_thread(Exchange, "vma", code, identity.id)
    answer = await talk.post("start", {"versions": list(VERSIONS), "vma_id": identity.id, "message": ours.message.hex()})
    try:
        message, oma_id, version = bytes.fromhex(answer["message"]), answer["oma_id"], int(answer["version"])
        shared = await asyncio.to_thread(ours.finish, message)
        exchange = answer["exchange"]
    except (KeyError, ValueError, ProofWrong) as error:
        raise faults.PAIRING_NOT_AN_OMA(address=talk.address, cause=repr(error)) from error
    transcript = Transcript(version, identity.id, oma_id, ours.message, message, certificate)
    return exchange, AgreedKey(shared, transcript), oma_id


async def _confirm(talk: _Talk, exchange: str, key: AgreedKey, oma: PairedPeer, identity: Identity, name: str, version: str) -> PairedPeer:
    told: dict[str, object] = {"ssh_public_key": identity.ssh_public_key, "name": name, "version": version}
    ask: dict[str, object] = {"exchange": exchange, "proof": key.proof("vma confirm"), "sealed": key.seal("vma confirm", told)}
    answer = await talk.post("confirm", ask)
    try:
        key.check("oma confirm", answer["proof"])
        said = key.open("oma confirm", answer["sealed"])
        host_key = str(said["ssh_public_key"])
        asyncssh.import_public_key(host_key)
    except (KeyError, ProofWrong, asyncssh.KeyImportError) as error:
        raise faults.CODE_WRONG(cause=repr(error)) from error
    return replace(oma, ssh_public_key=host_key, name=str(said.get("name", oma.id))[:63])


async def _commit(talk: _Talk, exchange: str, key: AgreedKey, oma: PairedPeer, identity: Identity) -> None:
    """Have the OMA store its half. When its answer does not come, its SSH server tells whether it did."""
    for _ in range(COMMIT_TRIES):
        try:
            answer = await talk.post("commit", {"exchange": exchange, "proof": key.proof("vma commit")})
            key.check("oma commit", answer.get("proof", ""))
        except ProofWrong as error:
            raise faults.PAIRING_UNFINISHED(address=oma.address, cause=str(error)) from error
        except Fault:
            await asyncio.sleep(0.5)
        else:
            return
    if not await _is_known_there(oma, identity):
        raise faults.PAIRING_UNFINISHED(address=oma.address)


async def _is_known_there(oma: PairedPeer, identity: Identity) -> bool:
    try:
        connection = await log_in(identity, oma.address, oma.port, oma.ssh_public_key)
    except (OSError, TimeoutError, asyncssh.Error):
        return False
    connection.abort()
    return True


def _host(address: str) -> str:
    """The address as it is written in a URL."""
    return f"[{address}]" if ":" in address else address
