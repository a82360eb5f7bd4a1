"""A card that is too long for one message, as several that are told one by one."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.cards import ROOM, Button, Card, Field, Option, PickList, Picture, in_parts
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
