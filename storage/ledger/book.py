"""The ledger within one ingestion: what is looked up in it, and what comes into it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.domain.chats import Link
from bot.domain.events import Event, Stream, Sweep, Trade
from bot.domain.ids import AccountId
from bot.domain.ingesting import Progress
from bot.domain.ledger import Entry, result_in
from bot.domain.results import Results
from bot.domain.timetables import day_began, zone
from storage.ledger.entries import keep_entries, results


class Remembered(Protocol):
    """What is at hand of an account, and from one ingestion to the next."""

    links: tuple[Link, ...]
    results: Results | None


class Book:
    """Events that are no trades cost nothing here."""

    def __init__(self, connection: Connection, accounts: Mapping[AccountId, Remembered]) -> None:
        self._connection = connection
        self._accounts = accounts
        self._entries: list[tuple[AccountId, Entry]] = []

    def look_up(
        self,
        account: AccountId,
        events: Iterable[Event],
        progress: Progress | None,
        now: datetime,
    ) -> None:
        """What has been earned today by any link's clock, if any of the events earns something."""
        mine = self._accounts[account]
        if progress is not None and progress.stream in _READINGS:
            mine.results = None  # with it may change from when on they are whole
        if not any(map(_earns, events)):
            return
        days = (day_began(now, zone(link.preferences.zone)) for link in mine.links)
        since = min(days, default=now)
        if mine.results is None or mine.results.since != since:
            mine.results = results(self._connection, account, since)

    def add(self, account: AccountId, entry: Entry | None) -> None:
        if entry is None:
            return
        self._entries.append((account, entry))
        mine, result = self._accounts[account], result_in(entry)
        if result is not None and mine.results is not None and result.at >= mine.results.since:
            mine.results = mine.results.adding(result)

    def keep(self) -> None:
        """Store what has come."""
        keep_entries(self._connection, self._entries)


_READINGS = frozenset({Stream.TRADES, Sweep.LEDGER})


def _earns(event: Event) -> bool:
    return isinstance(event, Trade) and event.profit is not None
