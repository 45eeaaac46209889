"""The store: the base of all tables, the engine and its migrations."""

from appliance.core.store.base import Base, UtcDateTime, utcnow
from appliance.core.store.engine import Store
from appliance.core.store.ids import new_id

__all__ = ["Base", "Store", "UtcDateTime", "new_id", "utcnow"]
