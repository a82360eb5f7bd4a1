"""Which facts are incidents, and how those go on that nobody has seen. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.actions import Action
from bot.domain.amendments import LESS
from bot.domain.cards import Button, Card, Severity
from bot.domain.changes import Change
from bot.domain.chats import Channel, Link
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Draft
from bot.domain.escalation import Step, Surface
from bot.domain.events import Event, GuardCrossed, Notice, PodEvent, Trade, TraderSeen
from bot.domain.ids import NewId
from bot.domain.incidents import Cause, Incident, IncidentState, Opening
from bot.domain.rules import Matter
from bot.domain.standing_orders import DueOrder
from bot.domain.weights import is_forced
from bot.policy.offers import made, to_answer
from bot.texts import escalation as texts
from bot.texts.language import speaking
from bot.texts.standing_orders import awaited_of, happens_at

TOGETHER = timedelta(seconds=30)
"""What is due so soon is told with what is due now: when an exchange fails, all fail at once, but
not in the same second."""

_STOP = re.compile(r"\bstop(?:[ _-]?loss)?(?:[ _-]order)?\b", re.IGNORECASE)
_REFUSED = re.compile(r"fail|reject|could not|cannot|unable|refus|error", re.IGNORECASE)


def opened_by(
    event: Event,
    matter: Matter | None,
    decisions: Iterable[Decision],
    changes: Collection[Change] = (),
) -> Opening | None:
    """The incident that an event opens, or goes on with: it is critical, and told so somewhere.

    Of paper money none is.

    Args:
        changes: of the bot that it is about.
    """
    told = any(decision.reason is Why.CRITICAL for decision in decisions)
    if not told or (matter is not None and matter.paper is True):
        return None
    match event:
        case Notice():
            cause = event.incident
            return None if cause is None else Opening(cause=cause, drill=event.drill)
        case GuardCrossed():
            of = f"{event.link}/{event.guard.id}"
            return None if event.guard.paper else Opening(cause=Cause.GUARD, of=of)
        case _:
            assert matter is not None, "all else has one"
            found = _cause(event, changes)
            return Opening(cause=found, of=matter.bot or "", called=matter.called or "")


def _cause(event: Event, changes: Collection[Change]) -> Cause:
    match event:
        case TraderSeen():
            if Change.STOPPED in changes:
                return Cause.STOPPED
            only_live = Change.WENT_LIVE in changes and Change.FAILED not in changes
            return Cause.WENT_LIVE if only_live else Cause.FAILED
        case Trade():
            return Cause.LIQUIDATION if is_forced(event) else Cause.ERROR
        case PodEvent(trade=Trade() as trade) if is_forced(trade):
            return Cause.LIQUIDATION
        case PodEvent(message=str(words)) if _STOP.search(words) and _REFUSED.search(words):
            return Cause.STOP_FAILED
        case _:
            return Cause.ERROR


def next_after(steps: Sequence[Step], done: timedelta) -> timedelta | None:
    """When it goes on, from its beginning; `None` if that was all."""
    return next((step.after for step in steps if step.after > done), None)


def taken(steps: Sequence[Step], done: timedelta, elapsed: timedelta) -> tuple[Step, ...]:
    """What is to be done now; after an outage that may be several at once, each of which is told
    in one message.
    """
    return tuple(
        step
        for step in steps
        if done < step.after <= elapsed + (timedelta(0) if step.to is Surface.NEXT else TOGETHER)
    )


class Plan(NamedTuple):
    """How an incident goes on; `steps` may be none, where only its time was wrong."""

    steps: tuple[Step, ...]
    since: datetime
    done: timedelta
    due_at: datetime | None


def planned(one: Incident, steps: Sequence[Step], now: datetime) -> Plan | None:
    """What is due of it now, or soon; `None` if it stays as it is."""
    since, done = one.since, one.done
    if one.state is IncidentState.HELD:
        if one.due_at is not None and one.due_at > now:
            return None
        since, done = now, timedelta(seconds=-1)
    if since > now:  # the clock was set back
        since = now - max(done, timedelta(0))
    due = taken(steps, done, now - since)
    done = max((step.after for step in due), default=done)
    after = next_after(steps, done)
    due_at = None if after is None else since + after
    if not due and due_at == one.due_at:
        return None
    return Plan(due, since, done, due_at)


def with_word(draft: Draft, due: DueOrder) -> Draft:
    """An alert that says what a standing order does to its bot, and when."""
    if draft.part or draft.decision.course in (Course.HOLD, Course.DROP):
        return draft
    with speaking(draft.language, draft.zone):
        word = happens_at(due)
    return replace(draft, card=replace(draft.card, lines=(*draft.card.lines, word)))


class Alerted(NamedTuple):
    """The alert of what is told again in a chat.

    Attributes:
        reference: of the alert, if it was told there; not so on a phone that is rung only later.
        follows: the reference of the first message there that told of it.
        buttons: what it still offers about a bot.
        lines: what it says, as far as it was not told there.
    """

    reference: str | None
    follows: str
    buttons: tuple[Button, ...] = ()
    about: str | None = None
    lines: tuple[str, ...] = ()


class Reminder(NamedTuple):
    card: Card
    actions: tuple[Action, ...]
    about: str | None


def reminder(
    incidents: Sequence[Incident],
    to: Link,
    now: datetime,
    new_id: NewId,
    *,
    reference: str,
    loud: bool,
    alert: Alerted | None,
    not_shown: Sequence[Channel],
    awaits: Sequence[DueOrder],
) -> Reminder:
    """What a chat is told of what nobody has seen.

    Args:
        awaits: the standing orders that are next for these.
        alert: of it in that chat, if it is one thing.
        not_shown: where its alert could not be shown.
    """
    drill = all(one.cause is Cause.DRILL for one in incidents)
    with speaking(to.preferences.language, to.preferences.zone):
        asking, actions = made(to_answer(to, may_hold=not drill), to, now, new_id, reference)
        if drill:
            card = texts.reminder_of_drill(incidents[0], now, not_shown)
        else:
            card = texts.reminder(
                incidents,
                now,
                alert and alert.reference,
                not_shown,
                alert.lines if alert else (),
            )
        if awaits:
            word = happens_at(awaits[0]) if len(incidents) == 1 else awaited_of(awaits)
            card = replace(card, lines=(*card.lines, word))
    rows = tuple(filter(None, (alert.buttons if alert else (), asking)))
    severity = Severity.CRITICAL if loud else Severity.WARNING
    follows = alert.follows if alert else ""
    card = replace(card, severity=severity, buttons=rows, sound=True, follows=follows)
    return Reminder(card, actions, alert.about if alert and alert.about else LESS)
