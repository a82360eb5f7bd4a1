"""What bots and the platform have told lately."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.events import Message, PodEvent, Stream, SystemEvent, Trader
from bot.domain.text import clean
from bot.domain.told import Told
from bot.texts.alerts import message_alert, report_alert
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.severities import word
from bot.texts.times import moment

ROWS = 10
"""Of one page: fits one message of any platform."""

_WORDS = 160


class Row(NamedTuple):
    at: datetime
    severity: Severity
    words: str


class Unread(NamedTuple):
    """What could not be read; `denied` if the platform does not let this account."""

    stream: Stream
    denied: bool


def row(event: PodEvent | Message | SystemEvent, traders: Mapping[str, Trader]) -> Row:
    """As it was told, in short."""
    if isinstance(event, PodEvent):
        card = report_alert(event, traders).card
    else:
        card = message_alert(event).card
    more = clean(" ".join(card.lines), _WORDS)
    return Row(event.origin.at, card.severity, " · ".join(filter(None, (card.title, more))))


def row_of_told(told: Told) -> Row:
    return Row(told.occurred_at, told.severity, clean(told.title, _WORDS))


def events(
    rows: Sequence[Row],
    *,
    of: str,
    page: int,
    unread: Sequence[Unread],
    cut: bool,
    buttons: Sequence[Button],
) -> Card:
    """
    Args:
        of: the bot that was asked for.
        unread: of what it shows what was heard.
        cut: older ones of the platform were not looked through.
    """
    notes = (*_heard(unread), *([_cut()] if cut and not buttons else []))
    if not rows:
        if of or page > 1:
            return plain(_("No events"), _("There are none of that: /events shows all."), *notes)
        return plain(_("No events yet"), _("The first one rings here by itself."), *notes)
    title = ngettext("Latest {count} event", "Latest {count} events", len(rows))
    if page > 1:
        title = ngettext("{count} older event", "{count} older events", len(rows))
    return _listed(" · ".join(filter(None, (title, of))), rows, notes, buttons)


def messages(
    rows: Sequence[Row],
    *,
    page: int,
    unread: Sequence[Unread],
    cut: bool,
    buttons: Sequence[Button],
) -> Card:
    """Arguments as of `events`."""
    notes = (*_heard(unread), *([_cut()] if cut and not buttons else []))
    if not rows:
        if page > 1:
            none = _("There is no such page. /messages shows the newest.")
            return plain(_("No messages"), none, *notes)
        return plain(_("No messages yet"), _("The first one rings here by itself."), *notes)
    title = ngettext("Latest {count} message", "Latest {count} messages", len(rows))
    if page > 1:
        title = ngettext("{count} older message", "{count} older messages", len(rows))
    return _listed(title, rows, notes, buttons)


def _listed(
    title: str, rows: Sequence[Row], notes: tuple[str, ...], buttons: Sequence[Button]
) -> Card:
    return Card(
        title=title,
        fields=tuple(Field(moment(one.at), _graded(one)) for one in rows),
        buttons=(tuple(buttons),) if buttons else (),
        notes=notes,
    )


def _graded(one: Row) -> str:
    if one.severity in (Severity.WARNING, Severity.CRITICAL):
        return f"{word(one.severity)} · {one.words}"
    return one.words


def _heard(unread: Sequence[Unread]) -> tuple[str, ...]:
    """Where what was heard stands for what could not be read."""
    denied = ", ".join(one.stream for one in unread if one.denied)
    away = ", ".join(one.stream for one in unread if not one.denied)
    heard = _("Of that you see what I have told in this chat within 30 days.")
    refusal = _("The platform does not let me read: {not_offered}.", not_offered=denied)
    outage = _("The platform does not answer for: {services}.", services=away)
    return tuple(f"{why} {heard}" for why, which in ((refusal, denied), (outage, away)) if which)


def _cut() -> str:
    return _("Older ones are on the platform only.")
