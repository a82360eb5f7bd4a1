"""Items that wait in a crowd are coalesced: one item tells of all of them, and stands for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, null, or_, select, update

from bot.domain import digests
from bot.domain.cards import Card
from bot.domain.deliveries import Priority, State
from bot.domain.digests import Part
from bot.domain.events import Kind
from bot.domain.reasons import Reason
from bot.texts import digests as texts
from storage.engine.statements import Statement
from storage.engine.upsert import insert_into
from storage.schema.codec import decode_card, encode_card
from storage.schema.facts import FactKey, reference
from storage.schema.preferences import decode_matter, spoken_in
from storage.schema.rows import AnyRow
from storage.schema.tables import DELIVERY_HAS_ENDED, DELIVERY_IS_WAITING, delivery, is_one_of

MOST_PARTS = 500
"""Items that one digest tells of: a turn must stay short however many wait. The next tells on."""

_FATES = (State.DEAD, State.EXPIRED, State.CANCELLED)
"""Ends of a digest that are its parts' ends too."""

_UNSHOWN = DELIVERY_IS_WAITING & (delivery.c.unclear == 0)
"""What may have been shown goes by itself."""

_WAITING = (
    select(delivery)
    .where(
        delivery.c.endpoint == bindparam("here"),
        delivery.c.link == bindparam("for_link"),
        delivery.c.link_epoch == bindparam("in_epoch"),
        _UNSHOWN,
        or_(delivery.c.expires_at.is_(None), delivery.c.expires_at > bindparam("now")),
        or_(delivery.c.not_before.is_(None), delivery.c.not_before <= bindparam("now")),
    )
    .order_by(delivery.c.rank, delivery.c.occurred_at, delivery.c.id)
    .limit(MOST_PARTS)
)

_CANDIDATES = _WAITING.where(delivery.c.priority > Priority.URGENT)

_URGENT_CANDIDATES = _WAITING.where(
    delivery.c.priority == Priority.URGENT,
    delivery.c.kind == bindparam("of_kind"),
    delivery.c.subject == bindparam("of_subject"),
)

_URGENT_OF_BOTS = _WAITING.where(
    delivery.c.priority == Priority.URGENT,
    delivery.c.kind != Kind.DIGEST,
    delivery.c.subject != "",
)

_PARTS = select(
    delivery.c.kind, delivery.c.card, delivery.c.occurred_at, delivery.c.matter, delivery.c.step
).where(
    delivery.c.digest.in_(bindparam("of", expanding=True)),
    is_one_of(delivery.c.state, State.COALESCED),
)

_COALESCE = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("these", expanding=True)), DELIVERY_IS_WAITING)
    .values(
        state=State.COALESCED,
        reason=Reason.IN_A_DIGEST,
        digest=bindparam("into"),
        not_before=null(),
        ended_at=bindparam("now"),
    )
)

_HAND_ON = (
    update(delivery)
    .where(
        delivery.c.digest.in_(bindparam("of", expanding=True)),
        is_one_of(delivery.c.state, State.COALESCED),
    )
    .values(
        digest=bindparam("into"),
        reason=case(
            (delivery.c.reason == Reason.EDITED_IN, Reason.IN_A_DIGEST.value),
            else_=delivery.c.reason,
        ),
    )
)


def coalesce(connection: Connection, head: AnyRow, under_pressure: bool, now: datetime) -> bool:
    """Make a digest of all that waits behind an item and with it, if that is a crowd.

    What is urgent is told together with its like: of the same bot, and of the same kind; of all
    bots only where so much waits that the last would come a long while after the first.
    Items that were held while the chat was closed are one as soon as there are two.

    Args:
        head: the item that would be sent next.

    Returns:
        Whether there is a digest now, READY in the item's place.
    """
    if head.unclear:
        return False
    if head.priority == Priority.URGENT:
        return bool(head.subject) and _coalesce_urgent(connection, head, now)
    where = {"here": head.endpoint, "for_link": head.link, "in_epoch": head.link_epoch}
    waiting = connection.execute(_CANDIDATES, {**where, "now": now}).all()
    came_back = sum(row.reason == Reason.REOPENED for row in waiting)
    if len(waiting) <= digests.crowd(under_pressure) and came_back < 2:
        return False
    told = [row for row in waiting if row.kind is not Kind.DIGEST]
    if tellers := _tellers(waiting):
        told += connection.execute(_PARTS, {"of": tellers})
    with spoken_in(head.preferences):
        parts = [part_of(row) for row in told]
        card = texts.digest(parts)
    _put_into(connection, waiting, make(connection, waiting, card, now), now)
    return True


