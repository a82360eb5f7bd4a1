"""What can go wrong in a soak, how often, and how it ends again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.domain.cards import is_to_be_seen
from bot.domain.events import Kind, Origin, Trade
from bot.domain.incoming import Left
from bot.errors import TryLater
from tests.harness.troubled_database import SLOWEST
from tests.harness.virtual_time import virtual_now
from tests.soak.wishes import wished

if TYPE_CHECKING:
    from tests.soak.run import Soak


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong: `happens` returns once it is over. `weight` is how often."""

    name: str
    weight: int
    happens: Callable[[Soak, random.Random], Coroutine[Any, Any, None]]
    only_on: str | None = None
    """The one kind of database that it can happen to."""


async def _socket_drops(soak: Soak, chance: random.Random) -> None:
    soak.platforms.users[chance.choice(list(soak.platforms.users))].cut()


async def _all_sockets_drop(soak: Soak, chance: random.Random) -> None:
    for theirs in soak.platforms.users.values():
        theirs.cut()


async def _platform_away(soak: Soak, chance: random.Random) -> None:
    for theirs in soak.platforms.users.values():
        theirs.away = True
        theirs.cut()
    await asyncio.sleep(chance.uniform(10, 600))
    for theirs in soak.platforms.users.values():
        theirs.away = False


async def _finds_fail(soak: Soak, chance: random.Random) -> None:
    theirs = soak.platforms.users[chance.choice(list(soak.platforms.users))]
    for service in ("page trades", "page models/signals", "traders"):
        theirs.fail(service, *[TryLater("HTTP 500")] * chance.randint(1, 4))
    theirs.cut()


async def _no_sockets(soak: Soak, chance: random.Random) -> None:
    theirs = soak.platforms.users[chance.choice(list(soak.platforms.users))]
    theirs.sockets = False
    theirs.cut()
    await asyncio.sleep(chance.uniform(60, 900))
    theirs.sockets = True


