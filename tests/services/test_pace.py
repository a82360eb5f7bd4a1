"""When a message may leave."""

import random

from bot.domain.deliveries import Priority
from bot.domain.links import Address, Channel
from bot.services.pace import PROBE_LIMIT, Pace

CHAT = Address(channel=Channel.TELEGRAM, bot="1", chat="2")
OTHER = Address(channel=Channel.TELEGRAM, bot="1", chat="3")


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def pace(rate=30.0, chat_rate=1.0):
    clock = Clock()
    return Pace(rate=rate, chat_rate=lambda address: chat_rate, clock=clock), clock


def test_a_quiet_chat_may_be_written_to_at_once():
    one, _ = pace()

    assert one.chat_wait(CHAT) == 0
    assert one.take_place(Priority.NORMAL)[0] == 0


def test_one_chat_keeps_its_distance_and_others_do_not_wait():
    one, clock = pace()

    one.sent_to(CHAT)

    assert one.chat_wait(CHAT) == 1.0
    assert one.chat_wait(OTHER) == 0
    clock.seconds += 1
    assert one.chat_wait(CHAT) == 0


def test_places_come_in_the_order_of_asking_and_within_the_rate():
    one, _ = pace(rate=30)

    waits = [one.take_place(Priority.NORMAL)[0] for _ in range(48)]

    assert waits == sorted(waits)
    # 24 a second for all but urgent items, after a burst of a quarter second's worth.
    assert sum(wait < 1.0 for wait in waits) <= 30
    assert waits[-1] > 1.5


def test_an_urgent_item_does_not_stand_in_the_long_line():
    one, _ = pace(rate=30)
    for _ in range(300):
        one.take_place(Priority.NORMAL)

    assert one.take_place(Priority.URGENT)[0] == 0


def test_a_place_given_back_is_free_again():
    one, _ = pace(rate=1)
    one.take_place(Priority.NORMAL)
    wait, place = one.take_place(Priority.NORMAL)

    one.give_back(place)

    assert one.take_place(Priority.NORMAL)[0] == wait


def test_no_rate_is_no_limit():
    one, _ = pace(rate=0, chat_rate=0)
    for _ in range(1000):
        one.sent_to(CHAT)

    assert one.take_place(Priority.INFO)[0] == 0
    assert one.chat_wait(CHAT) == 0


def test_a_pause_of_one_chat_leaves_the_others_alone():
    one, clock = pace()

    one.pause(CHAT, 35)

    assert one.chat_wait(CHAT) == 35
    assert one.chat_wait(OTHER) == 0
    clock.seconds += 35
    assert one.chat_wait(CHAT) == 0


def test_a_pause_of_the_bot_holds_everyone_and_ends_in_single_file():
    one, clock = pace(rate=10)

    one.pause(None, 35)
    assert one.chat_wait(CHAT) == 35
    assert one.chat_wait(OTHER) == 35

    clock.seconds += 35
    waits = [one.take_place(Priority.NORMAL)[0] for _ in range(16)]
    assert waits[-1] > 1.0


def test_a_shorter_pause_does_not_end_a_longer_one():
    one, _ = pace()

    one.pause(CHAT, 3600)
    one.pause(CHAT, 1)

    assert one.chat_wait(CHAT) == 3600


def test_a_bot_that_reaches_nobody_rests_longer_each_time_up_to_a_minute():
    one, clock = pace()
    rests = []

    for _ in range(10):
        one.unreachable(random.Random(3))
        rests.append(one.chat_wait(CHAT))
        clock.seconds += rests[-1]

    assert 0.8 <= rests[0] <= 1.2
    assert rests[:5] == sorted(rests[:5])
    assert 40 <= min(rests[5:]) <= max(rests) <= 60


def test_those_that_left_together_and_failed_count_as_one():
    one, _ = pace()

    for _ in range(50):
        one.unreachable(random.Random(3))

    assert one.chat_wait(CHAT) <= 1.2


def test_after_a_rest_one_tries_and_the_others_wait_for_what_it_finds():
    one, clock = pace()
    one.unreachable(random.Random(3))
    clock.seconds += one.chat_wait(CHAT)

    wait, _ = one.take_place(Priority.NORMAL)
    assert wait == 0
    assert 0 < one.chat_wait(OTHER) <= 1
    assert not one.may_leave(OTHER)

    one.reached()
    assert one.chat_wait(OTHER) == 0
    assert one.may_leave(OTHER)


def test_one_that_had_nothing_to_send_after_all_lets_another_try():
    one, clock = pace()
    one.unreachable(random.Random(3))
    clock.seconds += one.chat_wait(CHAT)

    _, place = one.take_place(Priority.NORMAL)
    one.give_back(place)

    assert one.chat_wait(OTHER) == 0


def test_one_that_never_says_what_it_found_holds_nobody_for_ever():
    one, clock = pace()
    one.unreachable(random.Random(3))
    clock.seconds += one.chat_wait(CHAT)
    one.take_place(Priority.NORMAL)

    clock.seconds += PROBE_LIMIT

    assert one.chat_wait(OTHER) == 0


def test_the_first_answer_ends_the_rest_and_the_next_one_is_short_again():
    one, clock = pace()
    for _ in range(6):
        one.unreachable(random.Random(3))
        clock.seconds += one.chat_wait(CHAT)

    one.reached()
    one.unreachable(random.Random(3))

    assert one.chat_wait(CHAT) <= 1.2


def test_an_answer_does_not_end_a_pause_that_was_asked_for():
    one, _ = pace()
    one.pause(None, 35)

    one.reached()

    assert one.chat_wait(CHAT) == 35
