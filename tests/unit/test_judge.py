"""The judge finds what it is there to find."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cards import Card
from bot.domain.deliveries import State
from bot.domain.events import Kind
from tests.fakes.messenger import Shown
from tests.harness.judge import Owed, judged
from tests.harness.virtual_time import START

SECOND = timedelta(seconds=1)

FIRST = Owed(
    id=1,
    kind=Kind.TRADE,
    reference="AAAAAA",
    account="alice",
    chat="100",
    priority=1,
    state=State.SENT,
    reason="sent",
    unclear=0,
    occurred_at=START,
    created_at=START,
    unlinked_at=None,
    title="Bought",
)
SECOND_ONE = replace(FIRST, id=2, reference="BBBBBB", occurred_at=START + SECOND)


def seen(item: Owed, after: float, *notes: str, chat: str = "100") -> Shown:
    card = Card(title=item.title, reference=item.reference, notes=notes)
    at = START + after * SECOND
    return Shown(chat=chat, card=card, left=at - SECOND / 2, at=at)


def test_a_run_in_which_all_went_well_has_no_findings():
    assert judged([FIRST, SECOND_ONE], [seen(FIRST, 2), seen(SECOND_ONE, 3)], created=2).all == []


@pytest.mark.parametrize(
    ("items", "shown", "kind"),
    [
        ([FIRST], [], "unaccounted"),
        ([replace(FIRST, state=State.READY)], [], "unaccounted"),
        ([], [seen(FIRST, 1)], "unaccounted"),
        ([replace(FIRST, state=State.EXPIRED)], [seen(FIRST, 1)], "unaccounted"),
        ([FIRST], [seen(FIRST, 1), seen(FIRST, 2, "possible repeat of AAAAAA")], "too_often"),
        ([replace(FIRST, unclear=1)], [seen(FIRST, 1), seen(FIRST, 2)], "too_often"),
        ([FIRST], [seen(FIRST, 1, chat="200")], "wrong_person"),
        ([replace(FIRST, unlinked_at=START)], [seen(FIRST, 1)], "wrong_person"),
        ([FIRST, SECOND_ONE], [seen(SECOND_ONE, 2), seen(FIRST, 3)], "out_of_order"),
    ],
)
def test_what_is_wrong_is_found(items, shown, kind):
    findings = judged(items, shown)

    assert [findings.all] == [getattr(findings, kind)] != [[]]


def test_a_change_is_no_second_showing_and_is_for_the_right_person_only():
    shown, unlinked = [seen(FIRST, 1)], replace(FIRST, unlinked_at=START + 2 * SECOND)

    assert judged([FIRST], shown, changed=[seen(FIRST, 5)]).all == []
    assert judged([FIRST], shown, changed=[seen(FIRST, 5, chat="200")]).wrong_person
    assert judged([unlinked], shown, changed=[seen(FIRST, 5)]).wrong_person


def test_an_item_that_somebody_counted_and_is_not_there_is_found():
    assert judged([FIRST], [seen(FIRST, 1)], created=2).unaccounted


def test_a_marked_repeat_after_an_unknown_outcome_is_no_fault_and_is_counted():
    item = replace(FIRST, unclear=1)

    findings = judged([item], [seen(item, 1), seen(item, 6, "possible repeat of AAAAAA")])

    assert findings.all == []
    assert findings.repeats == 1


def test_what_is_owed_only_after_a_younger_one_left_may_come_later():
    late = replace(FIRST, created_at=START + 5 * SECOND)

    assert judged([late, SECOND_ONE], [seen(SECOND_ONE, 2), seen(late, 6)]).all == []


def test_an_urgent_item_may_overtake():
    urgent = replace(SECOND_ONE, priority=0)

    assert judged([FIRST, urgent], [seen(urgent, 2), seen(FIRST, 3)]).all == []


def test_what_was_still_being_committed_is_neither_owed_nor_unlinked_yet():
    late = replace(FIRST, created_at=START + SECOND)
    ended = replace(FIRST, unlinked_at=START)

    slow = judged([late, SECOND_ONE], [seen(SECOND_ONE, 3), seen(late, 6)], commits_take=2 * SECOND)
    slower = judged([ended], [seen(ended, 1)], commits_take=SECOND)

    assert slow.all == slower.all == []
    assert judged([late, SECOND_ONE], [seen(SECOND_ONE, 3), seen(late, 6)]).out_of_order
