"""Alerts that did not reach a chat as they were."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Field, Severity, moment
from bot.domain.deliveries import State
from bot.domain.lanes import Missed
from bot.domain.text import clean, counted
from bot.texts.cards import plain

ROWS = 20
"""Of one page of /missed: fits one message of any platform."""


_ENDS = {
    State.HELD: "held back",
    State.DEAD: "not delivered",
    State.EXPIRED: "too old to send",
    State.CANCELLED: "cancelled",
}


def _end_of(item: Missed) -> str:
    reason = clean(item.reason, 60)
    # A digest is its own reason.
    return f"{_ENDS[item.state]}: {reason}" if item.state in _ENDS else reason


def nothing() -> Card:
    return plain(
        "Nothing was missed", "Every alert so far has reached this chat, or is on its way."
    )


def pages(count: int) -> int:
    return -(-count // ROWS)


def no_such_page(count: int, lost: int) -> Card:
    last = pages(count)
    where = "/missed shows them" if last == 1 else f"/missed 1 to /missed {last} show them"
    return plain("There is no such page", f"{_what_became_of(count, lost)}: {where}.")


def page(
    items: Sequence[Missed], number: int, count: int, lost: int, older: Sequence[Button]
) -> Card:
    """One page of them.

    Args:
        number: from 1.
        count: of all pages together.
        lost: how many of these no digest told of.
        older: what leads to the next page.
    """
    rows = [
        Field(
            f"{moment(item.occurred_at)} · {item.reference}",
            f"{clean(item.title, 80)} ({_end_of(item)})",
        )
        for item in items
    ]
    first = (number - 1) * ROWS
    notes = []
    if count > ROWS:
        where = f"{first + 1} to {first + len(items)} of {count}."
        notes.append(where + (f" Older ones: /missed {number + 1}" if older else ""))
    return Card(
        title=_what_became_of(count, lost),
        severity=Severity.WARNING if lost else Severity.INFO,
        fields=tuple(rows),
        buttons=(tuple(older),) if older else (),
        notes=tuple(notes),
    )


def _what_became_of(count: int, lost: int) -> str:
    missing = f"{counted(lost, 'alert')} did not reach you"
    if lost == count:
        return missing
    summed = f"{counted(count - lost, 'alert')} came in digests"
    return f"{missing}, {summed}" if lost else summed
