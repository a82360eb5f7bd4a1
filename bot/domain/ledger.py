"""The ledger: what is kept of each trade. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.amounts import is_extreme
from bot.domain.events import Kind, Origin, Trade, Trader, on_paper
from bot.domain.ids import TraderId
from bot.domain.pairs import settled_in
from bot.domain.results import Money, Result
from bot.domain.trade_stages import Step, stage_of


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
class Held:
    """How many trades are kept of an account, and when the oldest came to be; `None` of none."""

    count: int
    oldest: datetime | None


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


def trade_of(entry: Entry) -> Trade:
    """The trade again, as far as it is kept."""
    return Trade(
        origin=Origin(kind=Kind.TRADE, record=entry.record, at=entry.at),
        side=entry.side,
        symbol=entry.pair,
        amount=entry.amount,
        price=entry.price,
        profit=entry.result,
        profit_ratio=entry.ratio,
        reason=entry.reason,
        trader=entry.trader,
        paper=entry.paper,
        final=entry.step == Step.ENDED,
        opened_at=entry.opened_at,
        closed_at=entry.closed_at,
        number=entry.number,
        fee=entry.fee,
        fee_currency=entry.fee_currency,
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
