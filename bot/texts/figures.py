"""What trades have earned and cost: in all, by day, by what they have in common."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.cards import Button, Card, Field, Picture, Severity, Table
from bot.domain.conversion import PLAIN, Rates
from bot.domain.events import Trader
from bot.domain.figures import (
    EVER,
    Closed,
    Detail,
    Fee,
    Record,
    Share,
    Span,
    Summary,
    began,
    by_money,
    by_span,
    shares,
    summary,
)
from bot.domain.results import Money
from bot.domain.text import clean
from bot.texts.currencies import rates_in_words, worth
from bot.texts.language import _, ngettext
from bot.texts.numbers import money, quantity
from bot.texts.times import dated, day_in, lasted, moment, on_day_of
from bot.texts.trade_context import reason_in_words

MIDNIGHT = time()

_BEST, _WORST = 10, 5
"""Rows of a long list that are shown."""


class By(StrEnum):
    PAIR = "pair"
    BOT = "bot"
    REASON = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """
    Attributes:
        bots: that it is about; none for all.
        called: what each bot is called that there is, by its id.
    """

    bots: tuple[Trader, ...]
    called: Mapping[str, str]

    def name(self, bot: str | None) -> str:
        if bot is None:
            return _("no bot named")
        return self.called.get(bot) or _("a bot now gone ({end})", end=clean(bot[-6:], 6))

    def titled(self, title: str) -> str:
        """With the bots behind it."""
        return " · ".join(
            filter(None, (title, ", ".join(self.called[bot.id] for bot in self.bots)))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What figures are told of, and what is said of them besides.

    Attributes:
        until: since when the platform is away; `None` if it is not.
        rates: by which amounts are shown in another currency too.
    """

    record: Record
    until: datetime | None
    rates: Rates = PLAIN


# --- profit -------------------------------------------------------------------------------


def profit(
    basis: Basis, scope: Scope, now: datetime, clock: ZoneInfo, buttons: Sequence[Button]
) -> Card:
    """How every span stands."""
    title, found = scope.titled(_("Profit")), basis.record
    if not found.trades:
        return _nothing(title, Span.ALL, basis)
    fields = [
        Field(span_label(span), in_all(found.since_then(began(span, now, clock)), basis.rates))
        for span in Span
    ]
    card = Card(title=title, lines=_window(found), fields=tuple(fields), notes=notes(basis))
    return replace(card, buttons=(tuple(buttons[:3]), tuple(buttons[3:])))


def profit_of(span: Span, basis: Basis, scope: Scope) -> Card:
    """How one span stands, and what made it so."""
    title = scope.titled(_titles(span)["profit"])
    if not basis.record.trades:
        return _nothing(title, span, basis)
    fields = tuple(results_of(basis, scope))
    return Card(title=title, lines=_window(basis.record), fields=fields, notes=notes(basis))


def results_of(basis: Basis, scope: Scope) -> list[Field]:
    """Of each money what it came to, the best and the worst, and by which bots."""
    fields: list[Field] = []
    moneys, rates = by_money(basis.record.trades), basis.rates
    for what, trades in moneys.items():
        label, all_of_it = _labels(what, moneys), summary(trades)
        fields += [
            Field(label(_("Result")), worth(all_of_it.total, what.currency, rates)),
            Field(label(_("Trades")), _counted(all_of_it)),
        ]
        if all_of_it.count > 1:
            fields += [
                Field(label(_("Best")), _one(all_of_it.best, scope, rates)),
                Field(label(_("Worst")), _one(all_of_it.worst, scope, rates)),
            ]
        by_bot = shares(trades, lambda one: one.trader)
        if len(by_bot) > 1:
            told = [
                f"{scope.name(bot)} {worth(share.total, what.currency, rates)}"
                for bot, share in by_bot.items()
            ]
            fields.append(Field(label(_("By bot")), " · ".join(told[:_BEST])))
    return fields


def span_label(span: Span) -> str:
    match span:
        case Span.DAY:
            return _("Today")
        case Span.WEEK:
            return _("This week")
        case Span.MONTH:
            return _("This month")
        case Span.YEAR:
            return _("This year")
        case Span.ALL:
            return _("In all")


