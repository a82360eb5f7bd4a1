"""What the cards of several subjects share."""

from collections.abc import Iterable, Sequence

from bot.domain.actions import CONFIRM_LIFE
from bot.domain.cards import Card, Option, PickList, Severity

OLDER = "Older"
"""Leads to the next page."""

MOST_CHOICES = 15
"""Bots to choose from that a phone still shows without tiring its reader."""


NAME_LIMIT = 60
"""Characters of a chat's name that are shown."""


FOR_YOU_ONCE = f"For you only, once, within {int(CONFIRM_LIFE.total_seconds())} seconds."
"""Under each confirm card."""


def plain(title: str, *lines: str, severity: Severity = Severity.INFO) -> Card:
    """A card of a title and lines; empty lines are left out."""
    return Card(title=title, lines=tuple(filter(None, lines)), severity=severity)


def guess(options: Sequence[Option]) -> str:
    return f"Did you mean {' or '.join(option.label for option in options)}?"


def meant(options: Sequence[Option]) -> PickList:
    return PickList(prompt="I meant", options=tuple(options))


def others(what: str, names: Iterable[str], listed: str) -> str:
    """What there is, after a name that nothing looks like."""
    them = list(names)
    if not them:
        return "There are none yet."
    rest = len(them) - MOST_CHOICES
    shown = f"{what}: {', '.join(them[:MOST_CHOICES])}"
    return f"{shown}, and {rest} more: {listed}" if rest > 0 else f"{shown}."