async def _login_ends(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None or phone.user is None or phone.chat in soak.chats.closed:
        return
    phone.busy = True
    soak.platforms.users[phone.user].accepts.clear()
    await asyncio.sleep(chance.uniform(10, 1200))
    await soak.links(phone, phone.user)
    phone.busy = False


async def _foreign_record(soak: Soak, chance: random.Random) -> None:
    """The platform sends one user's socket what is another's."""
    of, to = chance.sample(list(soak.platforms.users), 2)
    record = f"{of} astray {chance.randrange(10**6)}"
    origin = Origin(kind=Kind.TRADE, record=record, at=virtual_now(), owner=of)
    soak.platforms.users[to].announce(Trade(origin=origin, side="buy", symbol="XRP/USDT"))


async def _blocked(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None:
        return
    phone.busy = True
    soak.chats.closed.add(phone.chat)
    if chance.random() < 0.5 and soak.world is not None:
        left = Left(place=soak.world.place(phone.chat), reason="blocked")
        async for _ in soak.world.router.hear(left):
            pass
    await asyncio.sleep(chance.uniform(60, 2400))
    await soak.returns(phone)
    phone.busy = False


async def _moved(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None or phone.user is None:
        return
    phone.busy = True
    soak.move(phone)
    soak.record(phone.user, chance)
    await soak.until_moved(phone)
    phone.busy = False


async def _over_limit(soak: Soak, chance: random.Random) -> None:
    phone = chance.choice(soak.people)
    chat = phone.chat
    soak.chats.waits[chat] = timedelta(seconds=chance.randint(5, 120))
    await asyncio.sleep(chance.uniform(10, 240))
    soak.chats.waits.pop(chat, None)


async def _token_refused(soak: Soak, chance: random.Random) -> None:
    soak.chats.refused = True
    await asyncio.sleep(chance.uniform(20, 120))
    soak.chats.refused = False


async def _unlinked(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None:
        return
    phone.busy = True
    await soak.unlinks(phone)
    await asyncio.sleep(chance.uniform(1, 900))
    await soak.links(phone, chance.choice(list(soak.platforms.users)))
    phone.busy = False


async def _linked_to_another(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None:
        return
    phone.busy = True
    await soak.links(phone, chance.choice(list(soak.platforms.users)))
    phone.busy = False


async def _wishes_change(soak: Soak, chance: random.Random) -> None:
    """No trouble in itself: what is owed is told otherwise from here on."""
    phone = soak.idle_phone(chance)
    if phone is None:
        return
    phone.busy = True
    await soak.wishes(phone, partial(wished, chance, now=virtual_now()))
    phone.busy = False


async def _push_away(soak: Soak, chance: random.Random) -> None:
    soak.push.away = True
    await asyncio.sleep(chance.uniform(10, 1800))
    soak.push.away = False


async def _push_closed(soak: Soak, chance: random.Random) -> None:
    phone = soak.idle_phone(chance)
    if phone is None or not phone.push:
        return
    phone.busy = True
    soak.push.closed.add(phone.push[-1])
    await asyncio.sleep(chance.uniform(60, 2400))
    await soak.rings_again(phone)
    phone.busy = False


async def _push_changes(soak: Soak, chance: random.Random) -> None:
    """No trouble in itself: a phone is added, or taken away."""
    phone = soak.idle_phone(chance)
    if phone is None:
        return
    phone.busy = True
    await (soak.adds_push if chance.random() < 0.6 else soak.removes_push)(phone)
    phone.busy = False


async def _somebody_sees(soak: Soak, chance: random.Random) -> None:
    """No trouble at all: an alert is seen sooner or later, and perhaps by several at once."""
    there = chance.choice((soak.chats, soak.push))
    asking = [one for one in there.shown[-40:] if is_to_be_seen(one.card)]
    if not asking:
        return
    one = chance.choice(asking)
    labels = [button.label for row in one.card.buttons for button in row if button.until_seen]
    await asyncio.sleep(chance.uniform(0, 400))
    async with asyncio.TaskGroup() as group:
        for _ in range(chance.choice((1, 1, 2))):
            group.create_task(soak.sees(there, one, chance.choice(labels)))


async def _killed(soak: Soak, chance: random.Random) -> None:
    soak.process.kill(timedelta(seconds=chance.choice((0.1, 1, 5, 30, 120, 600))))


async def _slow_database(soak: Soak, chance: random.Random) -> None:
    database = soak.database
    if database is None:
        return
    database.delay = SLOWEST * chance.random()
    await asyncio.sleep(chance.uniform(5, 60))
    database.delay = timedelta(0)


async def _database_away(soak: Soak, chance: random.Random) -> None:
    database = soak.database
    if database is None:
        return
    database.away = True
    await asyncio.sleep(chance.uniform(1, 60))
    database.away = False


async def _commit_unanswered(soak: Soak, chance: random.Random) -> None:
    if soak.database is not None:
        soak.database.swallows += 1


TROUBLES = (
    Trouble("socket dropped", 12, _socket_drops),
    Trouble("all sockets dropped", 2, _all_sockets_drop),
    Trouble("platform away", 3, _platform_away),
    Trouble("find fails", 5, _finds_fail),
    Trouble("no sockets to be had", 2, _no_sockets),
    Trouble("login ended", 4, _login_ends),
    Trouble("record of another user", 4, _foreign_record),
    Trouble("chat blocked", 6, _blocked),
    Trouble("chat moved", 4, _moved),
    Trouble("chat over its limit", 5, _over_limit),
    Trouble("bot's token refused", 1, _token_refused),
    Trouble("chat unlinked", 3, _unlinked),
    Trouble("chat linked to another account", 3, _linked_to_another),
    Trouble("wishes changed", 12, _wishes_change),
    Trouble("push away", 3, _push_away),
    Trouble("push subscription gone", 3, _push_closed),
    Trouble("phone added or removed", 6, _push_changes),
    Trouble("somebody sees an alert", 20, _somebody_sees),
    Trouble("process killed", 6, _killed),
    Trouble("database slow", 4, _slow_database),
    Trouble("database away", 4, _database_away),
    Trouble("commit unanswered", 4, _commit_unanswered, only_on="postgresql"),
)
