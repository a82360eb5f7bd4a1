"""Buttons: offered with a card, pressed once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, delete, insert, select, update

from bot.domain.actions import Action, ActionState, Denied, may_press
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId
from storage.engine.database import Database, each
from storage.schema.codec import decode_targets, encode_targets
from storage.schema.rows import AnyRow
from storage.schema.states import LinkState
from storage.schema.tables import action, link

KEPT_AFTER_EXPIRY = timedelta(days=30)
"""So long a press is told that the button has expired, and later that it is unknown."""


class _Press(NamedTuple):
    action: ActionId
    person: str
    endpoint: EndpointId
    now: datetime


class SqlActions:
    """Implements `bot.ports.Actions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offer(self, actions: Sequence[Action]) -> None:
        if actions:
            await self._database.write(_offer, actions)

    async def claim(
        self, action: ActionId, person: str, endpoint: EndpointId, now: datetime
    ) -> Action | Denied:
        return await self._database.write(_claim, _Press(action, person, endpoint, now))

    async def find(self, action: ActionId) -> tuple[Action, bool] | None:
        return await self._database.read(_find, action)

    async def finish(self, action: ActionId, state: ActionState, now: datetime) -> None:
        await self._database.write(_finish, (action, state, now))

    async def interrupted(self) -> Sequence[Action]:
        return await self._database.read(_interrupted)

    async def prune(self, now: datetime) -> int:
        """Delete buttons that expired long ago; gives how many."""
        return await self._database.write(_prune, now)


def action_row(offered: Action) -> dict[str, Any]:
    return {
        "id": offered.id,
        "card": offered.card,
        "account": offered.account,
        "link": offered.link,
        "endpoint": offered.endpoint,
        "person": offered.person,
        "verb": offered.verb,
        "targets": encode_targets(offered.targets),
        "arguments": offered.arguments,
        "repeatable": offered.repeatable,
        "expires_at": offered.expires_at,
        "state": offered.state,
    }


@each
def _offer(connection: Connection, actions: Sequence[Action]) -> None:
    connection.execute(insert(action), [action_row(offered) for offered in actions])


@each
def _claim(connection: Connection, press: _Press) -> Action | Denied:
    found = _find(connection, press.action)
    if found is None:
        return Denied.UNKNOWN
    pressed, linked = found
    denied = may_press(pressed, press.person, press.endpoint, linked, press.now)
    if denied is not None or pressed.repeatable:
        return denied or pressed
    # One statement for the whole card: of two buttons pressed at once, one wins.
    taken = connection.execute(
        update(action)
        .where(action.c.card == pressed.card, action.c.state == ActionState.OPEN)
        .values(
            state=case((action.c.id == pressed.id, ActionState.RUNNING), else_=ActionState.CLOSED)
        )
        .returning(action.c.id)
    )
    return pressed if pressed.id in taken.scalars().all() else Denied.USED


def _find(connection: Connection, action_id: ActionId) -> tuple[Action, bool] | None:
    """A button, and whether the link that it was made under is still active."""
    row = connection.execute(
        select(action, link.c.state.label("link_state"))
        .join(link, link.c.id == action.c.link)
        .where(action.c.id == action_id)
    ).first()
    return row and (action_of(row), row.link_state is LinkState.ACTIVE)


def action_of(row: AnyRow) -> Action:
    return Action(
        id=ActionId(row.id),
        card=row.card,
        account=AccountId(row.account),
        link=LinkId(row.link),
        endpoint=EndpointId(row.endpoint),
        person=row.person,
        verb=row.verb,
        targets=decode_targets(row.targets),
        arguments=row.arguments,
        repeatable=row.repeatable,
        expires_at=row.expires_at,
        state=row.state,
    )


@each
def _finish(connection: Connection, request: tuple[ActionId, ActionState, datetime]) -> None:
    action_id, state, now = request
    connection.execute(
        update(action)
        .where(action.c.id == action_id, action.c.state == ActionState.RUNNING)
        .values(state=state, finished_at=now)
    )


def _interrupted(connection: Connection) -> Sequence[Action]:
    running = select(action).where(action.c.state == ActionState.RUNNING).order_by(action.c.id)
    return [action_of(row) for row in connection.execute(running)]


@each
def _prune(connection: Connection, now: datetime) -> int:
    old = delete(action).where(action.c.expires_at < now - KEPT_AFTER_EXPIRY)
    return connection.execute(old).rowcount
