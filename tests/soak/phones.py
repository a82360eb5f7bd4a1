"""The chat platform of a soak: phones that block and move, and sends that fail in every way."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.deliveries import (
    Attempt,
    Declined,
    Gone,
    Halted,
    Moved,
    Postponed,
    Scope,
    Sent,
    Unknown,
)
from tests.fakes.messenger import FakeMessenger, Shown

SHOWN = Unknown(reason="the answer was lost")
NOT_SHOWN = Unknown(reason="the request was lost")


class Happens(Enum):
    """What may happen to an attempt that nothing else stands against."""

    SHOWN = "attempt shown, unanswered"
    NOT_SHOWN = "attempt not shown, unanswered"
    WAIT = "attempt told to wait"
    ALL_WAIT = "attempt told that the bot must wait"
    DECLINED = "attempt declined"
    FAILED = "attempt certainly failed"


CHANCES = {
    Happens.SHOWN: 0.012,
    Happens.NOT_SHOWN: 0.012,
    Happens.WAIT: 0.010,
    Happens.ALL_WAIT: 0.002,
    Happens.DECLINED: 0.002,
    Happens.FAILED: 0.020,
}


DELETED = 0.1
"""Of the messages that are to be changed."""


@dataclass(eq=False)
class Phones(FakeMessenger):
    """Implements `ports.Messenger` for many chats.

    What an attempt comes to depends on the seed, the item and how often it was tried: not on what
    else goes on.
    """

    seed: int = 0
    well: bool = False
    """Nothing goes wrong any more."""
    closed: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)
    """Old addresses and the new ones."""
    refused: bool = False
    """The whole bot is: somebody has revoked its token."""
    waits: dict[str, timedelta] = field(default_factory=dict)
    """Chats that are over their limit, and how long each is asked to wait."""
    happened: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str | None] = field(default_factory=Counter)

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        self._tries[card.reference] += 1
        chance = random.Random(f"{self.seed} {card.reference} {self._tries[card.reference]}")
        left = self.now()
        await asyncio.sleep(chance.uniform(0.02, 0.2))  # on its way
        outcome = self._outcome(address.chat, chance)
        if outcome is SHOWN or isinstance(outcome, Sent):
            message = outcome.message if isinstance(outcome, Sent) else ""
            self.shown.append(Shown(address.chat, card, left, self.now(), message))
        await asyncio.sleep(chance.uniform(0.02, 0.2))  # and the answer on its way back
        return outcome

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """It may be repeated freely; it comes to nothing where the person deleted the message."""
        if self.refused:
            return Halted(reason="Unauthorized")
        if address.chat in self.waits:
            return Postponed(reason="Too Many Requests", retry_after=self.waits[address.chat])
        chance = random.Random(f"{self.seed} {card.reference} {message}")
        if chance.random() < DELETED and message not in self.deleted:
            self.happened["message deleted"] += 1
            self.deleted.add(message)
        return await super().amend(address, message, card)

    def _outcome(self, chat: str, chance: random.Random) -> Attempt:
        if self.refused:
            return Halted(reason="Unauthorized")
        if self.away:
            return Postponed(reason="no_connection", scope=Scope.CHANNEL)
        if chat in self.moved:
            return Moved(chat=self.moved[chat])
        if chat in self.closed:
            return Gone(reason="blocked")
        if chat in self.waits:
            return Postponed(reason="Too Many Requests", retry_after=self.waits[chat])
        happens = None if self.well else _drawn(chance)
        if happens is None:
            self.calls += 1
            return Sent(message=str(self.calls))
        self.happened[happens.value] += 1
        return _outcome_of(happens, chance)


def _outcome_of(happens: Happens, chance: random.Random) -> Attempt:
    match happens:
        case Happens.SHOWN:
            return SHOWN
        case Happens.NOT_SHOWN:
            return NOT_SHOWN
        case Happens.WAIT:
            wait = timedelta(seconds=chance.randint(1, 40))
            return Postponed(reason="Too Many Requests", retry_after=wait)
        case Happens.ALL_WAIT:
            wait = timedelta(seconds=chance.randint(5, 35))
            return Postponed(reason="Too Many Requests", retry_after=wait, scope=Scope.CHANNEL)
        case Happens.DECLINED:
            return Declined(reason="can't parse entities")
        case Happens.FAILED:
            return Postponed(reason="no_connection")


def _drawn(chance: random.Random) -> Happens | None:
    value = chance.random()
    for happens, likely in CHANCES.items():
        value -= likely
        if value < 0:
            return happens
    return None
