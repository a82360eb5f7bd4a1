"""What Tradebell owes by itself, when its time has come: a row, as ingest would have stored it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from bot.domain.actions import Action
from bot.domain.cards import Card
from bot.domain.chats import Address, Link
from bot.domain.decisions import Decision
from bot.domain.deliveries import Priority
from bot.domain.ids import EndpointId
from storage.buttons.actions import action_row
from storage.outbox.owing import owe_card
from storage.schema.facts import FactKey
from storage.schema.tables import action

Owed = dict[EndpointId, tuple[Address, Priority]]
"""Where something is owed now: the most urgent of it."""


def owe(
    connection: Connection,
    fact: FactKey,
    to: Link,
    card: Card,
    now: datetime,
    *,
    decision: Decision,
    priority: Priority,
    actions: Sequence[Action] = (),
    about: str | None = None,
    expires_at: datetime | None = None,
) -> None:
    """
    Args:
        about: what answers the card's buttons.
    """
    owe_card(
        connection,
        fact,
        to,
        card,
        now,
        decision=decision,
        priority=priority,
        about=about,
        expires_at=expires_at,
    )
    if actions:
        connection.execute(insert(action), [action_row(one) for one in actions])
