"""What was given for a command's arguments, typed or by their names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.commands import (
    Argument,
    Arguments,
    ArgumentType,
    Misread,
    Spec,
    read_options,
    read_typed,
)


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


def given(spec: Spec, read: Arguments | Misread) -> dict[str, object]:
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
