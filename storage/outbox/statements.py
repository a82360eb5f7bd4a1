"""What lanes ask of the store, as SQL: FETCH the first item of each, CLAIM it, SETTLE it.

What is due and what has to be dropped is decided in between (`bot.policy.whether_sent`).
"""

from sqlalchemy import BigInteger, Integer, Text, column

from bot.domain.chats import EndpointState
from bot.domain.deliveries import PENDING, Priority, State
from bot.domain.digests import URGENT_CROWD
from bot.domain.reasons import Reason
from storage.engine.statements import Statement, is_among, several, sql
from storage.schema.states import LinkState
from storage.schema.tables import delivery, endpoint, link

_PENDING = f"IN ({', '.join(repr(str(state)) for state in sorted(PENDING))})"
"""In the words of the indexes, which are for such items only: else none of them is used."""

_SENDING = f"IN ('{State.SENDING}')"
"""As above."""

_WAITING = f"delivery.state {_PENDING} AND delivery.state NOT {_SENDING}"
"""What is in flight first comes to its own end."""

_INSTANT = delivery.c.occurred_at.type

_ITEM = (
    delivery.c.id,
    delivery.c.reference,
    delivery.c.account,
    delivery.c.link,
    delivery.c.endpoint,
    delivery.c.kind,
    delivery.c.priority,
    delivery.c.attempts,
    delivery.c.unclear,
    delivery.c.card,
    delivery.c.occurred_at,
    delivery.c.created_at,
    delivery.c.expires_at,
    endpoint.c.channel,
    endpoint.c.bot,
    endpoint.c.chat,
    endpoint.c.thread,
    endpoint.c.topics,
    delivery.c.topic,
    delivery.c.subject,
    endpoint.c.doubtful,
    endpoint.c.private,
    link.c.person,
    link.c.preferences,
)
"""What a `Delivery` is made of."""

_ITEM_COLUMNS = ", ".join(map(str, _ITEM))

FETCH = Statement(
    lambda dialect: sql(
        f"""
        SELECT
            {_ITEM_COLUMNS},
            delivery.link_epoch, delivery.not_before, delivery.started_at,
            delivery.reason, delivery.untold,
            -- The message that it goes on with, if that is here.
            (
                SELECT first.message FROM delivery AS first
                WHERE first.id = delivery.digest AND first.endpoint = delivery.endpoint
            ) AS replies_to,
            link.state AS link_state, link.epoch AS current_epoch,
            link.endpoint AS current_endpoint,
            -- Something, if more wait there than are told one by one.
            (
                SELECT other.id FROM delivery AS other
                WHERE other.endpoint = endpoint.id AND other.state {_PENDING}
                LIMIT 1 OFFSET :crowd
            ) AS crowd,
            -- The same for what is urgent: of the same bot, and of the same kind.
            (
                SELECT other.id FROM delivery AS other
                WHERE other.endpoint = endpoint.id AND other.state {_PENDING}
                    AND other.rank = delivery.rank AND other.priority = delivery.priority
                    AND other.kind = delivery.kind AND other.subject = delivery.subject
                    AND delivery.subject != '' AND delivery.priority = {Priority.URGENT:d}
                LIMIT 1 OFFSET {URGENT_CROWD}
            ) AS urgent_crowd
        FROM endpoint
        JOIN delivery ON delivery.id = (
            SELECT first.id FROM delivery AS first
            WHERE first.endpoint = endpoint.id AND first.state {_PENDING}
            ORDER BY first.rank, first.occurred_at, first.id
            LIMIT 1
        )
        JOIN link ON link.id = delivery.link
        WHERE {is_among("endpoint.id", "endpoints", dialect)}
            AND endpoint.state = '{EndpointState.ACTIVE}'
            AND NOT EXISTS (
                SELECT 1 FROM delivery AS rival
                WHERE rival.endpoint = endpoint.id AND rival.state {_SENDING}
            )
        """,
        (
            *_ITEM,
            delivery.c.link_epoch,
            delivery.c.not_before,
            delivery.c.started_at,
            delivery.c.reason,
            delivery.c.untold,
            delivery.c.message.label("replies_to"),
            link.c.state.label("link_state"),
            link.c.epoch.label("current_epoch"),
            link.c.endpoint.label("current_endpoint"),
            column("crowd", BigInteger()),
            column("urgent_crowd", BigInteger()),
        ),
        endpoints=several(Text(), dialect),
        crowd=Integer(),
    )
)
"""For each endpoint that can be sent to, the item that its order puts first, due or not.

An item that is not due holds back all that follow: order survives a retry (G6). One that is more
urgent comes before it, and so goes ahead.
"""

