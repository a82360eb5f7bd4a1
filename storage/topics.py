"""Topics of ours inside chats: which bots have one, and what is shown there."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from bot.domain.deliveries import Delivery
from bot.domain.events import Trader
from bot.domain.ids import EndpointId, TraderId
from bot.domain.topics import BotTopic, ChatTopics, TopicState
from storage.engine.database import Database, each, invalidate
from storage.engine.upsert import insert_into
from storage.schema.codec import decode_record
from storage.schema.rows import AnyRow, link_of, select_active_links
from storage.schema.states import KnownKind
from storage.schema.tables import (
    ENDPOINT_HAS_TOPICS,
    LINK_IS_ACTIVE,
    delivery,
    endpoint,
    known,
    link,
    topic,
)


class SqlTopics:
    """Implements `bot.ports.Topics`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def wanted(self) -> Sequence[EndpointId]:
        return await self._database.read(_wanted)

    async def at(self, endpoint: EndpointId) -> ChatTopics | None:
        return await self._database.read(_at, endpoint)

    async def of(self, endpoint: EndpointId) -> Mapping[TraderId, BotTopic]:
        return await self._database.read(_of, endpoint)

    async def want(self, endpoint: EndpointId, *, on: bool) -> None:
        await self._database.write(_want, (endpoint, on))

    async def keep(self, endpoint: EndpointId, topic: BotTopic) -> None:
        await self._database.write(_keep, (endpoint, topic))


def place(connection: Connection, claimed: Sequence[AnyRow]) -> Mapping[int, str]:
    """Where each of these, of chats that have topics, is shown from now on; empty for the chat
    itself. A repeat goes where the first attempt went: it may be there already.
    """
    places: dict[int, str] = {}
    for head in claimed:
        if head.topic is not None:
            places[head.id] = head.topic
            continue
        found = connection.execute(
            select(topic.c.thread).where(
                topic.c.endpoint == head.endpoint,
                topic.c.trader == head.subject,
                topic.c.state == TopicState.OPEN,
            )
        ).scalar()
        if found is not None:
            places[head.id] = found
            _place(connection, head.id, found)
    return places


def lose(connection: Connection, claimed: Delivery) -> None:
    """An item has found its topic gone: it goes to the chat itself, and so does what follows."""
    connection.execute(
        update(topic)
        .where(topic.c.endpoint == claimed.endpoint, topic.c.thread == claimed.topic)
        .values(state=TopicState.GONE)
    )
    _place(connection, claimed.id, "")


def forget_topics(connection: Connection, *where: ColumnElement[bool]) -> None:
    """These chats are others now, or nobody's."""
    here = select(endpoint.c.id).where(*where)
    connection.execute(delete(topic).where(topic.c.endpoint.in_(here)))
    connection.execute(update(endpoint).where(*where, ENDPOINT_HAS_TOPICS).values(topics=False))


def _place(connection: Connection, delivery_id: int, thread: str) -> None:
    this = update(delivery).where(delivery.c.id == delivery_id)
    connection.execute(this.values(topic=thread))


def _wanted(connection: Connection) -> Sequence[EndpointId]:
    linked = select(link.c.id).where(link.c.endpoint == endpoint.c.id, LINK_IS_ACTIVE).exists()
    found = select(endpoint.c.id).where(ENDPOINT_HAS_TOPICS, linked).order_by(endpoint.c.id)
    return [EndpointId(one) for one in connection.execute(found).scalars()]


def _at(connection: Connection, endpoint_id: EndpointId) -> ChatTopics | None:
    here = select_active_links().where(endpoint.c.id == endpoint_id, ENDPOINT_HAS_TOPICS)
    row = connection.execute(here).one_or_none()
    if row is None:
        return None
    bots = select(known.c.value).where(
        known.c.account == row.account, known.c.kind == KnownKind.TRADER
    )
    return ChatTopics(
        link=link_of(row),
        bots=[decode_record(Trader, value) for value in connection.execute(bots).scalars()],
        topics=_of(connection, endpoint_id),
    )


def _of(connection: Connection, endpoint_id: EndpointId) -> Mapping[TraderId, BotTopic]:
    rows = connection.execute(select(topic).where(topic.c.endpoint == endpoint_id))
    return {
        TraderId(row.trader): BotTopic(
            trader=TraderId(row.trader), thread=row.thread, name=row.name, state=row.state
        )
        for row in rows
    }


@each
def _want(connection: Connection, request: tuple[EndpointId, bool]) -> None:
    endpoint_id, on = request
    invalidate(connection)
    connection.execute(update(endpoint).where(endpoint.c.id == endpoint_id).values(topics=on))
    gone = delete(topic).where(topic.c.endpoint == endpoint_id, topic.c.state == TopicState.GONE)
    connection.execute(gone)


@each
def _keep(connection: Connection, request: tuple[EndpointId, BotTopic]) -> None:
    endpoint_id, kept = request
    wants = select(endpoint.c.id).where(endpoint.c.id == endpoint_id, ENDPOINT_HAS_TOPICS)
    if connection.execute(wants).first() is None:
        return
    values: dict[str, Any] = {"thread": kept.thread, "name": kept.name, "state": kept.state}
    insert = insert_into(topic, connection.dialect.name).values(
        endpoint=endpoint_id, trader=kept.trader, **values
    )
    connection.execute(
        insert.on_conflict_do_update(index_elements=["endpoint", "trader"], set_=values)
    )
