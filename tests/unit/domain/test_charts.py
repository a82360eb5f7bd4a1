"""What the latest trades came to, as a chart and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards import ALT_LIMIT
from bot.domain.charts import Bars, profits
from bot.domain.events import Kind, Origin, Trade, Trader
from bot.domain.ids import TraderId
from bot.domain.text import utf16_length
from bot.texts.charts import chart

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def trade(number: int, ratio: str | None = None, amount: str | None = None, pair="BTC/USDT"):
    origin = Origin(kind=Kind.TRADE, record=f"{number:04}", at=START + timedelta(hours=number))
    return Trade(
        origin=origin,
        symbol=pair,
        profit=None if amount is None else Decimal(amount),
        profit_ratio=None if ratio is None else Decimal(ratio),
    )


def chart_of(*trades: Trade) -> Bars:
    earned = profits(trades, {})
    assert earned is not None
    return chart(earned)


def test_profits_are_shown_in_percent_oldest_first_and_said_in_words():
    youngest_first = trade(4, "-0.004", "-3"), trade(3), trade(2, "0.023"), trade(1, "0.012")

    shown = chart_of(*youngest_first)

    assert [(bar.value, bar.label) for bar in shown.bars] == [
        (Decimal("1.2"), "+1.20"),
        (Decimal("2.3"), "+2.30"),
        (Decimal("-0.4"), "-0.40"),
    ]
    assert shown.title == "Profit of the latest 3 closed trades in %"
    assert shown.alt == (
        "Profit of the latest 3 closed trades, oldest first: +1.20 %, +2.30 %, -0.40 %."
    )


def test_amounts_of_one_currency_are_shown_where_no_ratios_are_known():
    shown = chart_of(*(trade(i, amount=one) for i, one in enumerate(("12.5", "-3", "0.25"))))

    assert shown.title == "Profit of the latest 3 closed trades in USDT"
    assert [bar.label for bar in shown.bars] == ["+12.5", "-3.00", "+0.25"]
    assert "+12.50 USDT, -3 USDT, +0.25 USDT. Together +9.75 USDT." in shown.alt


def test_amounts_of_several_currencies_are_not_compared():
    pairs = ("BTC/USDT", "ETH/BTC", "XRP/USDT")

    assert profits([trade(i, amount="1", pair=pair) for i, pair in enumerate(pairs)], {}) is None


@pytest.mark.parametrize("pair", [None, "", "BTC"])
def test_amounts_of_no_known_currency_are_not_shown(pair: str | None):
    assert profits([trade(i, amount="1", pair=pair) for i in range(3)], {}) is None


def of(bot: str, one: Trade) -> Trade:
    return replace(one, trader=TraderId(bot))


BOTS = {
    "real": Trader(id=TraderId("real"), dry_run=False),
    "paper": Trader(id=TraderId("paper"), dry_run=True),
    "either": Trader(id=TraderId("either")),
}


@pytest.mark.parametrize(
    ("bots", "title"),
    [
        ("real paper real paper real", "the latest 3 closed real trades"),
        ("paper paper paper real real", "the latest 3 closed paper trades"),
        ("either paper either either", "the latest 3 closed trades"),
        ("real paper either unknown", None),
        ("either unknown either paper", "the latest 3 closed trades"),
    ],
)
@pytest.mark.parametrize("unit", ["ratio", "amount"])
def test_paper_and_real_money_are_never_in_one_picture(bots: str, title: str | None, unit: str):
    trades = [of(bot, trade(i, **{unit: "0.5"})) for i, bot in enumerate(bots.split())]

    earned = profits(trades, BOTS)

    assert (earned is None) is (title is None)
    if earned is not None:
        shown = chart(earned)
        assert shown.title.startswith(f"Profit of {title} in ")
        assert shown.alt.startswith(f"Profit of {title}, oldest first: ")


def test_percentages_of_different_stakes_are_not_added_up():
    assert "ogether" not in chart_of(*(trade(i, "0.5") for i in range(3))).alt


def test_fewer_than_three_known_profits_make_no_picture():
    assert profits([], {}) is None
    assert profits([trade(1, "0.1"), trade(2, "0.1"), trade(3)], {}) is None


def test_what_cannot_be_shown_is_said_to_be_missing():
    trades = [trade(i, "0.01") for i in range(3)] + [trade(3, amount="5"), trade(4, "NaN")]

    assert chart_of(*trades).alt.startswith("Profit of 3 of the latest 5 closed trades, oldest")


values = st.none() | st.decimals(allow_nan=True, allow_infinity=True)


@given(
    st.lists(
        st.builds(
            lambda ratio, amount, number, pair: Trade(
                origin=trade(number).origin, symbol=pair, profit=amount, profit_ratio=ratio
            ),
            values,
            values,
            st.integers(0, 50),
            st.sampled_from(["BTC/USDT", "😀/" + "😀" * 40, "BTC/U"]),
        ),
        max_size=10,
    )
)
def test_whatever_the_platform_says_the_words_fit_and_there_is_a_bar_for_each(trades: list[Trade]):
    earned = profits(trades, {})

    if earned is not None:
        shown = chart(earned)
        assert 3 <= len(shown.bars) <= len(trades)
        assert all(bar.value.is_finite() for bar in shown.bars)
        assert utf16_length(shown.alt) <= ALT_LIMIT


def test_a_trade_that_says_itself_that_it_is_on_paper_is_never_among_real_ones():
    real = [replace(trade(number, "0.01"), paper=False) for number in range(3)]
    paper = [replace(trade(number, "0.5"), paper=True) for number in range(3, 6)]

    shown = chart_of(*real, *paper)

    assert shown.title == "Profit of the latest 3 closed real trades in %"