CLAIM = Statement(
    lambda dialect: sql(
        f"""
        UPDATE delivery
        SET state = '{State.SENDING}',
            attempts = attempts + 1,
            started_at = :now,
            -- It goes out with its answer: only an earlier attempt may have shown it without.
            amend_at = CASE WHEN unclear > 0 THEN amend_at END
        WHERE {is_among("id", "these", dialect)} AND {_WAITING}
        RETURNING id, answer, seen
        """,
        (delivery.c.id, delivery.c.answer, delivery.c.seen),
        these=several(BigInteger(), dialect),
        now=_INSTANT,
    )
)
"""Committed before anything is sent (G2). Gives those that no other process was quicker to claim,
and their answers and who has seen them, which may have been noted since they were fetched.
"""

SETTLE = Statement(
    lambda _: sql(
        f"""
        UPDATE delivery
        SET state = :state,
            reason = :reason,
            message = :message,
            attempts = attempts - :uncounted,
            unclear = unclear + :doubts,
            not_before = :not_before,
            ended_at = :ended_at
        WHERE id = :id AND state {_SENDING}
            AND attempts = :claimed_attempts AND unclear = :claimed_unclear
        """,
        id=delivery.c.id.type,
        claimed_attempts=delivery.c.attempts.type,
        claimed_unclear=delivery.c.unclear.type,
        state=delivery.c.state.type,
        reason=delivery.c.reason.type,
        message=delivery.c.message.type,
        uncounted=delivery.c.attempts.type,
        doubts=delivery.c.unclear.type,
        not_before=_INSTANT,
        ended_at=_INSTANT,
    )
)
"""The very attempt that was claimed comes to its end: one that was taken over says no more."""

HOLD_IF_CLOSED = Statement(
    lambda _: sql(
        f"""
        UPDATE delivery
        SET state = '{State.HELD}', reason = '{Reason.CLOSED}', not_before = NULL,
            ended_at = :now
        WHERE id = :id AND {_WAITING} AND EXISTS (
            SELECT 1 FROM endpoint
            WHERE endpoint.id = delivery.endpoint AND endpoint.state = '{EndpointState.DISABLED}'
        )
        """,
        id=delivery.c.id.type,
        now=_INSTANT,
    )
)
"""What comes back from an attempt waits with the others, if its chat was closed meanwhile."""

EXPIRE = Statement(
    lambda dialect: sql(
        f"""
        UPDATE delivery
        SET state = '{State.EXPIRED}',
            reason = CASE
                WHEN unclear > 0 THEN '{Reason.LATE_TO_REPEAT}' ELSE '{Reason.LATE}'
            END,
            not_before = NULL,
            ended_at = :now
        WHERE {is_among("endpoint", "endpoints", dialect)} AND {_WAITING} AND expires_at <= :now
        """,
        endpoints=several(Text(), dialect),
        now=_INSTANT,
    )
)
"""All of a lane that is not worth sending any more (G8), not only what was fetched: else it would
come up one by one."""

CANCEL = Statement(
    lambda dialect: sql(
        f"""
        UPDATE delivery
        SET state = '{State.CANCELLED}', reason = '{Reason.NOT_LINKED}', not_before = NULL,
            ended_at = :now
        WHERE {is_among("endpoint", "endpoints", dialect)} AND {_WAITING} AND NOT EXISTS (
            SELECT 1 FROM link
            WHERE link.id = delivery.link AND link.state = '{LinkState.ACTIVE}'
                AND link.epoch = delivery.link_epoch AND link.endpoint = delivery.endpoint
        )
        """,
        endpoints=several(Text(), dialect),
        now=_INSTANT,
    )
)
"""All of a lane that belongs to a link that is no more (G7)."""

INTERRUPTED = Statement(
    lambda _: sql(
        f"""
        SELECT {_ITEM_COLUMNS}, delivery.answer, delivery.seen
        FROM delivery
        JOIN endpoint ON endpoint.id = delivery.endpoint
        JOIN link ON link.id = delivery.link
        WHERE delivery.state {_SENDING}
        ORDER BY delivery.id
        """,
        (*_ITEM, delivery.c.answer, delivery.c.seen),
    )
)
"""What is in flight: at a start, what a crash left so."""

MENTION = Statement(
    lambda _: sql(
        "UPDATE delivery SET mentioned = :doubts WHERE id = :id",
        id=delivery.c.id.type,
        doubts=delivery.c.mentioned.type,
    )
)
"""How many items before it a message said may be missing."""
