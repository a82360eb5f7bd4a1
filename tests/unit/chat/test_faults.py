"""What a request without an answer means for what was to be sent: `guarantees.md` 2.3."""

import itertools
from datetime import timedelta
from http import HTTPStatus

import pytest

from adapters.chat.exchange import NoAnswer, Reached
from adapters.chat.faults import REASONS, after_no_answer
from bot.domain.deliveries import Attempt, Declined, Postponed, Scope, Unknown

RESTING = Postponed(reason="slow_down", retry_after=timedelta(seconds=30), scope=Scope.CHANNEL)


def lost(reached: Reached, status: int | None = None, timed_out: bool = False) -> NoAnswer:
    return NoAnswer("detail", reached=reached, status=status, timed_out=timed_out)


def turned_away(status: int) -> Postponed:
    return Postponed(reason=f"turned_away: HTTP {status}", scope=Scope.CHANNEL)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (lost(Reached.CONNECTING), Postponed(reason="no_connection", scope=Scope.CHANNEL)),
        (
            lost(Reached.CONNECTING, timed_out=True),
            Postponed(reason="no_connection_in_time", scope=Scope.CHANNEL),
        ),
        (lost(Reached.SENT), Unknown(reason="connection_broke_off")),
        (lost(Reached.SENT, timed_out=True), Unknown(reason="no_answer_in_time")),
        (lost(Reached.ANSWERING, 200), Unknown(reason="answer_broke_off")),
        (lost(Reached.ANSWERING, 200, timed_out=True), Unknown(reason="no_answer_in_time")),
        (lost(Reached.ANSWERED, 200), Unknown(reason="foreign_answer")),
        (lost(Reached.ANSWERED, 302), turned_away(302)),
        (lost(Reached.ANSWERED, 403), turned_away(403)),
        (lost(Reached.ANSWERED, 413), Declined(reason="content_refused")),
        (lost(Reached.ANSWERED, 429), RESTING),
        (lost(Reached.ANSWERED, 500), Unknown(reason="server_error: HTTP 500")),
        (lost(Reached.ANSWERED, 502), Unknown(reason="server_error: HTTP 502")),
        (lost(Reached.ANSWERED, 504), Unknown(reason="server_error: HTTP 504")),
        (lost(Reached.ANSWERED, 520), Unknown(reason="server_error: HTTP 520")),
    ],
)
def test_a_call_without_an_answer_was_not_sent_only_if_that_is_certain(
    error: NoAnswer, outcome: Attempt
):
    assert after_no_answer(error) == outcome


@pytest.mark.parametrize("timed_out", [False, True])
@pytest.mark.parametrize("status", [301, 400, 403, 404, 413, 429, 500, 502])
def test_what_an_error_says_holds_whatever_became_of_the_rest_of_it(status: int, timed_out: bool):
    whole = after_no_answer(lost(Reached.ANSWERED, status))

    assert after_no_answer(lost(Reached.ANSWERING, status, timed_out)) == whole


def test_no_failure_counts_against_the_item_and_every_reason_can_be_counted_by():
    statuses = [None, *(status.value for status in HTTPStatus if status >= 200)]
    outcomes = [
        after_no_answer(lost(reached, status, timed_out))
        for reached, status, timed_out in itertools.product(Reached, statuses, (False, True))
    ]

    assert not any(isinstance(one, Postponed) and one.counts for one in outcomes)
    assert {one.reason.partition(":")[0] for one in outcomes} == REASONS
