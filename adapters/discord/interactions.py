"""Answers to interactions: commands, presses and forms, each under a token of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from adapters.chat.exchange import NoAnswer
from adapters.chat.replies import REPLY_TRIES, REPLY_WAITS
from adapters.discord.api import MESSAGE, THINKING, WORKING, Answers, Files, goes_plain
from adapters.discord.faults import ALREADY_ANSWERED
from adapters.discord.render import DiscordMessage, rendered
from adapters.discord.transport import DiscordRefusal, RateLimited
from adapters.discord.updates import EPHEMERAL, Handle
from bot.domain.backoff import Backoff
from bot.domain.cards import Card
from bot.texts.asking import shown_to_all

log = logging.getLogger(__name__)

LOST_WAITS = Backoff(
    first=timedelta(seconds=0.1),
    between=(timedelta(seconds=0.2),),
    ceiling=timedelta(seconds=0.3),
)
"""Before an answer to an interaction of unknown outcome is made again: it must come in time."""


_Say = Callable[[DiscordMessage, int], Awaitable[str | None]]
_T = TypeVar("_T")


class Interaction:
    """One interaction's answers: the first one, and those after it."""

    def __init__(
        self, answers: Answers, handle: Handle, *, private: bool, ephemeral: bool = False
    ) -> None:
        """
        Args:
            private: only the person reads along; elsewhere what is private is shown to them only.
            ephemeral: so is the message whose button was pressed.
        """
        self._answers = answers
        self._handle = handle
        self._private = private
        self._lock = asyncio.Lock()
        self._begun = False
        self._thinking = False
        self._settled = asyncio.Event()
        self._first_is_ephemeral = ephemeral
        self.message: str | None = None
        """What was last shown, by its id."""
        self.ephemeral = ephemeral
        """Whether that is for the person's eyes only, and changes by this interaction alone."""

    def settle(self) -> None:
        """All that there is to say has come."""
        self._settled.set()

    async def think_after(self, wait: timedelta) -> None:
        """Say that the answer takes a while, unless all of it has come by then.

        It is never cancelled half-way: then nobody would know what the person sees.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._settled.wait()
                return
        async with self._lock:
            if self._begun:
                return
            try:
                # Nobody knows yet what will be in it.
                self._first_is_ephemeral = not self._private
                flags = EPHEMERAL if self._first_is_ephemeral else 0
                await self._begin(THINKING, {"flags": flags})
                self._thinking = True
            except (DiscordRefusal, RateLimited) as error:
                log.info("could not say that it takes a while", extra={"reason": str(error)})

    async def work(self) -> None:
        """Say that a press was heard.

        Raises:
            DiscordRefusal, RateLimited: the person sees that it failed, so nothing may come of it.
        """
        async with self._lock:
            await self._begin(WORKING)

    async def show(self, card: Card, *, replaces: bool = False) -> Sequence[DiscordMessage]:
        """Show a card; gives the parts that certainly were not shown.

        Where only the person has the bot, five messages may follow the first.

        Source: https://docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
        """
        flags = EPHEMERAL if card.private and not self._private else 0
        parts = rendered(card)
        async with self._lock:
            if self._thinking and not self._private and not flags:
                # What began for one person's eyes stays so: the answer comes after it.
                parts = (*rendered(shown_to_all()), *parts)
            for number, part in enumerate(parts):
                try:
                    await self._show(part, flags, replaces and number == 0)
                except (DiscordRefusal, RateLimited) as error:
                    log.info("an interaction is over", extra={"reason": str(error)})
                    return parts[number:]
                except NoAnswer as lost:
                    log.warning("an answer may not have been shown", extra={"reason": str(lost)})
        return ()

    async def close(self) -> None:
        """There is no more to say: nobody is to be left "thinking..."."""
        async with self._lock:
            if self._thinking:
                self._thinking = False
                await _insisted(lambda: self._answers.withdraw(self._handle))

    async def _show(self, part: DiscordMessage, flags: int, replaces: bool) -> None:
        if not self._begun:
            say = self._open
        elif self._thinking or replaces:
            say = self._rewrite
        else:
            say = self._add
        thinking, self._thinking = self._thinking, False
        try:
            await self._say(say, part, flags)
        except (DiscordRefusal, RateLimited):
            self._thinking = thinking  # it shows still, and must not stay
            raise

    async def _say(self, say: _Say, part: DiscordMessage, flags: int) -> None:
        try:
            self.message = await say(part, flags)
        except DiscordRefusal as refusal:
            if not goes_plain(part, refusal):
                raise
            log.error("an answer was refused and goes out plain", extra={"code": refusal.code})
            self.message = await say(part.plain, flags)

    async def _open(self, part: DiscordMessage, flags: int) -> str | None:
        self.ephemeral = self._first_is_ephemeral = bool(flags)
        return await self._begin(MESSAGE, {**part.body, "flags": flags}, part.files)

    async def _rewrite(self, part: DiscordMessage, flags: int) -> str | None:
        # Who sees a message was decided when it was first shown.
        self.ephemeral = self._first_is_ephemeral
        return await _insisted(lambda: self._answers.rewrite(self._handle, part))

    async def _add(self, part: DiscordMessage, flags: int) -> str | None:
        self.ephemeral = bool(flags)
        return await _insisted(lambda: self._answers.add(self._handle, part, flags), freely=False)

    async def _begin(
        self, kind: int, data: Mapping[str, Any] | None = None, files: Files = ()
    ) -> str | None:
        shown = None
        try:
            shown = await _insisted(lambda: self._answers.first(self._handle, kind, data, files))
        except DiscordRefusal as refusal:
            # The first of two tries got through after all.
            if refusal.code != ALREADY_ANSWERED:
                raise
        except NoAnswer as lost:
            log.info("perhaps an interaction was not answered", extra={"reason": str(lost)})
        self._begun = True
        return shown


async def _insisted(call: Callable[[], Awaitable[_T]], *, freely: bool = True) -> _T:
    """Make a call, and make it again where that is asked for or does no harm.

    Args:
        freely: it may be repeated if nobody knows what became of it.
    """
    for tries in range(1, REPLY_TRIES + 1):
        try:
            return await call()
        except RateLimited as asked:
            if tries == REPLY_TRIES or asked.wait > REPLY_WAITS.ceiling.total_seconds():
                raise
            await asyncio.sleep(asked.wait)
        except NoAnswer:
            if tries == REPLY_TRIES or not freely:
                raise
            await asyncio.sleep(LOST_WAITS.step(tries).total_seconds())
    raise AssertionError("the last try returns or raises")
