"""What bots and the platform have told lately."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.events import Message, PodEvent, Stream, SystemEvent, Trader
from bot.domain.text import clean
from bot.domain.told import Told
from bot.texts.alerts import message_alert, own_word, report_alert
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.severities import word
from bot.texts.times import moment

ROWS = 10
"""Of one page: fits one message of any platform."""

_WORDS = 160


class Row(NamedTuple):
    """`called` is how bad it is, in a word, or what the platform calls it; empty if neither."""

    at: datetime
    called: str
    words: str


class Unread(NamedTuple):
    """What could not be read; `denied` if the platform does not let this account, `as_of` when it
    was read last, if that stands there.
    """

    stream: Stream
    denied: bool
    as_of: datetime | None = None


def row(event: PodEvent | Message | SystemEvent, traders: Mapping[str, Trader]) -> Row:
    """As it was told, in short; of what nobody could grade it is not said how bad it is."""
    if isinstance(event, PodEvent):
        alert, own = report_alert(event, traders), ""  # in its title
    else:
        alert, own = message_alert(event), own_word(event.type or event.level or "")
    called = own if alert.guessed else _how_bad(alert.card.severity)
    more = clean(" ".join(alert.card.lines), _WORDS)
    return Row(event.origin.at, called, " · ".join(filter(None, (alert.card.title, more))))


def row_of_told(told: Told) -> Row:
    return Row(told.occurred_at, _how_bad(told.severity), clean(told.title, _WORDS))


def _how_bad(severity: Severity) -> str:
    return word(severity) if severity in (Severity.WARNING, Severity.CRITICAL) else ""


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
        fields=tuple(Field(moment(one.at), _called(one)) for one in rows),
        buttons=(tuple(buttons),) if buttons else (),
        notes=notes,
    )


def _called(one: Row) -> str:
    return " · ".join(filter(None, (one.called, one.words)))


def _heard(unread: Sequence[Unread]) -> tuple[str, ...]:
    """Where what was read last, or what was heard, stands for what could not be read."""
    denied = ", ".join(one.stream for one in unread if one.denied)
    old = ", ".join(one.stream for one in unread if one.as_of is not None)
    away = ", ".join(one.stream for one in unread if not one.denied and one.as_of is None)
    heard = _("Of that you see what I have told in this chat within 30 days.")
    refusal = _("The platform does not let me read: {not_offered}.", not_offered=denied)
    outage = _("The platform does not answer for: {services}.", services=away)
    told = [f"{why} {heard}" for why, which in ((refusal, denied), (outage, away)) if which]
    if old:
        since = min(one.as_of for one in unread if one.as_of is not None)
        aged = _(
            "The platform does not answer for: {services}. Of that you see what it said until"
            " {time}, and what I have told in this chat since.",
            services=old,
            time=moment(since),
        )
        told.insert(0, aged)
    return tuple(told)


def _cut() -> str:
    return _("Older ones are on the platform only.")
