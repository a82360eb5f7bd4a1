"""The ledger within one ingestion: what is looked up in it, and what comes into it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.chats import Link
from bot.domain.events import Event, Trade
from bot.domain.ids import AccountId
from bot.domain.ledger import Entry, result_in
from bot.domain.results import Results
from bot.domain.timetables import day_began, zone
from storage.ledger.entries import keep_entries, results


class Book:
    """Events that are no trades cost nothing here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._results: dict[AccountId, Results] = {}
        self._entries: list[tuple[AccountId, Entry]] = []

    def look_up(
        self, account: AccountId, events: Iterable[Event], links: Iterable[Link], now: datetime
    ) -> None:
        """What has been earned today by any link's clock, if any of the events earns something."""
        if account not in self._results and any(map(_earns, events)):
            days = (day_began(now, zone(link.preferences.zone)) for link in links)
            since = min(days, default=now)
            self._results[account] = results(self._connection, account, since)

    def of(self, account: AccountId) -> Results | None:
        """What was looked up, with what has come since."""
        return self._results.get(account)

    def add(self, account: AccountId, entry: Entry | None) -> None:
        if entry is None:
            return
        self._entries.append((account, entry))
        result, known = result_in(entry), self._results.get(account)
        if result is not None and known is not None and result.at >= known.since:
            self._results[account] = known.adding(result)

    def keep(self) -> None:
        """Store what has come."""
        keep_entries(self._connection, self._entries)


def _earns(event: Event) -> bool:
    return isinstance(event, Trade) and event.profit is not None
