"""Whether an alert is sent, and when: the stages in their order, and the first that has a say
decides.

`OWED` is asked for each endpoint when an event is ingested, `LEAVING` for each item before it is
sent, in the transaction that claims it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from bot.domain.chats import EndpointState, Hears, Link
from bot.domain.decisions import SEND, Course, Decision, Why
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.reasons import Reason
from bot.domain.rules import Matter, Mode
from bot.domain.timetables import next_digest, quiet_until, zone
from bot.policy.ruling import UNRULED, Ruling, mutes, ruling

T = TypeVar("T")

Stage = Callable[[T], Decision | None]
"""Decides, or leaves it to the next with `None`. Pure."""


def decided(stages: Sequence[Stage[T]], about: T) -> Decision:
    """What the first stage says that says anything."""
    for stage in stages:
        decision = stage(about)
        if decision is not None:
            return decision
    return SEND


class Recipient(NamedTuple):
    """A link that may hear of an event.

    `matter` is what rules look at, `None` for what Tradebell says of itself; `ruling` is the one
    that it falls under, and `without` where somebody knows it already. `urgent` is what Tradebell
    says of itself and nobody must sleep through: a lost login.
    """

    link: Link
    matter: Matter | None
    ruling: Ruling
    now: datetime
    kind: Kind
    without: EndpointId | None = None
    urgent: bool = False


def _knows_already(recipient: Recipient) -> Decision | None:
    if recipient.link.endpoint.id == recipient.without:
        return Decision(Course.DROP, Why.KNOWN_THERE)
    return None


FOLLOWED = frozenset({Kind.TRADE, Kind.SIGNAL})
"""What followers are shown."""


def _is_for_followers(recipient: Recipient) -> Decision | None:
    """Whatever it means to who owns the account, nobody there has to act."""
    followers = recipient.link.preferences.followers
    if followers is None or recipient.kind is Kind.TEST:
        return None
    if recipient.kind not in FOLLOWED:
        return Decision(Course.DROP, Why.NOT_FOR_FOLLOWERS)
    course = _COURSES.get(recipient.ruling.mode)
    until = recipient.now + followers.delay if followers.delay else None
    if course is None:
        return Decision(Course.SEND, Why.LOUDNESS, until)
    return _ruled(recipient, course, until)


_COURSES = {Mode.OFF: Course.DROP, Mode.SILENT: Course.SILENT, Mode.ON: Course.RING}


def _is_critical(recipient: Recipient) -> Decision | None:
    """Nothing but a rule that covers it makes it quieter."""
    matter = recipient.matter
    critical = recipient.urgent if matter is None else matter.critical
    if not critical or recipient.ruling.rule.covers_critical:
        return None
    return Decision(Course.RING, Why.CRITICAL)


def _is_too_mild(recipient: Recipient) -> Decision | None:
    wants = recipient.link.preferences
    if wants.hears is not Hears.CRITICAL or recipient.kind is Kind.TEST:
        return None
    return Decision(Course.DROP, Why.TOO_MILD)


def _is_off(recipient: Recipient) -> Decision | None:
    return _ruled(recipient, Course.DROP) if recipient.ruling.mode is Mode.OFF else None


def _is_for_a_digest(recipient: Recipient) -> Decision | None:
    if recipient.ruling.mode is not Mode.DIGEST:
        return None
    wants, every = recipient.link.preferences, recipient.ruling.rule.every
    due = next_digest(recipient.now, every, wants.digest_at, wants.quiet, zone(wants.zone))
    return _ruled(recipient, Course.HOLD, due)


def _is_in_quiet_hours(recipient: Recipient) -> Decision | None:
    wants = recipient.link.preferences
    if wants.quiet is None or recipient.kind in _ANSWERS:
        return None
    until = quiet_until(recipient.now, wants.quiet, zone(wants.zone))
    return None if until is None else Decision(Course.HOLD, Why.QUIET_HOURS, until)


_ANSWERS = frozenset({Kind.ACTION, Kind.TEST})
"""What a person has just asked for."""


def _is_muted(recipient: Recipient) -> Decision | None:
    matter = recipient.matter
    muted = matter is not None and any(
        mutes(each, matter, recipient.now) for each in recipient.link.preferences.mutes
    )
    return Decision(Course.SILENT, Why.MUTED) if muted else None


def _is_silent(recipient: Recipient) -> Decision | None:
    return _ruled(recipient, Course.SILENT) if recipient.ruling.mode is Mode.SILENT else None


def _rings(recipient: Recipient) -> Decision | None:
    return _ruled(recipient, Course.RING) if recipient.ruling.mode is Mode.ON else None


def _ruled(recipient: Recipient, course: Course, until: datetime | None = None) -> Decision:
    _, rule, below = recipient.ruling
    return Decision(course, Why.BELOW_THRESHOLD if below else Why.RULE, until, rule)


OWED: tuple[Stage[Recipient], ...] = (
    _knows_already,
    _is_for_followers,
    _is_critical,
    _is_too_mild,
    _is_off,
    _is_for_a_digest,
    _is_in_quiet_hours,
    _is_muted,
    _is_silent,
    _rings,
)

_AS_LOUD_AS_BAD = Decision(Course.SEND, Why.LOUDNESS)


def owed(
    link: Link,
    matter: Matter | None,
    now: datetime,
    kind: Kind,
    without: EndpointId | None = None,
    *,
    urgent: bool = False,
    bad: bool = False,
) -> Decision:
    """How an event is owed to an endpoint of its account, if it is at all.

    Args:
        kind: of the event.
        without: where it is known already.
        urgent: of what has no matter, whether it is critical.
        bad: whether it has a sound if nothing speaks against it.
    """
    found = UNRULED if matter is None else ruling(matter, link.preferences.rules)
    decision = decided(OWED, Recipient(link, matter, found, now, kind, without, urgent))
    rings = decision.course is Course.RING or (decision is SEND and bad)
    if link.preferences.hears is Hears.RINGING and not rings and kind is not Kind.TEST:
        return Decision(Course.DROP, Why.TOO_MILD)
    return _AS_LOUD_AS_BAD if decision is SEND else decision


def after_alarm(decision: Decision) -> Decision:
    """How a recovery is owed where the alarm that it ends has rung: it is told in any case."""
    if decision.course in (Course.HOLD, Course.DROP):
        return Decision(Course.SILENT, Why.RECOVERY)
    return decision


def may_go(link: Link) -> Decision:
    """Whether what is owed there may be sent at once, asked where it is stored."""
    if link.endpoint.state is EndpointState.DISABLED:
        return Decision(Course.HOLD, Reason.CLOSED)
    return SEND


class Item(NamedTuple):
    """An owed item as its lane finds it. `linked` says whether it still belongs to who is linked
    there: its link is active, at the same endpoint, and of the same epoch.
    """

    now: datetime
    not_before: datetime | None
    started_at: datetime | None
    expires_at: datetime | None
    linked: bool


def _rests(item: Item) -> Decision | None:
    """It must wait; not by a clock that has been set back since it was last tried."""
    if item.not_before is None or item.not_before <= item.now:
        return None
    if item.started_at is not None and item.started_at > item.now:
        return None
    return Decision(Course.HOLD, "tried again later", item.not_before)


def _is_too_late(item: Item) -> Decision | None:
    """G8."""
    if item.expires_at is not None and item.expires_at <= item.now:
        return Decision(Course.DROP, "not worth sending any more")
    return None


def _is_anothers(item: Item) -> Decision | None:
    """G7."""
    return None if item.linked else Decision(Course.DROP, "not linked any more")


LEAVING: tuple[Stage[Item], ...] = (_rests, _is_too_late, _is_anothers)


def may_leave(item: Item) -> Decision:
    """Whether an owed item may be sent now."""
    return decided(LEAVING, item)
