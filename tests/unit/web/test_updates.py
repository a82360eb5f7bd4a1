import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.updates import LONGEST_WAIT, TEXT_LIMIT, Push, Say, read, said
from bot.domain.chats import Address, Channel, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Place, Press, Words

ADDRESS = Address(channel=Channel.WEB, bot="web", chat="c" * 24)
PLACE = Place(address=ADDRESS, private=True)
PERSON = Person(channel=Channel.WEB, id="c" * 24, language="de")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def frame(**values):
    return json.dumps(values)


def test_a_text_and_a_press_are_read():
    assert read(frame(type="say", nonce="n-1", text=" hello ")) == Say(nonce="n-1", text="hello")
    assert read(frame(type="press", message="m1", action="a1")) == Push(
        message="m1", action=ActionId("a1")
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"say"',
        "[" * 100_000,
        frame(type="say", nonce="n", text=""),
        frame(type="say", nonce="n", text="   "),
        frame(type="say", nonce="n", text="x" * (TEXT_LIMIT + 1)),
        frame(type="say", nonce="n", text=5),
        frame(type="say", nonce="", text="hello"),
        frame(type="say", nonce="n" * 65, text="hello"),
        frame(type="say", text="hello"),
        frame(type="say", nonce="n", text="hello", waited=-1),
        frame(type="say", nonce="n", text="hello", waited="1"),
        frame(type="say", nonce="n", text="hello", waited=None),
        '{"type": "say", "nonce": "n", "text": "hello", "waited": NaN}',
        frame(type="press", message="m1", action="<script>"),
        frame(type="press", message="m1"),
        frame(type="shout", nonce="n", text="hello"),
    ],
)
def test_what_our_page_cannot_have_sent_is_refused(text):
    assert read(text) is None


@given(st.text())
def test_no_frame_is_too_strange_to_be_read_or_refused(text):
    read(text)
    read(frame(type="say", nonce="n", text=text))


def test_a_text_can_be_stored_whatever_was_in_it():
    update = read(frame(type="say", nonce="n", text="a\x00b\ud800c\nd"))

    assert update == Say(nonce="n", text="abc\nd")


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("/status", "status", ""),
        ("/Pause BTC swing", "pause", "BTC swing"),
        ("/pause  all ", "pause", "all"),
        ("/price\nBTC/USDT", "price", "BTC/USDT"),
    ],
)
def test_a_slash_makes_a_command(text, name, arguments):
    assert said(Say(nonce="n", text=text), ADDRESS, PERSON, NOW) == Command(
        place=PLACE, person=PERSON, name=name, arguments=arguments, at=NOW
    )


@pytest.mark.parametrize("text", ["482913", "/", "//status", "/påuse", "status"])
def test_anything_else_is_words(text):
    assert said(Say(nonce="n", text=text), ADDRESS, PERSON, NOW) == Words(
        place=PLACE, person=PERSON, text=text, at=NOW
    )


@pytest.mark.parametrize("text", ["/pause", "pause it"])
def test_what_waited_for_a_connection_was_said_when_it_was_typed(text):
    update = read(frame(type="say", nonce="n", text=text, waited=90.5))

    assert isinstance(update, Say)
    heard = said(update, ADDRESS, PERSON, NOW)
    assert isinstance(heard, Command | Words)
    assert heard.at == NOW - timedelta(seconds=90.5)


@pytest.mark.parametrize("seconds", ["1e9", "1e400", "9" * 400])
def test_nothing_waits_for_longer_than_a_week(seconds):
    update = read(f'{{"type": "say", "nonce": "n", "text": "/pause", "waited": {seconds}}}')

    assert update == Say(nonce="n", text="/pause", waited=LONGEST_WAIT)


def test_a_press_names_its_action():
    assert said(Push(message="m1", action=ActionId("a1")), ADDRESS, PERSON, NOW) == Press(
        place=PLACE, person=PERSON, action=ActionId("a1")
    )
