"""An endpoint that closes, opens or moves, and what becomes of all that it is owed."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, null, select, update

from bot.domain.actions import ActionState
from bot.domain.chats import Endpoint, EndpointState, Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Priority, State
from bot.domain.events import Kind
from bot.domain.ids import AccountId
from bot.domain.reasons import Reason
from bot.texts.language import speaking
from bot.texts.partners import farewell
from storage.engine.database import invalidate
from storage.forgetting import forget_if_unlinked, forget_phones, forget_watch
from storage.menus import may_change
from storage.outbox.digests import follow
from storage.outbox.folding import cancel_untold, tell_anew
from storage.outbox.owing import owe_card
from storage.schema.facts import FactKey
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import LinkState
from storage.schema.tables import (
    DELIVERY_IS_MISSED,
    DELIVERY_IS_WAITING,
    LINK_IS_ACTIVE,
    LINK_IS_OWN,
    account,
    action,
    delivery,
    endpoint,
    is_one_of,
    link,
    visit,
)
from storage.topics import forget_topics

# It begins with the words of the index that finds such items.
HELD = DELIVERY_IS_MISSED & is_one_of(delivery.c.state, State.HELD)

OWED = is_one_of(delivery.c.state, State.READY, State.UNKNOWN, State.HELD, State.GATHERED)

_MOVABLE = OWED | is_one_of(delivery.c.state, State.DEAD, State.EXPIRED, State.COALESCED)
"""What a chat still says of itself after a move: with what it is owed, what it missed."""


def close(connection: Connection, endpoint_id: str, reason: str, now: datetime) -> int:
    """Nothing can be sent there: hold what waits; gives how many."""
    invalidate(connection)
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == endpoint_id)
        .values(state=EndpointState.DISABLED, reason=reason)
    )
    return connection.execute(
        update(delivery)
        .where(delivery.c.endpoint == endpoint_id, DELIVERY_IS_WAITING)
        .values(state=State.HELD, reason=reason, ended_at=now)
    ).rowcount


def reopen(connection: Connection, endpoint_id: str) -> int:
    """It can be sent to again: held items are owed again; gives how many."""
    invalidate(connection)
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == endpoint_id)
        .values(state=EndpointState.ACTIVE, reason="")
    )
    return connection.execute(
        update(delivery)
        .where(delivery.c.endpoint == endpoint_id, HELD)
        .values(state=State.READY, reason=Reason.REOPENED, ended_at=null())
    ).rowcount


def reopen_if_closed(connection: Connection, endpoint_id: str) -> None:
    """As `reopen`, where there is anything to open."""
    state = select(endpoint.c.state).where(endpoint.c.id == endpoint_id)
    if connection.execute(state).scalar_one() is EndpointState.DISABLED:
        reopen(connection, endpoint_id)


def end_link(connection: Connection, link_id: str, reason: str, now: datetime) -> int:
    """Make everything under a link invalid; gives how many items were still owed.

    What is in flight comes to its end; if that is not the end of it, the new epoch is (G7). The
    inboxes that were opened from there, and the phones that were added, end with it.
    """
    invalidate(connection)
    connection.execute(
        update(link)
        .where(link.c.id == link_id)
        .values(state=LinkState.ENDED, epoch=link.c.epoch + 1, ended_at=now)
    )
    connection.execute(
        update(action)
        .where(action.c.link == link_id, action.c.state == ActionState.OPEN)
        .values(state=ActionState.CLOSED, finished_at=now)
    )
    cancelled = connection.execute(
        update(delivery)
        .where(delivery.c.link == link_id, OWED)
        .values(state=State.CANCELLED, reason=reason, not_before=null(), ended_at=now)
    ).rowcount
    cancelled += follow(connection, now) + cancel_untold(connection, link_id, now)
    inboxes = select(link.c.id).join(visit, visit.c.link == link.c.id)
    hosted = inboxes.where(visit.c.host == link_id, LINK_IS_ACTIVE)
    for own in connection.execute(hosted).scalars().all():
        cancelled += end_link(connection, own, reason, now)
    connection.execute(delete(visit).where(visit.c.host == link_id))
    phones = forget_phones(connection, link_id)
    cancelled += sum(end_link(connection, each, reason, now) for each in phones)
    forget_watch(connection, link_id)
    ended = select(link.c.endpoint).where(link.c.id == link_id)
    forget_topics(connection, endpoint.c.id.in_(ended))
    may_change(connection, endpoint.c.id.in_(ended), endpoint.c.menu.is_not(None))
    return cancelled


def part(connection: Connection, ended: Link, now: datetime, *, over: bool = False) -> int:
    """End a partner's link, and owe them a last word; gives how many items were still owed.

    Args:
        over: the owner has left themselves.
    """
    cancelled = end_link(connection, ended.id, Reason.UNLINKED, now)
    label = connection.execute(select(account.c.label).where(account.c.id == ended.account))
    wants = ended.preferences
    with speaking(wants.language, wants.zone):
        card = farewell(label.scalar_one(), over=over)
    # Under the epoch that it has now: whatever else was owed there is not shown any more.
    gone = replace(ended, epoch=ended.epoch + 1)
    fact = FactKey(ended.account, Kind.FAREWELL, ended.id, "")
    how = Decision(Course.SEND, Why.LOUDNESS)
    owe_card(connection, fact, gone, card, now, decision=how, priority=Priority.NORMAL)
    return cancelled


def forget_if_left(
    connection: Connection, account_id: AccountId, now: datetime
) -> tuple[bool, tuple[Endpoint, ...]]:
    """As `forget_if_unlinked`; those whom the owner had invited leave with them. Gives also the
    chats of these, which are told.
    """
    whose = link.c.account == account_id
    own = connection.execute(select(link.c.id).where(whose, LINK_IS_OWN).limit(1)).first()
    left = []
    if own is None:
        for one in map(link_of, connection.execute(select_active_links().where(whose)).all()):
            if one.is_chat:
                part(connection, one, now, over=True)
                left.append(one.endpoint)
    return forget_if_unlinked(connection, account_id), tuple(left)


def move(connection: Connection, endpoint_id: str, chat: str, now: datetime) -> None:
    """The chat has another address. If that one is known already, both become one."""
    invalidate(connection)
    old = connection.execute(select(endpoint).where(endpoint.c.id == endpoint_id)).one()
    if old.chat == chat:
        return
    _leave_messages(connection, endpoint_id, now)
    forget_topics(connection, endpoint.c.id == endpoint_id)
    there = connection.execute(
        select(endpoint.c.id).where(
            endpoint.c.channel == old.channel,
            endpoint.c.bot == old.bot,
            endpoint.c.chat == chat,
            endpoint.c.thread == old.thread,
        )
    ).scalar()
    if there is None:
        connection.execute(update(endpoint).where(endpoint.c.id == endpoint_id).values(chat=chat))
        return
    _merge(connection, endpoint_id, there, now)
    close(connection, endpoint_id, Reason.MOVED, now)


def _leave_messages(connection: Connection, endpoint_id: str, now: datetime) -> None:
    """What was shown stays in the old chat: under the new address its number is another's."""
    carriers = select(delivery.c.id).where(
        delivery.c.endpoint == endpoint_id,
        delivery.c.untold.is_not(None),
        is_one_of(delivery.c.state, State.SENT),
        delivery.c.message.is_not(None),
    )
    for carrier in connection.execute(carriers).scalars().all():
        tell_anew(connection, carrier, now)
    connection.execute(
        update(delivery)
        .where(
            delivery.c.endpoint == endpoint_id,
            delivery.c.about.is_not(None)
            | delivery.c.series.is_not(None)
            | delivery.c.step.is_not(None),
            is_one_of(delivery.c.state, State.SENT),
        )
        .values(message=null(), amend_at=null())
    )


