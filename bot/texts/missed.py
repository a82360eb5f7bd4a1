"""Alerts that did not reach a chat as they were."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.deliveries import State
from bot.domain.lanes import Missed
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.reasons import in_words
from bot.texts.times import moment

ROWS = 20
"""Of one page of /missed: fits one message of any platform."""


def end_of(state: State, reason: str) -> str:
    """What became of it, and why, in words."""
    reason = in_words(reason)
    match state:
        case State.HELD:
            return _("held back: {reason}", reason=reason)
        case State.DEAD:
            return _("not delivered: {reason}", reason=reason)
        case State.EXPIRED:
            return _("too old to send: {reason}", reason=reason)
        case State.CANCELLED:
            return _("cancelled: {reason}", reason=reason)
        case _:
            return reason  # a digest is its own reason


def nothing() -> Card:
    return plain(
        _("Nothing was missed"), _("Every alert so far has reached this chat, or is on its way.")
    )


def pages(count: int) -> int:
    return -(-count // ROWS)


def no_such_page(count: int, lost: int) -> Card:
    last = pages(count)
    where = (
        _("/missed shows them")
        if last == 1
        else _("/missed 1 to /missed {last} show them", last=last)
    )
    return plain(_("There is no such page"), f"{_what_became_of(count, lost)}: {where}.")


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
            f"{clean(item.title, 80)} ({end_of(item.state, item.reason)})",
        )
        for item in items
    ]
    first = (number - 1) * ROWS
    notes = []
    if count > ROWS:
        where = _(
            "{first} to {last} of {count}.",
            first=first + 1,
            last=first + len(items),
            count=count,
        )
        further = _("Older ones: /missed {page}", page=number + 1)
        notes.append(f"{where} {further}" if older else where)
    return Card(
        title=_what_became_of(count, lost),
        severity=Severity.WARNING if lost else Severity.INFO,
        fields=tuple(rows),
        buttons=(tuple(older),) if older else (),
        notes=tuple(notes),
    )


def _what_became_of(count: int, lost: int) -> str:
    missing = ngettext("{count} alert did not reach you", "{count} alerts did not reach you", lost)
    if lost == count:
        return missing
    summed = ngettext(
        "{count} alert came in digests", "{count} alerts came in digests", count - lost
    )
    return f"{missing}, {summed}" if lost else summed
