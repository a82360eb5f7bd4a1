"""Which Socket.IO a server speaks, and the heartbeat of the older one."""

from __future__ import annotations

import pytest

from adapters.cryptorobot.dialect import FIRST_WORD, LEAST, Dialect

OPENING = '0{"sid":"one","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'


def older() -> Dialect:
    dialect = Dialect()
    assert dialect.heard(OPENING, 0)
    assert dialect.said("40{}") is None
    assert dialect.heard("40", 1)
    return dialect


def test_the_largest_message_in_the_handshake_tells_a_later_server():
    dialect = Dialect()

    dialect.heard('0{"sid":"one","maxPayload":1000000,"pingInterval":25000}', 0)

    assert dialect.later
    assert dialect.due is None
    assert dialect.said("40{}") == "40{}"
    assert dialect.said("3") == "3"


def test_a_server_that_keeps_silent_is_asked_after_a_while_and_then_known_by_its_answer():
    dialect = Dialect()
    dialect.heard(OPENING, 10)

    assert dialect.said("40{}") is None
    assert dialect.due == 10 + FIRST_WORD
    assert dialect.asks(10 + FIRST_WORD - 0.1) is None
    assert dialect.asks(10 + FIRST_WORD) == "40{}"
    assert dialect.asks(10 + FIRST_WORD) is None
    assert dialect.heard('40{"sid":"two"}', 13)

    assert dialect.later
    assert dialect.due is None


def test_an_older_server_that_connects_late_is_not_taken_for_a_later_one():
    dialect = Dialect()
    dialect.heard(OPENING, 0)
    dialect.said("40{}")
    dialect.asks(FIRST_WORD)

    dialect.heard("40", 5)

    assert not dialect.later
    assert dialect.due == 30


def test_an_older_server_is_never_asked_to_connect():
    dialect = older()

    assert dialect.asks(100) is None
    assert dialect.said("40{}") is None


def test_an_older_server_gets_the_librarys_answer_as_its_ping_and_the_library_no_pong():
    dialect = older()

    assert not dialect.pings(25.9)
    assert dialect.pings(26)
    assert dialect.said("3") == "2"
    assert not dialect.heard("3", 26.1)
    assert not dialect.pings(50.9)
    assert dialect.pings(51)


def test_what_else_is_said_and_heard_passes_as_it_is():
    dialect = older()

    assert dialect.said('421["find","traders",{}]') == '421["find","traders",{}]'
    assert dialect.said("41") == "41"
    assert dialect.heard('42["traders created",{}]', 2)
    assert dialect.heard("431[null,{}]", 2)


@pytest.mark.parametrize("frame", ["3", '42["exchanges ticker",{}]'])
def test_whatever_is_heard_proves_that_the_server_lives(frame):
    dialect = older()
    dialect.pings(26)

    dialect.heard(frame, 30)

    assert not dialect.lost(31)


def test_a_heartbeat_without_an_answer_is_a_loss_however_many_follow():
    dialect = Dialect()
    dialect.heard('0{"sid":"one","pingInterval":25000,"pingTimeout":60000}', 0)
    dialect.heard("40", 0)
    for at in (25, 50, 75):
        assert dialect.pings(at)
        assert not dialect.lost(at)

    assert not dialect.lost(84.9)
    assert dialect.due == 85
    assert dialect.lost(85)


@pytest.mark.parametrize(
    "opening", ["0", "0[]", "0{", '0{"pingInterval":-1,"pingTimeout":0}', '0{"pingInterval":"x"}']
)
def test_a_handshake_that_cannot_be_read_makes_no_heart_race(opening):
    dialect = Dialect()
    dialect.heard(opening, 0)
    dialect.heard("40", 0)

    assert dialect.due == LEAST