def _titles(span: Span) -> Mapping[str, str]:
    """What answers about a span are called, whole, since languages put it in different places."""
    match span:
        case Span.DAY:
            return {
                "profit": _("Profit today"),
                "stats": _("Your trades of today"),
                "fees": _("Fees today"),
                "performance": _("Best and worst today"),
            }
        case Span.WEEK:
            return {
                "profit": _("Profit this week"),
                "stats": _("Your trades of this week"),
                "fees": _("Fees this week"),
                "performance": _("Best and worst this week"),
            }
        case Span.MONTH:
            return {
                "profit": _("Profit this month"),
                "stats": _("Your trades of this month"),
                "fees": _("Fees this month"),
                "performance": _("Best and worst this month"),
            }
        case Span.YEAR:
            return {
                "profit": _("Profit this year"),
                "stats": _("Your trades of this year"),
                "fees": _("Fees this year"),
                "performance": _("Best and worst this year"),
            }
        case Span.ALL:
            return {
                "profit": _("Profit in all"),
                "stats": _("All your trades"),
                "fees": _("Fees in all"),
                "performance": _("Best and worst of all"),
            }


# --- by day, week, month ------------------------------------------------------------------


def periods(
    span: Span,
    days: Sequence[date],
    basis: Basis,
    scope: Scope,
    clock: ZoneInfo,
    picture: Picture | None = None,
) -> Card:
    """A row for each, the running one first; of further moneys only those with trades."""
    title = scope.titled(_period_title(span, len(days)))
    if not basis.record.trades:
        return _nothing(title, span, basis, since=days[0])
    rows: list[tuple[str, ...]] = []
    totals = []
    for number, (what, trades) in enumerate(by_money(basis.record.trades).items()):
        parts = by_span(trades, days, clock)
        rows += [
            (period_name(span, day), _gained(share.total, what, basis.rates), str(share.trades))
            for day, share in reversed(list(parts.items()))
            if share.trades or not number
        ]
        totals.append(_shared(_share_of(parts.values()), what, basis.rates))
    return Card(
        title=title,
        fields=(Field(_("Together"), " · ".join(totals)),),
        table=Table(columns=(_column(span), _("Result"), _("Trades")), rows=tuple(rows)),
        picture=picture,
        notes=notes(basis),
    )


def _share_of(parts: Iterable[Share]) -> Share:
    them = list(parts)
    return Share(
        sum((one.total for one in them), Decimal()),
        sum(one.trades for one in them),
        sum(one.won for one in them),
    )


def period_name(span: Span, day: date) -> str:
    """'26 Nov', 'Nov 2026': by the day on which it begins."""
    return day_in(day, with_day=span is not Span.MONTH, with_year=span is Span.MONTH)


def _column(span: Span) -> str:
    match span:
        case Span.WEEK:
            return _("Week from")
        case Span.MONTH:
            return _("Month")
        case _:
            return _("Day")


def _period_title(span: Span, count: int) -> str:
    match span:
        case Span.WEEK:
            return ngettext("The last {count} week", "The last {count} weeks", count)
        case Span.MONTH:
            return ngettext("The last {count} month", "The last {count} months", count)
        case _:
            return ngettext("The last {count} day", "The last {count} days", count)


# --- by what they have in common ----------------------------------------------------------


def performance(by: By, span: Span, basis: Basis, scope: Scope, buttons: Sequence[Button]) -> Card:
    title, found = f"{_titles(span)['performance']} · {by_label(by)}", basis.record
    if not found.trades:
        return _nothing(title, span, basis)
    rows: list[tuple[str, ...]] = []
    left_out = 0
    of = common(by, scope)
    for what, trades in by_money(found.trades).items():
        told = [
            (
                clean(name, 24),
                _gained(share.total, what, basis.rates),
                f"{share.won}/{share.trades}",
            )
            for name, share in shares(trades, of).items()
        ]
        if len(told) > _BEST + _WORST:
            left_out += len(told) - _BEST - _WORST
            told = [*told[:_BEST], *told[-_WORST:]]
        rows += told
    columns = by_column(by), _("Result"), _("Won/all")
    lines = _window(found)
    if left_out:
        between = ngettext(
            "The best and the worst; {count} between them is left out.",
            "The best and the worst; {count} between them are left out.",
            left_out,
        )
        lines = (*lines, between)
    return Card(
        title=title,
        lines=lines,
        table=Table(columns=columns, rows=tuple(rows)),
        buttons=(tuple(buttons),),
        notes=notes(basis),
    )


