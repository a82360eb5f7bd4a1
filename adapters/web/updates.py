"""What a tab of the chat page sends, turned into what a person said."""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.chats import Address, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Place, Press, Words
from bot.domain.typed import command_in

TEXT_LIMIT = 2000
"""Characters that a person can send at once."""

LONGEST_WAIT = timedelta(days=7)
"""Of a text that waits for a connection; longer ones count as this long."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Something typed. The page repeats it under the same `nonce` until it is answered.

    `waited` is how long ago it was typed: without a connection the page keeps it.
    """

    nonce: str
    text: str
    waited: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A button pressed under `message`."""

    message: str
    action: ActionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A command that is being typed, which may be completed."""

    text: str


def read(frame: str) -> Say | Push | Begin | None:
    """Decode a frame; `None` if our page cannot have sent it."""
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    match value:
        case {"type": "say", "nonce": str(nonce), "text": str(text), **rest}:
            text, waited = _typed(text), _waited(rest.get("waited", 0))
            if waited is None or not 0 < len(text) <= TEXT_LIMIT or not _ID.fullmatch(nonce):
                return None
            return Say(nonce=nonce, text=text, waited=waited)
        case {"type": "begin", "text": str(text)}:
            return Begin(text=text) if len(text) <= TEXT_LIMIT else None
        case {"type": "press", "message": str(message), "action": str(action)}:
            fits = _ID.fullmatch(message) and _ID.fullmatch(action)
            return Push(message=message, action=ActionId(action)) if fits else None
        case _:
            return None


def _typed(text: str) -> str:
    """What a keyboard can make of it: no controls but line breaks, no broken characters."""
    return "".join(
        character
        for character in text
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cs")
    ).strip()


def _waited(seconds: object) -> timedelta | None:
    if not isinstance(seconds, int | float) or not seconds >= 0:
        return None
    return timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))


def said(update: Say | Push, address: Address, person: Person, now: datetime) -> Incoming:
    """What it means, in the chat of one person's browser."""
    place = Place(address=address, private=True)
    match update:
        case Push(action=action):
            return Press(place=place, person=person, action=action)
        case Say(text=text, waited=waited):
            typed, at = command_in(text), now - waited
            if typed is None:
                return Words(place=place, person=person, text=text, at=at)
            return Command(
                place=place, person=person, name=typed.name, arguments=typed.arguments, at=at
            )
