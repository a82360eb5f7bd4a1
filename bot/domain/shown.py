"""Cards with buttons that chats show: when the buttons end, they go."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.cards import Card
from bot.domain.chats import Address
from bot.domain.ids import EndpointId


class Ending(StrEnum):
    """Why nothing under a card can be pressed any more."""

    EXPIRED = "expired"
    STANDS = "stands"
    """What it says was done, and could be taken back for a while."""
    WITHDRAWN = "withdrawn"
    """The person has said /cancel."""
    PRESSED = "pressed"
    """And what came of it was never shown in the card's place."""
    NOT_LIVE = "not live"
    """It showed a price as it moved."""
    USED = "used"
    """Of a one-time address: somebody has logged in there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """A message of ours that shows buttons; `message` is its id on the chat platform.

    `code_hash` is that of the one-time address that it shows, if it does; then `card` is what may
    be kept of it, without the address. `until` is when the message is to be changed for the
    last time, so that its buttons go while they can; `None` if it can be at any time.
    """

    endpoint: EndpointId
    address: Address
    message: str
    card: Card
    code_hash: str | None = None
    until: datetime | None = None


def without_address(card: Card) -> Card:
    """What may be stored of a card that shows a one-time address: who reads it could log in."""
    return replace(card, lines=(), details=(), buttons=(), notes=())


def without_secret(card: Card) -> Card:
    """What may be stored of a card that holds a secret: its title, and what can be pressed."""
    rows = (tuple(button for button in row if button.action) for row in card.buttons)
    return replace(without_address(card), buttons=tuple(filter(None, rows)), secret=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCard:
    """One whose buttons have ended at `ended_at`, and that is to be changed."""

    shown: ShownCard
    ending: Ending
    ended_at: datetime
    language: str = "en"
    """That of its chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCards:
    """Those that are to be changed now; `due` is when others may be."""

    now: tuple[EndedCard, ...] = ()
    due: datetime | None = None
