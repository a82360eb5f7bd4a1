"""Offers that are answered: their buttons are closed. Messages are changed that show them, or that
tell of more since."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, null, or_, select, update

from bot.domain.actions import ActionState, Verb
from bot.domain.amendments import EDIT_EVERY, Amendment, Amendments, AnsweredBy, OfferAnswer
from bot.domain.cards import answered
from bot.domain.chats import Address, Channel, EndpointState
from bot.domain.deliveries import PENDING, Delivery, Draft, Priority, State
from bot.domain.ids import AccountId, DeliveryId, EndpointId, LinkId
from bot.domain.lifetimes import AMEND_LIFE, OFFER_LIFE
from bot.texts import answered as texts
from bot.texts.language import speaking
from storage.engine.database import each
from storage.engine.statements import Statement
from storage.engine.types import Instant
from storage.outbox.folding import as_it_stands, show_parts, tell_anew
from storage.schema.codec import decode_card, encode_card
from storage.schema.facts import Fact, FactKey
from storage.schema.preferences import language_of, zone_of
from storage.schema.rows import AnyRow, address_of
from storage.schema.tables import (
    ACTION_IS_OFFER,
    DELIVERY_IS_ERASABLE,
    DELIVERY_IS_SENDING,
    DELIVERY_IS_TO_AMEND,
    DELIVERY_OFFERS,
    LINK_IS_ACTIVE,
    action,
    delivery,
    endpoint,
    is_one_of,
    link,
)

Owed = Mapping[EndpointId, tuple[Address, Priority]]

AMENDMENTS_AT_ONCE = 100
"""Chats that are told of at once."""

IN_FLIGHT_RECHECK = timedelta(seconds=1)
"""When to look again where a message with an answered offer is in flight."""


def close_offers(connection: Connection, facts: Sequence[Fact]) -> None:
    """Carry out the answers among new facts, before these are owed.

    Each goes for what came before it: an offer that is made after it stands.
    """
    for place, fact in enumerate(facts):
        if (answer := fact.verdict.answer) is None:
            continue
        fact.tally.answered += take_answer(connection, fact.key.account, answer, fact.now)
        for earlier in facts[:place]:
            if earlier.key.account == fact.key.account:
                _answer_unsaid(earlier, answer)


def take_answer(connection: Connection, account: str, answer: OfferAnswer, now: datetime) -> int:
    """Close what was offered until now; gives how many items offered it."""
    offer = {"of_account": account, "offering": answer.offered, "now": now}
    _CLOSE.run(connection, offer)
    item = {"of_account": account, "of_bot": answer.about, "since": now - OFFER_LIFE}
    return _ANSWER.run(connection, {**item, "note": answer.stored, "now": now})


def retell(
    connection: Connection, fact_key: FactKey, drafts: Sequence[Draft], now: datetime
) -> int:
    """Let the items of a fact tell what it is now; gives how many there are.

    What waits goes out so, and what may be shown is owed a change of its message.
    """
    items = [
        {
            "for_link": draft.link,
            "at_endpoint": draft.endpoint,
            "of_kind": fact_key.kind,
            "of_record": fact_key.record,
            "in_revision": fact_key.revision,
            "anew": encode_card(draft.card),
            "now": now,
        }
        for draft in drafts
    ]
    return sum(_RETELL.run(connection, item) for item in items)


def expire_offers(connection: Connection, now: datetime) -> int:
    """Answer the offers whose buttons have expired and are shown; gives how many."""
    expired = (
        DELIVERY_OFFERS
        & is_one_of(delivery.c.state, State.SENT)
        & delivery.c.message.is_not(None)
        & DELIVERY_IS_ERASABLE
        # Not by when it was made: an index leads to a day's ended ones, none to a day's offers.
        & delivery.c.ended_at.between(now - 2 * OFFER_LIFE, now - OFFER_LIFE)
    )
    values = {"answer": AnsweredBy.EXPIRED.value, "answered_at": now, "amend_at": now}
    return connection.execute(update(delivery).where(expired).values(values)).rowcount


def _answer_unsaid(fact: Fact, answer: OfferAnswer) -> None:
    """Of a fact that nobody has been told yet: let it offer nothing."""
    if any(draft.about == answer.about for draft in fact.drafts):
        fact.drafts = [_answered_draft(draft, answer) for draft in fact.drafts]
        fact.verdict = replace(fact.verdict, actions=())


def _answered_draft(draft: Draft, answer: OfferAnswer) -> Draft:
    if draft.about != answer.about:
        return draft
    with speaking(draft.language, draft.zone):
        note = texts.answer(answer.stored)
    return replace(draft, card=answered(draft.card, note), about=None)


MAY_SHOW = (
    is_one_of(delivery.c.state, State.SENDING)
    | (is_one_of(delivery.c.state, State.SENT) & delivery.c.message.is_not(None))
    # It may have been shown, and nobody knows.
    | (delivery.c.unclear > 0)
)
"""Of an item that is now to look different: whether there may be a message to change."""

_CLOSE = Statement(
    lambda _: (
        update(action)
        .where(
            action.c.account == bindparam("of_account"),
            action.c.arguments == bindparam("offering"),
            action.c.verb == Verb.ASK,
            ACTION_IS_OFFER,
        )
        .values(state=ActionState.CLOSED, finished_at=bindparam("now"))
    )
)

_ANSWER = Statement(
    lambda _: (
        update(delivery)
        .where(
            delivery.c.account == bindparam("of_account"),
            delivery.c.about == bindparam("of_bot"),
            delivery.c.created_at >= bindparam("since"),
            DELIVERY_OFFERS,
            is_one_of(
                delivery.c.state,
                *(State.READY, State.SENDING, State.UNKNOWN, State.HELD, State.SENT),
            ),
        )
        .values(
            answer=bindparam("note"),
            answered_at=bindparam("now"),
            amend_at=case((MAY_SHOW, bindparam("now", type_=delivery.c.amend_at.type))),
        )
    )
)


_RETELL = Statement(
    lambda _: (
        update(delivery)
        .where(
            delivery.c.link == bindparam("for_link"),
            delivery.c.kind == bindparam("of_kind"),
            delivery.c.record == bindparam("of_record"),
            delivery.c.revision == bindparam("in_revision"),
            delivery.c.endpoint == bindparam("at_endpoint"),
            is_one_of(delivery.c.state, *PENDING, State.HELD, State.GATHERED, State.SENT),
            delivery.c.card.is_not(None),
        )
        .values(
            card=bindparam("anew", type_=delivery.c.card.type),
            answered_at=bindparam("now"),
            amend_at=case((MAY_SHOW, bindparam("now", type_=delivery.c.amend_at.type))),
        )
    )
)


def select_amendments(
    connection: Connection, channel: Channel, bot: str, now: datetime
) -> Amendments:
    due = (
        select(func.max(delivery.c.id))
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
        .join(link, link.c.id == delivery.c.link)
        .where(
            DELIVERY_IS_TO_AMEND,
            # Or our clock has been set back since: what it said then is no reason to wait.
            or_(
                delivery.c.amend_at <= now,
                delivery.c.answered_at > now,
                delivery.c.amend_at > now + AMEND_LIFE,
            ),
            delivery.c.card.is_not(None),
            endpoint.c.channel == channel,
            endpoint.c.bot == bot,
            endpoint.c.state == EndpointState.ACTIVE,
            LINK_IS_ACTIVE,
            link.c.epoch == delivery.c.link_epoch,
            link.c.endpoint == delivery.c.endpoint,
        )
        .group_by(delivery.c.endpoint)
        .limit(AMENDMENTS_AT_ONCE)
    )
    rows = connection.execute(
        _select_shown().where(delivery.c.id.in_(due)).order_by(delivery.c.id.desc())
    )
    amendments = [_amendment(connection, row) for row in rows.all()]
    return Amendments(now=tuple(amendments), due=_due(connection, now))


def select_shown(connection: Connection, link_id: LinkId, most: int) -> Sequence[Amendment]:
    """The youngest messages of a link, the oldest of them first, as they stand."""
    rows = connection.execute(
        _select_shown()
        .where(
            delivery.c.link == link_id,
            # In the words of the index that leads to a chat's messages.
            delivery.c.endpoint == link.c.endpoint,
            delivery.c.message.is_not(None),
            is_one_of(delivery.c.state, State.SENT),
            DELIVERY_IS_ERASABLE,
            delivery.c.started_at.is_not(None),
        )
        .order_by(delivery.c.started_at.desc(), delivery.c.id.desc())
        .limit(most)
    )
    return [_amendment(connection, row) for row in rows.all()[::-1]]


def _select_shown() -> Select[Any]:
    return (
        select(
            delivery,
            endpoint.c.channel,
            endpoint.c.bot,
            endpoint.c.chat,
            endpoint.c.thread,
            endpoint.c.private,
            link.c.person,
            link.c.preferences,
        )
        .join(endpoint, endpoint.c.id == delivery.c.endpoint)
        .join(link, link.c.id == delivery.c.link)
    )


def _due(connection: Connection, now: datetime) -> datetime | None:
    in_flight = (
        select(delivery.c.id).where(DELIVERY_IS_SENDING, delivery.c.amend_at.is_not(None)).limit(1)
    )
    if connection.execute(in_flight).first() is not None:
        return now + IN_FLIGHT_RECHECK
    later = select(func.min(delivery.c.amend_at)).where(
        DELIVERY_IS_TO_AMEND, delivery.c.amend_at > now
    )
    return connection.execute(later).scalar()


def _amendment(connection: Connection, row: AnyRow) -> Amendment:
    card, grown_at = decode_card(row.card, row.reference), None
    if row.untold is not None:
        card, grown_at = as_it_stands(connection, row)
    shown = Delivery(
        id=DeliveryId(row.id),
        reference=row.reference,
        account=AccountId(row.account),
        link=LinkId(row.link),
        endpoint=EndpointId(row.endpoint),
        address=address_of(row),
        topic=row.topic or "",
        kind=row.kind,
        priority=Priority(row.priority),
        state=row.state,
        attempts=row.attempts,
        unclear=row.unclear,
        card=card,
        occurred_at=row.occurred_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
        doubtful=row.mentioned or 0,
        answer=row.answer,
        seen=row.seen,
        host=None if row.private else row.person,
        language=language_of(row.preferences),
        zone=zone_of(row.preferences),
    )
    return Amendment(
        delivery=shown,
        message=row.message or "",
        shown_at=row.started_at,
        owed_since=max(filter(None, (row.answered_at, grown_at)), default=row.amend_at),
        untold=row.untold,
        due=row.amend_at,
    )


@each
def settle(connection: Connection, request: tuple[Amendment, datetime | None, datetime]) -> Owed:
    """The message shows it now; with `again` it is tried once more then."""
    amendment, again, now = request
    this = update(delivery).where(delivery.c.id == amendment.delivery.id)
    if again is not None:
        connection.execute(this.values(amend_at=again))
        return {}
    untold = amendment.untold or 0
    unchanged = (
        (func.coalesce(delivery.c.untold, 0) == untold)
        & delivery.c.amend_at.is_not_distinct_from(amendment.due)
        & (func.coalesce(delivery.c.answer, "") == (amendment.delivery.answer or ""))
        & (func.coalesce(delivery.c.seen, "") == (amendment.delivery.seen or ""))
    )
    # More may have come while it was being changed.
    next_at = case((unchanged, null()), else_=bindparam("next", now + EDIT_EVERY, Instant()))
    connection.execute(this.values(amend_at=next_at, untold=delivery.c.untold - untold))
    if untold:
        show_parts(connection, amendment.delivery.id, now)
    return {}


@each
def stop(connection: Connection, request: tuple[Amendment, datetime]) -> Owed:
    """It can be changed no more: what its message does not show is owed anew."""
    amendment, now = request
    if amendment.untold is not None:
        return tell_anew(connection, amendment.delivery.id, now)
    this = update(delivery).where(delivery.c.id == amendment.delivery.id)
    connection.execute(this.values(amend_at=null()))
    if not (amendment.delivery.answer or amendment.delivery.seen):
        # Nor what it may tell later: it is not tried again and again.
        connection.execute(this.values(message=null()))
    return {}


def give_up(connection: Connection, now: datetime) -> int:
    """Owe no more what nobody could change in all that time; gives how much."""
    before = now - AMEND_LIFE
    grown = select(delivery.c.id).where(
        DELIVERY_IS_TO_AMEND, delivery.c.untold.is_not(None), delivery.c.amend_at <= before
    )
    carriers = connection.execute(grown).scalars().all()
    for carrier in carriers:
        tell_anew(connection, carrier, now)
    too_old = DELIVERY_IS_TO_AMEND & (delivery.c.answered_at <= before)
    given_up = connection.execute(update(delivery).where(too_old).values(amend_at=null()))
    return len(carriers) + given_up.rowcount
