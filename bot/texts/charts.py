"""Charts: what is drawn, and all of it in words for who does not see it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.domain.amounts import brief, gained, percent
from bot.domain.charts import FEWEST, Bar, Chart, Profits
from bot.domain.figures import Record, Span, by_money, by_span
from bot.texts.figures import money_name, period_name
from bot.texts.language import _, ngettext

MOST_BARS = 12
"""More of them a phone does not show so that they can be told apart."""


def chart(profits: Profits) -> Chart:
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
    return Chart(
        title=_("Profit of {trades} in {unit}", trades=trades, unit=currency or "%"),
        bars=tuple(Bar(value=value, label=brief(value)) for value in shown),
        alt=alt,
    )


def bars_of(span: Span, found: Record, days: Sequence[date], zone: ZoneInfo) -> Chart | None:
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
    return Chart(
        title=_("Profit in {unit}, by {span}", unit=unit, span=_span_name(span)),
        bars=tuple(Bar(value=one.total, label=brief(one.total)) for one in parts.values()),
        alt=_("Profit in {unit}, the oldest first: {values}.", unit=unit, values=told),
    )


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
