"""Tables of the tunnel: peers, pairing codes, and the history of ups and downs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from appliance.core.store import Base, UtcDateTime, utcnow


class Peer(Base):
    """A paired appliance.

    State: `pending` (only on the VMA, until the other side is known to be paired, too), `paired`, `held`, `revoked`.
    """

    __tablename__ = "peers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(63))
    role: Mapped[str] = mapped_column(String(8))
    ssh_public_key: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(40), default="")
    boot_id: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(255), default="")
    port: Mapped[int] = mapped_column(default=0)
    paired_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    last_seen: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class PairingCode(Base):
    """A code that was shown; itself it is never stored and dies with the agent that shows it. State: `shown`, `used`, `withdrawn`."""

    __tablename__ = "pairing_codes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="shown")
    tries: Mapped[int] = mapped_column(default=0)
    peer_id: Mapped[str | None] = mapped_column(String(40), default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TunnelEvent(Base):
    """One up, down, hold or release of a peer's tunnel."""

    __tablename__ = "tunnel_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    peer_id: Mapped[str] = mapped_column(ForeignKey("peers.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    boot_id: Mapped[str] = mapped_column(String(64), default="")
    address: Mapped[str] = mapped_column(String(255), default="")
    detail: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
