"""What helps to judge a trade that has closed: why, how long it took, and how the day goes."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from bot.domain.cards import Field
from bot.domain.events import Trade
from bot.domain.results import Money, Result, Results, sums
from bot.domain.timetables import day_began, zone
from bot.texts.language import _, later, ngettext
from bot.texts.numbers import gained
from bot.texts.times import lasted

_REASONS = {
    "roi": later("profit target (ROI)"),
    "stop_loss": later("stop loss"),
    "stoploss_on_exchange": later("stop loss at the exchange"),
    "trailing_stop_loss": later("trailing stop loss"),
    "liquidation": later("liquidation"),
    "exit_signal": later("the strategy's exit signal"),
    "sell_signal": later("the strategy's exit signal"),
    "force_exit": later("closed by hand"),
    "force_sell": later("closed by hand"),
    "emergency_exit": later("emergency exit"),
    "emergency_sell": later("emergency exit"),
    "custom_exit": later("a rule of the strategy"),
    "custom_sell": later("a rule of the strategy"),
    "partial_exit": later("partial exit"),
}
"""Why trades are closed; any other word is shown as it came.

Source: freqtrade's enums/exittype.py.
"""


def is_known(reason: str | None) -> bool:
    """Whether it is a reason of which we have words, and not anybody's own."""
    return reason in _REASONS


def reason_in_words(reason: str) -> str:
    known = _REASONS.get(reason)
    return _(known) if known else reason.replace("_", " ")


def open_for(trade: Trade) -> Field | None:
    """How long it was open, where both ends are told."""
    if trade.opened_at is None or trade.closed_at is None or trade.closed_at < trade.opened_at:
        return None
    return Field(_("Open for"), lasted(trade.closed_at - trade.opened_at))


def of_its_day(result: Result, results: Results, now: datetime, clock: str) -> tuple[Field, ...]:
    """How the bot and the account stand today with this, where nothing of the day is missing.

    Only what is of the same money: real or paper.

    Args:
        results: those before it, at least of today.
        clock: the time zone that says which day it is.
    """
    there = zone(clock)
    day = now.astimezone(there).date()
    began = day_began(now, there)
    is_whole = results.whole_from is not None and results.whole_from <= began >= results.since
    if not is_whole or result.at.astimezone(there).date() != day:
        return ()
    everything = [
        one
        for one in results.adding(result).of_day(day, there)
        if one.money.paper is result.money.paper
    ]
    of_bot = [one for one in everything if one.trader == result.trader]
    fields = []
    if result.trader is not None:
        fields.append(Field(_("Bot today"), _in_all(of_bot)))
    if len(of_bot) < len(everything) or result.trader is None:
        label = _("All today, on paper") if result.money.paper else _("All today")
        fields.append(Field(label, _in_all(everything)))
    return tuple(fields)


def _in_all(results: list[Result]) -> str:
    """'+12.40 USDT, 7 trades', every currency apart."""
    return ngettext(
        "{sums}, {count} trade",
        "{sums}, {count} trades",
        len(results),
        sums=" · ".join(_written(sums(results).items())),
    )


def _written(totals: Iterable[tuple[Money, Decimal]]) -> list[str]:
    return [gained(total, money.currency) for money, total in totals]
