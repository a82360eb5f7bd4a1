"""A row that Tradebell owes by itself, as ingest would have stored it."""

from datetime import datetime

from sqlalchemy import Connection, insert

from bot.domain.cards import Card, is_to_be_seen
from bot.domain.chats import Link
from bot.domain.decisions import Decision
from bot.domain.deliveries import Priority, State
from storage.outbox.statements import HOLD_IF_CLOSED
from storage.schema.codec import encode_card
from storage.schema.facts import FactKey, reference
from storage.schema.preferences import encode_decision
from storage.schema.tables import delivery


def owe_card(
    connection: Connection,
    fact: FactKey,
    to: Link,
    card: Card,
    now: datetime,
    *,
    decision: Decision,
    priority: Priority,
    about: str | None = None,
    expires_at: datetime | None = None,
) -> None:
    """
    Args:
        about: what answers the card's buttons.
    """
    values = {
        **fact._asdict(),
        "reference": reference(fact, to.endpoint.id),
        "link": to.id,
        "link_epoch": to.epoch,
        "endpoint": to.endpoint.id,
        "priority": priority,
        "rank": priority,
        "state": State.READY,
        "reason": "new",
        "attempts": 0,
        "unclear": 0,
        "card": encode_card(card),
        "occurred_at": now,
        "created_at": now,
        "expires_at": expires_at,
        "about": about,
        "decision": encode_decision(decision),
        "seen": "" if is_to_be_seen(card) else None,
    }
    stored = connection.execute(insert(delivery).values(values).returning(delivery.c.id))
    HOLD_IF_CLOSED.run(connection, {"id": stored.scalar_one(), "now": now})
