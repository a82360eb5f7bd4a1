"""How alerts were told, and why: for whom the chat is linked to now (G7), as long as their text is
kept.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from bot.domain.ids import LinkId
from bot.domain.told import Told
from storage.schema.codec import decode_card
from storage.schema.preferences import decode_decision, decode_matter
from storage.schema.rows import AnyRow
from storage.schema.tables import LINK_IS_ACTIVE, delivery, link

_digest = delivery.alias("digest")

_HERE = (
    select(
        delivery.c.reference,
        delivery.c.kind,
        delivery.c.record,
        delivery.c.revision,
        delivery.c.card,
        delivery.c.state,
        delivery.c.reason,
        delivery.c.decision,
        delivery.c.matter,
        delivery.c.attempts,
        delivery.c.occurred_at,
        delivery.c.created_at,
        delivery.c.ended_at,
        _digest.c.reference.label("within"),
    )
    .join_from(delivery, link, link.c.id == delivery.c.link)
    .outerjoin(_digest, _digest.c.id == delivery.c.digest)
    .where(delivery.c.link == bindparam("here"), LINK_IS_ACTIVE, delivery.c.card.is_not(None))
    .order_by(delivery.c.created_at.desc(), delivery.c.id.desc())
    .limit(bindparam("most"))
)

_CALLED = _HERE.where(delivery.c.reference == bindparam("called"))

_SHOWN_BY = _HERE.where(
    delivery.c.endpoint == link.c.endpoint, delivery.c.message == bindparam("message")
)

_LATELY = _HERE.where(delivery.c.created_at >= bindparam("since"), delivery.c.decision.is_not(None))


def called(connection: Connection, link_id: LinkId, reference: str) -> Told | None:
    rows = connection.execute(_CALLED, {"here": link_id, "called": reference, "most": 1})
    return next(map(_told, rows), None)


def shown_by(connection: Connection, link_id: LinkId, message: str) -> Told | None:
    rows = connection.execute(_SHOWN_BY, {"here": link_id, "message": message, "most": 1})
    return next(map(_told, rows), None)


def lately(connection: Connection, link_id: LinkId, since: datetime, most: int) -> Sequence[Told]:
    rows = connection.execute(_LATELY, {"here": link_id, "since": since, "most": most})
    return [_told(row) for row in rows]


def _told(row: AnyRow) -> Told:
    card = decode_card(row.card)
    return Told(
        reference=row.reference,
        kind=row.kind,
        title=card.title,
        severity=card.severity,
        sound=not card.silent,
        state=row.state,
        reason=row.reason,
        decision=row.decision and decode_decision(row.decision),
        matter=row.matter and decode_matter(row.matter),
        attempts=row.attempts,
        occurred_at=row.occurred_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
        within=row.within,
        record=row.record,
        revision=row.revision,
    )
