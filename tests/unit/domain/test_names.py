"""Finding the bot that a person means."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import Strategy, Trader
from bot.domain.ids import StrategyId, TraderId
from bot.domain.names import (
    NAME_LIMIT,
    Found,
    Nothing,
    Several,
    completions,
    name_of,
    nearest,
    pick,
    told_apart,
)
from bot.domain.text import folded

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
    assert pick("nite owl", BOTS) == Nothing((BOTS[2],))


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
    assert pick("momentun", strategies) == Nothing(strategies[:1])
    assert completions("me", strategies) == ("Mean reversion", "Momentum")


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=150).filter(
    lambda name: any(letter.isalnum() for letter in name)
)
FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])
CASES = st.sampled_from([str.upper, str.lower, str.casefold, str])
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", "\u2009", "\u202f", "\u3000", "\u2028"])


@given(name=NAMES, form=FORMS, case=CASES, blank=BLANKS)
def test_a_name_is_found_in_any_form_and_case_and_with_any_white_space(name, form, case, blank):
    bot = Trader(id=TraderId("id9"), name=name)
    typed = blank + case(unicodedata.normalize(form, name)).replace(" ", blank) + blank

    found = pick(typed, (bot, BOTS[0]))

    assert bot in getattr(found, "meant", ()) + getattr(found, "fitting", ())


@given(name=NAMES)
def test_folding_twice_is_folding_once(name):
    assert folded(folded(name)) == folded(name)


FACTS = st.sampled_from([None, "", "binance", "Kraken", "BTC/USDT", "x" * 90])
LOOKALIKES = st.sampled_from(
    ["Twin", "twin", "Twin\u200b", "T" * 150, "T" * 149 + "x", "Twin (kraken)"]
)


@given(
    bots=st.lists(
        st.builds(
            lambda name, exchange, coin, dry: Trader(
                id=TraderId(""), name=name, exchange=exchange, stake_currency=coin, dry_run=dry
            ),
            name=LOOKALIKES,
            exchange=FACTS,
            coin=FACTS,
            dry=st.sampled_from([None, True, False]),
        ),
        max_size=6,
    )
)
def test_whatever_bots_are_called_each_is_shown_by_a_name_of_its_own(bots):
    them = told_apart(
        [replace(bot, id=TraderId(f"65f0c0ffee{number:014}")) for number, bot in enumerate(bots)]
    )

    shown = [name_of(bot) for bot in them]
    assert len(set(map(folded, shown))) == len(shown)
    assert all(len(name) <= NAME_LIMIT for name in shown)
    for bot, name in zip(them, shown, strict=True):
        found = pick(name, them)
        assert bot in getattr(found, "meant", ()) + getattr(found, "fitting", ())


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (({"exchange": "binance"}, {"exchange": "kraken"}), ("Twin (binance)", "Twin (kraken)")),
        (({"strategy": "s1"}, {"strategy": "s2"}), ("Twin (BTC/USDT)", "Twin (ETH/USDT)")),
        (({"dry_run": True}, {"dry_run": False}), ("Twin (paper)", "Twin (real money)")),
        (({}, {}), ("Twin (\u2026a001)", "Twin (\u2026b002)")),
        (({"exchange": "binance"}, {}), ("Twin (binance, \u2026a001)", "Twin (\u2026b002)")),
    ],
)
def test_twins_say_what_sets_them_apart(facts, shown):
    plans = [
        Strategy(id=StrategyId("s1"), name="One", pair="BTC/USDT"),
        Strategy(id=StrategyId("s2"), name="Two", pair="ETH/USDT"),
    ]
    twins = [
        Trader(id=TraderId(f"65f0{id}"), name="Twin", **known)
        for id, known in zip(("a001", "b002"), facts, strict=True)
    ]

    them = told_apart((*twins, BOTS[0]), plans)

    assert tuple(map(name_of, them)) == (*shown, "Grid BTC")
    assert [pick(name, them) for name in shown] == [Found((one,)) for one in them[:2]]
    assert pick("twin", them) == Several(them[:2])


def test_strategies_of_one_name_are_told_apart_too():
    plans = [
        Strategy(id=StrategyId(id), name="Grid", pair="BTC/USDT", interval=interval)
        for id, interval in (("a", "1h"), ("b", "4h"))
    ]

    assert [name_of(one) for one in told_apart(plans)] == ["Grid (1h)", "Grid (4h)"]


def test_a_name_longer_than_is_kept_is_found_when_it_is_pasted_whole():
    bot = Trader(id=TraderId("id9"), name="L" * 120)

    assert pick("l" * 150, (bot, BOTS[0])) == Found((bot,))


def test_the_words_of_a_name_find_it_in_any_order():
    assert pick("btc grid", BOTS) == Found((BOTS[0],))


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("bobs bot", "Bob's bot"),
        ("alpha beta", "alpha-beta"),
        ("bot 1", "Bot #1"),
        ("abc", "a_b_c"),
        ("Grid Pro", "Grid \u201cPro\u201d"),
    ],
)
def test_a_name_is_found_without_its_marks_before_one_that_only_begins_so(typed, named):
    names = ("Bob's bot", "alpha-beta", "Alpha Beta 2", "Bot #1", "Bot #10", "a_b_c", "abcd")
    bots = [Trader(id=TraderId(f"id{n}"), name=name) for n, name in enumerate(names)]
    bots.append(Trader(id=TraderId("grid"), name="Grid \u201cPro\u201d"))

    found = pick(typed, bots)

    assert isinstance(found, Found)
    assert [bot.name for bot in found.meant] == [named]


def test_names_that_differ_in_marks_alone_are_both_offered():
    bots = [Trader(id=TraderId(name), name=name) for name in ("C++ bot", "C# bot")]

    assert pick("c bot", bots) == Several(tuple(bots))
    assert pick("c++ bot", bots) == Found((bots[0],))
