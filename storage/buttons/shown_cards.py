"""Which message shows which buttons, so that these go when they have ended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, func, select, update

from bot.domain.actions import Action, ActionState, Verb
from bot.domain.cards import Card
from bot.domain.chats import Channel, EndpointState
from bot.domain.ids import EndpointId
from bot.domain.lifetimes import END_LIFE
from bot.domain.shown import EndedCard, EndedCards, Ending, ShownCard
from storage.buttons.actions import action_of
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.schema.codec import decode_card, encode_card
from storage.schema.preferences import language_of
from storage.schema.rows import AnyRow, address_of
from storage.schema.states import AttemptState
from storage.schema.tables import LINK_IS_ACTIVE, action, attempt, endpoint, link, shown_card

CARDS_AT_ONCE = 100
"""Cards that are told of at once."""


class _Asker(NamedTuple):
    endpoint: EndpointId
    person: str
    now: datetime


class SqlShownCards:
    """Implements `bot.ports.ShownCards`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, shown: ShownCard) -> bool:
        return await self._database.write(_note, shown)

    async def forget(self, endpoint: EndpointId, message: str) -> None:
        await self._database.write(_forget, (endpoint, message))

    async def withdraw(
        self, endpoint: EndpointId, person: str, now: datetime
    ) -> Sequence[tuple[Action, ...]]:
        return await self._database.write(_withdraw, _Asker(endpoint, person, now))

    async def end_live(self, now: datetime) -> None:
        await self._database.write(_end_live, now)

    async def ended(self, channel: Channel, bot: str, now: datetime) -> EndedCards:
        return await self._database.read(_ended, channel, bot, now)

    async def postpone(self, shown: ShownCard, until: datetime) -> None:
        await self._database.write(_postpone, (shown.endpoint, shown.message, until))

    async def prune(self, now: datetime) -> int:
        """Forget cards that nobody could change in all that time; gives how many."""
        return await self._database.write(_prune, now)


def _action_ids(card: Card) -> list[str]:
    buttons = [button.action for row in card.buttons for button in row if button.action]
    return [*buttons, *(option.action for option in (card.pick.options if card.pick else ()))]


@each
def _note(connection: Connection, shown: ShownCard) -> bool:
    _drop(connection, shown.endpoint, shown.message)
    row = connection.execute(_open_behind(shown)).one()
    if row.card is None:
        return False
    ends = row.ends if shown.until is None else min(row.ends, shown.until)
    connection.execute(
        insert_into(shown_card, connection.dialect.name),
        {
            "endpoint": shown.endpoint,
            "message": shown.message,
            "actions": row.card,
            "card": encode_card(shown.card),
            "ends_at": ends,
            "due_at": ends,
            "withdrawn": False,
        },
    )
    return True


def _open_behind(shown: ShownCard) -> Select[*tuple[Any, ...]]:
    """What the message's buttons share, and until when they work."""
    if shown.code_hash is not None:
        card, ends = func.min(attempt.c.code_hash), func.max(attempt.c.expires_at)
        behind = (attempt.c.code_hash == shown.code_hash) & (attempt.c.state == AttemptState.OPEN)
    else:
        card, ends = func.min(action.c.card), func.max(action.c.expires_at)
        behind = action.c.id.in_(_action_ids(shown.card)) & (action.c.state == ActionState.OPEN)
    return select(card.label("card"), ends.label("ends")).where(behind)


def end_address(
    connection: Connection,
    endpoint_id: str,
    code_hash: str,
    now: datetime,
    *,
    withdrawn: bool = False,
) -> None:
    """A one-time address leads nowhere any more: its button is to go."""
    connection.execute(
        update(shown_card)
        .where(shown_card.c.endpoint == endpoint_id, shown_card.c.actions == code_hash)
        .values(ends_at=now, due_at=now, withdrawn=withdrawn)
    )


@each
def _forget(connection: Connection, request: tuple[EndpointId, str]) -> None:
    _drop(connection, *request)


def _drop(connection: Connection, endpoint_id: EndpointId, message: str) -> None:
    this = (shown_card.c.endpoint == endpoint_id, shown_card.c.message == message)
    connection.execute(delete(shown_card).where(*this))


