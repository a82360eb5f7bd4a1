"""Messages that are changed: an offer is answered elsewhere, or more is told within them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.actions import offer_to_pause
from bot.domain.backoff import Backoff
from bot.domain.changes import condition
from bot.domain.chats import Channel, Endpoint
from bot.domain.deliveries import (
    CHANNEL_WAIT,
    Attempt,
    Declined,
    Delivery,
    Gone,
    Halted,
    Moved,
    Postponed,
    Scope,
    Sent,
    TopicGone,
)
from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.lifetimes import AMEND_LIFE

AMEND_WAITS = Backoff(first=timedelta(seconds=1), ceiling=timedelta(minutes=5))
"""Between tries to change a message."""


EDIT_EVERY = timedelta(seconds=5)
"""How often a message is changed that tells of more and more: an edit takes the place of a message
in the pace of its chat (one a second), and nobody reads faster."""


LOG_IN = TraderId("log in")
"""Stands for a bot where a new login is offered; no id has a space."""

LESS = TraderId("less like this")
"""Stands for a bot where one may hear less: whatever becomes of the bot, that is offered on."""


class AnsweredBy(StrEnum):
    """What has answered an offer."""

    FAILED = "failed"
    """The bot stopped with an error."""
    STOPPED = "stopped"
    """Somebody stopped it, nobody knows where."""
    ASKED = "asked"
    """It was stopped from one of our chats."""
    DELETED = "deleted"
    LOGGED_IN = "logged_in"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswer:
    """The offers to pause a bot, or to log in, are answered.

    Attributes:
        at: when, by the platform's clock.
        channel: where it was asked for, if it was.
    """

    about: TraderId
    by: AnsweredBy
    at: datetime
    channel: Channel | None = None

    @property
    def stored(self) -> str:
        """What is stored of it: words are made of it when it is shown."""
        channel = (self.channel.value,) if self.channel else ()
        return " ".join((self.by, self.at.isoformat(), *channel))

    @property
    def offered(self) -> str:
        """The `arguments` of the buttons."""
        return "link" if self.about == LOG_IN else offer_to_pause(self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A message that shows an answered offer, or not all that is told within it, and is to be
    changed.

    Attributes:
        delivery: the item as it is to be shown, with the answer and all that is told within it.
        message: its id on the chat platform.
        shown_at: when it left, for what it said of its lateness.
        owed_since: since when the change is owed.
        untold: how many items that are told within it it does not show yet; `None` if none ever
            was.
        due: when it was to be changed, by which is known whether it is owed another change since.
    """

    delivery: Delivery
    message: str
    shown_at: datetime
    owed_since: datetime
    untold: int | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendments:
    """The youngest message of each chat that is to be changed now; `due` is when others may be."""

    now: tuple[Amendment, ...] = ()
    due: datetime | None = None


def answer_by_change(
    before: Trader | None, now: Trader, at: datetime, asked_in: Endpoint | None
) -> OfferAnswer | None:
    """What a bot's change means for the offers to pause it; `None` if they stand.

    Args:
        asked_in: the chat where a person has just asked for it, if one did.
    """
    was_running = before is not None and condition(before).running is not False
    if condition(now).running is not False or not was_running:
        return None
    if condition(now).failed:
        return OfferAnswer(about=now.id, by=AnsweredBy.FAILED, at=at)
    if asked_in is None:
        return OfferAnswer(about=now.id, by=AnsweredBy.STOPPED, at=at)
    return OfferAnswer(about=now.id, by=AnsweredBy.ASKED, at=at, channel=asked_in.address.channel)


def answer_by_removal(gone: Trader, at: datetime) -> OfferAnswer:
    return OfferAnswer(about=gone.id, by=AnsweredBy.DELETED, at=at)


def answer_by_login(at: datetime) -> OfferAnswer:
    return OfferAnswer(about=LOG_IN, by=AnsweredBy.LOGGED_IN, at=at)


def after_amending(amendment: Amendment, attempt: Attempt, now: datetime) -> datetime | None:
    """When to try once more; `None` if that was the end of it, whatever came of it."""
    wait = wait_after(attempt, now - amendment.owed_since)
    return None if wait is None else now + wait


def wait_after(attempt: Attempt, waited: timedelta) -> timedelta | None:
    """How long until a change of a message is tried once more; `None`: that was the end of it.

    It grows with the time that it has taken so far. While the platform is away the bot's own
    rest is the wait (`Pace`).
    """
    match attempt:
        case Sent() | Declined() | Gone() | TopicGone():
            return None
        case Moved():
            # The message stays in the old chat, where nothing can be changed any more.
            return None
        case Postponed(scope=Scope.CHANNEL, retry_after=None):
            return timedelta(0)
        case Halted():
            return CHANNEL_WAIT
        case Postponed(retry_after=timedelta() as asked):
            return max(asked, AMEND_WAITS.after(waited))
        case _:
            return AMEND_WAITS.after(waited)


def is_too_old(amendment: Amendment, now: datetime) -> bool:
    """Whether it is given up."""
    return now - amendment.owed_since >= AMEND_LIFE
