"""Cards that show a price as it moves, until they are stopped; `Amending` changes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.cards import Card
from bot.domain.chats import Address, Channel, Link
from bot.domain.ids import ActionId
from bot.domain.live_prices import MOST_LIVE, LiveEnd, LivePrice
from bot.domain.pairs import pair_key
from bot.ports import Links
from bot.services.steady import Seconds, steady
from bot.texts import prices as texts
from bot.texts.language import speaking

CHANGE_EVERY: Seconds = 5.0

UNSHOWN_FOR: Seconds = 60.0
"""So long a card may take to show; nobody knows its message until then."""

BEFORE_THE_END = timedelta(seconds=30)
"""Where a message can be changed for a while only, its last change has so much time."""


@dataclass(slots=True, kw_only=True, eq=False)
class LiveCard:
    """
    Attributes:
        stop: its button; `id` is what that asks to be stopped.
        until: when it ends by itself.
        message: that shows it, on its chat platform; `None` until it shows.
        shows: the card as it was shown last.
        ended: why it shows no new prices any more.
        due: when it may be changed next.
    """

    id: str
    stop: ActionId
    link: Link
    price: LivePrice
    until: datetime
    due: Seconds
    message: str | None = None
    shows: Card | None = None
    ended: LiveEnd | None = None

    @property
    def address(self) -> Address:
        return self.link.endpoint.address

    def card(self, now: datetime) -> Card:
        """In the language of its chat, by its clock."""
        wants = self.link.preferences
        with speaking(wants.language, wants.zone):
            if self.ended is not None:
                return texts.live_ended(self.price, self.ended)
            return texts.live(self.price, self.until, self.stop, now)


@dataclass(slots=True, kw_only=True, eq=False)
class LiveCards:
    """Those of this process. One that a crash left is closed at the next start."""

    links: Links
    _tell: Callable[..., object] = field(init=False, default=lambda *_, **__: None)
    _cards: list[LiveCard] = field(init=False, default_factory=list)

    def when_watched(self, tell: Callable[..., object]) -> None:
        """Have `Feeds.watch` called."""
        self._tell = tell

    def begin(self, card: LiveCard) -> bool:
        """It is about to be shown, in place of another one of the pair there; false if there are as
        many as may be.
        """
        same = pair_key(card.price.pair)
        theirs = [one for one in self._going() if one.link.account == card.link.account]
        for one in theirs:
            if one.link.id == card.link.id and pair_key(one.price.pair) == same:
                self._end(one, LiveEnd.BELOW)
                theirs.remove(one)
                break
        if len(theirs) >= MOST_LIVE:
            return False
        self._cards.append(card)
        self._tell(card.link.account, card.price)
        return True

    def shown(self, card: Card, message: str, until: datetime | None) -> None:
        """A message shows a card now, which may be a live one.

        Args:
            until: when it is to be changed for the last time.
        """
        actions = {button.action for row in card.buttons for button in row}
        for one in self._cards:
            if one.stop in actions:
                one.message, one.shows = message, card
                if until is not None:
                    one.until = min(one.until, until - BEFORE_THE_END)

    def stop(self, link: Link, id: str = "") -> list[LiveCard]:
        """End that one, or all there; gives them. What a press was under shows it by itself."""
        found = [one for one in self._going() if one.link.id == link.id and id in ("", one.id)]
        for one in found:
            self._end(one, LiveEnd.STOPPED)
            if id:
                self._cards.remove(one)
        return found

    def due(self, channel: Channel, bot: str, now: datetime) -> tuple[LiveCard | None, Seconds]:
        """The next that may be changed there now, or how long until then."""
        wait = 3600.0
        for one in list(self._cards):
            if (one.address.channel, one.address.bot) != (channel, bot):
                continue
            if one.ended is None and now >= one.until:
                self._end(one, LiveEnd.OVER)
            left = one.due - steady()
            if left > 0:
                wait = min(wait, left)
                continue
            if one.message is None:
                if left < -UNSHOWN_FOR:
                    self.drop(one)
                wait = min(wait, CHANGE_EVERY)
                continue
            return one, 0.0
        return None, wait

    async def still_there(self, card: LiveCard) -> bool:
        """Whether the chat is linked as it was: else it is shown nothing (G7)."""
        link = await self.links.at(card.address)
        return link is not None and (link.id, link.epoch) == (card.link.id, card.link.epoch)

    def owe_end(self, card: LiveCard) -> None:
        """It ended while its message was being changed: that is to show the end after all."""
        if card not in self._cards:
            self._cards.append(card)

    def drop(self, card: LiveCard) -> None:
        """It is changed no more; one that was stopped may be gone already."""
        self._tell(card.link.account, card.price, ends=True)
        if card in self._cards:
            self._cards.remove(card)

    def _going(self) -> Iterator[LiveCard]:
        return (one for one in list(self._cards) if one.ended is None)

    def _end(self, card: LiveCard, why: LiveEnd) -> None:
        card.ended, card.due = why, steady()
        self._tell(card.link.account, card.price, ends=True)
