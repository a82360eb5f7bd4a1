"""Cards: those that are too long for one message, and what is marked in them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import marks
from bot.domain.cards import (
    ROOM,
    Button,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    as_shown,
    in_parts,
)
from bot.domain.ids import ActionId
from bot.domain.text import utf16_length

LINES = st.lists(st.text(max_size=600), max_size=60).map(tuple)


@given(lines=LINES)
def test_parts_have_all_lines_in_their_order_and_room_for_them(lines):
    parts = in_parts(Card(title="Report", lines=lines))

    assert tuple(line for part in parts for line in part.lines) == lines
    assert all(sum(utf16_length(line) + 1 for line in part.lines) <= ROOM for part in parts)


def test_a_card_that_fits_stays_as_it_is():
    card = Card(title="Report", lines=("x" * 600,) * 4, fields=(Field("Bot", "Night Owl"),))

    assert in_parts(card) == (card,)


def test_parts_are_numbered_and_the_last_has_what_stands_below_the_lines():
    buttons = ((Button(label="Pause", action=ActionId("a")),),)
    fields = (Field("Bot", "Night Owl"),)
    pick = PickList(prompt="Which?", options=(Option(label="Heron", action=ActionId("b")),))
    picture = Picture(png=b"png", alt="Profit", width=1, height=1)
    below = Card(title="Report", fields=fields, picture=picture, pick=pick, buttons=buttons)
    card = replace(below, lines=("😀" * 600,) * 5)

    parts = in_parts(card)

    assert [part.title for part in parts] == ["Report (1/3)", "Report (2/3)", "Report (3/3)"]
    assert [part.fields for part in parts] == [(), (), fields]
    assert [part.picture for part in parts] == [None, None, picture]
    assert [part.pick for part in parts] == [None, None, pick]
    assert [part.buttons for part in parts] == [(), (), buttons]


def in_each_place(text: str) -> dict[str, Card]:
    option = Option(label="Heron", action=ActionId("b"))
    plain: dict[str, Any] = {
        "title": "Report",
        "lines": ("A line",),
        "fields": (Field("Bot", "Night Owl"),),
        "notes": ("A note",),
        "buttons": ((Button(label="Pause", action=ActionId("a")),),),
        "picture": Picture(png=b"png", alt="Profit", width=1, height=1),
        "pick": PickList(prompt="Which?", options=(option,)),
    }
    marked: dict[str, Any] = {
        "title": text,
        "lines": ("A line", text),
        "fields": (Field("Bot", text),),
        "notes": (text,),
        "buttons": ((Button(label=text, action=ActionId("a")),),),
        "picture": Picture(png=b"png", alt=text, width=1, height=1),
        "pick": PickList(prompt=text, options=(option,)),
    }
    cards = {place: Card(**{**plain, place: value}) for place, value in marked.items()}
    labels = Card(**{**plain, "fields": (Field(text, "Night Owl"),)})
    options = PickList(prompt="Which?", options=(replace(option, label=text),))
    hints = PickList(prompt="Which?", options=(replace(option, hint=text),))
    return cards | {
        "label of a field": labels,
        "option": Card(**{**plain, "pick": options}),
        "hint": Card(**{**plain, "pick": hints}),
    }


@pytest.mark.parametrize("place", in_each_place(""))
def test_a_command_is_shown_as_the_platform_calls_it_wherever_it_is_marked(place):
    marked = in_each_place(f"Ask {marks.command('status')}")[place]

    assert as_shown(marked, "/bell {}".format) == in_each_place("Ask /bell status")[place]
