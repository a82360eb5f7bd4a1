"""Items that wait for a digest, or for the end of quiet hours: then one message tells of them."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, null, select, update

from bot.domain.chats import Address, EndpointState, Preferences
from bot.domain.deliveries import Priority, State
from bot.domain.digests import Gathered
from bot.domain.ids import EndpointId
from bot.domain.reasons import Reason
from bot.domain.timetables import quiet_until, zone
from bot.texts import digests as texts
from storage.outbox import digests
from storage.schema.preferences import spoken_in
from storage.schema.rows import AnyRow, address_of
from storage.schema.tables import DELIVERY_IS_GATHERED, LINK_IS_ACTIVE, delivery, endpoint, link

_HERE_AND_DUE = (
    delivery.c.endpoint == bindparam("here"),
    DELIVERY_IS_GATHERED,
    delivery.c.not_before <= bindparam("now"),
)

_DUE = (
    select(
        endpoint.c.id.label("endpoint"),
        endpoint.c.channel,
        endpoint.c.bot,
        endpoint.c.chat,
        endpoint.c.thread,
        link.c.id.label("link"),
        link.c.epoch,
        link.c.preferences,
    )
    .join_from(endpoint, link, (link.c.endpoint == endpoint.c.id) & LINK_IS_ACTIVE)
    .where(
        endpoint.c.state == EndpointState.ACTIVE,
        select(delivery.c.id)
        .where(
            delivery.c.endpoint == endpoint.c.id,
            DELIVERY_IS_GATHERED,
            delivery.c.not_before <= bindparam("now"),
        )
        .exists(),
    )
    .order_by(endpoint.c.id)
    .limit(50)
)
"""Chats that are owed a digest now: not more than a transaction should take."""

_NEXT = (
    select(func.min(delivery.c.not_before))
    .join_from(delivery, endpoint, endpoint.c.id == delivery.c.endpoint)
    .where(DELIVERY_IS_GATHERED, endpoint.c.state == EndpointState.ACTIVE)
)

_CANCEL = (
    update(delivery)
    .where(
        *_HERE_AND_DUE,
        (delivery.c.link != bindparam("of_link"))
        | (delivery.c.link_epoch != bindparam("in_epoch")),
    )
    .values(
        state=State.CANCELLED,
        reason=Reason.NOT_LINKED,
        not_before=null(),
        ended_at=bindparam("now"),
    )
)
"""What was put by for whom the chat belonged to before (G7)."""

_ITEMS = (
    select(delivery)
    .where(*_HERE_AND_DUE)
    .order_by(delivery.c.occurred_at, delivery.c.id)
    .limit(digests.MOST_PARTS)
)

_RELEASE = (
    update(delivery)
    .where(delivery.c.id == bindparam("this"), DELIVERY_IS_GATHERED)
    .values(state=State.READY, not_before=null(), ended_at=null())
)

_PUT_INTO = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("these", expanding=True)), DELIVERY_IS_GATHERED)
    .values(
        state=State.COALESCED,
        reason=Reason.IN_A_DIGEST,
        digest=bindparam("into"),
        not_before=null(),
        ended_at=bindparam("now"),
    )
)


def gather(connection: Connection, now: datetime) -> Gathered:
    """Owe the digests that are due; gives where, and when the next one is."""
    owed: dict[EndpointId, tuple[Address, Priority]] = {}
    for place in connection.execute(_DUE, {"now": now}).all():
        if _tell(connection, place, now):
            owed[EndpointId(place.endpoint)] = (address_of(place), Priority.NORMAL)
    return Gathered(owed=owed, due=connection.execute(_NEXT).scalar())


def _tell(connection: Connection, place: AnyRow, now: datetime) -> bool:
    """Owe what is due at an endpoint: alone as it is, several as a digest."""
    here = {"here": place.endpoint, "now": now}
    connection.execute(_CANCEL, {**here, "of_link": place.link, "in_epoch": place.epoch})
    items = connection.execute(_ITEMS, here).all()
    if len(items) == 1:
        connection.execute(_RELEASE, {"this": items[0].id})
    elif items:
        with spoken_in(place.preferences):
            card = texts.gathered([digests.part_of(item) for item in items])
        made = digests.make(connection, items, card, now)
        connection.execute(
            _PUT_INTO, {"these": [item.id for item in items], "into": made, "now": now}
        )
    return bool(items)


_WAITING = select(delivery.c.id).where(
    delivery.c.link == bindparam("of_link"),
    DELIVERY_IS_GATHERED,
    delivery.c.reason == Reason.QUIET_HOURS,
)

_WAIT = (
    update(delivery).where(delivery.c.id == bindparam("this")).values(not_before=bindparam("until"))
)


def wait_for(connection: Connection, link_id: str, wants: Preferences, now: datetime) -> None:
    """Let what waits for the end of quiet hours wait for that of others, or no longer."""
    until = quiet_until(now, wants.quiet, zone(wants.zone)) or now
    waiting = connection.execute(_WAITING, {"of_link": link_id}).scalars().all()
    if waiting:
        connection.execute(_WAIT, [{"this": one, "until": until} for one in waiting])
