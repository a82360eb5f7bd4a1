"""What an account's trades came to: one entry for each, and the sums of a day. Pure.

Amounts of different currencies are never added up, nor are real money and paper.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.amounts import is_extreme
from bot.domain.events import Trade, Trader, on_paper
from bot.domain.ids import TraderId
from bot.domain.pairs import settled_in
from bot.domain.trade_stages import stage_of


class Money(NamedTuple):
    """What a result is in. `paper` is `None` where nobody says whether the money is real."""

    currency: str
    paper: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One trade, as far as it is told. What is not known is `None`, never nought.

    Attributes:
        record: the platform's `_id` of it.
        at: when what it says came to be: its end, if that is told.
        as_of: how new the record is; of two of the same age `step` says which goes further.
        number: what the platform calls the trade besides.
        fee: in `fee_currency`, which may be unknown.
        result: in `currency`; `ratio` 0.05 for 5 %.
    """

    record: str
    at: datetime
    as_of: datetime
    step: int
    number: str | None = None
    trader: TraderId | None = None
    pair: str | None = None
    side: str | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    fee: Decimal | None = None
    fee_currency: str | None = None
    result: Decimal | None = None
    currency: str = ""
    ratio: Decimal | None = None
    reason: str | None = None
    paper: bool | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a trade has earned, when, and for which bot."""

    record: str
    at: datetime
    trader: TraderId | None
    money: Money
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Results of an account, of a time that begins at `since`.

    `whole_from` says from when on none is missing; `None` if that is not known.
    """

    since: datetime
    entries: tuple[Result, ...] = ()
    whole_from: datetime | None = None

    def of_day(self, day: date, zone: ZoneInfo) -> tuple[Result, ...]:
        """Those of a day by the clock there, oldest first."""
        theirs = (one for one in self.entries if one.at.astimezone(zone).date() == day)
        return tuple(sorted(theirs, key=lambda one: one.at))

    def adding(self, result: Result) -> "Results":
        """With one that may stand in place of an earlier one of the same record."""
        others = [one for one in self.entries if one.record != result.record]
        return Results(since=self.since, entries=(*others, result), whole_from=self.whole_from)


def sums(results: Iterable[Result]) -> Mapping[Money, Decimal]:
    """What they come to, each money apart."""
    found: dict[Money, Decimal] = {}
    for one in results:
        found[one.money] = found.get(one.money, Decimal()) + one.value
    return found


def entry_of(trade: Trade, trader: Trader | None) -> Entry | None:
    """What is kept of a trade; nothing of an order without a fill.

    Args:
        trader: its bot, if it is known.
    """
    if trade.order is not None:
        return None
    return Entry(
        record=trade.origin.record,
        at=trade.at,
        as_of=trade.changed_at or trade.origin.at,
        step=stage_of(trade).step,
        number=trade.number,
        trader=trade.trader,
        pair=trade.symbol,
        side=trade.side,
        amount=_plain(trade.amount),
        price=_plain(trade.price),
        fee=_plain(trade.fee),
        fee_currency=trade.fee_currency,
        result=_plain(trade.profit),
        currency=settled_in(trade.symbol),
        ratio=_plain(trade.profit_ratio),
        reason=trade.reason,
        paper=on_paper(trade, trader),
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
    )


def result_in(entry: Entry) -> Result | None:
    """Its result in money, if it has one."""
    if entry.result is None:
        return None
    return Result(
        record=entry.record,
        at=entry.at,
        trader=entry.trader,
        money=Money(entry.currency, entry.paper),
        value=entry.result,
    )


def _plain(value: Decimal | None) -> Decimal | None:
    """What can be added up; nothing that would take a screen to write."""
    return None if value is None or is_extreme(value) else value
