"""The store: the base of all tables, the engine and its migrations."""

from appliance.core.store.base import Base, UtcDateTime, new_id, utcnow
from appliance.core.store.engine import Store

__all__ = ["Base", "Store", "UtcDateTime", "new_id", "utcnow"]
