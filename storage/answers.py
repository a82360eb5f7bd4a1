"""The last answers of the platform, of each account and question."""

import json
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, delete, select

from bot.domain.answers import KEPT_FOR, LONGEST, MOST_KEPT, Answer
from bot.domain.ids import AccountId
from storage.engine.database import Database, each
from storage.engine.types import key
from storage.engine.upsert import insert_into
from storage.schema.codec import decode_value, encode_value
from storage.schema.rows import AnyRow
from storage.schema.tables import LINK_IS_ACTIVE, answer, link

T = TypeVar("T")


class _Given(NamedTuple):
    account: AccountId
    question: str
    value: Any
    at: datetime


class SqlAnswers:
    """Implements `bot.ports.Answers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, account: AccountId, question: str, answer: object, now: datetime) -> None:
        value = encode_value(answer)
        if len(json.dumps(value, ensure_ascii=False)) > LONGEST:
            await self.forget(account, question)
        else:
            await self._database.write(_keep, _Given(account, key(question), value, now))

    async def last(
        self, account: AccountId, question: str, kind: type[T], now: datetime
    ) -> Answer[T] | None:
        row = await self._database.read(_last, (account, key(question)))
        if row is None or row.at < now - KEPT_FOR:
            return None
        try:
            return Answer(decode_value(kind, row.value), row.at)
        except (KeyError, TypeError, ValueError):
            return None  # of a version to which it meant something else

    async def forget(self, account: AccountId, question: str) -> None:
        await self._database.write(_forget, (account, key(question)))

    async def prune(self, now: datetime) -> None:
        await self._database.write(_prune, now - KEPT_FOR)


@each
def _keep(connection: Connection, given: _Given) -> None:
    theirs = answer.c.account == given.account
    linked = select(link.c.id).where(link.c.account == given.account, LINK_IS_ACTIVE)
    if connection.execute(linked.limit(1)).first() is None:
        return
    said = {"value": given.value, "at": given.at}
    row = insert_into(answer, connection.dialect.name).values(
        account=given.account, question=given.question, **said
    )
    connection.execute(row.on_conflict_do_update(index_elements=answer.primary_key, set_=said))
    latest = select(answer.c.question).where(theirs).order_by(answer.c.at.desc())
    surplus = connection.execute(latest.offset(MOST_KEPT)).scalars().all()
    if surplus:
        connection.execute(delete(answer).where(theirs, answer.c.question.in_(surplus)))


def _last(connection: Connection, asked: tuple[AccountId, str]) -> AnyRow | None:
    account, question = asked
    found = select(answer).where(answer.c.account == account, answer.c.question == question)
    return connection.execute(found).first()


@each
def _forget(connection: Connection, asked: tuple[AccountId, str]) -> None:
    account, question = asked
    connection.execute(
        delete(answer).where(answer.c.account == account, answer.c.question == question)
    )


@each
def _prune(connection: Connection, before: datetime) -> None:
    connection.execute(delete(answer).where(answer.c.at < before))
