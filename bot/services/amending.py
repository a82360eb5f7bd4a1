"""Messages are changed: where an offer is answered, the button goes and a note says what happened;
where more is told within one, it tells that too; where a price is live, it shows the new one.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NoReturn

from bot.domain.amendments import Amendment, after_amending, is_too_old, wait_after
from bot.domain.backoff import Backoff
from bot.domain.cards import answered
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Postponed, Priority, Restored, Scope, Sent
from bot.domain.ids import Now
from bot.domain.lifetimes import END_LIFE
from bot.domain.shown import EndedCard
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Outbox, ShownCards
from bot.services.delivery import Delivering, Outlet
from bot.services.live_cards import CHANGE_EVERY, LiveCard, LiveCards
from bot.services.retrying import retry_until_available
from bot.services.shared_chats import not_to_be_shown
from bot.services.steady import Seconds, steady
from bot.texts import answered as texts
from bot.texts.language import speaking
from bot.texts.presented import presented

log = logging.getLogger(__name__)

YIELD: Seconds = 0.2
"""Alerts go first: so long a change waits where one may be about to leave."""

LOOK_MAX_AGE: Seconds = 5.0
"""How old a look at what is owed may be: a process that was stopped meanwhile must look again."""

STORE_WAITS = Backoff(first=timedelta(seconds=2), ceiling=timedelta(seconds=60))
"""Between two tries while the database is away."""


class Amending:
    """Makes the changes that are owed, for each of our bots one after the other.

    Nothing is claimed: a change may be made twice, so what a crash left is simply made again.

    Args:
        outlets: by channel and our bot's id there; what others owe stays owed.
        look_every: how often what is owed is looked up even if nobody woke us: another process may
            owe, or a chat may be open again.

    `restored` is set before `run` where a backup was put back.
    """

    def __init__(
        self,
        outbox: Outbox,
        shown_cards: ShownCards,
        outlets: Mapping[tuple[Channel, str], Outlet],
        delivering: Delivering,
        live: LiveCards,
        now: Now,
        chance: random.Random,
        *,
        look_every: timedelta,
    ) -> None:
        self._outbox = outbox
        self._look_every = look_every
        self._shown_cards = shown_cards
        self._outlets = outlets
        self._delivering = delivering
        self._live = live
        self._now = now
        self._chance = chance
        self.restored: Restored | None = None
        self._woken = {key: asyncio.Event() for key in outlets}

    def wake(self) -> None:
        """Something may be owed now."""
        for woken in self._woken.values():
            woken.set()

    async def run(self) -> NoReturn:
        """Change what is owed, until cancelled; what a crash left comes first."""
        await retry_until_available(partial(self._shown_cards.end_live, self._now()))
        async with asyncio.TaskGroup() as group:
            for (channel, bot), outlet in self._outlets.items():
                group.create_task(self._serve(channel, bot, outlet), name=f"{channel} changes")
            await asyncio.Event().wait()
        raise AssertionError("the bots are served without an end")

    async def _serve(self, channel: Channel, bot: str, outlet: Outlet) -> NoReturn:
        woken = self._woken[channel, bot]
        failures = 0
        while True:
            woken.clear()
            try:
                wait = await self._change_what_is_due(channel, bot, outlet)
                if wait:
                    wait = min(wait, await self._end_what_is_due(channel, bot, outlet))
                if wait:
                    wait = min(wait, await self._show_what_is_live(channel, bot, outlet))
                failures = 0
            except (TryLater, OutcomeUnknown) as outage:
                # Whatever was not stored is done again: that leaves the same message.
                log.warning("changes of messages must wait", extra={"reason": str(outage)})
                failures += 1
                wait = STORE_WAITS.step(failures).total_seconds()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await woken.wait()
                    await asyncio.sleep(YIELD)

    async def _change_what_is_due(self, channel: Channel, bot: str, outlet: Outlet) -> Seconds:
        """Change the first message that may be changed now; gives how long until the next look.

        One at a look: whoever was unlinked since is shown nothing (G7).
        """
        looked_at, now = steady(), self._now()
        owed = await self._outbox.amendments(channel, bot, now)
        waits = [self._look_every.total_seconds()]
        if owed.due is not None:
            waits.append(max(0.0, (owed.due - now).total_seconds()))
        if steady() - looked_at > LOOK_MAX_AGE:
            return 0.0
        for amendment in owed.now:
            wait = await self._take_up(amendment, outlet)
            if not wait:
                return 0.0
            waits.append(wait)
        return min(waits)

    async def _take_up(self, amendment: Amendment, outlet: Outlet) -> Seconds:
        """Change a message if it may be changed now; gives how long its chat must rest, or 0."""
        address = amendment.delivery.address
        if not amendment.message or is_too_old(amendment, self._now()):
            await self._give_up(amendment, "too late, or nobody knows its id")
            return 0.0
        wait = _room(outlet, address)
        if wait > 0:
            return wait
        marked = outlet.messenger.repeats.marked
        with speaking(amendment.delivery.language, amendment.delivery.zone):
            card = presented(amendment.delivery, marked, amendment.shown_at, self.restored)
            attempt = await not_to_be_shown(amendment.delivery, outlet.readership)
            if attempt is None:
                attempt = await outlet.messenger.amend(
                    amendment.delivery.place, amendment.message, card
                )
        await self._settle(amendment, attempt, outlet)
        return 0.0

    async def _settle(self, amendment: Amendment, attempt: Attempt, outlet: Outlet) -> None:
        now = self._now()
        again = after_amending(amendment, attempt, now)
        self._record_outcome(amendment.delivery.address, attempt, outlet)
        if again is None and not isinstance(attempt, Sent):
            await self._give_up(amendment, getattr(attempt, "reason", "its chat has moved"))
            return
        await self._outbox.amended(amendment, again, now)

    def _record_outcome(self, address: Address, attempt: Attempt, outlet: Outlet) -> None:
        """What an attempt means for others: what the platform asks for, never our own back-off."""
        asked = timedelta(0)
        if isinstance(attempt, Postponed):
            asked = attempt.retry_after or asked
            if not attempt.tried and attempt.scope is Scope.ENDPOINT:
                return
        outlet.pace.record_outcome(address, attempt, asked.total_seconds(), self._chance)

    async def _give_up(self, amendment: Amendment, reason: str) -> None:
        facts = {"delivery": amendment.delivery.reference, "reason": reason}
        if amendment.delivery.answer is not None or amendment.delivery.seen:
            log.warning("a message keeps a button that does nothing any more", extra=facts)
        self._delivering.wake(await self._outbox.not_amended(amendment, self._now()))

    # --- buttons that have ended ------------------------------------------------------------

    async def _end_what_is_due(self, channel: Channel, bot: str, outlet: Outlet) -> Seconds:
        """As `_change_what_is_due`, of cards whose buttons have come to their end."""
        now = self._now()
        ended = await self._shown_cards.ended(channel, bot, now)
        waits = [self._look_every.total_seconds()]
        if ended.due is not None:
            waits.append(max(0.0, (ended.due - now).total_seconds()))
        for card in ended.now:
            wait = await self._end(card, outlet)
            if not wait:
                return 0.0
            waits.append(wait)
        return min(waits)

    async def _end(self, ended: EndedCard, outlet: Outlet) -> Seconds:
        """Take the buttons away if there is room; gives how long its chat must rest, or 0."""
        shown, address = ended.shown, ended.shown.address
        wait = _room(outlet, address)
        if wait > 0:
            return wait
        # What its notes say is how it is pressed.
        with speaking(ended.language):
            card = answered(replace(shown.card, notes=()), texts.ending(ended.ending))
            attempt = await outlet.messenger.amend(address, shown.message, card)
        self._record_outcome(address, attempt, outlet)
        now = self._now()
        again = wait_after(attempt, now - ended.ended_at)
        if again is None or now - ended.ended_at >= END_LIFE:
            # Gone, or it can be changed no more: a press there is told that it came too late.
            await self._shown_cards.forget(shown.endpoint, shown.message)
        else:
            await self._shown_cards.postpone(shown, now + again)
        return 0.0

    # --- prices as they move ----------------------------------------------------------------

    async def _show_what_is_live(self, channel: Channel, bot: str, outlet: Outlet) -> Seconds:
        """Show the next live price that has changed; gives how long until the next look.

        It takes no place of its chat's, and leaves only where nothing else wants to, so that no
        alert waits for it.
        """
        while True:
            live, wait = self._live.due(channel, bot, self._now())
            if live is None:
                return wait
            live.due = steady() + CHANGE_EVERY
            if await self._show(live, outlet):
                return YIELD

    async def _show(self, live: LiveCard, outlet: Outlet) -> bool:
        """Whether its message has been changed, or tried to be."""
        pace, ends, card = outlet.pace, live.ended is not None, live.card(self._now())
        if card == live.shows:
            return False
        if live.message is None or not await self._live.still_there(live):
            self._live.drop(live)
            return False
        if self._delivering.is_busy(live.link.endpoint.id) or not pace.is_free(live.address):
            return False
        pace.take_place(Priority.INFO)
        with speaking(live.link.preferences.language, live.link.preferences.zone):
            attempt = await outlet.messenger.amend(live.address, live.message, card)
        self._record_outcome(live.address, attempt, outlet)
        if isinstance(attempt, Sent):
            live.shows = card
        if ends if isinstance(attempt, Sent) else _is_final(attempt):
            self._live.drop(live)
            await self._shown_cards.forget(live.link.endpoint.id, live.message)
        elif live.ended is not None:
            self._live.owe_end(live)
        return True


def _is_final(attempt: Attempt) -> bool:
    """Whether it can be changed no more."""
    return wait_after(attempt, timedelta(0)) is None


def _room(outlet: Outlet, address: Address) -> Seconds:
    """Take the place of a message, or give how long there is none."""
    pace = outlet.pace
    wait = pace.chat_wait(address)
    if wait > 0:
        return wait + YIELD
    wait, place = pace.take_place(Priority.INFO)
    if wait > 0:
        pace.give_back(place)
        return wait + YIELD
    pace.sent_to(address)
    return 0.0
