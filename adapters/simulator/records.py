"""What the platform has stored, by service and owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.simulator.refusals import SimulatedRefusal

Record = Mapping[str, Any]


class Records:
    """Records, each with one owner; a stored record is replaced, never altered."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], str] = {}
        self._records: dict[tuple[str, str], dict[str, Record]] = {}
        self._hidden: set[tuple[str, str]] = set()

    def put(self, service: str, owner: str, record: Record) -> None:
        self._owners[service, record["_id"]] = owner
        self._records.setdefault((service, owner), {})[record["_id"]] = record

    def owner(self, service: str, record_id: str) -> str:
        """Give the owner of a record.

        Raises:
            SimulatedRefusal: 404.
        """
        try:
            return self._owners[service, record_id]
        except KeyError:
            raise _missing(record_id) from None

    def get(self, service: str, owner: str, record_id: str) -> Record:
        """Give a record of this owner; one that is another's does not exist.

        Raises:
            SimulatedRefusal: 404.
        """
        record = self._records.get((service, owner), {}).get(record_id)
        if record is None or (service, record_id) in self._hidden:
            raise _missing(record_id)
        return record

    def of(self, service: str, owner: str) -> Iterator[Record]:
        """Give the owner's visible records, oldest first."""
        for record_id, record in self._records.get((service, owner), {}).items():
            if (service, record_id) not in self._hidden:
                yield record

    def count(self, service: str, owner: str) -> int:
        return len(self._records.get((service, owner), {}))

    def remove(self, service: str, record_id: str) -> Record:
        owner = self.owner(service, record_id)
        del self._owners[service, record_id]
        self._hidden.discard((service, record_id))
        return self._records[service, owner].pop(record_id)

    def hide(self, service: str, record_id: str) -> None:
        """Keep a record out of every answer, as one whose commit is not seen yet."""
        self._hidden.add((service, record_id))

    def reveal(self, service: str, record_id: str) -> None:
        self._hidden.discard((service, record_id))


def _missing(record_id: str) -> SimulatedRefusal:
    return SimulatedRefusal(404, f"No record found for id '{record_id}'")
