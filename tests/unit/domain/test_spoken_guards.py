"""Guards as people write them: understood, or asked about; never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.guards import Fall
from bot.domain.spoken_guards import GuardProblem, SpokenGuard, guard_written, read_guard

NAMES = ("Night Owl", "Heron", "Grid BTC/USDT", "Loss Eater")


def loss(amount: str = "50", currency: str = "USDT", **facts: Any) -> SpokenGuard:
    return SpokenGuard(fall=Fall.LOSS, amount=Decimal(amount), currency=currency, **facts)


def drawdown(amount: str = "30", **facts: Any) -> SpokenGuard:
    return SpokenGuard(fall=Fall.DRAWDOWN, amount=Decimal(amount), currency="USDT", **facts)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("day loss 50 USDT", loss()),
        ("DAY LOSS 50usdt", loss()),
        ("loss of more than 50 usdt a day", loss()),
        ("day loss -50 USDT", loss()),
        ("day loss \u221250 USDT", loss()),
        ("if I lose 50 USDT today", loss()),
        ("day loss 1,500 USDT", loss("1500")),
        ("day loss 0.01 BTC", loss("0.01", "BTC")),
        ("day loss 2,5 EUR", loss("2.5", "EUR")),
        ("day loss 5 ZZZ", loss("5", "ZZZ")),
        ("day drawdown 30 USDT", drawdown()),
        ("drawdown 30 USDT of Night Owl", drawdown(bots=("Night Owl",))),
        ("day drawdown 30 USDT of Night Owl, Heron", drawdown(bots=("Night Owl", "Heron"))),
        ("day loss 50 USDT for Night Owl and Heron", loss(bots=("Night Owl", "Heron"))),
        ("Heron day loss 50 USDT", loss(bots=("Heron",))),
        ("day loss 50 USDT of grid btc/usdt", loss(bots=("Grid BTC/USDT",))),
        ("day loss 50 USDT of Loss Eater", loss(bots=("Loss Eater",))),
        ("day loss 50 USDT of owl", loss(about=("owl",))),
        ("day loss 50 USDT of owl, her", loss(about=("owl", "her"))),
        ("day loss 50 USDT paper", loss(paper=True)),
        ("day loss 50 USDT real money", loss(paper=False)),
        ("day loss 50 USDT all bots", loss()),
        ("day loss 3 % of 2000 USDT", loss("60", percent=(Decimal(3), Decimal(2000)))),
        ("day loss 2,5% of 2000 USDT", loss("50", percent=(Decimal("2.5"), Decimal(2000)))),
        ("day loss 3 percent of 2,000 USDT", loss("60", percent=(Decimal(3), Decimal(2000)))),
    ],
)
def test_what_is_meant_is_understood(text: str, meant: SpokenGuard):
    assert read_guard(text, NAMES, {"ZZZ"}) == meant


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("50 USDT", GuardProblem.NO_FALL),
        ("day", GuardProblem.NO_FALL),
        ("loss drawdown 50 USDT", GuardProblem.BOTH_FALLS),
        ("day loss", GuardProblem.AMOUNT),
        ("day loss 0 USDT", GuardProblem.AMOUNT),
        ("day loss 1.000 USDT", GuardProblem.AMOUNT),
        ("day loss 50 USDT 60 USDT", GuardProblem.AMOUNT),
        ("day loss 1 2 3 USDT", GuardProblem.AMOUNT),
        ("day loss 50", GuardProblem.CURRENCY),
        ("day loss 50 bananas", GuardProblem.CURRENCY),
        ("day loss 3 %", GuardProblem.PERCENT),
        ("day drawdown 3 percent", GuardProblem.PERCENT),
        ("day loss 3 % of 2000", GuardProblem.CURRENCY),
        ("day loss 3 % of 0 USDT", GuardProblem.AMOUNT),
        ("week loss 50 USDT", GuardProblem.PERIOD),
        ("loss 50 USDT an hour", GuardProblem.PERIOD),
        ("day loss 50 USDT paper and real", GuardProblem.MONEY),
        ("day loss " + "9" * 40 + " USDT", GuardProblem.AMOUNT),
    ],
)
def test_what_may_mean_something_else_is_asked_about(text: str, problem: GuardProblem):
    assert read_guard(text, NAMES) is problem


@given(st.text(max_size=80))
def test_nothing_that_is_typed_breaks_it(text: str):
    read = read_guard(text, NAMES)

    assert isinstance(read, GuardProblem) or read.amount > 0


@pytest.mark.parametrize(
    "guard",
    [
        loss(),
        loss("0.00012", "BTC", paper=True),
        drawdown(bots=("Night Owl", "Heron"), paper=False),
        loss(bots=("Loss Eater",)),
    ],
)
def test_what_is_written_is_read_as_the_same(guard: SpokenGuard):
    assert read_guard(guard_written(guard, *guard.bots), NAMES) == guard