@each
def _withdraw(connection: Connection, asker: _Asker) -> Sequence[tuple[Action, ...]]:
    open_ones = (
        action.c.endpoint == asker.endpoint,
        action.c.person == asker.person,
        action.c.state == ActionState.OPEN,
        action.c.expires_at > asker.now,
    )
    ended = connection.execute(
        update(action).where(*open_ones).values(expires_at=asker.now).returning(action)
    ).all()
    cards: dict[str, list[Action]] = defaultdict(list)
    for row in sorted(ended, key=lambda row: row.id):
        cards[row.card].append(action_of(row))
    if cards:
        connection.execute(
            update(shown_card)
            .where(shown_card.c.endpoint == asker.endpoint, shown_card.c.actions.in_(cards))
            .values(ends_at=asker.now, due_at=asker.now, withdrawn=True)
        )
    return [tuple(actions) for actions in cards.values()]


@each
def _end_live(connection: Connection, now: datetime) -> None:
    live = (action.c.verb == Verb.STOP_WATCH, action.c.expires_at > now)
    cards = connection.execute(
        update(action).where(*live).values(expires_at=now).returning(action.c.card)
    )
    ended = shown_card.c.actions.in_(cards.scalars().all())
    connection.execute(update(shown_card).where(ended).values(ends_at=now, due_at=now))


def _ended(connection: Connection, channel: Channel, bot: str, now: datetime) -> EndedCards:
    here = (
        endpoint.c.channel == channel,
        endpoint.c.bot == bot,
        endpoint.c.state == EndpointState.ACTIVE,
    )
    joined = shown_card.c.endpoint == endpoint.c.id
    columns = (endpoint.c.channel, endpoint.c.bot, endpoint.c.chat, endpoint.c.thread)
    rows = connection.execute(
        select(shown_card, *columns, link.c.preferences)
        .join(endpoint, joined)
        .outerjoin(link, (link.c.endpoint == endpoint.c.id) & LINK_IS_ACTIVE)
        .where(*here, shown_card.c.due_at <= now)
        .order_by(shown_card.c.due_at)
        .limit(CARDS_AT_ONCE)
    ).all()
    later = (
        select(func.min(shown_card.c.due_at))
        .join(endpoint, joined)
        .where(*here, shown_card.c.due_at > now)
    )
    taken = _taken(connection, {row.actions for row in rows})
    return EndedCards(
        now=tuple(_ended_card(row, taken.get(row.actions)) for row in rows),
        due=connection.execute(later).scalar(),
    )


def _taken(connection: Connection, cards: Collection[str]) -> Mapping[str, Ending]:
    """Of these, whose buttons or addresses did their work, or could have undone it."""
    untouched = (ActionState.OPEN, ActionState.CLOSED)
    undoing = select(action.c.card).where(action.c.card.in_(cards), action.c.verb == Verb.UNDO)
    live = select(action.c.card).where(action.c.card.in_(cards), action.c.verb == Verb.STOP_WATCH)
    pressed = select(action.c.card).where(
        action.c.card.in_(cards), action.c.state.not_in(untouched)
    )
    used = select(attempt.c.code_hash).where(
        attempt.c.code_hash.in_(cards),
        attempt.c.state.in_((AttemptState.SIGNED_IN, AttemptState.DONE)),
    )
    return {
        **dict.fromkeys(connection.execute(undoing).scalars(), Ending.STANDS),
        **dict.fromkeys(connection.execute(live).scalars(), Ending.NOT_LIVE),
        **dict.fromkeys(connection.execute(pressed).scalars(), Ending.PRESSED),
        **dict.fromkeys(connection.execute(used).scalars(), Ending.USED),
    }


def _ended_card(row: AnyRow, taken: Ending | None) -> EndedCard:
    untouched = Ending.WITHDRAWN if row.withdrawn else Ending.EXPIRED
    shown = ShownCard(
        endpoint=EndpointId(row.endpoint),
        address=address_of(row),
        message=row.message,
        card=decode_card(row.card),
    )
    return EndedCard(
        shown=shown,
        ending=taken or untouched,
        ended_at=row.ends_at,
        language=language_of(row.preferences or {}),
    )


@each
def _postpone(connection: Connection, request: tuple[EndpointId, str, datetime]) -> None:
    endpoint_id, message, until = request
    this = (shown_card.c.endpoint == endpoint_id, shown_card.c.message == message)
    connection.execute(update(shown_card).where(*this).values(due_at=until))


@each
def _prune(connection: Connection, now: datetime) -> int:
    old = delete(shown_card).where(shown_card.c.ends_at < now - END_LIFE)
    return connection.execute(old).rowcount
