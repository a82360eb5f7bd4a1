"""When a message may leave."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Priority
from bot.services.pace import PROBE_LIMIT, SLOWEST, Pace

CHAT = Address(channel=Channel.TELEGRAM, bot="1", chat="2")
OTHER = Address(channel=Channel.TELEGRAM, bot="1", chat="3")


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def chat(number):
    return Address(channel=Channel.TELEGRAM, bot="1", chat=str(number))


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


# --- refusals that teach -------------------------------------------------------------------


def test_a_chat_that_is_asked_to_slow_down_is_no_lesson_for_the_bot():
    one, _ = pace()

    assert not one.slow_down(CHAT, 20)

    assert one.chat_wait(CHAT) == 20
    assert one.chat_wait(OTHER) == 0
    assert one.allowed == 30


def test_a_bot_that_is_asked_to_slow_down_rests_and_goes_on_at_seven_tenths():
    one, _ = pace()

    assert one.slow_down(None, 35)

    assert one.chat_wait(CHAT) == one.chat_wait(OTHER) == 35
    assert one.allowed == pytest.approx(21)


def test_a_third_chat_within_two_seconds_means_the_whole_bot_for_the_longest_wait():
    one, clock = pace()

    assert not one.slow_down(chat(1), 9)
    clock.seconds += 1
    assert not one.slow_down(chat(2), 3)
    clock.seconds += 1
    assert one.slow_down(chat(3), 3)

    assert one.chat_wait(chat(4)) == 7
    assert one.allowed == pytest.approx(21)


def test_one_chat_that_is_refused_three_times_is_still_one():
    one, clock = pace()

    for _ in range(3):
        one.slow_down(CHAT, 0.1)
        clock.seconds += 0.2

    assert one.chat_wait(OTHER) == 0
    assert one.allowed == 30


def test_three_chats_over_a_longer_time_are_three_chats():
    one, clock = pace()

    for number in range(3):
        one.slow_down(chat(number), 5)
        clock.seconds += 1.1

    assert one.chat_wait(chat(4)) == 0
    assert one.allowed == 30


def test_refusals_of_what_left_before_the_rest_began_teach_nothing_more():
    one, clock = pace()
    one.slow_down(None, 5)

    for number in range(20):
        clock.seconds += 0.01
        one.slow_down(chat(number), 5)
    one.slow_down(None, 8)

    assert one.allowed == pytest.approx(21)
    assert one.chat_wait(OTHER) == 8


def test_each_clean_minute_gives_one_message_a_second_back_up_to_what_was_set():
    one, clock = pace()
    one.slow_down(None, 35)

    clock.seconds += 35 + 59
    assert one.allowed == pytest.approx(21)
    clock.seconds += 1
    assert one.allowed == pytest.approx(22)
    clock.seconds += 3 * 60
    assert one.allowed == pytest.approx(25)
    clock.seconds += 24 * 3600
    assert one.allowed == 30


def test_a_refusal_begins_the_clean_minute_anew():
    one, clock = pace()
    one.slow_down(None, 10)
    clock.seconds += 10 + 59
    one.slow_down(None, 10)

    clock.seconds += 10 + 59

    assert one.allowed == pytest.approx(30 * 0.7 * 0.7)


def test_what_was_learned_is_kept_to_and_urgent_items_keep_their_share_of_it():
    one, clock = pace(rate=100)
    one.slow_down(None, 5)
    clock.seconds += 5

    general = [one.take_place(Priority.NORMAL)[0] for _ in range(200)]
    urgent = [one.take_place(Priority.URGENT)[0] for _ in range(30)]

    # 70 a second: 56 for all, 14 for urgent ones alone, each with a quarter of a second at once.
    assert sum(wait <= 1 for wait in general) == pytest.approx(56 * 1.25, abs=1)
    assert sum(wait <= 1 for wait in urgent) == pytest.approx(14 * 1.25, abs=1)


def test_a_bot_without_a_limit_learns_from_what_it_sent_in_the_last_second():
    one, clock = pace(rate=0, chat_rate=0)
    for _ in range(1000):
        clock.seconds += 0.01
        one.sent_to(CHAT)

    one.slow_down(None, 5)
    assert one.allowed == pytest.approx(70, abs=1)

    clock.seconds += 5 + 29 * 60
    assert 90 < one.allowed < 100
    clock.seconds += 2 * 60
    assert one.allowed == 0  # no limit again: it could do that before
    assert one.take_place(Priority.INFO)[0] == 0


def test_a_bot_that_nobody_writes_through_never_stops_for_good():
    one, clock = pace(rate=0)

    for _ in range(50):
        one.slow_down(None, 1)
        clock.seconds += 1

    assert one.allowed == SLOWEST


@given(
    rate=st.sampled_from([0.5, 1.0, 30.0, 1000.0]),
    steps=st.lists(st.tuples(st.floats(0, 500), st.floats(-10, 4000), st.integers(0, 4))),
)
def test_whatever_is_refused_the_rate_stays_between_the_slowest_and_what_was_set(rate, steps):
    one, clock = pace(rate=rate)

    for seconds, wait, number in steps:
        clock.seconds += seconds
        before = one.allowed
        whole = one.slow_down(chat(number) if number else None, wait)
        assert one.allowed <= before
        assert (one.allowed < before) <= whole
        assert min(rate, SLOWEST) <= one.allowed <= rate
