"""The database: engine, tables, migrations and the statements on them."""

from storage.schema.versions import Version
from storage.store import (
    Inspected,
    Store,
    exported,
    found,
    inspect,
    listed,
    look,
    migrate,
    open_memory,
    open_store,
)

__all__ = [
    "Inspected",
    "Store",
    "Version",
    "exported",
    "found",
    "inspect",
    "listed",
    "look",
    "migrate",
    "open_memory",
    "open_store",
]
