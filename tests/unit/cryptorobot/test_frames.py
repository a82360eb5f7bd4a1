"""Frames are told apart before any JSON is decoded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot.frames import (
    TICKERS,
    Frame,
    GuardedPacket,
    Heading,
    for_the_library,
    heading,
    parse,
)
from bot.domain.events import Unreadable


@pytest.mark.parametrize(
    ("raw", "service", "happening"),
    [
        ('42["trades created",{}]', "trades", "created"),
        ('42["traders/pods/events created",{}]', "traders/pods/events", "created"),
        ('42["traders pods events created",{}]', "traders/pods/events", "created"),
        ('42["traders.pods.events created",{}]', "traders/pods/events", "created"),
        ('42["/traders/pods/events/ created",{}]', "traders/pods/events", "created"),
        ('4213["models/signals created"]', "models/signals", "created"),
        ('42[ "exchanges/ticker patched", {', "exchanges/ticker", "patched"),
    ],
)
def test_an_event_is_named_in_every_spelling(raw: str, service: str, happening: str):
    assert heading(raw) == Heading(service, happening)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "42",
        "42[]",
        "42[1]",
        '42["created"]',
        '42["a\\"b created"]',
        '42/ns,["trades created",{}]',
        f'42["{"x" * 201} created",{{}}]',
        '431["trades created",{}]',
    ],
)
def test_what_is_named_by_no_service_has_no_heading(raw: str):
    assert heading(raw) is None


def test_an_event_is_parsed_with_its_record():
    frame = parse('42["trades created",{"_id":"1"},"more"]')

    assert frame == Frame(Heading("trades", "created"), {"_id": "1"}, 39)


def test_an_event_without_a_record_has_none():
    frame = parse('42["trades created"]')

    assert frame == Frame(Heading("trades", "created"), None, 20)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('42["trades created",{', "not JSON"),
        ('42["trades created",' + "[" * 100_000, "nested too deep"),
        ('42["trades created"]]', "not JSON"),
    ],
)
def test_an_event_that_cannot_be_decoded_keeps_its_service(raw: str, reason: str):
    assert parse(raw) == Unreadable(service="trades", reason=reason, size=len(raw))


def test_prices_are_recognised_by_their_first_characters():
    assert '42["exchanges/ticker patched",{}]'.startswith(TICKERS)
    assert '42["exchanges ticker patched",{}]'.startswith(TICKERS)
    assert not '42["exchanges patched",{}]'.startswith(TICKERS)


@pytest.mark.parametrize("raw", ["0{}", "2", "2probe", "3", "6", '40{"sid":"x"}', "431[]", "44{}"])
def test_the_library_gets_heartbeats_answers_and_what_opens(raw: str):
    assert for_the_library(raw)


@pytest.mark.parametrize(
    "raw", ["", "1", "4", "41", "42[]", "45", "46", "5", "7", "b4", "hi", "2" * 1001]
)
def test_the_library_does_not_get_the_rest(raw: str):
    assert not for_the_library(raw)


@pytest.mark.parametrize(
    ("encoded", "id", "data"),
    [
        ('312[null,{"price":0.1}]', 12, None),
        ("312[[", 12, None),
        ("312" + "[" * 100_000, 12, None),
        ('312{"a":1}', 12, None),
        ("312", 12, None),
        ("30[null,1]", None, [None, 1]),
        ("3[null,1]", None, [None, 1]),
    ],
)
def test_an_answer_is_a_list_whatever_came(encoded: str, id: int | None, data: object):
    packet = GuardedPacket(encoded_packet=encoded)

    assert packet.id == id
    assert isinstance(packet.data, list)
    assert data is None or packet.data == data


def test_an_answer_of_a_number_without_end_is_to_no_call():
    packet = GuardedPacket(encoded_packet="3" + "1" * 200 + "[]")

    assert packet.id is None or packet.id > 10**50


@pytest.mark.parametrize("encoded", ["0[1]", "0{", '0"x"', "4[1]", "4", "0" + "[" * 100_000])
def test_an_opening_or_refusal_holds_an_object_or_nothing(encoded: str):
    assert GuardedPacket(encoded_packet=encoded).data is None


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet='0123456789[]{}"/,- abc\\', max_size=60), st.sampled_from("034"))
def test_no_frame_that_the_library_gets_can_raise_in_it(text: str, kind: str):
    packet = GuardedPacket(encoded_packet=kind + text)

    assert packet.packet_type == int(kind)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_no_event_can_raise(text: str):
    frame = parse(f'42["trades created",{text}')

    assert isinstance(frame, (Frame, Unreadable))
