"""What other preferences would have changed, in words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.cards import Severity
from bot.domain.deliveries import State
from bot.domain.events import Kind
from bot.domain.told import Replay, Told
from bot.texts.replay import preview

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def alert(title: str) -> Told:
    return Told(
        reference="AAAAAA",
        kind=Kind.TRADE,
        title=title,
        severity=Severity.WARNING,
        sound=True,
        state=State.SENT,
        reason="sent",
        decision=None,
        matter=None,
        attempts=1,
        occurred_at=AT,
        created_at=AT,
    )


SAME = Replay(
    looked_at=50,
    rings_before=41,
    rings_after=41,
    quieter=(),
    louder=(),
    dropped=0,
    held=0,
    shown=0,
)


@pytest.mark.parametrize(
    ("replay", "words"),
    [
        (replace(SAME, looked_at=0), "In the last 7 days nothing came to try it on."),
        (SAME, "In the last 7 days: 41 rings, as before."),
        (
            replace(SAME, rings_after=1, quieter=(alert("A"), alert("B")), held=2),
            "In the last 7 days: 1 ring instead of 41. Without a sound now: A; B."
            " 2 alerts kept for later.",
        ),
        (
            replace(SAME, rings_after=46, louder=tuple(map(alert, "ABCDE")), shown=1, dropped=1),
            "In the last 7 days: 46 rings instead of 41. With a sound now: A; B; C; and 2 more."
            " 1 alert not shown at all. 1 alert shown at once again.",
        ),
    ],
)
def test_it_says_how_often_the_phone_rings_and_names_a_few(replay, words):
    assert preview(replay, 7) == words


def test_it_says_if_more_came_than_was_looked_at():
    said = preview(SAME, 7, whole=False)

    assert said.endswith("as before. Only the latest 50 alerts were looked at.")
