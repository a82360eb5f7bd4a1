"""What other preferences would have made of what came, so that a rule is seen before it holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.cards import Severity
from bot.domain.chats import Link, Preferences
from bot.domain.decisions import Course, Decision
from bot.domain.rules import Mute
from bot.domain.told import Replay, Told
from bot.policy.whether_sent import owed

_BAD = frozenset({Severity.WARNING, Severity.CRITICAL})


class _Outcome(NamedTuple):
    decision: Decision
    bad: bool

    @property
    def rings(self) -> bool:
        course = self.decision.course
        return course is Course.RING or (course is Course.SEND and self.bad)

    @property
    def rings_later(self) -> datetime | None:
        """When a digest rings for it: one that tells of something bad does."""
        return self.decision.until if self.bad and self.decision.course is Course.HOLD else None


def replayed(alerts: Sequence[Told], link: Link, after: Preferences) -> Replay:
    """Decide anew, as of the instants at which it was decided, by the link's preferences and by
    others.

    What is muted already is left out: a mute ends by itself, and did not hold all the time. A new
    one is tried as if it had.

    Args:
        alerts: the link's, the youngest first.
    """
    muted = set(link.preferences.mutes)
    before, later = (
        [_outcome(alert, _without(link, wants, muted)) for alert in alerts]
        for wants in (link.preferences, after)
    )
    pairs = list(zip(alerts, before, later, strict=True))
    moves = [(old.decision.course, new.decision.course) for _, old, new in pairs]
    return Replay(
        looked_at=len(pairs),
        rings_before=_rings(before),
        rings_after=_rings(later),
        quieter=tuple(alert for alert, old, new in pairs if old.rings and not new.rings),
        louder=tuple(alert for alert, old, new in pairs if new.rings and not old.rings),
        dropped=sum(old is not Course.DROP and new is Course.DROP for old, new in moves),
        held=sum(old in _AT_ONCE and new is Course.HOLD for old, new in moves),
        shown=sum(old not in _AT_ONCE and new in _AT_ONCE for old, new in moves),
    )


_AT_ONCE = frozenset({Course.SEND, Course.RING, Course.SILENT})


def _without(link: Link, wants: Preferences, mutes: set[Mute]) -> Link:
    left = tuple(mute for mute in wants.mutes if mute not in mutes)
    return replace(link, preferences=replace(wants, mutes=left))


def _outcome(alert: Told, link: Link) -> _Outcome:
    decision = owed(link, alert.matter, alert.created_at, alert.kind)
    return _Outcome(decision, alert.severity in _BAD)


def _rings(outcomes: Sequence[_Outcome]) -> int:
    digests = {one.rings_later for one in outcomes} - {None}
    return sum(one.rings for one in outcomes) + len(digests)
