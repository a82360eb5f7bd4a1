"""Which pair a person means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pairs import nearest_pairs, pairs_meant

PAIRS = ("BTC/USDT", "ETH/USDT", "BTC/EUR", "ETH/USDT:USDT", "SOL/USDC:USDC", "1INCH/USDT")


@given(
    pair=st.sampled_from(PAIRS),
    mark=st.sampled_from(["", "/", "-", "_", " ", ":", ".", "\u00a0", "\uff0f", "\u2215"]),
    case=st.sampled_from([str.lower, str.upper]),
)
def test_a_pair_is_found_however_its_coins_are_parted(pair, mark, case):
    assert pairs_meant(case(pair.replace("/", mark).replace(":", mark)), PAIRS) == (pair,)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("btc", ("BTC/USDT", "BTC/EUR")),
        ("XBT/EUR", ("BTC/EUR",)),
        ("SOLUSDC", ("SOL/USDC:USDC",)),
        ("eth", ("ETH/USDT", "ETH/USDT:USDT")),
        ("DOGE/USDT", ()),
        ("SOL-PERP", ("SOL/USDC:USDC",)),
        ("SOLUSDC.P", ("SOL/USDC:USDC",)),
        ("SOL-USDC-SWAP", ("SOL/USDC:USDC",)),
        ("BINANCE:BTCUSDT", ("BTC/USDT",)),
        ("btc to usdt", ("BTC/USDT",)),
        ("USDT", ()),
        ("", ()),
        ("/", ()),
    ],
)
def test_what_is_meant_by_less(typed, meant):
    assert pairs_meant(typed, PAIRS) == meant


def test_the_nearest_look_alike_and_else_are_the_first():
    assert nearest_pairs("BTC/USD", PAIRS)[0] == "BTC/USDT"
    assert nearest_pairs("????", PAIRS) == ("1INCH/USDT", "BTC/EUR", "BTC/USDT")
    assert nearest_pairs("BTC", ()) == ()
