"""Items that are told within an earlier one's message: what that shows, and if it cannot, what
becomes of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, null, select, update

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import Priority, State
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.reasons import Reason
from bot.texts import digests as texts
from storage.outbox import digests
from storage.outbox.statements import HOLD_IF_CLOSED
from storage.schema.codec import decode_card, encode_card
from storage.schema.preferences import spoken_in
from storage.schema.rows import AnyRow, address_of
from storage.schema.tables import (
    DELIVERY_IS_COALESCED,
    DELIVERY_IS_TO_AMEND,
    DELIVERY_IS_WAITING,
    delivery,
    endpoint,
    link,
)

_PARTS = (
    select(delivery)
    .where(delivery.c.digest == bindparam("of"), DELIVERY_IS_COALESCED)
    .order_by(delivery.c.id)
)

_UNTOLD = _PARTS.order_by(None).order_by(delivery.c.id.desc()).limit(bindparam("count"))

_REFRESH = (
    update(delivery).where(delivery.c.id == bindparam("this"), DELIVERY_IS_WAITING).values(untold=0)
)


def as_it_stands(connection: Connection, row: AnyRow) -> tuple[Card, datetime | None]:
    """The card of an item with all that is told within it, and when the last of that was owed.

    Args:
        row: with the `preferences` of its link.
    """
    card = decode_card(row.card, row.reference)
    parts = connection.execute(_PARTS, {"of": row.id}).all()
    if not parts:
        return card, None
    with spoken_in(row.preferences):
        if row.kind is Kind.DIGEST:
            made = texts.folded([digests.part_of(part) for part in parts])
            card = replace(made, reference=row.reference)
        else:
            last = max(part.occurred_at for part in parts)
            card = texts.counted_up(card, 1 + len(parts), last)
    return card, max(part.created_at for part in parts)


def refreshed(connection: Connection, row: AnyRow) -> Card:
    """The card as it goes out now: what comes from here on is to be added to its message."""
    connection.execute(_REFRESH, {"this": row.id})
    card, _ = as_it_stands(connection, row)
    return card


def tell_anew(
    connection: Connection, carrier: int, now: datetime
) -> dict[EndpointId, tuple[Address, Priority]]:
    """Owe what an item's message does not show, since it can be changed no more; gives where."""
    this = delivery.c.id == carrier
    row = connection.execute(select(delivery).where(this).with_for_update()).one()
    parts = _untold(connection, row)
    connection.execute(
        update(delivery).where(this).values(untold=0, message=null(), amend_at=null())
    )
    if not parts:
        return {}
    if row.kind is Kind.DIGEST:
        told = _together(connection, row, parts, now)
        within: Sequence[AnyRow] = parts
    else:
        told, within = _first_of(connection, parts), parts[1:]
    ids = [part.id for part in within]
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(digest=told))
    HOLD_IF_CLOSED.run(connection, {"id": told, "now": now})
    place = connection.execute(select(endpoint).where(endpoint.c.id == parts[0].endpoint)).one()
    return {EndpointId(place.id): (address_of(place), Priority(row.priority))}


def _untold(connection: Connection, carrier: AnyRow) -> Sequence[AnyRow]:
    if not carrier.untold:
        return ()
    youngest = connection.execute(_UNTOLD, {"of": carrier.id, "count": carrier.untold})
    return youngest.all()[::-1]


def _together(
    connection: Connection, carrier: AnyRow, parts: Sequence[AnyRow], now: datetime
) -> int:
    here = select(link.c.preferences).where(link.c.id == parts[0].link)
    with spoken_in(connection.execute(here).scalar_one()):
        card = texts.folded([digests.part_of(part) for part in parts])
    made = digests.make(connection, parts, card, now)
    carries = {"series": carrier.series, "untold": 0}
    connection.execute(update(delivery).where(delivery.c.id == made).values(carries))
    return made


def _first_of(connection: Connection, parts: Sequence[AnyRow]) -> int:
    """The first tells itself, without a sound, and how often the same was."""
    first = parts[0]
    silent = replace(decode_card(first.card), sound=False) if first.card else texts.erased()
    owed = {
        "state": State.READY,
        "reason": "new",
        "digest": null(),
        "ended_at": null(),
        "card": encode_card(silent),
        "untold": len(parts) - 1,
    }
    connection.execute(update(delivery).where(delivery.c.id == first.id).values(owed))
    return int(first.id)


def cancel_untold(connection: Connection, link_id: str, now: datetime) -> int:
    """What messages of a link that ends do not show will never be; gives how many items."""
    grown = (DELIVERY_IS_TO_AMEND, delivery.c.untold > 0, delivery.c.link == link_id)
    carriers = connection.execute(select(delivery).where(*grown)).all()
    ids = [part.id for carrier in carriers for part in _untold(connection, carrier)]
    if not ids:
        return 0
    connection.execute(update(delivery).where(*grown).values(untold=0, amend_at=null()))
    ended = update(delivery).where(delivery.c.id.in_(ids))
    cancelled = {"state": State.CANCELLED, "reason": Reason.UNLINKED, "ended_at": now}
    return connection.execute(ended.values(cancelled)).rowcount