def _coalesce_urgent(connection: Connection, head: AnyRow, now: datetime) -> bool:
    where = {"here": head.endpoint, "for_link": head.link, "in_epoch": head.link_epoch, "now": now}
    alike = {"of_kind": head.kind, "of_subject": head.subject}
    waiting = connection.execute(_URGENT_CANDIDATES, where | alike).all()
    if len(waiting) <= digests.URGENT_CROWD:
        waiting = connection.execute(_URGENT_OF_BOTS, where).all()
        if len(waiting) <= digests.URGENT_CROWD_OF_BOTS:
            return False
    with spoken_in(head.preferences):
        card = texts.urgent_digest([part_of(row) for row in waiting])
    _put_into(connection, waiting, make(connection, waiting, card, now), now)
    return True


def _put_into(connection: Connection, waiting: Sequence[AnyRow], made: int, now: datetime) -> None:
    these = [row.id for row in waiting]
    if tellers := _tellers(waiting):
        connection.execute(_HAND_ON, {"of": tellers, "into": made})
    connection.execute(_COALESCE, {"these": these, "into": made, "now": now})


def _tellers(waiting: Sequence[AnyRow]) -> Sequence[int]:
    """Those that tell of others."""
    return [row.id for row in waiting if row.kind is Kind.DIGEST or row.untold is not None]


def part_of(row: AnyRow) -> Part:
    card = decode_card(row.card) if row.card else texts.erased()
    matter = decode_matter(row.matter) if row.matter else None
    return Part.of(card, row.kind, row.occurred_at, matter, row.step or "")


def make(connection: Connection, waiting: Sequence[AnyRow], card: Card, now: datetime) -> int:
    """Owe a digest in the place of the item that is sent first, the first of these; gives its id.

    It is worth sending as long as any of them.
    """
    first = waiting[0]
    ids = [row.id for row in waiting]
    record = f"{min(ids)} to {max(ids)}"
    expiries = [row.expires_at for row in waiting]
    values: Mapping[str, Any] = {
        "account": first.account,
        "kind": Kind.DIGEST,
        "record": record,
        "revision": "",
        "reference": reference(FactKey(first.account, Kind.DIGEST, record, ""), first.endpoint),
        "link": first.link,
        "link_epoch": first.link_epoch,
        "endpoint": first.endpoint,
        "priority": min(Priority.NORMAL, first.priority),
        "rank": min(row.rank for row in waiting),
        "state": State.READY,
        "reason": "new",
        "attempts": 0,
        "unclear": 0,
        "card": encode_card(card),
        "occurred_at": min(row.occurred_at for row in waiting),
        "created_at": now,
        "expires_at": None if None in expiries else max(expiries),
        "subject": first.subject if len({row.subject for row in waiting}) == 1 else "",
    }
    owe = insert_into(delivery, connection.dialect.name).values(values).returning(delivery.c.id)
    return connection.execute(owe).scalar_one()


_parent = delivery.alias("parent")

_FOLLOW = Statement(
    lambda _: (
        update(delivery)
        .where(
            delivery.c.digest.in_(
                select(_parent.c.id).where(
                    is_one_of(_parent.c.state, *_FATES),
                    _parent.c.ended_at == bindparam("now"),
                    (_parent.c.kind == Kind.DIGEST) | _parent.c.untold.is_not(None),
                )
            ),
            DELIVERY_HAS_ENDED,
            is_one_of(delivery.c.state, State.COALESCED),
        )
        .values(
            state=select(_parent.c.state)
            .where(_parent.c.id == delivery.c.digest)
            .scalar_subquery(),
            reason=select(_parent.c.reason)
            .where(_parent.c.id == delivery.c.digest)
            .scalar_subquery(),
        )
    )
)


def follow(connection: Connection, now: datetime) -> int:
    """Let what is told within what has just ended unseen end likewise (G4); gives how many."""
    return _FOLLOW.run(connection, {"now": now})