def _merge(connection: Connection, old: str, new: str, now: datetime) -> None:
    """Hand over the link and what waits, as far as the new endpoint may have it."""
    linked = _active_link(connection, old)
    if linked is None:
        return
    present = _active_link(connection, new)
    if present is None:
        connection.execute(update(link).where(link.c.id == linked.id).values(endpoint=new))
        present = linked
    elif present.account != linked.account:
        end_link(connection, linked.id, Reason.MOVED_AWAY, now)
        forget_if_left(connection, AccountId(linked.account), now)
        return
    _hand_over(connection, linked, present, new)
    _hand_over_doubts(connection, old, new)
    connection.execute(
        update(action)
        .where(action.c.link == linked.id, action.c.endpoint == old)
        .values(endpoint=new, link=present.id)
    )
    if present.id != linked.id:
        end_link(connection, linked.id, Reason.MOVED_TOGETHER, now)


def _hand_over(connection: Connection, linked: AnyRow, present: AnyRow, new: str) -> None:
    """Move what waits or was missed, except what the new endpoint was told or owes already."""
    twin = delivery.alias("twin")
    has_twin = (
        select(twin.c.id)
        .where(
            twin.c.link == present.id,
            twin.c.endpoint == new,
            twin.c.kind == delivery.c.kind,
            twin.c.record == delivery.c.record,
            twin.c.revision == delivery.c.revision,
        )
        .exists()
    )
    connection.execute(
        update(delivery)
        .where(delivery.c.link == linked.id, _MOVABLE, ~has_twin)
        .values(link=present.id, link_epoch=present.epoch, endpoint=new)
    )


def _hand_over_doubts(connection: Connection, old: str, new: str) -> None:
    doubtful = select(endpoint.c.doubtful).where(endpoint.c.id == old)
    count = connection.execute(doubtful).scalar_one()
    if count:
        doubt(connection, new, count)
        doubt(connection, old, -count)


def _active_link(connection: Connection, endpoint_id: str) -> AnyRow | None:
    found = select(link).where(link.c.endpoint == endpoint_id, LINK_IS_ACTIVE)
    return connection.execute(found).one_or_none()


def doubt(connection: Connection, endpoint_id: str, count: int) -> None:
    """Items that may be missing there: more of them, or, as they have been mentioned, fewer."""
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == endpoint_id)
        .values(doubtful=endpoint.c.doubtful + count)
    )
