"""Finding the bot that a person means."""

import pytest

from bot.domain.events import Strategy, Trader
from bot.domain.ids import StrategyId, TraderId
from bot.domain.names import Found, Nothing, Several, completions, nearest, pick

BOTS = tuple(
    Trader(id=TraderId(f"id{index}"), name=name)
    for index, name in enumerate(["Grid BTC", "Grid ETH", "Night Owl"])
)


@pytest.mark.parametrize("words", ["night owl", "  Night   Owl ", "id2", "night", "owl"])
def test_a_bot_is_found_by_any_clear_word(words):
    assert pick(words, BOTS) == Found((BOTS[2],))


def test_all_means_all():
    assert pick("ALL", BOTS) == Found(BOTS)


def test_words_that_fit_two_ask_back():
    assert pick("grid", BOTS) == Several(BOTS[:2])


def test_a_mistyped_name_gives_the_nearest():
    assert pick("nite owl", BOTS) == Nothing(("Night Owl",))


def test_an_exact_name_wins_over_one_that_contains_it():
    bots = (*BOTS, Trader(id=TraderId("id9"), name="Grid"))

    assert pick("grid", bots) == Found((bots[3],))


def test_nothing_near_is_nothing():
    assert nearest("zzzz", ["status"]) == ()


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ("all", "Grid BTC", "Grid ETH", "Night Owl")),
        ("g", ("Grid BTC", "Grid ETH", "Night Owl")),
        ("  GRID  e", ("Grid ETH",)),
        ("t", ("Grid BTC", "Grid ETH", "Night Owl")),
        ("a", ("all",)),
        ("x", ()),
    ],
)
def test_what_is_typed_is_completed_by_what_begins_so_then_by_what_contains_it(typed, names):
    assert completions(typed, BOTS) == names


def test_every_completion_is_understood():
    twins = (*BOTS, Trader(id=TraderId("id9"), name="Grid BTC"))

    for name in completions("", twins):
        assert not isinstance(pick(name, twins), Nothing)
    assert completions("grid b", twins) == ("Grid BTC",)


def test_who_has_one_bot_is_not_offered_all():
    assert completions("", BOTS[:1]) == ("Grid BTC",)


def test_a_strategy_is_found_and_completed_like_a_bot():
    strategies = tuple(
        Strategy(id=StrategyId(f"id{index}"), name=name)
        for index, name in enumerate(["Momentum", "Mean reversion"])
    )

    assert pick("momentum", strategies) == Found(strategies[:1])
    assert pick("m", strategies) == Several(strategies)
    assert pick("momentun", strategies) == Nothing(("Momentum",))
    assert completions("me", strategies) == ("Mean reversion", "Momentum")
