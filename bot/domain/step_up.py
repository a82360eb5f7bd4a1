"""What cannot be undone: who asks for it has logged in just now, and not in a chat that is new."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.actions import Verb
from bot.domain.chats import Link, Role
from bot.domain.lifetimes import COOL_OFF

_ALWAYS = frozenset({Verb.FORCE_EXIT, Verb.STANDING_ORDER, Verb.STANDING_NO_ENTRIES})


def cannot_be_undone(verb: Verb, arguments: str) -> bool:
    """
    Args:
        arguments: of the action: whoever is let act could do all of this before they are stopped.
    """
    lets_act = verb is Verb.GRANT_ACCESS and arguments.partition(" ")[0] == Role.OPERATOR
    return lets_act or verb in _ALWAYS


@dataclass(frozen=True, slots=True)
class CoolsOff:
    """The chat was linked a short while ago: it goes `until` then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NotProven:
    """The person has not logged in lately."""


Lacking = CoolsOff | NotProven


def cools_off(link: Link, now: datetime) -> CoolsOff | None:
    """A clock that was set back since makes it no shorter."""
    until = link.linked_at + COOL_OFF
    return CoolsOff(until) if now < until else None
