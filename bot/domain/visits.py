"""Visits to pages of a chat's own: a one-time address, and the browser that opened it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.cards import Card
from bot.domain.chats import Endpoint, Link
from bot.domain.events import Trader
from bot.domain.ids import LinkId, TraderId
from bot.domain.rules import Rule, Topic


class Purpose(StrEnum):
    """What an address is for."""

    SETTINGS = "settings"
    """For a while, the settings of the chat."""
    INBOX = "inbox"
    """As long as the browser comes back, a chat of its own in there."""


class VisitProblem(StrEnum):
    """Why an address leads nowhere."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who may see and change the settings of which chat, or has an inbox.

    Attributes:
        link: of the chat where the address was asked for; of an inbox, once it was opened, its own.
        until: the end of the address; of the visit, once the address was used.
    """

    purpose: Purpose = Purpose.SETTINGS
    link: LinkId
    person: str
    language: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One that is signed in to an inbox, which is told of as that of a chat."""

    link: Link
    person: str
    until: datetime


class Rings(StrEnum):
    """Whether the browser of an inbox is a phone."""

    NO = "no"
    UNPROVEN = "unproven"
    YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What came of a notification's button: whether it did what it says, and what is told."""

    done: bool
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """What an inbox shows: a message of ours by its id, as it stands."""

    id: str
    at: datetime
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How events of a kind, of a bot or of any, are told.

    Attributes:
        rule: by which it is.
        number: of that rule among the person's own, as they are tried; `None` of a default.
        narrower: so many of the person's rules decide of some of it, by a pair or a signal's type.
    """

    topic: Topic
    bot: TraderId | None
    rule: Rule
    number: int | None
    narrower: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """What a visitor sees.

    Attributes:
        cells: a row for each kind of event; in it one cell of any bot, then one of each of
            `traders`, where the kind is one of bots.
        others: the account's other chats that this same person has linked.
        may_change: their role allows it.
    """

    visit: Visit
    link: Link
    traders: tuple[Trader, ...]
    rules: tuple[Rule, ...]
    cells: tuple[tuple[Cell, ...], ...]
    others: tuple[Endpoint, ...]
    may_change: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What came of a change: the card that a command answers; `stored` if anything was."""

    card: Card
    stored: bool
