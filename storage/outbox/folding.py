"""Items that are told within an earlier one's message: what that shows, and if it cannot, what
becomes of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, null, select, update

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
    is_one_of,
    link,
)

_carrier = delivery.alias("carrier")

_PARTS = (
    select(delivery)
    .where(delivery.c.digest == bindparam("of"), DELIVERY_IS_COALESCED)
    .order_by(delivery.c.id)
)

_UNTOLD = _PARTS.order_by(None).order_by(delivery.c.id.desc()).limit(bindparam("count"))

_FIRST = select(delivery).where(delivery.c.id == bindparam("this"))

_younger = delivery.alias("younger")

_SHOW = (
    update(delivery)
    .where(
        delivery.c.digest == bindparam("of"),
        is_one_of(delivery.c.state, State.COALESCED),
        delivery.c.reason == Reason.EDITED_IN,
        select(func.count())
        .where(_younger.c.digest == bindparam("of"), _younger.c.id > delivery.c.id)
        .scalar_subquery()
        >= select(func.coalesce(_carrier.c.untold, 0))
        .where(_carrier.c.id == bindparam("of"))
        .scalar_subquery(),
    )
    .values(state=State.SENT, ended_at=bindparam("now"))
)

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
        elif all(part.reason == Reason.COUNTED_UP for part in parts):
            last = max(part.occurred_at for part in parts)
            card = texts.counted_up(card, 1 + len(parts), last)
        else:
            first = connection.execute(_FIRST, {"this": row.id}).one()
            steps = sorted([first, *parts], key=_minute)
            newest = decode_card(steps[-1].card) if steps[-1].card else card
            card = texts.as_it_went(card, [digests.part_of(step) for step in steps], newest)
    return card, max(part.created_at for part in parts)


def _minute(step: AnyRow) -> datetime:
    """By which steps are in order, those of one as they came: their times may be of two clocks."""
    at: datetime = step.occurred_at
    return at.replace(second=0, microsecond=0)


def refreshed(connection: Connection, row: AnyRow) -> Card:
    """The card as it goes out now: what comes from here on is to be added to its message."""
    connection.execute(_REFRESH, {"this": row.id})
    card, _ = as_it_stands(connection, row)
    return card


def show_parts(connection: Connection, carrier: int, now: datetime) -> None:
    """The message of a trade shows its steps, but for what has come since: these are told."""
    connection.execute(_SHOW, {"of": carrier, "now": now})


def tell_anew(
    connection: Connection, carrier: int, now: datetime
) -> dict[EndpointId, tuple[Address, Priority]]:
    """Owe what an item's message does not show, since it can be changed no more; gives where."""
    this = delivery.c.id == carrier
    row = connection.execute(select(delivery).where(this).with_for_update()).one()
    parts = _untold(connection, row)
    of_a_trade = row.kind is not Kind.DIGEST and row.step is not None
    # A message can be replied to that can be changed no more.
    message = row.message if of_a_trade else None
    connection.execute(
        update(delivery).where(this).values(untold=0, message=message, amend_at=null())
    )
    if not parts:
        return {}
    if row.kind is Kind.DIGEST:
        told = _together(connection, row, parts, now)
        within: Sequence[AnyRow] = parts
    else:
        told, within = _first_of(connection, parts, carrier if of_a_trade else None), parts[1:]
    ids = [part.id for part in within]
    connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(digest=told))
    HOLD_IF_CLOSED.run(connection, {"id": told, "now": now})
    place = connection.execute(select(endpoint).where(endpoint.c.id == parts[0].endpoint)).one()
    return {EndpointId(place.id): (address_of(place), Priority(row.priority))}


def _untold(connection: Connection, carrier: AnyRow) -> Sequence[AnyRow]:
    """What nothing but its message tells of, and that not yet; the oldest first."""
    if not carrier.untold:
        return ()
    youngest = connection.execute(_UNTOLD, {"of": carrier.id, "count": carrier.untold})
    return [part for part in youngest.all()[::-1] if part.state is State.COALESCED]


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


def _first_of(connection: Connection, parts: Sequence[AnyRow], replies_to: int | None) -> int:
    """The first tells itself, without a sound, and what came after it."""
    first = parts[0]
    silent = replace(decode_card(first.card), sound=False) if first.card else texts.erased()
    owed = {
        "state": State.READY,
        "reason": "new",
        "digest": replies_to,
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
    if not carriers:
        return 0
    ids = [part.id for carrier in carriers for part in _untold(connection, carrier)]
    connection.execute(update(delivery).where(*grown).values(untold=0, amend_at=null()))
    ended = update(delivery).where(delivery.c.id.in_(ids))
    cancelled = {"state": State.CANCELLED, "reason": Reason.UNLINKED, "ended_at": now}
    return connection.execute(ended.values(cancelled)).rowcount