DETAIL_OF = {By.PAIR: Detail.PAIR, By.BOT: Detail.TRADER, By.REASON: Detail.REASON}
"""What has to be known of trades so that they can be told apart by it."""


def by_label(by: By) -> str:
    match by:
        case By.PAIR:
            return _("By pair")
        case By.BOT:
            return _("By bot")
        case By.REASON:
            return _("By reason")


def by_column(by: By) -> str:
    match by:
        case By.PAIR:
            return _("Pair")
        case By.BOT:
            return _("Bot")
        case By.REASON:
            return _("Closed by")


def common(by: By, scope: Scope) -> Callable[[Closed], str]:
    match by:
        case By.PAIR:
            return lambda one: one.pair or _("no pair named")
        case By.BOT:
            return lambda one: scope.name(one.trader)
        case By.REASON:
            return lambda one: reason_in_words(one.reason) if one.reason else _("no reason told")


# --- how they went ------------------------------------------------------------------------


def statistics(span: Span, basis: Basis, scope: Scope) -> Card:
    title, found = scope.titled(_titles(span)["stats"]), basis.record
    if not found.trades:
        return _nothing(title, span, basis)
    fields: list[Field] = []
    moneys = by_money(found.trades)
    for what, trades in moneys.items():
        label, all_of_it = _labels(what, moneys), summary(trades)
        told = _told(all_of_it, what.currency, basis.rates)
        fields += [Field(label(name), value) for name, value in told if value]
    return Card(title=title, lines=_window(found), fields=tuple(fields), notes=notes(basis))


def _told(figures: Summary, currency: str, rates: Rates) -> Iterable[tuple[str, str]]:
    def amount(value: Decimal | None) -> str:
        return "" if value is None else worth(_short(value), currency, rates)

    yield _("Result"), worth(figures.total, currency, rates)
    yield _("Trades"), _counted(figures)
    yield _("Won"), f"{figures.share_won * 100:.0f} %"
    yield _("Average win"), amount(figures.average_gain)
    yield _("Average loss"), amount(figures.average_loss)
    yield _("Expectancy"), _("{amount} a trade", amount=amount(figures.expectancy))
    if figures.factor is not None:
        each = _(
            "{won} won for each {currency} lost", won=round(figures.factor, 2), currency=currency
        )
        yield _("Profit factor"), each
    yield _("Deepest fall"), _fallen(figures, currency, rates)
    run = ngettext("{count} in a row", "{count} in a row", figures.longest_losses)
    yield _("Longest losing run"), run if figures.longest_losses else _("none")
    if figures.held_won is not None:
        yield _("Winners were open"), lasted(figures.held_won)
    if figures.held_lost is not None:
        yield _("Losers were open"), lasted(figures.held_lost)


def _short(value: Decimal) -> Decimal:
    """An average, which may have any number of digits, with those that help."""
    return value if not value else round(value, max(2, 7 - value.adjusted()))


def _fallen(figures: Summary, currency: str, rates: Rates) -> str:
    if figures.fell is None:
        return _("none")
    start, end = figures.fell
    span = moment(end)
    if not on_day_of(start, end):
        span = _("{start} to {end}", start=moment(start), end=span)
    return f"{worth(-figures.drawdown, currency, rates)} ({span})"


# --- fees ---------------------------------------------------------------------------------


def fees(span: Span, paid: Sequence[Fee], scope: Scope, basis: Basis) -> Card:
    """
    Args:
        basis: of the same time; its rates are of what was paid.
    """
    title = scope.titled(_titles(span)["fees"])
    found: dict[Money, list[Decimal]] = {}
    for one in paid:
        found.setdefault(one.money, []).append(one.value)
    if not found:
        line = _("None of your trades of that time says what it cost.")
        return Card(title=title, lines=(line,), notes=notes(basis, untold=False))
    fields = []
    for what, values in found.items():
        total = sum(values, Decimal())
        amount = quantity(total)
        if what.currency:
            amount = worth(total, what.currency, basis.rates, money)
        told = ngettext(
            "{amount}, {count} trade", "{amount}, {count} trades", len(values), amount=amount
        )
        fields.append(Field(money_name(what), told))
    return Card(title=title, fields=tuple(fields), notes=notes(basis, untold=False))


