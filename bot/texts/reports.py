"""What a day or a week has come to, and when that is told by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.cards import Button, Card, Field, Picture, Severity
from bot.domain.chats import Preferences
from bot.domain.conversion import PLAIN, Rates
from bot.domain.incidents import Cause
from bot.domain.nights import IncidentOfNight
from bot.domain.report_plans import ReportPlan, Rhythm
from bot.domain.reports import LATE_FROM, Period
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.escalation import in_words
from bot.texts.figures import Basis, Scope, notes, results_of
from bot.texts.language import _, ngettext
from bot.texts.names import trader_name
from bot.texts.nights import spell_in_words
from bot.texts.times import lasted, moment, spoken, weekday_in
from bot.texts.wishes import clock_time

ROWS = 5
"""Incidents that are told one by one, and bots."""


def report(
    period: Period, now: datetime, picture: Picture | None = None, rates: Rates = PLAIN
) -> Card:
    late = tuple(_late(period, now))
    incidents = [one for one in period.night.incidents if one.incident.cause is not Cause.DRILL]
    unseen = any(not one.seen and one.ended_at is None for one in incidents)
    if period.is_calm:
        return Card(title=_calm(period), fields=tuple(_well(period)), notes=late, sound=False)
    scope = Scope(bots=(), called={one.id: trader_name(one) for one in period.bots})
    basis = Basis(record=period.record, until=period.away, rates=rates)
    earned = results_of(basis, scope)
    if not earned:
        earned = [Field(_("Result"), _("no closed trade"))]
    return Card(
        title=_title(period),
        severity=Severity.WARNING if unseen else Severity.INFO,
        fields=(*earned, Field(_("Had to be seen"), _seen(incidents)), *_well(period)),
        picture=picture,
        notes=(*_silences(period), *notes(basis), *late),
        sound=False,
    )


def _title(period: Period) -> str:
    span = {"since": moment(period.since), "until": moment(period.until)}
    if period.rhythm is Rhythm.DAILY and period.until - period.since < timedelta(hours=26):
        return _("Your day, {since} to {until}", **span)
    if period.rhythm is Rhythm.WEEKLY and period.until - period.since < timedelta(days=8):
        return _("Your week, {since} to {until}", **span)
    return _("Your report, {since} to {until}", **span)


def _calm(period: Period) -> str:
    span = {"since": moment(period.since), "until": moment(period.until)}
    return _("Nothing happened from {since} to {until}", **span)


def _late(period: Period, now: datetime) -> Iterator[str]:
    if period.due_at is not None and now - period.due_at >= LATE_FROM:
        span = spoken(now - period.due_at)
        yield _("It comes {span} late: I could not tell it before.", span=span)


def _seen(incidents: Sequence[IncidentOfNight]) -> str:
    if not incidents:
        return _("Nothing")
    told = [f"{in_words(one.incident)} ({moment(one.incident.opened_at)})" for one in incidents]
    left = len(told) - ROWS
    if left > 0:
        told = [*told[:ROWS], ngettext("{count} more", "{count} more", left)]
    return "; ".join(told)


# --- whether all was well -------------------------------------------------------------------------


def _well(period: Period) -> Iterator[Field]:
    ran = _ran(period)
    if ran:
        yield Field(_("Bots ran"), ran)
    heard, whole = period.heard, period.until - period.night.since
    if heard >= whole:
        yield Field(_("Connection"), _("all the time"))
    else:
        share = f"{max(0.0, heard / whole) * 100:.1f}"
        told = _("{share} %: {lost} missing", share=share, lost=lasted(whole - heard))
        yield Field(_("Connection"), told)


def _ran(period: Period) -> str:
    """The worst first; of many that ran all the time, and that never did, how many."""
    names = {one.id: trader_name(one) for one in period.bots}
    known = [(bot, one) for bot, one in period.uptimes.items() if bot in names]
    always = [names[bot] for bot, one in known if one.ran == one.known]
    never = [names[bot] for bot, one in known if not one.ran]
    between = sorted(
        ((bot, one) for bot, one in known if timedelta() < one.ran < one.known),
        key=lambda pair: pair[1].ran / pair[1].known,
    )
    told = [
        _(
            "{bot} {share} % ({time})",
            bot=names[bot],
            share=f"{one.ran / one.known * 100:.1f}",
            time=lasted(one.ran),
        )
        for bot, one in between
    ]
    if always:
        told.append(_("{bots} all the time", bots=_named(always)))
    if never:
        told.append(_("{bots} not at all", bots=_named(never)))
    return "; ".join(told)


def _named(names: Sequence[str]) -> str:
    if len(names) > ROWS:
        return ngettext("{count} bot", "{count} bots", len(names))
    return ", ".join(names)


def _silences(period: Period) -> Iterator[str]:
    """When nothing, or not at once, could be heard; and what that leaves unknown."""
    yield from (spell_in_words(one, period.until) for one in period.night.spells)
    if period.night.since > period.since:
        since = moment(period.night.since)
        yield _("Of bots and the connection nothing is known before {since}.", since=since)
    if period.silences:
        yield _("What bots did in that time is known as far as the platform told it later.")


# --- when it comes by itself ----------------------------------------------------------------------


def plans(wants: Preferences, buttons: Sequence[Sequence[Button]], changed: bool = False) -> Card:
    """What comes when.

    Args:
        changed: this was just chosen.
    """
    fields = tuple(Field(_rhythm(one), _when(one)) for one in _in_order(wants.reports))
    lines = []
    if not fields:
        lines.append(_("No report comes by itself. /report now tells of the last day."))
    else:
        lines.append(_("They come without a sound, late if I am down then, and never twice."))
    if fields and not wants.zone:
        lines.append(_("That is by UTC: /timezone Berlin tells me your clock."))
    return Card(
        title=_("Reports are set") if changed else _("Reports"),
        lines=tuple(lines),
        fields=fields,
        buttons=tuple(filter(None, map(tuple, buttons))),
        notes=(
            _(
                "For example: /report daily 08:00, /report weekly mon 09:00, /report off. "
                "Behind a time, 'if anything happened' means silence otherwise."
            ),
        ),
    )


def _in_order(reports: Sequence[ReportPlan]) -> Sequence[ReportPlan]:
    return sorted(reports, key=lambda one: list(Rhythm).index(one.rhythm))


def _rhythm(plan: ReportPlan) -> str:
    return _("Each day") if plan.rhythm is Rhythm.DAILY else _("Each week")


def _when(plan: ReportPlan) -> str:
    at = clock_time(plan.at)
    when = at if plan.rhythm is Rhythm.DAILY else f"{weekday_in(plan.weekday)} {at}"
    return _("{when}, if anything happened", when=when) if plan.only_news else when


def now_label() -> str:
    """On a button."""
    return _("Now")


def plan_label(plan: ReportPlan) -> str:
    """On a button."""
    return f"{_rhythm(plan)}, {_when(replace(plan, only_news=False))}"


def off_label(rhythm: Rhythm) -> str:
    """On a button."""
    return _("No more each day") if rhythm is Rhythm.DAILY else _("No more each week")


def news_label(only_news: bool) -> str:
    """On a button."""
    return _("Silence if nothing happened") if only_news else _("A line if nothing happened")


def not_understood(given: str) -> Card:
    return plain(
        _("Which report?"),
        _("I do not understand {given}. Nothing was changed.", given=clean(given, 40)),
        _("For example: /report daily 08:00, /report weekly mon 09:00, /report now, /report off"),
    )
