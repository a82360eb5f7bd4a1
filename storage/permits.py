"""What the platform was found to let accounts do."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from bot.domain.ids import AccountId
from bot.domain.permits import Permit
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.menus import may_change
from storage.schema.tables import LINK_IS_ACTIVE, endpoint, link, permit


class SqlPermits:
    """Implements `bot.ports.Permits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: AccountId) -> Sequence[Permit]:
        return await self._database.read(_of, account)

    async def note(self, permit: Permit) -> None:
        await self._database.write(_note, permit)


def _of(connection: Connection, account_id: AccountId) -> Sequence[Permit]:
    theirs = select(permit).where(permit.c.account == account_id).order_by(permit.c.command)
    return [
        Permit(
            account=account_id,
            command=row.command,
            allowed=row.allowed,
            at=row.at,
            templates=row.templates,
        )
        for row in connection.execute(theirs)
    ]


@each
def _note(connection: Connection, found: Permit) -> None:
    linked = select(link.c.id).where(link.c.account == found.account, LINK_IS_ACTIVE)
    if connection.execute(linked.limit(1)).first() is None:
        return
    said = {"allowed": found.allowed, "at": found.at, "templates": found.templates}
    row = insert_into(permit, connection.dialect.name).values(
        account=found.account, command=found.command, **said
    )
    connection.execute(row.on_conflict_do_update(index_elements=permit.primary_key, set_=said))
    theirs = select(link.c.endpoint).where(link.c.account == found.account, LINK_IS_ACTIVE)
    may_change(connection, endpoint.c.id.in_(theirs))
