"""What a request without an answer means for what was to be sent: `guarantees.md` 2.3."""

import itertools
from datetime import timedelta
from http import HTTPStatus

import pytest

from adapters.chat.exchange import NoAnswer, Reached
from adapters.chat.faults import after_no_answer, reasons
from bot.domain.deliveries import Attempt, Declined, Postponed, Scope, Unclear

RESTING = Postponed(
    reason="asked to slow down", retry_after=timedelta(seconds=30), scope=Scope.CHANNEL
)


def lost(reached: Reached, status: int | None = None, timed_out: bool = False) -> NoAnswer:
    return NoAnswer("detail", reached=reached, status=status, timed_out=timed_out)


def turned_away(status: int) -> Postponed:
    return Postponed(reason=f"turned away: HTTP {status}", scope=Scope.CHANNEL)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (lost(Reached.CONNECTING), Postponed(reason="no connection", scope=Scope.CHANNEL)),
        (
            lost(Reached.CONNECTING, timed_out=True),
            Postponed(reason="no connection in time", scope=Scope.CHANNEL),
        ),
        (lost(Reached.SENT), Unclear(reason="the connection broke off")),
        (lost(Reached.SENT, timed_out=True), Unclear(reason="no answer in time")),
        (lost(Reached.ANSWERING, 200), Unclear(reason="the answer broke off")),
        (lost(Reached.ANSWERING, 200, timed_out=True), Unclear(reason="no answer in time")),
        (lost(Reached.ANSWERED, 200), Unclear(reason="an answer that is not Telegram's")),
        (lost(Reached.ANSWERED, 302), turned_away(302)),
        (lost(Reached.ANSWERED, 403), turned_away(403)),
        (lost(Reached.ANSWERED, 413), Declined(reason="Telegram refuses the content")),
        (lost(Reached.ANSWERED, 429), RESTING),
        (lost(Reached.ANSWERED, 500), Unclear(reason="server error: HTTP 500")),
        (lost(Reached.ANSWERED, 502), Unclear(reason="server error: HTTP 502")),
        (lost(Reached.ANSWERED, 504), Unclear(reason="server error: HTTP 504")),
        (lost(Reached.ANSWERED, 520), Unclear(reason="server error: HTTP 520")),
    ],
)
def test_a_call_without_an_answer_was_not_sent_only_if_that_is_certain(
    error: NoAnswer, outcome: Attempt
):
    assert after_no_answer(error, "Telegram") == outcome


@pytest.mark.parametrize("timed_out", [False, True])
@pytest.mark.parametrize("status", [301, 400, 403, 404, 413, 429, 500, 502])
def test_what_an_error_says_holds_whatever_became_of_the_rest_of_it(status: int, timed_out: bool):
    whole = after_no_answer(lost(Reached.ANSWERED, status), "Discord")

    assert after_no_answer(lost(Reached.ANSWERING, status, timed_out), "Discord") == whole


@pytest.mark.parametrize("platform", ["Discord", "Telegram"])
def test_no_failure_counts_against_the_item_and_every_reason_can_be_counted_by(platform: str):
    statuses = [None, *(status.value for status in HTTPStatus if status >= 200)]
    outcomes = [
        after_no_answer(lost(reached, status, timed_out), platform)
        for reached, status, timed_out in itertools.product(Reached, statuses, (False, True))
    ]

    assert not any(isinstance(one, Postponed) and one.counts for one in outcomes)
    assert {one.reason.partition(":")[0] for one in outcomes} == reasons(platform)
