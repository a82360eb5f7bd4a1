"""Answers, word for word: nothing in them may be untrue."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.domain.deliveries import State
from bot.domain.events import Kind, Origin, Trade, Trader
from bot.domain.ids import TraderId
from bot.domain.lanes import Missed
from bot.domain.reasons import Reason
from bot.texts import missed, prices, trades

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOTS = (
    Trader(id=TraderId("owl"), name="Night Owl", dry_run=True),
    Trader(id=TraderId("heron"), name="Heron", dry_run=False),
)


def sold(
    bot: str | None, profit: Decimal | None = None, profit_ratio: Decimal | None = None
) -> Trade:
    return Trade(
        origin=Origin(kind=Kind.TRADE, record="t", at=AT),
        side="sell",
        symbol="BTC/USDT",
        amount=Decimal("0.5"),
        price=Decimal(42400),
        trader=None if bot is None else TraderId(bot),
        profit=profit,
        profit_ratio=profit_ratio,
    )


@pytest.mark.parametrize(
    ("trade", "line"),
    [
        (
            sold("owl", profit=Decimal("12.43"), profit_ratio=Decimal("0.039")),
            "Profit +12.43 USDT · +3.90 % · Night Owl · paper",
        ),
        (sold("heron", profit=Decimal(-3)), "Loss -3 USDT · Heron"),
        (sold("gone"), "gone"),
        (sold(None), ""),
    ],
)
def test_each_trade_says_its_bot_its_result_and_whether_it_was_on_paper(trade: Trade, line: str):
    (row,) = trades.listed((trade,), BOTS).fields

    assert row.value == " · ".join(filter(None, ("Sold 0.5 BTC/USDT at 42,400 USDT", line)))


@pytest.mark.parametrize(
    ("pair", "shown"),
    [
        ("ETH/USDT:USDT", "ETH/USDT:USDT: 2,250.25 USDT"),
        ("BTC/USD:BTC-260327", "BTC/USD:BTC-260327: 2,250.25 USD"),
        ("ETH/USDT", "ETH/USDT: 2,250.25 USDT"),
        ("BTCUSDT", "BTCUSDT: 2,250.25"),
    ],
)
def test_a_price_is_in_the_currency_of_the_quote(pair: str, shown: str):
    assert prices.current(pair, Decimal("2250.250"), AT).title == shown


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.COALESCED, Reason.IN_A_DIGEST, "(told in a digest)"),
        (State.DEAD, "refused", "(not delivered: refused)"),
        (State.EXPIRED, Reason.LATE, "(too old to send: too late to be of use)"),
    ],
)
def test_what_became_of_an_alert_is_said_once(state: State, reason: str, said: str):
    item = Missed(reference="A1", state=state, reason=reason, title="Alert", occurred_at=AT)

    (row,) = missed.page((item,), 1, 1, 1, ()).fields

    assert row.value == f"Alert {said}"
