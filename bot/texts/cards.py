"""What the cards of several subjects share."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.cards import Button, Card, Option, PickList, Severity
from bot.domain.lifetimes import CONFIRM_LIFE
from bot.texts.language import _
from bot.texts.times import spoken


def older() -> str:
    """Leads to the next page."""
    return _("Older")


def as_of(at: datetime, now: datetime) -> str:
    """How old it is what is shown, where the platform does not say it anew."""
    return _(
        "As of {span} ago: the platform gives me nothing newer just now.", span=spoken(now - at)
    )


def aged(card: Card, at: datetime, now: datetime) -> Card:
    """With how old it is, before all else that is noted."""
    return replace(card, notes=(as_of(at, now), *card.notes))


MOST_CHOICES = 15
"""Bots to choose from that a phone still shows without tiring its reader."""


NAME_LIMIT = 60
"""Characters of a chat's name that are shown."""


def for_you_once() -> str:
    """Under each confirm card."""
    seconds = int(CONFIRM_LIFE.total_seconds())
    return _("For you only, once, within {seconds} seconds.", seconds=seconds)


def plain(title: str, *lines: str, severity: Severity = Severity.INFO) -> Card:
    """A card of a title and lines; empty lines are left out."""
    return Card(title=title, lines=tuple(filter(None, lines)), severity=severity)


MOST_NEAR = 3
"""Names that are offered where none fits."""


def unfit(title: str, near: Sequence[Option], *lines: str) -> Card:
    """What was named is not there; what is called alike is a button each, which asks the same of
    that.
    """
    buttons = tuple((Button(label=one.label, action=one.action),) for one in near[:MOST_NEAR])
    return replace(plain(title, *lines), buttons=buttons)


def meant(options: Sequence[Option]) -> PickList:
    return PickList(prompt=_("I meant"), options=tuple(options))


def others(what: str, names: Iterable[str], listed: str) -> str:
    """What there is, after a name that nothing looks like."""
    them = list(names)
    if not them:
        return _("There are none yet.")
    rest = len(them) - MOST_CHOICES
    shown = f"{what}: {', '.join(them[:MOST_CHOICES])}"
    return (
        _("{shown}, and {rest} more: {listed}", shown=shown, rest=rest, listed=listed)
        if rest > 0
        else f"{shown}."
    )
