"""What happened in the night."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time

from bot.domain.cards import Button, Card, Severity
from bot.domain.chats import Preferences
from bot.domain.nights import LATE_FOR, LATE_FROM, Fate, IncidentOfNight, Night, Spell, SpellKind
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.escalation import in_words
from bot.texts.language import _, ngettext
from bot.texts.names import app_name
from bot.texts.times import clock, moment, spoken
from bot.texts.wishes import clock_time

ROWS = 10
"""Incidents that are told one by one."""


def report(night: Night, now: datetime, buttons: Sequence[Button] = ()) -> Card:
    """
    Args:
        buttons: set when it comes by itself.
    """
    span = {"since": _at(night.since, now), "until": _at(night.until, now)}
    late = _late(night, now)
    rows = (tuple(buttons),) if buttons else ()
    if night.is_calm:
        title = _("A calm night: nothing happened from {since} to {until}", **span)
        return Card(title=title, buttons=rows, notes=late)
    told = [_incident(one, now) for one in night.incidents[:ROWS]]
    left = len(night.incidents) - ROWS
    if left > 0:
        told.append(ngettext("{count} more had to be seen.", "{count} more had to be seen.", left))
    if not night.incidents:
        told.append(_("Nothing had to be seen."))
    title = _("The night from {since} to {until}", **span)
    lines = (*told, *(spell_in_words(one, now) for one in night.spells), _sum(night))
    unseen = any(not one.seen and one.ended_at is None for one in night.incidents)
    severity = Severity.WARNING if unseen or night.unaccounted else Severity.INFO
    return Card(
        title=title,
        severity=severity,
        lines=lines,
        buttons=rows,
        notes=(*_notes(night), *late),
        sound=False,
    )


def _at(at: datetime, now: datetime) -> str:
    return clock(at) if abs((now - at).total_seconds()) < 20 * 3600 else moment(at)


def _late(night: Night, now: datetime) -> tuple[str, ...]:
    if night.due_at is None or now - night.due_at < LATE_FROM:
        return ()
    return (
        _("It comes {span} late: I could not tell it before.", span=spoken(now - night.due_at)),
    )


def _incident(one: IncidentOfNight, now: datetime) -> str:
    """'02:14 Grid BTC stopped with an error; rang again 02:16 (Phone); seen 02:21 (Telegram)'."""
    parts = [f"{_at(one.incident.opened_at, now)} {in_words(one.incident)}"]
    if one.steps:
        steps = ", ".join(f"{_at(step.at, now)} ({app_name(step.on)})" for step in one.steps)
        parts.append(_("rang again {steps}", steps=steps))
    if one.seen:
        seen = ", ".join(f"{_at(step.at, now)} ({app_name(step.on)})" for step in one.seen)
        parts.append(_("seen {steps}", steps=seen))
    elif one.ended_at is None:
        parts.append(_("nobody has seen it"))
    if one.ended_at is not None:
        parts.append(_("over {time}", time=_at(one.ended_at, now)))
    return "; ".join(parts)


def spell_in_words(one: Spell, now: datetime) -> str:
    since = _at(one.since, now)
    words = {
        SpellKind.DOWN: _("No connection to the trading platform"),
        SpellKind.POLLING: _("No realtime connection, so I looked every so often"),
        SpellKind.TRADEBELL: _("I was down"),
    }[one.what]
    if one.until is None:
        return _("{what}: from {since}, and no word of its end", what=words, since=since)
    return _("{what}: {since} to {until}", what=words, since=since, until=_at(one.until, now))


def _sum(night: Night) -> str:
    """'14 events: 3 told, 2 quietly, 9 together with others, 0 open.' Always adds up."""
    return _(
        "{events}: {fates}.",
        events=ngettext("{count} event", "{count} events", night.events),
        fates=", ".join(_fates(night)),
    )


def _fates(night: Night) -> Iterator[str]:
    count = {fate: night.fates.get(fate, 0) for fate in Fate}
    yield _("{number} told", number=count[Fate.TOLD])
    yield _("{number} quietly", number=count[Fate.QUIET])
    yield _("{number} together with others", number=count[Fate.TOGETHER])
    if count[Fate.OFF]:
        yield _("{number} not wanted", number=count[Fate.OFF])
    if count[Fate.KNOWN]:
        yield _("{number} known already", number=count[Fate.KNOWN])
    if count[Fate.LOST]:
        yield _("{number} not shown", number=count[Fate.LOST])
    yield _("{number} open", number=count[Fate.OPEN])
    if night.unaccounted:
        yield _("{number} unaccounted", number=night.unaccounted)


def _notes(night: Night) -> Iterator[str]:
    if night.fates.get(Fate.LOST):
        yield _("/missed says why what was not shown was not.")
    if night.unaccounted:
        yield _("This sum should add up and does not: please tell who runs this Tradebell.")


# --- when it comes by itself ----------------------------------------------------------------------


def at_label(at: time) -> str:
    """On a button."""
    return _("Each morning at {time}", time=clock_time(at))


def off_label() -> str:
    """On a button."""
    return _("No more each morning")


def told_at(wants: Preferences, buttons: Sequence[Button]) -> Card:
    if wants.night_at is None:
        title, lines = _("No night is told by itself"), [_("/night tells it when you ask.")]
    else:
        title = _("Each night is told at {time}", time=clock_time(wants.night_at))
        lines = [
            _(
                "Without a sound, once a day. If I am down then, it comes at most {span} late.",
                span=spoken(LATE_FOR),
            )
        ]
        if not wants.zone:
            lines.append(_("That is by UTC: /timezone Berlin tells me your clock."))
    return Card(title=title, lines=tuple(lines), buttons=(tuple(buttons),))


def not_understood(given: str) -> Card:
    return plain(
        _("Which night?"),
        _("I do not understand {given}. Nothing was changed.", given=clean(given, 40)),
        _("For example: /night, /night 8h, /night at 07:30, /night off"),
    )
