"""Replies: shown one after the other, and with patience as long as none can show twice."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple, NoReturn
from weakref import WeakValueDictionary

from bot.domain.backoff import Backoff
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt, Moved, Postponed, Sent, Unknown
from bot.domain.reasons import Reason

log = logging.getLogger(__name__)

REPLY_TRIES = 4
REPLY_WAITS = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=60))

TYPING_AFTER = timedelta(seconds=1)
"""How long an answer may take before we show that it takes a while."""

MaySend = Callable[[Address], Awaitable[None]]
"""Returns once the rates of the chat and of the bot allow one more message there."""


class Shown(NamedTuple):
    """What shows a part of a reply."""

    address: Address
    message: str


async def send_with_retry(
    show: Callable[[Address], Awaitable[Attempt]],
    address: Address,
    may_send: MaySend,
    *,
    freely: bool = False,
) -> Shown | None:
    """Show a part of a reply, with patience as long as it cannot show twice.

    Gives what shows it now; `None` if nothing does, or nobody knows.

    Args:
        freely: it may be repeated if nobody knows what became of it.
    """
    outcome: Attempt = Unknown(reason=Reason.NOT_TRIED)
    for tries in range(1, REPLY_TRIES + 1):
        await may_send(address)
        outcome = await show(address)
        match outcome:
            case Sent(message=message):
                return Shown(address, message)
            case Moved(chat=chat):
                address = replace(address, chat=chat)
            case Postponed(retry_after=asked):
                wait = min(asked or REPLY_WAITS.step(tries), REPLY_WAITS.ceiling)
                await asyncio.sleep(wait.total_seconds())
            case Unknown() if freely:
                await asyncio.sleep(REPLY_WAITS.first.total_seconds())
            case _:
                break
    log.warning("a reply was not shown", extra={"outcome": type(outcome).__name__})
    return None


class ChatLocks:
    """Who shows something in a chat while others do the same: one after the other, in order."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, chat: str) -> asyncio.Lock:
        return self._locks.setdefault(chat, asyncio.Lock())


@asynccontextmanager
async def typing(
    show: Callable[[], Awaitable[object]], again: timedelta
) -> AsyncIterator[Callable[[], object]]:
    """Show that the answer takes a while, until the end, or until what this gives is called.

    Args:
        again: how soon what shows it must be shown once more.
    """
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_type(show, again), name="typing")
        yield task.cancel
        task.cancel()


async def _type(show: Callable[[], Awaitable[object]], again: timedelta) -> NoReturn:
    await asyncio.sleep(TYPING_AFTER.total_seconds())
    while True:
        await show()
        await asyncio.sleep(again.total_seconds())
