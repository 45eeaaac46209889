"""Routes of the vendor's shell, and of the audit log."""

from __future__ import annotations

from pydantic import SecretStr

from appliance.agent.gate.gate import Gate
from appliance.contract import gate as contract
from appliance.core.audit import Audit


class GateRoutes(contract.GateApi):
    """Serves the gate, and what was done."""

    def __init__(self, gate: Gate, audit: Audit) -> None:
        self._gate, self._audit = gate, audit

    async def gate(self) -> contract.Gate:
        return await self._gate.state()

    async def challenge(self) -> contract.Gate:
        await self._gate.challenge()
        return await self._gate.state()

    async def open_gate(self, body: contract.OpenGate) -> contract.Opened:
        ticket = await self._gate.open(body.answer, body.password.get_secret_value())
        return contract.Opened(ticket=SecretStr(ticket.ticket), socket=str(ticket.socket), seconds=ticket.seconds)

    async def close_gate(self) -> contract.Gate:
        await self._gate.close()
        return await self._gate.state()

    async def set_gate_password(self, body: contract.GatePassword) -> contract.Gate:
        await self._gate.set_password(body.current.get_secret_value(), body.new.get_secret_value())
        return await self._gate.state()

    async def audit(self, limit: int = 100) -> list[contract.AuditEvent]:
        return [
            contract.AuditEvent(at=one.at, actor=one.actor, action=one.action, result=one.result, detail=one.detail, origin=one.origin)
            for one in await self._audit.newest(limit)
        ]
