"""What a tab of the chat page sends, turned into what a person said."""

import json
import re
import unicodedata
from dataclasses import dataclass

from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Place, Press, Said, Words
from bot.domain.links import Address, Channel, Person
from bot.domain.typed import command_in

TEXT_LIMIT = 2000
"""Characters that a person can send at once."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Something typed. The page repeats it under the same `nonce` until it is answered."""

    nonce: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A button pressed under `message`."""

    message: str
    action: ActionId


def read(frame: str) -> Say | Push | None:
    """Decode a frame; `None` if our page cannot have sent it."""
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    match value:
        case {"type": "say", "nonce": str(nonce), "text": str(text)}:
            text = _typed(text)
            fits = 0 < len(text) <= TEXT_LIMIT and _ID.fullmatch(nonce)
            return Say(nonce=nonce, text=text) if fits else None
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


def said(update: Say | Push, address: Address) -> Said:
    """What it means, in the chat of one person's browser: the chat's secret id is who they are."""
    place = Place(address=address, private=True)
    person = Person(channel=Channel.WEB, id=address.chat)
    match update:
        case Push(action=action):
            return Press(place=place, person=person, action=action)
        case Say(text=text):
            typed = command_in(text)
            if typed is None:
                return Words(place=place, person=person, text=text)
            return Command(place=place, person=person, name=typed.name, arguments=typed.arguments)
