"""Which stages of a trade are kept: its record comes again each time that it changes."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from bot.domain.events import Kind, Trade
from bot.domain.ids import AccountId
from bot.domain.ingesting import NewsDecision
from storage.engine.statements import Statement
from storage.engine.types import key
from storage.schema.facts import FactKey
from storage.schema.tables import inbox


class _Record(NamedTuple):
    account: str
    kind: Kind
    record: str


class Stages:
    """Of the trades of one ingestion, those that are kept and those that it adds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[_Record, list[str]] = {}

    def look_up(self, account: AccountId, events: Iterable[object]) -> None:
        """Read them all in one go, where each would be a way to the server and back."""
        records = {key(event.origin.record) for event in events if isinstance(event, Trade)}
        if not records or self._connection.dialect.name == "sqlite":
            return
        found = defaultdict(list)
        wanted = (inbox.c.account == account, inbox.c.kind == Kind.TRADE)
        query = select(inbox.c.record, inbox.c.revision)
        for row in self._connection.execute(query.where(*wanted, inbox.c.record.in_(records))):
            found[row.record].append(row.revision)
        for record in records:
            self._kept.setdefault(_Record(account, Kind.TRADE, record), found[record])

    def is_news(self, fact: FactKey, verdict: NewsDecision) -> bool:
        """Whether a record says more than it did; if so, from here on it has."""
        if verdict.stage is None:
            return True
        kept = self._of(_Record(*fact[:3]))
        if kept and not verdict.stage.is_further_than(kept):
            return False
        if not kept and verdict.only_if_kept:
            return False
        kept.append(fact.revision)
        return True

    def has_come_before(self, fact: FactKey) -> bool:
        """Whether the record of a fact that is news was so before."""
        return len(self._kept.get(_Record(*fact[:3]), ())) > 1

    def _of(self, record: _Record) -> list[str]:
        if record not in self._kept:
            rows = _REVISIONS.rows(self._connection, record._asdict())
            self._kept[record] = [row.revision for row in rows]
        return self._kept[record]


_REVISIONS = Statement(
    lambda _: select(inbox.c.revision).where(
        inbox.c.account == bindparam("account"),
        inbox.c.kind == bindparam("kind"),
        inbox.c.record == bindparam("record"),
    )
)
