"""Charts: what is drawn, and all of it in words for who does not see it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.cards import Button, Card, Look, Picture
from bot.domain.charts import (
    FEWEST,
    Bar,
    Bars,
    Chart,
    Curve,
    Level,
    Point,
    Profits,
    Ranking,
    added_up,
)
from bot.domain.figures import EVER, Record, Span, by_money, by_span, shares
from bot.domain.text import clean
from bot.domain.timetables import zone as zone_called
from bot.texts.figures import Basis, By, Scope, as_known_at, common, money_name, notes, period_name
from bot.texts.language import _, ngettext, spoken_zone
from bot.texts.numbers import brief, gained, percent, quantity
from bot.texts.times import clock_in, day_in


class What(StrEnum):
    """What `/chart` shows, if not a pair."""

    CURVE = "curve"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    PAIRS = "pairs"
    BOTS = "bots"
    REASONS = "reasons"


MOST_BARS = 12
"""More of them a phone does not show so that they can be told apart."""

BEST_ROWS, WORST_ROWS = 5, 3
"""Of a ranking, that a phone shows so that they can be read."""


def chart(profits: Profits) -> Bars:
    """A bar for each trade."""
    trades, currency, values = _trades(profits), profits.currency, profits.values
    if currency:
        shown = values
        told = ", ".join(gained(value, currency) for value in values)
        alt = _(
            "Profit of {trades}, oldest first: {values}. Together {sum}.",
            trades=trades,
            values=told,
            sum=gained(sum(values, Decimal()), currency),
        )
    else:
        # Of different stakes, so their sum would be none.
        shown = tuple(value * 100 for value in values)
        told = ", ".join(map(percent, values))
        alt = _("Profit of {trades}, oldest first: {values}.", trades=trades, values=told)
    return Bars(
        title=_("Profit of {trades} in {unit}", trades=trades, unit=currency or "%"),
        bars=tuple(Bar(value=value, label=brief(value)) for value in shown),
        alt=alt,
    )


def bars_of(span: Span, found: Record, days: Sequence[date], zone: ZoneInfo) -> Bars | None:
    """A bar for each of some days, weeks or months, of the money with most trades; `None` for what
    is no more than its list says.
    """
    moneys = by_money(found.trades)
    if not moneys or not FEWEST <= len(days) <= MOST_BARS:
        return None
    what, trades = next(iter(moneys.items()))
    parts = by_span(trades, days, zone)
    told = ", ".join(
        f"{period_name(span, day)} {gained(share.total, what.currency)}"
        for day, share in parts.items()
    )
    unit = money_name(what)
    return Bars(
        title=_("Profit in {unit}, by {span}", unit=unit, span=_span_name(span)),
        bars=tuple(
            Bar(value=one.total, label=brief(one.total), name=period_name(span, day))
            for day, one in parts.items()
        ),
        alt=_("Profit in {unit}, the oldest first: {values}.", unit=unit, values=told),
    )


def ranking_of(by: By, found: Record, scope: Scope) -> Ranking | None:
    """A bar for each pair, bot or reason, the best first, of the money with most trades."""
    moneys = by_money(found.trades)
    if not moneys or len(found.trades) < FEWEST:
        return None
    what, trades = next(iter(moneys.items()))
    rows = list(shares(trades, common(by, scope)).items())
    left_out = len(rows) - BEST_ROWS - WORST_ROWS
    if left_out > 0:
        rows = [*rows[:BEST_ROWS], *rows[-WORST_ROWS:]]
    told = ", ".join(f"{clean(name, 24)} {gained(one.total, what.currency)}" for name, one in rows)
    unit = money_name(what)
    alt = _("Profit in {unit}, the best first: {values}.", unit=unit, values=told)
    if left_out > 0:
        alt += " " + ngettext(
            "{count} between the best and the worst is left out.",
            "{count} between the best and the worst are left out.",
            left_out,
        )
    return Ranking(
        title=_ranked(by, unit),
        bars=tuple(
            Bar(value=one.total, label=brief(one.total), name=clean(name, 24)) for name, one in rows
        ),
        alt=alt,
    )


def _ranked(by: By, unit: str) -> str:
    match by:
        case By.PAIR:
            return _("Profit in {unit}, by pair", unit=unit)
        case By.BOT:
            return _("Profit in {unit}, by bot", unit=unit)
        case By.REASON:
            return _("Profit in {unit}, by reason", unit=unit)


def curve_of(found: Record) -> Curve | None:
    """What trades have earned, added up, of the money with most of them."""
    moneys = by_money(found.trades)
    what, trades = next(iter(moneys.items()), (None, ()))
    if what is None or len(trades) < FEWEST:
        return None
    since = trades[0].at if found.since == EVER else found.since
    points = added_up(trades, since)
    highest, lowest, last = _extremes(points)
    unit = money_name(what)
    alt = ngettext(
        "Profit in {unit}, {count} closed trade added up: {last}. Highest {high} ({high_day}), "
        "lowest {low} ({low_day}).",
        "Profit in {unit}, {count} closed trades added up: {last}. Highest {high} ({high_day}), "
        "lowest {low} ({low_day}).",
        len(trades),
        unit=unit,
        last=gained(last.value, what.currency),
        high=gained(highest.value, what.currency),
        high_day=_day(highest),
        low=gained(lowest.value, what.currency),
        low_day=_day(lowest),
    )
    return Curve(
        title=_("Profit in {unit}, added up", unit=unit),
        points=points,
        levels=tuple(
            Level(value=value, label=brief(value))
            for value in dict.fromkeys((last.value, highest.value, lowest.value, Decimal()))
        ),
        ends=(_day(points[0]), _day(points[-1])),
        alt=alt,
        is_result=True,
    )


def pair_of(pair: str, points: tuple[Point, ...]) -> Curve:
    """At what prices a pair was bought and sold."""
    highest, lowest, last = _extremes(points)
    price = quantity(last.value)
    bought = sum(one.bought is True for one in points)
    alt = _(
        "The prices of your trades of {pair} from {begin} to {end}: {bought} bought, {sold} sold, "
        "between {low} and {high}. {latest} Nothing is known of prices between them.",
        pair=pair,
        begin=_day(points[0]),
        end=_day(last),
        bought=bought,
        sold=len(points) - bought,
        low=quantity(lowest.value),
        high=quantity(highest.value),
        latest=_("The last was bought at {price}.", price=price)
        if last.bought
        else _("The last was sold at {price}.", price=price),
    )
    return Curve(
        title=_("Your trades of {pair}", pair=pair),
        points=points,
        levels=tuple(
            Level(value=one.value, label=quantity(one.value))
            for one in dict.fromkeys((last, highest, lowest))
        ),
        ends=(_day(points[0]), _day(last)),
        alt=alt,
        marks=(_("Bought"), _("Sold")),
    )


def prices_of(pair: str, points: tuple[Point, ...], heard: int) -> Curve:
    """The prices of a pair that passed, and the trades among them.

    Args:
        heard: how many prices.
    """
    highest, lowest, _last = _extremes(points)
    bought = sum(one.bought is True for one in points)
    sold = sum(one.bought is False for one in points)
    last = [one for one in points if one.bought is None][-1]
    told = ngettext(
        "{count} price of {pair} that I heard since {begin}, one a minute at most: between {low}"
        " and {high}, the last {price} at {end}.",
        "{count} prices of {pair} that I heard since {begin}, one a minute at most: between {low}"
        " and {high}, the last {price} at {end}.",
        heard,
        pair=pair,
        begin=f"{_day(points[0])} {clock_in(points[0].at)}",
        low=quantity(lowest.value),
        high=quantity(highest.value),
        price=quantity(last.value),
        end=clock_in(last.at),
    )
    trades = _("Your trades since: {bought} bought, {sold} sold.", bought=bought, sold=sold)
    return Curve(
        title=_("Prices of {pair}", pair=pair),
        points=points,
        levels=tuple(
            Level(value=one.value, label=quantity(one.value))
            for one in dict.fromkeys((last, highest, lowest))
        ),
        ends=(clock_in(points[0].at), clock_in(points[-1].at)),
        alt=f"{told} {trades}",
        marks=(_("Bought"), _("Sold")) if bought or sold else None,
    )


def all_trades() -> str:
    """On the button that leads from prices to the trades of the pair."""
    return _("All its trades")


def _extremes(points: Sequence[Point]) -> tuple[Point, Point, Point]:
    """The highest, the lowest and the last."""

    def value(point: Point) -> Decimal:
        return point.value

    return max(points, key=value), min(points, key=value), points[-1]


def _day(point: Point) -> str:
    return day_in(point.at.astimezone(zone_called(spoken_zone())).date())


def _span_name(span: Span) -> str:
    match span:
        case Span.WEEK:
            return _("week")
        case Span.MONTH:
            return _("month")
        case _:
            return _("day")


def _trades(profits: Profits) -> str:
    match profits.paper:
        case True:
            latest = ngettext(
                "the latest {count} closed paper trade",
                "the latest {count} closed paper trades",
                profits.closed,
            )
        case False:
            latest = ngettext(
                "the latest {count} closed real trade",
                "the latest {count} closed real trades",
                profits.closed,
            )
        case None:
            latest = ngettext(
                "the latest {count} closed trade",
                "the latest {count} closed trades",
                profits.closed,
            )
    shown = len(profits.values)
    if shown == profits.closed:
        return latest
    return _("{shown} of {trades}", shown=shown, trades=latest)


# --- asked for ------------------------------------------------------------------------------------


def charted(
    chart: Chart | None,
    picture: Picture | None,
    scope: Scope,
    basis: Basis | None,
    away: datetime | None,
    buttons: Sequence[Sequence[Button]],
) -> Card:
    """The picture, or its words where it cannot be drawn.

    Args:
        basis: of results; pictures are in the money that was earned.
        away: since when the platform is.
    """
    small: tuple[str, ...] = () if away is None else (as_known_at(away),)
    if basis is not None:
        small = notes(basis)
    rows = tuple(map(tuple, buttons))
    if chart is None:
        few = _("There are too few trades yet for a picture: it takes three.")
        return Card(title=scope.titled(_("Chart")), lines=(few,), buttons=rows, notes=small)
    others = [] if basis is None else list(by_money(basis.record.trades))[1:]
    if others:
        left_out = ", ".join(map(money_name, others))
        small = (_("Not in the picture: {moneys}.", moneys=left_out), *small)
    lines = (chart.alt,) if picture is None else ()
    title = scope.titled(chart.title)
    return Card(title=title, lines=lines, picture=picture, buttons=rows, notes=small)


def what_label(what: What) -> str:
    """On a button."""
    match what:
        case What.CURVE:
            return _("Curve")
        case What.DAILY:
            return _("By day")
        case What.WEEKLY:
            return _("By week")
        case What.MONTHLY:
            return _("By month")
        case What.PAIRS:
            return _("By pair")
        case What.BOTS:
            return _("By bot")
        case What.REASONS:
            return _("By reason")


def look_label(look: Look) -> str:
    """On a button."""
    return _("In light") if look is Look.LIGHT else _("In dark")
