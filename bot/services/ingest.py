"""Platform event in, deliveries owed: what is news, who is told, all in one transaction."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.actions import OFFER_LIFE, Action, Verb, offer_to_pause
from bot.domain.amendments import LOG_IN, answer_by_change, answer_by_removal, asked_for_in
from bot.domain.cards import Button, Card, Severity, in_parts
from bot.domain.changes import Change, condition, merged, strategy_changes, trader_changes
from bot.domain.decisions import Admitted, Known, Progress, Verdict
from bot.domain.deliveries import Draft, Priority
from bot.domain.events import (
    AHEAD,
    Event,
    Message,
    Notice,
    Origin,
    PodEvent,
    Signal,
    Strategy,
    StrategySeen,
    SystemEvent,
    Trade,
    Trader,
    TraderSeen,
)
from bot.domain.ids import AccountId, ActionId, EndpointId, NewId, Now, TraderId
from bot.domain.links import Account, Address, Endpoint, Link, Role, private_ones
from bot.domain.names import told_apart
from bot.domain.stages import is_recent, stage_of
from bot.domain.telling import (
    SAME_FACT_WINDOW,
    Telling,
    fingerprint,
    quietly,
    tell_message,
    tell_notice,
    tell_pod_event,
    tell_signal,
    tell_strategy_changes,
    tell_trade,
    tell_trader_changes,
    trader_name,
)
from bot.errors import Unclear
from bot.ports import Ahead, Inbox, Meter
from bot.services.amending import Amending
from bot.services.delivery import Delivering
from bot.services.steady import Seconds, steady

ECHO_WINDOW: Seconds = 30.0
"""How long what a person has asked for may take to come back as an event."""

PLATFORM = "the platform"
"""Stands for no bot: whose messages and system events are."""

TTL = timedelta(hours=72)
"""How long an item that is not urgent is worth sending (`guarantees.md` 2.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change that a person has just asked for from a chat: its echo is no news there."""

    running: bool
    endpoint: EndpointId
    until: Seconds
    """By the steady clock."""


class Ingest:
    """Takes events of any account and sets the lanes going that now owe something."""

    def __init__(
        self,
        inbox: Inbox,
        meter: Meter,
        delivering: Delivering,
        amending: Amending,
        now: Now,
        new_id: NewId,
    ) -> None:
        self._inbox = inbox
        self._meter = meter
        self._delivering = delivering
        self._amending = amending
        self._now = now
        self._new_id = new_id
        self._asked: dict[TraderId, Asked] = {}
        self._audience: dict[AccountId, dict[EndpointId, Address]] = {}

    async def take(
        self,
        account: Account,
        events: Sequence[Event],
        progress: Progress | None = None,
        *,
        first: bool = False,
    ) -> Admitted:
        """Commit what these events mean; on return the deliveries are owed.

        Args:
            events: the account's own.
            first: the account has just been linked: remember the state of things, tell nothing.

        Raises:
            TryLater: the store cannot do it now, and nothing has changed.
            Unclear: it may have; what was begun ahead ends the delivering, and is found at a start.
        """
        now = self._now()
        judge = (
            remember_only
            if first
            else partial(decide, now=now, new_id=self._new_id, asked=self._current())
        )
        idle = self._delivering.idle(self._audience.get(account.id, {}))
        ahead = Ahead(idle=idle, begin=partial(self._delivering.begin, steady()))
        try:
            admitted = await self._inbox.admit(account.id, events, judge, now, progress, ahead)
        except Unclear as doubt:
            if idle:
                self._delivering.give_up(doubt)
            raise
        except asyncio.CancelledError:
            # It is committed or not, and what it came to is not known: look where it may be owed.
            heard = self._audience.get(account.id, {})
            self._delivering.wake({key: (at, Priority.NORMAL) for key, at in heard.items()})
            raise
        self._meter.admitted(told=admitted.told, known=admitted.known)
        if admitted.owed:
            # Where the last one went, the next one probably goes: it can be claimed at once.
            heard = {endpoint: address for endpoint, (address, _) in admitted.owed.items()}
            self._audience[account.id] = heard
            self._delivering.wake(admitted.owed)
        if admitted.answered:
            self._amending.wake()
        return admitted

    def forget(self, account: AccountId) -> None:
        """Nobody is linked to this account any more."""
        self._audience.pop(account, None)

    def expect(self, trader: TraderId, running: bool, endpoint: EndpointId) -> None:
        """The person at this endpoint is about to start or pause a bot."""
        until = steady() + ECHO_WINDOW
        self._asked[trader] = Asked(running=running, endpoint=endpoint, until=until)

    def _current(self) -> Mapping[TraderId, Asked]:
        if self._asked:
            now = steady()
            self._asked = {key: asked for key, asked in self._asked.items() if asked.until > now}
        return self._asked


def remember_only(event: Event, known: Known) -> Verdict:
    """The first look at an account: everything there is old news."""
    match event:
        case TraderSeen(trader=trader, removed=False):
            return Verdict(news=False, reason="first look", remember=trader)
        case StrategySeen(strategy=strategy, removed=False):
            return Verdict(news=False, reason="first look", remember=strategy)
        case _:
            return Verdict(news=False, reason="first look")


def decide(
    event: Event,
    known: Known,
    *,
    now: datetime,
    new_id: NewId,
    asked: Mapping[TraderId, Asked],
) -> Verdict:
    """What an event means for the account's endpoints. Pure but for the ids it draws."""
    match event:
        case TraderSeen():
            return _decide_trader(event, known, now, new_id, asked)
        case StrategySeen():
            return _decide_strategy(event, known, now, new_id)
        case Trade():
            return _decide_trade(event, known, now, new_id)
        case Signal():
            telling = tell_signal(event)
        case PodEvent():
            telling = tell_pod_event(event, _bots_told_apart(known))
        case Message() | SystemEvent():
            telling = tell_message(event)
        case Notice(without=without):
            if event.personal:
                known = replace(known, links=private_ones(known.links, without) or known.links)
            return _news(event.origin, tell_notice(event), known, now, new_id, without)
    return _news(
        event.origin,
        telling,
        known,
        now,
        new_id,
        mark=fingerprint(event, telling, known.traders),
        subject=_subject(event),
    )


def _decide_trade(trade: Trade, known: Known, now: datetime, new_id: NewId) -> Verdict:
    telling = tell_trade(trade, _bots_told_apart(known))
    stage = stage_of(trade)
    origin = replace(trade.origin, revision=str(stage))
    mark = fingerprint(trade, telling, known.traders)
    return replace(
        _news(origin, telling, known, now, new_id, mark=mark),
        stage=stage,
        only_if_kept=trade.changed and not is_recent(trade, now),
        at=trade.at,
    )


def _subject(event: Event) -> str:
    """Whose report it is, where no bot that we know is."""
    match event:
        case PodEvent():
            return event.trader or event.pod or ""
        case Message() | SystemEvent():
            return PLATFORM
    return ""


_ECHOES = frozenset({Change.STARTED, Change.STOPPED, Change.OTHER_STATUS})
"""What starting or pausing a bot may look like; that it failed meanwhile is news all the same."""


def _decide_trader(
    event: TraderSeen,
    known: Known,
    now: datetime,
    new_id: NewId,
    asked: Mapping[TraderId, Asked],
) -> Verdict:
    before = known.traders.get(event.trader.id)
    if event.removed:
        if before is None:
            return Verdict(news=False, reason="was not known")
        gone = _bots_told_apart(known)[before.id]
        telling = tell_trader_changes(before, gone, (Change.REMOVED,), event.origin.at)
        origin = _revised(event.origin, known, "removed")
        return replace(
            _news(origin, telling, known, now, new_id),
            forget=before,
            answer=answer_by_removal(before, event.origin.at),
        )
    if _is_stale(before, event.trader, now):
        return Verdict(news=False, reason="older than what is known")
    trader = merged(before, event.trader)
    changes = trader_changes(before, trader)
    if not changes:
        return Verdict(news=False, reason="no real change", remember=trader)
    origin = _revised(
        event.origin, known, f"{condition(trader)}{trader.name}{trader.dry_run}{trader.strategy}"
    )
    named = _bots_told_apart(known, trader)[trader.id]
    telling = tell_trader_changes(before, named, changes, event.origin.at)
    echo = asked.get(trader.id)
    without: EndpointId | None = None
    asked_in: Endpoint | None = None
    if echo is not None and condition(trader).running is echo.running:
        asked_in = _endpoint(known, echo.endpoint)
        if len(changes) == 1 and changes[0] in _ECHOES:
            note = asked_for_in(asked_in) if asked_in else None
            telling, without = quietly(telling, note), echo.endpoint
    return replace(
        _news(origin, telling, known, now, new_id, without),
        remember=trader,
        answer=answer_by_change(before, trader, event.origin.at, asked_in),
    )


def _bots_told_apart(known: Known, now: Trader | None = None) -> dict[str, Trader]:
    """The account's bots as they are called.

    Args:
        now: the newer sighting of one.
    """
    bots = dict(known.traders) if now is None else {**known.traders, now.id: now}
    return {bot.id: bot for bot in told_apart(bots.values(), known.strategies.values())}


def _endpoint(known: Known, id: EndpointId) -> Endpoint | None:
    """One of the account's chats, if it still is one."""
    return next((link.endpoint for link in known.links if link.endpoint.id == id), None)


def _decide_strategy(event: StrategySeen, known: Known, now: datetime, new_id: NewId) -> Verdict:
    before = known.strategies.get(event.strategy.id)
    if event.removed:
        if before is None:
            return Verdict(news=False, reason="was not known")
        telling = tell_strategy_changes(before, before, (Change.REMOVED,), event.origin.at)
        origin = _revised(event.origin, known, "removed")
        return replace(_news(origin, telling, known, now, new_id), forget=before)
    if _is_stale(before, event.strategy, now):
        return Verdict(news=False, reason="older than what is known")
    strategy = merged(before, event.strategy)
    changes = strategy_changes(before, strategy)
    if not changes:
        return Verdict(news=False, reason="no real change", remember=strategy)
    origin = _revised(event.origin, known, repr(strategy))
    telling = tell_strategy_changes(before, strategy, changes, event.origin.at)
    return replace(_news(origin, telling, known, now, new_id), remember=strategy)


def _is_stale(before: Trader | Strategy | None, seen: Trader | Strategy, now: datetime) -> bool:
    return (
        before is not None
        and before.updated_at is not None
        and seen.updated_at is not None
        and seen.updated_at < before.updated_at <= now + AHEAD
    )


def _revised(origin: Origin, known: Known, state: str) -> Origin:
    """A revision that follows from the last one: running, paused, running are three facts.

    Its time is part of it: the same change may happen again after an unlink forgot the last one.
    """
    before = known.revisions.get(origin.record, "")
    facts = "\0".join((before, origin.revision, origin.at.isoformat(), state))
    digest = hashlib.sha256(facts.encode("utf-8", "replace"))
    return replace(origin, revision=digest.hexdigest()[:16])


def _news(
    origin: Origin,
    telling: Telling,
    known: Known,
    now: datetime,
    new_id: NewId,
    without: EndpointId | None = None,
    mark: str | None = None,
    subject: str = "",
) -> Verdict:
    drafts: list[Draft] = []
    actions: list[Action] = []
    for link in known.links:
        if link.endpoint.id == without or origin.kind in link.preferences.muted:
            continue
        card, offers = _with_offers(telling, link, now, new_id)
        actions.extend(offers)
        drafts += [
            Draft(
                link=link.id,
                link_epoch=link.epoch,
                endpoint=link.endpoint.id,
                priority=telling.priority,
                card=part,
                part=number,
                expires_at=None if telling.priority is Priority.URGENT else now + TTL,
                about=_offered_about(telling) if part.buttons else None,
                subject=subject or (telling.about.id if telling.about else ""),
            )
            for number, part in enumerate(in_parts(card))
        ]
    return Verdict(
        news=True,
        reason="news",
        record=origin.record,
        revision=origin.revision,
        drafts=tuple(drafts),
        actions=tuple(actions),
        fingerprint=mark,
        window=SAME_FACT_WINDOW,
    )


def _with_offers(
    telling: Telling, link: Link, now: datetime, new_id: NewId
) -> tuple[Card, tuple[Action, ...]]:
    """The card with its button, if it has one, which does nothing yet: it asks a command."""
    offer = _offer(telling, link)
    if offer is None:
        return telling.card, ()
    label, command = offer
    action = Action(
        id=ActionId(new_id()),
        card=new_id(),
        account=link.account,
        link=link.id,
        endpoint=link.endpoint.id,
        person=None,
        verb=Verb.ASK,
        arguments=command,
        repeatable=True,
        expires_at=now + OFFER_LIFE,
    )
    button = Button(label=label, action=action.id)
    return replace(telling.card, buttons=((button,),)), (action,)


def _offered_about(telling: Telling) -> TraderId | None:
    if telling.log_in:
        return LOG_IN
    return telling.about.id if telling.about else None


def _offer(telling: Telling, link: Link) -> tuple[str, str] | None:
    """What a button says and asks: a new login where only that helps, or, under a critical card
    about a running bot, to stop it.
    """
    if telling.log_in:
        return "Log in again", "link"
    bot = telling.about
    if (
        bot is None
        or telling.card.severity is not Severity.CRITICAL
        or condition(bot).running is False
        or not link.role.covers(Role.OPERATOR)
    ):
        return None
    return f"Stop {trader_name(bot)}", offer_to_pause(bot.id)
