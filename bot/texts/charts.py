"""Charts: what is drawn, and all of it in words for who does not see it."""

from decimal import Decimal

from bot.domain.amounts import brief, gained, percent
from bot.domain.charts import Bar, Chart, Profits
from bot.texts.language import _, ngettext


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
