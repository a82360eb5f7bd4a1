"""What other preferences would have made of what came, so that a rule is seen before it holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.cards import Severity
from bot.domain.chats import Link, Preferences
from bot.domain.decisions import Course, Decision
from bot.domain.reasons import Reason
from bot.domain.rules import Mute
from bot.domain.told import Replay, Told
from bot.policy.whether_sent import owed

_BAD = frozenset({Severity.WARNING, Severity.CRITICAL})


_IN_ANOTHER = frozenset({Reason.FOLDED, Reason.COUNTED_UP})


class _Outcome(NamedTuple):
    decision: Decision
    bad: bool
    alert: Told

    @property
    def rings(self) -> bool:
        """Alone, or, of a crowd, among others."""
        course = self.decision.course
        loud = course is Course.RING or (course is Course.SEND and self.bad)
        # What is edited in has no sound, but where too many had one at once.
        too_many = self.alert.reason == Reason.EDITED_IN and self.alert.sound
        return loud and self.alert.reason not in _IN_ANOTHER and not too_many

    @property
    def digest(self) -> datetime | str | None:
        """What rings for it and for others: a digest that tells of something bad does."""
        held = self.decision.course is Course.HOLD
        if held:
            return self.decision.until if self.bad else None
        return self.alert.within if self.rings and self.alert.in_a_crowd else None


def replayed(alerts: Sequence[Told], link: Link, after: Preferences) -> Replay:
    """Decide anew, as of the instants at which it was decided, by the link's preferences and by
    others.

    What is muted already is left out: a mute ends by itself, and did not hold all the time. A new
    one is tried as if it had. What was told within another's message, or in a crowd's, is again.

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
    # Of what has no matter only the card says that it was urgent (`alerts.notice_alert`).
    urgent = alert.severity is Severity.CRITICAL
    decision = owed(link, alert.matter, alert.created_at, alert.kind, urgent=urgent)
    return _Outcome(decision, alert.severity in _BAD, alert)


def _rings(outcomes: Sequence[_Outcome]) -> int:
    digests = {one.digest for one in outcomes} - {None}
    return sum(one.rings and not one.alert.in_a_crowd for one in outcomes) + len(digests)
