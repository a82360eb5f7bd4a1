"""The week of one account on virtual time, told to chats with different wishes."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.domain.deliveries import State
from bot.domain.events import Event, Kind, Stream
from storage import open_memory
from storage.inbox.ingest import OWN_KINDS
from storage.schema.tables import delivery
from tests.fakes.messenger import FakeMessenger, Shown
from tests.fakes.platform import FakePlatform
from tests.harness.virtual_time import virtual_now
from tests.harness.world import World, running
from tests.week.life import DAY, HABITS, Became, Told, week

BY_ITSELF = "a message each, with a sound"
AS_IT_COMES = "as it comes, nothing wished"
WISHING = "with wishes"

WISHES: Mapping[str, Sequence[str]] = {
    AS_IT_COMES: ("/timezone berlin",),
    WISHING: (
        "/timezone berlin",
        "/quiet weekdays 22-7, weekends 23-9",
        "/rules signals digest daily",
        "/rules entries off",
        "/rules warnings silent",
        "/rules losses on from 2 %",
        "/digest daily 18:00",
        "/mute Scalp BTC 2d",
        "/mute XRP/USDT until friday",
    ),
}
"""What is said in each chat before the week begins."""

_OWN = OWN_KINDS | {Kind.DIGEST}
"""Not of the platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What came of a week in one chat.

    Attributes:
        states: of all that was owed there, how many came to each.
    """

    shown: Sequence[Shown]
    changes: Sequence[Shown]
    states: Mapping[State, int]

    @property
    def rings(self) -> int:
        return sum(1 for one in self.shown if not one.card.silent)

    @property
    def silent(self) -> int:
        return len(self.shown) - self.rings


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """`happened` counts what the platform told of the account, each by its record."""

    happened: int
    chats: Mapping[str, Chat]

    def lines(self) -> list[str]:
        """A table of a week, a line for each chat."""
        columns = ("rings", "silent", "edits", "together", "not told", "owed")
        rows = [(BY_ITSELF, (self.happened, 0, 0, 0, 0, self.happened))]
        for name, chat in self.chats.items():
            states = chat.states
            told = (
                *(chat.rings, chat.silent, len(chat.changes)),
                *(states[State.COALESCED], states[State.OFF]),
                sum(states.values()),
            )
            rows.append((name, told))
        return [
            f"{'':<28}" + "".join(f"{name:>10}" for name in columns),
            *(f"{name:<28}" + "".join(f"{one:>10,}" for one in told) for name, told in rows),
        ]


async def lived(seed: int, days: int = 7) -> Week:
    """Live it; on a loop whose time is virtual."""
    platform = FakePlatform(now=virtual_now)
    chat = FakeMessenger(now=virtual_now)
    for habit in HABITS:
        platform.put(habit.bot, announce=False)
    ids = itertools.count()
    with open_memory(virtual_now, lambda: f"row-{next(ids)}") as store:
        async with running(store, platform, chat, virtual_now) as world:
            chats = dict(zip(WISHES, ("101", "102"), strict=True))
            for name, wishes in WISHES.items():
                await _arrives(world, chats[name], wishes)
            midnight = virtual_now().replace(hour=23, minute=0, second=0, microsecond=0)
            await _until(midnight)
            shown, changed = len(chat.shown), len(chat.changed)
            happenings = week(seed, midnight, days)
            for one in happenings:
                await _until(one.at)
                match one:
                    case Told(stream=stream, event=event):
                        _tell(platform, stream, event)
                    case Became(bot=bot):
                        platform.put(bot)
            await _until(midnight + (days + 1) * DAY)
            came = {
                name: Chat(
                    shown=[one for one in chat.shown[shown:] if one.chat == number],
                    changes=[one for one in chat.changed[changed:] if one.chat == number],
                    states=await _states(world, number, midnight),
                )
                for name, number in chats.items()
            }
    return Week(happened=len(happenings), chats=came)


async def _states(world: World, chat: str, since: datetime) -> Counter[State]:
    link = await world.link(chat)
    assert link is not None

    def count(connection: Connection) -> Counter[State]:
        owed = select(delivery.c.state).where(
            delivery.c.link == link.id, delivery.c.created_at >= since, ~delivery.c.kind.in_(_OWN)
        )
        return Counter(connection.execute(owed).scalars())

    return await world.store.database.read(count)


async def _arrives(world: World, chat: str, wishes: Sequence[str]) -> None:
    await world.goes_live(chat)
    for wish in wishes:
        [reply] = await world.says(wish, chat)
        assert reply.card is not None


def _tell(platform: FakePlatform, stream: Stream, event: Event) -> None:
    """A record is kept, or takes the place of what it was before."""
    kept = platform.streams.setdefault(stream, [])
    kept[:] = [one for one in kept if one.origin.record != event.origin.record]
    platform.store(stream, event)


async def _until(at: datetime) -> None:
    wait = (at - virtual_now()).total_seconds()
    if wait > 0:
        await asyncio.sleep(wait)