# --- what they share ----------------------------------------------------------------------


def money_name(what: Money) -> str:
    """'USDT', 'USDT on paper'."""
    currency = what.currency or _("unknown currency")
    return _("{currency} on paper", currency=currency) if what.paper else currency


def _labels(what: Money, moneys: Collection[Money]) -> Callable[[str], str]:
    """What figures are called, with their money where there are several."""
    if len({one.currency for one in moneys}) > 1:
        return lambda label: f"{label} ({money_name(what)})"
    if not what.paper:
        return lambda label: label
    return lambda label: _("{label} (paper)", label=label)


def _gained(total: Decimal, what: Money, rates: Rates) -> str:
    amount = worth(total, what.currency, rates)
    return _("{amount} paper", amount=amount) if what.paper else amount


def _shared(share: Share, what: Money, rates: Rates) -> str:
    return ngettext(
        "{amount}, {count} trade",
        "{amount}, {count} trades",
        share.trades,
        amount=_gained(share.total, what, rates),
    )


def in_all(trades: Sequence[Closed], rates: Rates) -> str:
    """'+12.40 USDT, 7 trades · +3 USDT paper, 2 trades', every money apart."""
    told = []
    for what, them in by_money(trades).items():
        [share] = shares(them, lambda _one: None).values()
        told.append(_shared(share, what, rates))
    return " · ".join(told) or _("no closed trade")


def _counted(figures: Summary) -> str:
    even = figures.count - figures.won - figures.lost
    parts = [
        _("{count} won", count=figures.won),
        _("{count} lost", count=figures.lost),
        _("{count} even", count=even) if even else "",
    ]
    return f"{figures.count}: {', '.join(filter(None, parts))}"


def _one(trade: Closed, scope: Scope, rates: Rates) -> str:
    """'+12.40 USDT · BTC/USDT · Night Owl · 26 Nov 12:03'."""
    named = scope.name(trade.trader) if trade.trader and len(scope.bots) != 1 else ""
    amount = worth(trade.value, trade.money.currency, rates)
    parts = amount, trade.pair or "", named, moment(trade.at)
    return " · ".join(filter(None, parts))


def _window(found: Record) -> tuple[str, ...]:
    count, first = len(found.trades), dated(found.trades[0].at)
    return (
        ngettext(
            "{count} closed trade, of {first}.",
            "{count} closed trades, since {first}.",
            count,
            first=first,
        ),
    )


def notes(basis: Basis, *, untold: bool = True) -> tuple[str, ...]:
    """What is missing, how it was come by, and by what it was converted."""
    found, told = basis.record, []
    if found.method.since is not None and (found.trades or found.method.unmatched):
        told.append(
            _(
                "The platform tells no results: computed from what was bought and sold since "
                "{since}, first in, first out.",
                since=dated(found.method.since),
            )
        )
    if found.method.unmatched:
        told.append(
            ngettext(
                "{count} sale of what was bought before that is left out.",
                "{count} sales of what was bought before that are left out.",
                found.method.unmatched,
            )
        )
    elif found.untold and untold and found.method.since is None:
        told.append(
            ngettext(
                "{count} closed trade does not say what it earned, and is left out.",
                "{count} closed trades do not say what they earned, and are left out.",
                found.untold,
            )
        )
    if found.whole_from is None:
        told.append(_("I have not read all of your trades yet: some may be missing."))
    elif found.whole_from > max(found.since, EVER):
        told.append(
            _("Trades from before {since} are still being read.", since=dated(found.whole_from))
        )
    if basis.until is not None:
        told.append(as_known_at(basis.until))
    return (*told, *rates_in_words(basis.rates))


def as_known_at(at: datetime) -> str:
    return _("The platform is away: as known at {time}.", time=moment(at))


def _nothing(title: str, span: Span, basis: Basis, since: date | None = None) -> Card:
    if since is not None:
        line = _("No trade was closed in that time.")
    elif span is Span.ALL:
        line = _("No closed trade is known yet. The first one rings here by itself.")
    else:
        line = _("No trade was closed in that time. /profit all tells of all there is.")
    return Card(title=title, lines=(line,), severity=Severity.INFO, notes=notes(basis))
