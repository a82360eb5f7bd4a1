"""New items that go on with a trade: told within its message, or in reply to that."""

from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal, select, union_all

from bot.domain.deliveries import PENDING, Draft, State
from bot.domain.events import Kind
from bot.domain.ids import DeliveryId
from bot.domain.reasons import Reason
from bot.policy.trade_messages import TradeMessage, continued
from storage.engine.statements import Core, Statement, among
from storage.engine.types import key
from storage.inbox.folding import told_within
from storage.outbox.digests import MOST_PARTS
from storage.schema.facts import Fact
from storage.schema.tables import delivery, is_one_of

_first = delivery.alias("first")
_part = delivery.alias("part")


def _messages(dialect: str) -> Core:
    """The messages that tell of a trade: by what its steps share, and by their records."""
    here = (delivery.c.link == bindparam("for_link"), delivery.c.step.is_not(None))
    # A step that could not be told within the message before it has one that goes on from there.
    leads = (delivery.c.digest.is_(None)) | (delivery.c.untold.is_not(None))
    first = case((leads, delivery.c.id), else_=delivery.c.digest).label("first")
    shared = among(delivery.c.trade, "shared", delivery.c.trade.type, dialect)
    records = among(delivery.c.record, "records", delivery.c.record.type, dialect)
    by_id = select(first, literal(0).label("of_signal")).where(*here, shared)
    by_record = select(first, literal(0)).where(*here, delivery.c.kind == Kind.TRADE, records)
    by_signal = select(first, literal(1)).where(
        *here, delivery.c.kind == Kind.SIGNAL, delivery.c.record == bindparam("signal")
    )
    found = union_all(by_id, by_record, by_signal).subquery()
    parts = select(func.count()).where(_part.c.digest == _first.c.id, _part.c.digest.is_not(None))
    return (
        select(
            _first.c.id,
            _first.c.message,
            func.min(found.c.of_signal).label("of_signal"),
            _first.c.untold,
        )
        .join_from(found, _first, _first.c.id == found.c.first)
        .where(
            _first.c.kind != Kind.DIGEST,
            is_one_of(_first.c.state, *PENDING)
            | (is_one_of(_first.c.state, State.SENT) & _first.c.message.is_not(None)),
            _first.c.card.is_not(None),
            _first.c.endpoint == bindparam("here"),
            _first.c.link_epoch == bindparam("in_epoch"),
            parts.scalar_subquery() < MOST_PARTS,
        )
        .group_by(_first.c.id)
    )


_MESSAGES = Statement(_messages)


class TradeMessages:
    """Of one transaction: which trades have a message."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def may_have_one(self, fact: Fact, draft: Draft, row: dict[str, Any]) -> bool:
        """Whether it is worth looking: what names nothing else, and is new, begins a trade."""
        trade = fact.verdict.trade
        if trade is None or not draft.step or row["state"] is not State.READY:
            return False
        return fact.comes_again or bool(trade.shared or trade.parent or trade.signal)

    def find(self, fact: Fact, draft: Draft) -> TradeMessage | None:
        """The message that the item goes on with; all that was owed before must be stored."""
        trade = fact.verdict.trade
        assert trade is not None
        records = [fact.key.record] if fact.comes_again else []
        if trade.parent is not None:
            records.append(key(trade.parent))
        asked = {
            "for_link": draft.link,
            "in_epoch": draft.link_epoch,
            "here": draft.endpoint,
            "shared": [key(id) for id in trade.shared],
            "records": records,
            "signal": "" if trade.signal is None else key(trade.signal),
        }
        rows = _MESSAGES.rows(self._connection, asked)
        return continued(
            [
                TradeMessage(
                    DeliveryId(row.id), row.message, bool(row.of_signal), row.untold is not None
                )
                for row in rows
            ]
        )


def edited_in(
    row: dict[str, Any], draft: Draft, within: TradeMessage, fact: Fact
) -> dict[str, Any]:
    """An item that is told within the message of its trade: none of a burst, nor to be seen."""
    part = told_within(row, draft, within.id, Reason.EDITED_IN, fact.now)
    return part | {"series": None, "seen": None}
