"""When the gateway is dialled again."""

import random

from adapters.discord.gateway import STABLE, Redial

DAY = 24 * 3600


def test_a_good_connection_is_taken_up_again_at_once():
    redial = Redial(random.Random(1), failures=5)

    assert redial.wait(STABLE, resumable=True) == 0


def test_a_new_session_is_never_begun_at_once():
    assert Redial(random.Random(1)).wait(STABLE, resumable=False) >= 0.8


def test_waits_grow():
    redial = Redial(random.Random(1))

    waits = [redial.wait(0, resumable=True) for _ in range(6)]

    assert waits == sorted(waits)
    assert waits[0] == 0


def test_a_gateway_that_throws_us_out_at_once_does_not_cost_us_the_day_s_thousand_starts():
    redial = Redial(random.Random(1))
    elapsed, starts = 0.0, 0

    while elapsed < DAY:
        elapsed += redial.wait(0, resumable=False)
        starts += 1

    assert starts < 1000


def test_one_that_throws_us_out_just_when_we_trust_it_does_not_either():
    redial = Redial(random.Random(1))
    elapsed, starts = 0.0, 0

    while elapsed < DAY:
        elapsed += STABLE + redial.wait(STABLE, resumable=False)
        starts += 1

    assert starts < 1000
