"""New items that are told within an earlier one's message, and how few are asked about."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from bot.domain.amendments import EDIT_EVERY
from bot.domain.deliveries import PENDING, Draft, State
from bot.domain.digests import Part
from bot.domain.events import Kind
from bot.domain.ids import DeliveryId
from bot.domain.reasons import Reason
from bot.policy.folding import (
    BURST,
    COOL_DOWN,
    LIMIT,
    Count,
    Fold,
    Placement,
    Recent,
    Told,
    is_counted,
    is_folded,
    placed,
    words_of,
)
from bot.texts import digests as texts
from bot.texts.language import speaking
from storage.engine.statements import Statement
from storage.outbox.digests import MOST_PARTS
from storage.schema.codec import decode_card, encode_card
from storage.schema.facts import Fact, FactKey, reference
from storage.schema.tables import (
    DELIVERY_IS_OF_A_SERIES,
    delivery,
    is_one_of,
)

SERIES_AT_HAND = 10_000
"""Of how many it is remembered when something was told last; then this begins anew."""

MOST_COMPARED = 50
"""Messages of one series that are compared with an alert: one that says something else each time
is told each time."""

_other = delivery.alias("other")
_part = delivery.alias("part")

_HERE = (
    delivery.c.endpoint == bindparam("here"),
    delivery.c.series == bindparam("of_series"),
    DELIVERY_IS_OF_A_SERIES,
    delivery.c.link == bindparam("for_link"),
    delivery.c.link_epoch == bindparam("in_epoch"),
    delivery.c.occurred_at.between(bindparam("after"), bindparam("until")),
)

_TAKES_MORE = (
    is_one_of(_other.c.state, *PENDING)
    | (is_one_of(_other.c.state, State.SENT) & _other.c.message.is_not(None))
) & (
    select(func.count())
    .where(_part.c.digest == _other.c.id, _part.c.digest.is_not(None))
    .scalar_subquery()
    < MOST_PARTS
)

_RECENT = Statement(
    lambda _: (
        select(delivery.c.occurred_at, case((_TAKES_MORE, _other.c.id)).label("fold"))
        .outerjoin(
            _other,
            (_other.c.id == delivery.c.digest)
            & (_other.c.kind == Kind.DIGEST)
            & _other.c.untold.is_not(None),
        )
        .where(*_HERE, delivery.c.kind != Kind.DIGEST, delivery.c.reason != Reason.COUNTED_UP)
        .order_by(delivery.c.occurred_at.desc(), delivery.c.id.desc())
        .limit(LIMIT)
    )
)

_TOLD = Statement(
    lambda _: (
        select(delivery.c.id, delivery.c.occurred_at, delivery.c.card)
        .where(
            *_HERE,
            # An answered offer is of the past: the same again is offered anew.
            is_one_of(delivery.c.state, State.SENT),
            delivery.c.message.is_not(None),
            delivery.c.answer.is_(None),
            delivery.c.card.is_not(None),
            delivery.c.kind != Kind.DIGEST,
        )
        .order_by(delivery.c.occurred_at.desc(), delivery.c.id.desc())
        .limit(MOST_COMPARED)
    )
)

_UNTIL = bindparam("until", type_=delivery.c.expires_at.type)

_CARRY = Statement(
    lambda _: (
        update(delivery)
        .where(
            delivery.c.id == bindparam("this"),
            is_one_of(delivery.c.state, *PENDING, State.SENT),
        )
        .values(
            untold=func.coalesce(delivery.c.untold, 0) + 1,
            amend_at=func.coalesce(
                delivery.c.amend_at, bindparam("due", type_=delivery.c.amend_at.type)
            ),
            expires_at=case((delivery.c.expires_at < _UNTIL, _UNTIL), else_=delivery.c.expires_at),
        )
    )
)
"""It locks the item before its part is stored: so parts are in one order, and none is overlooked by
whoever is changing the message. As long as any of them is worth sending, it is."""


def carry(connection: Connection, carrier: int, row: Mapping[str, Any], now: datetime) -> bool:
    """Let an item's message tell of another item too; false if it has come to its end.

    Args:
        row: of the other, which must be stored next.
    """
    due = {"this": carrier, "due": now + EDIT_EVERY, "until": row["expires_at"]}
    return bool(_CARRY.run(connection, due))


class Placed(NamedTuple):
    """An item that is told within another: its row, and that of a message that is new, if any."""

    row: dict[str, Any]
    carrier: dict[str, Any] | None


@dataclass(slots=True)
class _Lately:
    """What was owed last of one series at one endpoint, by this process."""

    at: deque[datetime] = field(default_factory=lambda: deque(maxlen=LIMIT))
    folded_at: datetime | None = None
    said: dict[int, datetime] = field(default_factory=dict)
    """By what was said."""


@dataclass(slots=True, eq=False)
class Remembered:
    """Tells what the store need not be asked about.

    It may know of too much: then it is asked for nothing. What another process has owed it does not
    know: then an item is told by itself that could have been told within another's message.
    """

    since: datetime | None = None
    series: dict[tuple[str, str], _Lately] = field(default_factory=dict)

    def lately(self, here: tuple[str, str], now: datetime) -> tuple[_Lately, bool]:
        """What was owed there, and whether it is the first time that anybody asks."""
        found = self.series.get(here)
        if found is not None:
            return found, False
        if self.since is None or len(self.series) >= SERIES_AT_HAND:
            self.series.clear()
            self.since = now
        self.series[here] = found = _Lately()
        return found, True

    def knows(self, at: datetime, span: timedelta) -> bool:
        """Whether it began to remember that long before an instant."""
        return self.since is not None and at - span >= self.since


class Folding:
    """Of one transaction: what is told within what."""

    def __init__(self, connection: Connection, remembered: Remembered) -> None:
        self._connection = connection
        self._remembered = remembered

    def is_worth_asking(self, fact: Fact, draft: Draft, row: dict[str, Any]) -> bool:
        """Whether something may be there to tell the item within. Most of the time nothing is."""
        matter = draft.matter
        if row["series"] is None or matter is None:
            return False
        at = fact.at
        lately, is_first = self._remembered.lately((draft.endpoint, row["series"]), fact.now)
        asks = False
        if is_counted(matter):
            said = hash(words_of(draft.card))
            before = lately.said.get(said)
            asks = (before is not None and at - before < COOL_DOWN) or not (
                before or self._remembered.knows(at, COOL_DOWN)
            )
            if before is None or at - before >= COOL_DOWN:
                if len(lately.said) >= MOST_COMPARED:
                    lately.said.clear()
                lately.said[said] = at
        if is_folded(matter):
            folded_at = lately.folded_at
            crowded = len(lately.at) == LIMIT and all(abs(at - one) < BURST for one in lately.at)
            asks = (
                asks
                or crowded
                or (folded_at is not None and abs(at - folded_at) < BURST)
                or (is_first and not self._remembered.knows(at, BURST))
            )
        lately.at.append(at)
        return asks

    def place(self, fact: Fact, draft: Draft, row: dict[str, Any]) -> Placed | None:
        """Where the item is told, if not by itself; all that was owed before must be stored.

        Args:
            row: of the item, as it would be told by itself.
        """
        placement, lately = self._placement(fact, draft, row)
        return self._told_within(placement, fact, draft, row, lately)

    def is_too_many(self, fact: Fact, draft: Draft, row: dict[str, Any]) -> bool:
        """Whether `place` would tell it with others that come too fast."""
        placement, _ = self._placement(fact, draft, row)
        return isinstance(placement, Fold)

    def _placement(
        self, fact: Fact, draft: Draft, row: dict[str, Any]
    ) -> tuple[Placement, _Lately]:
        matter = draft.matter
        assert matter is not None
        where = {
            "here": draft.endpoint,
            "of_series": row["series"],
            "for_link": draft.link,
            "in_epoch": draft.link_epoch,
        }
        words = words_of(draft.card)
        told = self._told(where, fact.at) if is_counted(matter) else ()
        recent = self._recent(where, fact.at) if is_folded(matter) else ()
        lately, _ = self._remembered.lately((draft.endpoint, row["series"]), fact.now)
        if len(lately.at) < LIMIT:
            lately.at.extendleft(one.occurred_at for one in recent)
        return placed(fact.at, matter, words, told, recent), lately

    def _told_within(
        self,
        placement: Placement,
        fact: Fact,
        draft: Draft,
        row: dict[str, Any],
        lately: _Lately,
    ) -> Placed | None:
        match placement:
            case Count(into=into) if carry(self._connection, into, row, fact.now):
                return Placed(told_within(row, draft, into, Reason.COUNTED_UP, fact.now), None)
            case Fold(into=into):
                lately.folded_at = fact.at
                if into is not None and carry(self._connection, into, row, fact.now):
                    return Placed(told_within(row, draft, into, Reason.FOLDED, fact.now), None)
                carrier = _carrier(row, draft, fact)
                owe = insert(delivery).values(carrier).returning(delivery.c.id)
                made = self._connection.execute(owe).scalar_one()
                return Placed(told_within(row, draft, made, Reason.FOLDED, fact.now), carrier)
            case _:
                return None

    def _told(self, where: dict[str, Any], at: datetime) -> Sequence[Told]:
        rows = _TOLD.rows(self._connection, {**where, "after": at - COOL_DOWN, "until": at})
        return [
            Told(DeliveryId(row.id), row.occurred_at, words_of(decode_card(row.card)))
            for row in rows
        ]

    def _recent(self, where: dict[str, Any], at: datetime) -> Sequence[Recent]:
        rows = _RECENT.rows(self._connection, {**where, "after": at - BURST, "until": at + BURST})
        return [Recent(row.occurred_at, row.fold) for row in rows]


def told_within(
    row: dict[str, Any], draft: Draft, carrier: int, reason: Reason, now: datetime
) -> dict[str, Any]:
    """It offers nothing: the message that it is told within does, or nobody needs to act."""
    return row | {
        "state": State.COALESCED,
        "reason": reason,
        "digest": carrier,
        "ended_at": now,
        "card": encode_card(replace(draft.card, buttons=())),
        "about": None,
    }


def _carrier(row: dict[str, Any], draft: Draft, fact: Fact) -> dict[str, Any]:
    """The message that tells of an item and all that follow it in its series."""
    record = f"{row['kind']} {row['record']}"
    named = FactKey(row["account"], Kind.DIGEST, record, row["revision"])
    with speaking(draft.language, draft.zone):
        card = texts.folded([Part.of(draft.card, fact.key.kind, fact.at, draft.matter)])
    return row | {
        "kind": Kind.DIGEST,
        "record": record,
        "reference": reference(named, draft.endpoint),
        "card": encode_card(card),
        "about": None,
        "decision": None,
        "matter": None,
        "untold": 0,
    }
