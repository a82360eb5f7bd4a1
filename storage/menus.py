"""Which menus of commands chats have been given, and which may have to change."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, case, select, update

from bot.domain.chats import Channel
from bot.domain.ids import EndpointId
from bot.domain.menus import ChatMenu
from storage.engine.database import Database, each
from storage.schema.rows import address_of, link_of, select_active_links
from storage.schema.tables import MENU_IS_DUE, endpoint

AT_ONCE = 20


class SqlMenus:
    """Implements `bot.ports.Menus`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look_at_all(self) -> None:
        await self._database.write(_look_at_all, None)

    async def due(self, without: Collection[Channel]) -> Sequence[ChatMenu]:
        return await self._database.read(_due, without)

    async def keep(self, menu: ChatMenu, shown: str | None) -> None:
        await self._database.write(_keep, (menu, shown))


def may_change(connection: Connection, *where: ColumnElement[bool]) -> None:
    """The menus of these chats may have to be others."""
    connection.execute(update(endpoint).where(*where).values(menu_mark=endpoint.c.menu_mark + 1))


@each
def _look_at_all(connection: Connection, _: None) -> None:
    may_change(connection, endpoint.c.menu.is_not(None))


def _due(connection: Connection, without: Collection[Channel]) -> Sequence[ChatMenu]:
    rows = connection.execute(
        select(endpoint)
        .where(MENU_IS_DUE, endpoint.c.channel.not_in(without))
        .order_by(endpoint.c.id)
        .limit(AT_ONCE)
    ).all()
    ids = [row.id for row in rows]
    there = select_active_links().where(endpoint.c.id.in_(ids))
    links = {row.endpoint: link_of(row) for row in connection.execute(there)} if ids else {}
    return [
        ChatMenu(
            endpoint=EndpointId(row.id),
            address=address_of(row),
            private=row.private,
            shown=row.menu,
            mark=row.menu_mark,
            link=links.get(row.id),
        )
        for row in rows
    ]


@each
def _keep(connection: Connection, kept: tuple[ChatMenu, str | None]) -> None:
    menu, shown = kept
    left = case((endpoint.c.menu_mark == menu.mark, 0), else_=endpoint.c.menu_mark)
    connection.execute(
        update(endpoint).where(endpoint.c.id == menu.endpoint).values(menu=shown, menu_mark=left)
    )
