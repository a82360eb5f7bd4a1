"""What was given for a command's arguments, typed or by their names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.commands import (
    Ambiguous,
    Argument,
    Arguments,
    ArgumentType,
    Known,
    Misread,
    Spec,
    read_options,
    read_typed,
)
from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.services.commands.registry import find


def argument(name: str, type: ArgumentType, *choices: str) -> Argument:
    return Argument(name=name, type=type, description=name, choices=choices)


TRADES = Spec(
    name="trades",
    summary="",
    arguments=(argument("bot", ArgumentType.BOT), argument("n", ArgumentType.NUMBER)),
)
MUTE = Spec(
    name="mute",
    summary="",
    arguments=(
        argument("what", ArgumentType.TEXT),
        argument("pair", ArgumentType.PAIR),
        argument("span", ArgumentType.SPAN),
        argument("how", ArgumentType.CHOICE, "all", "silent"),
    ),
)
MISSED = Spec(name="missed", summary="", arguments=(argument("page", ArgumentType.NUMBER),))
OTHERS = Spec(
    name="unlink",
    summary="",
    arguments=(
        Argument(
            name="others",
            type=ArgumentType.CHOICE,
            description="",
            choices=("others",),
            synonyms={"all others": "others"},
        ),
    ),
)


def given(spec: Spec, read: object) -> dict[str, object]:
    assert isinstance(read, Arguments), read
    kinds = {ArgumentType.NUMBER: read.number, ArgumentType.SPAN: read.span}
    found = {one.name: kinds.get(one.type, read.text)(one.name) for one in spec.arguments}
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize(
    ("spec", "typed", "expected"),
    [
        (TRADES, "", {}),
        (TRADES, "Night  Owl", {"bot": "Night Owl"}),
        (TRADES, "Night Owl 20", {"bot": "Night Owl", "n": 20}),
        (TRADES, "20 Night Owl", {"bot": "Night Owl", "n": 20}),
        (TRADES, "7", {"n": 7}),
        (
            MUTE,
            "Owl BTC/USDT 2h silent",
            {"what": "Owl", "pair": "BTC/USDT", "span": timedelta(hours=2), "how": "silent"},
        ),
        (MUTE, "2h", {"span": timedelta(hours=2)}),
        (MUTE, "90 min Night Owl", {"what": "Night Owl", "span": timedelta(minutes=90)}),
        (MUTE, "SILENT 1 day", {"how": "silent", "span": timedelta(days=1)}),
        (MISSED, "3", {"page": 3}),
        (MISSED, "3.", {"page": 3}),
        (MISSED, "\u201c3\u201d!", {"page": 3}),
        (OTHERS, "others.", {"others": "others"}),
        (MISSED, "\u0661\u0662", {"page": 12}),
        (OTHERS, "All  Others", {"others": "others"}),
    ],
)
def test_what_is_typed_goes_where_it_belongs(spec: Spec, typed: str, expected: dict[str, object]):
    assert given(spec, read_typed(spec, typed)) == expected


@pytest.mark.parametrize(
    ("spec", "typed"),
    [
        (MISSED, "0"),
        (MISSED, "-1"),
        (MISSED, "1.5"),
        (MISSED, "9999999"),
        (MISSED, "two"),
        (OTHERS, "everything"),
    ],
)
def test_what_it_cannot_be_is_told_apart(spec: Spec, typed: str):
    read = read_typed(spec, typed)

    assert isinstance(read, Misread)
    assert (read.argument, read.given) == (spec.arguments[0], typed)


def test_options_are_taken_by_their_names_however_they_look():
    read = read_options(TRADES, {"n": "20", "bot": " 7 ", "else": "x"})

    assert given(TRADES, read) == {"bot": "7", "n": 20}
    assert read_options(TRADES, {"n": "x"}) == Misread(TRADES.arguments[1], "x")


GRIDS = Known(
    bots=tuple(
        Trader(id=TraderId(name), name=name) for name in ("Grid", "Grid 5", "Alpha week", "BTC Bot")
    ),
    pairs=("BTC/USDT", "BTC/EUR", "SOL/USDT"),
)


@pytest.mark.parametrize(
    ("command", "typed", "expected"),
    [
        # What is declared first takes what it can, if it is there.
        ("trades", "Grid 5", {"bot": "Grid 5"}),
        ("daily", "Grid 5", {"count": "5", "bot": "Grid"}),
        ("daily", "5 grid 5", {"count": "5", "bot": "grid 5"}),
        ("profit", "all", {"span": "all"}),
        ("profit", "alpha week", {"bot": "alpha week"}),
        ("profit", "week alpha week", {"span": "week", "bot": "alpha week"}),
        # What only may be a name of something is the last that is thought of.
        ("profit", "alph week", {"span": "week", "bot": "alph"}),
        ("trades", "6 zzz", {"bot": "zzz", "count": "6"}),
        ("trades", "sol", {"pair": "sol"}),
        ("trades", "btc", {"bot": "btc"}),
        ("trades", "btc usdt grid", {"bot": "grid", "pair": "btc usdt"}),
    ],
)
def test_what_is_there_tells_words_apart(command: str, typed: str, expected: dict[str, str]):
    found = find(command)
    assert found is not None

    read = read_typed(found.spec, typed, GRIDS)

    assert isinstance(read, Arguments), read
    assert read.given == expected


@pytest.mark.parametrize(
    ("command", "typed", "wrong", "rest"),
    [
        ("profit", "wek grid 5", "wek", {"bot": "grid 5"}),
        ("profit", "grid 5 wek", "wek", {"bot": "grid 5"}),
        ("performance", "bot mnth", "mnth", {"by": "bot"}),
        ("forceexit", "grid 7 30%", "30%", {"bot": "grid", "trade": "7"}),
        ("trades", "grid " * 40, "grid " * 40, {}),
    ],
)
def test_a_word_without_a_place_leaves_the_others_theirs(
    command: str, typed: str, wrong: str, rest: dict[str, str]
):
    found = find(command)
    assert found is not None

    read = read_typed(found.spec, typed, GRIDS)

    assert isinstance(read, Misread), read
    assert (read.given, read.rest.given) == (wrong, rest)


def test_where_something_would_be_changed_nothing_is_guessed():
    found = find("forceexit")
    assert found is not None

    read = read_typed(found.spec, "grid 5", GRIDS)

    assert isinstance(read, Ambiguous), read
    assert [one.given for one in read.meant] == [{"bot": "grid 5"}, {"bot": "grid", "trade": "5"}]
