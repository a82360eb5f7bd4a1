"""What is known about accounts while their events are gone through."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from bot.domain.chats import Link
from bot.domain.events import Strategy, Trader
from bot.domain.ids import AccountId
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.results import Results
from storage.engine.database import raw_of
from storage.engine.statements import Statement
from storage.engine.types import key
from storage.engine.upsert import Insert, insert_into
from storage.schema.codec import decode_record, encode_record
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import KnownKind
from storage.schema.tables import inbox, known, link

MEMORIES = 1000
"""Accounts whose links and last known states are kept at hand."""

RECENTLY = timedelta(hours=1)
"""How far back an account's fingerprints are kept at hand; of older ones the inbox is asked."""

FINGERPRINTS = 1000
"""How many of one account are kept at hand; for one that trades more wildly the inbox is asked."""


@dataclass(slots=True, eq=False)
class AccountCache:
    """One account's links and last known states, and which of these have changed."""

    links: tuple[Link, ...] = ()
    traders: dict[str, Trader] = field(default_factory=dict)
    strategies: dict[str, Strategy] = field(default_factory=dict)
    called: dict[str, Trader] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    fingerprints: set[str] = field(default_factory=set)
    """Those of all facts of `since` or later; `None`: none were read."""
    since: datetime | None = None
    results: Results | None = None
    """Those of trades, from some day on; `None`: none were read."""
    changed: dict[tuple[KnownKind, str], Trader | Strategy | None] = field(default_factory=dict)

    def known(self) -> Known:
        """A view: it changes as this does."""
        return Known(
            links=self.links,
            traders=self.traders,
            strategies=self.strategies,
            revisions=self.revisions,
            called=self.called,
        )

    def learn(self, verdict: NewsDecision) -> None:
        """Take in what an event has changed."""
        if (record := verdict.remember) is not None:
            self._set(record)
            self.changed[_kind_of(record), record.id] = record
            if verdict.news:
                self.revisions[record.id] = verdict.revision
        elif (record := verdict.forget) is not None:
            self._all(record).pop(record.id, None)
            self.called.clear()
            self.revisions.pop(record.id, None)
            self.changed[_kind_of(record), record.id] = None

    def is_first(self, fingerprint: str, after: datetime) -> bool:
        """Whether the inbox certainly has no fact with that fingerprint at or after an instant.

        From here on it has one.
        """
        if len(self.fingerprints) >= FINGERPRINTS:
            self.fingerprints.clear()
            self.since = None
        first = (
            self.since is not None and after >= self.since and fingerprint not in self.fingerprints
        )
        self.fingerprints.add(fingerprint)
        return first

    def recall(self, row: AnyRow) -> None:
        """Take in what is stored."""
        record: Trader | Strategy
        if row.kind is KnownKind.TRADER:
            record = decode_record(Trader, row.value)
        else:
            record = decode_record(Strategy, row.value)
        self._set(record)
        if row.revision is not None:
            self.revisions[record.id] = row.revision

    def _set(self, record: Trader | Strategy) -> None:
        self._all(record)[record.id] = record
        self.called.clear()

    def _all(self, record: Trader | Strategy) -> dict[str, Any]:
        """Those of its sort."""
        return self.traders if isinstance(record, Trader) else self.strategies


def _kind_of(record: Trader | Strategy) -> KnownKind:
    return KnownKind.TRADER if isinstance(record, Trader) else KnownKind.STRATEGY


class AccountCaches:
    """The caches of many accounts, read again only when they may have changed.

    Reading takes as long as all the rest of an ingestion. On PostgreSQL it is done each time: other
    processes write there too.
    """

    def __init__(self) -> None:
        self._kept: dict[AccountId, AccountCache] = {}
        self._settled = 0

    def take(
        self, connection: Connection, accounts: Set[AccountId], now: datetime
    ) -> Mapping[AccountId, AccountCache]:
        """Out of here: what fails on the way is never put back."""
        if connection.dialect.name != "sqlite":
            return _read(connection, accounts, None)
        settled = raw_of(connection).settled
        if self._settled != settled:
            self._kept.clear()
            self._settled = settled
        taken = {account: self._kept.pop(account) for account in accounts & self._kept.keys()}
        if len(taken) == len(accounts):
            return taken
        return taken | _read(connection, accounts - taken.keys(), now - RECENTLY)

    def put_back(self, connection: Connection, caches: Mapping[AccountId, AccountCache]) -> None:
        """As the open transaction leaves them; if it fails, `invalidate` makes them worthless."""
        if connection.dialect.name != "sqlite":
            return
        self._kept.update(caches)
        while len(self._kept) > MEMORIES:
            del self._kept[next(iter(self._kept))]


_LINKS = select_active_links().where(link.c.account.in_(bindparam("accounts", expanding=True)))

_KNOWN = select(known.c.account, known.c.kind, known.c.value, known.c.revision).where(
    known.c.account.in_(bindparam("accounts", expanding=True))
)


_FINGERPRINTS = select(inbox.c.account, inbox.c.fingerprint).where(
    inbox.c.account.in_(bindparam("accounts", expanding=True)),
    inbox.c.at >= bindparam("since"),
    inbox.c.fingerprint.is_not(None),
)


def _read(
    connection: Connection, accounts: Set[AccountId], since: datetime | None
) -> dict[AccountId, AccountCache]:
    """Read caches anew.

    Args:
        since: how far back to read fingerprints; `None` for none at all.
    """
    caches = {account: AccountCache() for account in accounts}
    if caches:
        wanted = {"accounts": list(accounts)}
        for row in connection.execute(_LINKS, wanted):
            cache = caches[row.account]
            cache.links = (*cache.links, link_of(row))
        for row in connection.execute(_KNOWN, wanted):
            caches[row.account].recall(row)
        if since is not None:
            for row in connection.execute(_FINGERPRINTS, {**wanted, "since": since}):
                caches[row.account].fingerprints.add(row.fingerprint)
            for cache in caches.values():
                cache.since = since
    return caches


def _remembering(dialect: str) -> Insert:
    row = insert_into(known, dialect)
    return row.on_conflict_do_update(
        index_elements=[known.c.account, known.c.kind, known.c.record],
        set_={"value": row.excluded.value, "revision": row.excluded.revision},
    )


_REMEMBER = Statement(_remembering, *known.c.keys())

_FORGET = Statement(
    lambda _: delete(known).where(
        known.c.account == bindparam("account"),
        known.c.kind == bindparam("kind"),
        known.c.record == bindparam("record"),
    )
)


def remember(connection: Connection, caches: Mapping[AccountId, AccountCache]) -> None:
    """Store what has changed."""
    seen = []
    gone = []
    for account, cache in caches.items():
        for (kind, record_id), record in cache.changed.items():
            row = {"account": account, "kind": kind, "record": key(record_id)}
            if record is None:
                gone.append(row)
            else:
                revision = cache.revisions.get(record_id)
                seen.append({**row, "value": encode_record(record), "revision": revision})
        cache.changed.clear()
    _REMEMBER.run(connection, *seen)
    _FORGET.run(connection, *gone)
