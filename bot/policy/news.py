"""What an event means: whether it is news, how it is told, and to whom. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from bot.domain.actions import Action
from bot.domain.amendments import AnsweredBy, answer_by_change, answer_by_removal
from bot.domain.cards import Card, Severity, in_parts
from bot.domain.changes import Change, condition, merged, strategy_changes, trader_changes
from bot.domain.chats import Endpoint, Link, private_ones
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Draft, Priority
from bot.domain.events import (
    BotQuiet,
    Event,
    GuardCrossed,
    Message,
    Notice,
    Origin,
    PodEvent,
    PriceCrossed,
    Signal,
    StrategySeen,
    SystemEvent,
    Trade,
    Trader,
    TraderSeen,
)
from bot.domain.ids import EndpointId, NewId, TraderId
from bot.domain.incidents import ENDED_BY_RUNNING, Solving
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.ledger import Entry, entry_of, result_in
from bot.domain.lifetimes import ALERT_LIFE
from bot.domain.names import told_apart
from bot.domain.results import Results
from bot.domain.trade_stages import is_recent, stage_of
from bot.domain.uptimes import turn_written
from bot.domain.watches import off_watch
from bot.policy.escalation import opened_by
from bot.policy.guards import crossings
from bot.policy.matters import matter_of
from bot.policy.offers import offered
from bot.policy.revisions import is_stale, revised
from bot.policy.same_fact import SAME_FACT_WINDOW, fingerprint, says_more
from bot.policy.trade_messages import trade_ids
from bot.policy.whether_sent import owed
from bot.texts.alerts import (
    Alert,
    bot_alert,
    message_alert,
    notice_alert,
    quiet_alert,
    quietly,
    report_alert,
    signal_alert,
    strategy_alert,
    trade_alert,
)
from bot.texts.answered import asked_for_in
from bot.texts.followers import followed_signal, followed_trade
from bot.texts.guards import guard_alert
from bot.texts.language import ENGLISH, speaking
from bot.texts.price_alerts import price_alert
from bot.texts.trade_context import of_its_day

PLATFORM = "the platform"
"""Stands for no bot: whose messages and system events are."""


Tell = Callable[[], Alert]
"""Makes an alert in the language that is spoken."""


Add = Callable[[Alert, Link], Alert]
"""Adds what one chat alone is told, in the language that is spoken."""


class _Told:
    """What is told of an event, in the language of each chat and by its clock."""

    def __init__(self, tell: Tell, add: Add | None = None, in_public: Tell | None = None) -> None:
        self._tell = tell
        self._add = add
        self._in_public = in_public
        self._alerts: dict[tuple[str, str], Alert] = {}

    @property
    def plainly(self) -> Alert:
        """In no chat's language: for how loud it is, and what it is about."""
        return self._in(ENGLISH, "")

    def for_chat(self, link: Link) -> Alert:
        language, zone = link.preferences.language, link.preferences.zone
        if link.for_followers and self._in_public is not None:
            with speaking(language, zone):
                return self._in_public()
        alert = self._in(language, zone)
        if self._add is None:
            return alert
        with speaking(language, zone):
            return self._add(alert, link)

    def _in(self, language: str, zone: str) -> Alert:
        if (language, zone) not in self._alerts:
            with speaking(language, zone):
                self._alerts[language, zone] = self._tell()
        return self._alerts[language, zone]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedChange:
    """A change that a person has just asked for from a chat: its echo is no news there."""

    running: bool
    endpoint: EndpointId
    until: float
    """Seconds of the steady clock."""


def remember_only(event: Event, known: Known) -> NewsDecision:
    """The first look at an account: everything there is old news."""
    match event:
        case TraderSeen(trader=trader, removed=False):
            return NewsDecision(news=False, reason="first look", remember=trader)
        case StrategySeen(strategy=strategy, removed=False):
            return NewsDecision(news=False, reason="first look", remember=strategy)
        case Trade():
            return NewsDecision(news=False, reason="first look", entry=_entry(event, known))
        case _:
            return NewsDecision(news=False, reason="first look")


def decide(
    event: Event,
    known: Known,
    *,
    now: datetime,
    new_id: NewId,
    asked: Mapping[TraderId, RequestedChange],
) -> NewsDecision:
    """What an event means for the account's endpoints. Pure but for the ids it draws."""
    tell: Tell
    in_public: Tell | None = None
    match event:
        case TraderSeen():
            return _decide_trader(event, known, now, new_id, asked)
        case StrategySeen():
            return _decide_strategy(event, known, now, new_id)
        case Trade():
            return _decide_trade(event, known, now, new_id)
        case Signal():
            tell, in_public = partial(signal_alert, event), partial(followed_signal, event)
        case PodEvent():
            return _decide_report(event, known, now, new_id, asked)
        case Message() | SystemEvent():
            tell = partial(message_alert, event)
        case Notice():
            return _decide_notice(event, known, now, new_id)
        case BotQuiet() | PriceCrossed():
            return _decide_own(event, known, now, new_id)
        case GuardCrossed():
            return _decide_guard(event, known, now, new_id)
        case _:
            assert_never(event)
    told = _Told(tell, in_public=in_public)
    return _news(
        event,
        event.origin,
        told,
        known,
        now,
        new_id,
        mark=fingerprint(event, told.plainly, known.traders),
        subject=_subject(event),
    )


def _decide_own(
    event: BotQuiet | PriceCrossed, known: Known, now: datetime, new_id: NewId
) -> NewsDecision:
    """What Tradebell has found itself."""
    if isinstance(event, PriceCrossed):
        told = _Told(partial(price_alert, event))
        return replace(_news(event, event.origin, told, known, now, new_id), rings=event.alert)
    bot = _bots_told_apart(known).get(event.trader.id, event.trader)
    return _news(event, event.origin, _Told(partial(quiet_alert, event, bot)), known, now, new_id)


def _decide_notice(notice: Notice, known: Known, now: datetime, new_id: NewId) -> NewsDecision:
    links = known.links
    if notice.personal:
        links = private_ones(links, notice.without) or links
    if notice.only is not None:
        links = tuple(one for one in links if one.endpoint.id == notice.only)
    told = _Told(partial(notice_alert, notice))
    known = replace(known, links=links)
    over = None if notice.solves is None else Solving(causes=frozenset({notice.solves}))
    news = _news(notice, notice.origin, told, known, now, new_id, notice.without)
    return replace(news, solves=over, goes_on=notice.goes_on, only_if_kept=notice.only_if_told)


def _decide_trade(trade: Trade, known: Known, now: datetime, new_id: NewId) -> NewsDecision:
    entry = _entry(trade, known)
    bots = _bots_told_apart(known)
    told = _Told(
        partial(trade_alert, trade, bots),
        partial(_in_its_day, entry, known.results, now),
        in_public=partial(followed_trade, trade, bots),
    )
    stage = stage_of(trade)
    origin = replace(trade.origin, revision=str(stage))
    mark = fingerprint(trade, told.plainly, known.traders)
    return replace(
        _news(trade, origin, told, known, now, new_id, mark=mark),
        says_more=says_more(trade),
        stage=stage,
        only_if_kept=trade.changed and not is_recent(trade, now),
        entry=entry,
        follows=_crossed(entry, known, now),
        at=trade.at,
    )


def _decide_guard(event: GuardCrossed, known: Known, now: datetime, new_id: NewId) -> NewsDecision:
    """For the link alone whose person has set it."""
    bots = _bots_told_apart(known)
    theirs = replace(known, links=tuple(one for one in known.links if one.id == event.link))
    told = _Told(partial(guard_alert, event, bots))
    return _news(event, event.origin, told, theirs, now, new_id)


def _crossed(entry: Entry | None, known: Known, now: datetime) -> tuple[GuardCrossed, ...]:
    result = None if entry is None else result_in(entry)
    if result is None or known.results is None:
        return ()
    return crossings(result, known.results, known.links, known.traders, now)


def _in_its_day(
    entry: Entry | None, results: Results | None, now: datetime, alert: Alert, link: Link
) -> Alert:
    """With how the day goes, by the clock of who reads it."""
    result = None if entry is None else result_in(entry)
    if result is None or results is None:
        return alert
    fields = of_its_day(result, results, now, link.preferences.zone)
    return replace(alert, card=replace(alert.card, fields=(*alert.card.fields, *fields)))


def _entry(trade: Trade, known: Known) -> Entry | None:
    return entry_of(trade, known.traders.get(trade.trader) if trade.trader else None)


_STATE = re.compile(
    r"(?:the )?(?:bot|trader|strategy|pod)?\s*(?:is|was|has been|has)?\s*"
    r"(?P<stopped>stopped|paused)?(?P<started>started|resumed|running)?\s*[.!]?",
    re.IGNORECASE,
)
"""A report that says this and nothing else."""


def _decide_report(
    report: PodEvent,
    known: Known,
    now: datetime,
    new_id: NewId,
    asked: Mapping[TraderId, RequestedChange],
) -> NewsDecision:
    tell: Tell = partial(report_alert, report, _bots_told_apart(known))
    echo = _echoed_by(report, tell, asked)
    if echo is not None:
        tell = partial(_asked_for, tell, _endpoint(known, echo.endpoint))
    told = _Told(tell)
    return _news(
        report,
        report.origin,
        told,
        known,
        now,
        new_id,
        echo.endpoint if echo is not None else None,
        mark=fingerprint(report, told.plainly, known.traders),
        subject=_subject(report),
    )


def _echoed_by(
    report: PodEvent, tell: Tell, asked: Mapping[TraderId, RequestedChange]
) -> RequestedChange | None:
    """What a person has just asked for, if the bot reports that and nothing else: no alarm, and no
    news where it was asked for.
    """
    echo = asked.get(report.trader) if report.trader else None
    said = _STATE.fullmatch((report.message or "").strip())
    if echo is None or said is None or tell().priority is Priority.URGENT:
        return None
    return echo if (said["started"] if echo.running else said["stopped"]) else None


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
    asked: Mapping[TraderId, RequestedChange],
) -> NewsDecision:
    before = known.traders.get(event.trader.id)
    if event.removed:
        if before is None:
            return NewsDecision(news=False, reason="was not known")
        gone = _bots_told_apart(known)[before.id]
        told = _Told(partial(bot_alert, before, gone, (Change.REMOVED,), event.origin.at))
        origin = revised(event.origin, known, "removed")
        return replace(
            _news(event, origin, told, known, now, new_id),
            reason=turn_written(before, None),
            forget=before,
            answer=answer_by_removal(before, event.origin.at),
            solves=_ended(before),
        )
    if is_stale(before, event.trader, now):
        return NewsDecision(news=False, reason="older than what is known")
    trader = merged(before, event.trader)
    changes = trader_changes(before, trader)
    if not changes:
        return NewsDecision(news=False, reason="no real change", remember=trader)
    origin = revised(
        event.origin, known, f"{condition(trader)}{trader.name}{trader.dry_run}{trader.strategy}"
    )
    named = _bots_told_apart(known, trader)[trader.id]
    tell: Tell = partial(bot_alert, before, named, changes, event.origin.at)
    echo = asked.get(trader.id)
    without: EndpointId | None = None
    asked_in: Endpoint | None = None
    if echo is not None and _is_as_asked(trader, echo):
        asked_in = _endpoint(known, echo.endpoint)
        if len(changes) == 1 and changes[0] in _ECHOES:
            tell, without = partial(_asked_for, tell, asked_in), echo.endpoint
    answer = answer_by_change(before, trader, event.origin.at, asked_in)
    stopped_by_us = answer is not None and answer.by is AnsweredBy.ASKED
    return replace(
        _news(
            event,
            origin,
            _Told(tell),
            known,
            now,
            new_id,
            without,
            recovers=_recovers(before, trader),
            stops=Change.STOPPED in changes and asked_in is None,
            changes=changes,
        ),
        reason=turn_written(before, trader),
        remember=trader,
        solves=_ended(trader) if stopped_by_us or Change.STARTED in changes else None,
        answer=answer,
    )


def _ended(trader: Trader) -> Solving:
    return Solving(causes=ENDED_BY_RUNNING, of=trader.id)


def _recovers(before: Trader | None, now: Trader) -> bool:
    """Whether a bot runs that was in trouble, or was stopped."""
    return (
        before is not None and condition(before).running is False and bool(condition(now).running)
    )


def _asked_for(tell: Tell, asked_in: Endpoint | None) -> Alert:
    return quietly(tell(), asked_for_in(asked_in) if asked_in else None)


def _is_as_asked(trader: Trader, echo: RequestedChange) -> bool:
    """Whether the bot is now what was asked for, or at least accepted to be so."""
    running = condition(trader).running
    return echo.running is (trader.running if running is None else running)


def _bots_told_apart(known: Known, now: Trader | None = None) -> Mapping[str, Trader]:
    """The account's bots as they are called.

    Args:
        now: the newer sighting of one.
    """
    if now is not None:
        bots = {**known.traders, now.id: now}
        return {bot.id: bot for bot in told_apart(bots.values(), known.strategies.values())}
    if not known.called:
        apart = told_apart(known.traders.values(), known.strategies.values())
        known.called.update((bot.id, bot) for bot in apart)
    return known.called


def _endpoint(known: Known, id: EndpointId) -> Endpoint | None:
    """One of the account's chats, if it still is one."""
    return next((link.endpoint for link in known.links if link.endpoint.id == id), None)


def _decide_strategy(
    event: StrategySeen, known: Known, now: datetime, new_id: NewId
) -> NewsDecision:
    before = known.strategies.get(event.strategy.id)
    if event.removed:
        if before is None:
            return NewsDecision(news=False, reason="was not known")
        told = _Told(partial(strategy_alert, before, before, (Change.REMOVED,), event.origin.at))
        origin = revised(event.origin, known, "removed")
        return replace(_news(event, origin, told, known, now, new_id), forget=before)
    if is_stale(before, event.strategy, now):
        return NewsDecision(news=False, reason="older than what is known")
    strategy = merged(before, event.strategy)
    changes = strategy_changes(before, strategy)
    if not changes:
        return NewsDecision(news=False, reason="no real change", remember=strategy)
    origin = revised(event.origin, known, repr(strategy))
    told = _Told(partial(strategy_alert, before, strategy, changes, event.origin.at))
    return replace(_news(event, origin, told, known, now, new_id), remember=strategy)


def _news(
    event: Event,
    origin: Origin,
    told: "_Told",
    known: Known,
    now: datetime,
    new_id: NewId,
    without: EndpointId | None = None,
    mark: str | None = None,
    subject: str = "",
    *,
    recovers: bool = False,
    stops: bool = False,
    changes: Sequence[Change] = (),
) -> NewsDecision:
    matter = matter_of(event, told.plainly, recovers=recovers, stops=stops)
    urgent, bad = told.plainly.priority is Priority.URGENT, not told.plainly.card.silent
    drafts: list[Draft] = []
    actions: list[Action] = []
    decisions: Sequence[Decision] = [
        owed(link, matter, now, origin.kind, without, urgent=urgent, bad=bad)
        for link in known.links
    ]
    decisions = _on_watch(known.links, decisions, now)
    opens = opened_by(event, matter, decisions, changes)
    may_hold = opens is not None and opens.drill is None
    for link, decision in zip(known.links, decisions, strict=True):
        if decision.reason in _NOT_THERE or (decision.reason is Why.TOO_MILD and not recovers):
            continue
        alert = told.for_chat(link)
        parts: tuple[Card, ...] = (alert.card,)
        about: TraderId | None = None
        if decision.course not in (Course.HOLD, Course.DROP):
            shown = _as_bad(alert, decision)
            if link.for_followers:
                parts = in_parts(shown.card)
            else:
                with speaking(link.preferences.language):
                    card, offers, about = offered(
                        shown, link, matter, now, new_id, may_hold=may_hold
                    )
                actions.extend(offers)
                parts = in_parts(card)
        drafts += [
            Draft(
                link=link.id,
                link_epoch=link.epoch,
                endpoint=link.endpoint.id,
                priority=alert.priority,
                card=part,
                part=number,
                alone=len(parts) == 1,
                language=link.preferences.language,
                zone=link.preferences.zone,
                expires_at=_expiry(alert, decision, now),
                about=about if part.buttons else None,
                step=alert.step if len(parts) == 1 else "",
                subject=subject or (alert.about.id if alert.about else ""),
                decision=decision,
                # What tells of several together would tell amounts.
                matter=None if link.for_followers else matter,
            )
            for number, part in enumerate(parts)
        ]
    return NewsDecision(
        news=True,
        reason="news",
        record=origin.record,
        revision=origin.revision,
        drafts=tuple(drafts),
        actions=tuple(actions),
        fingerprint=mark,
        window=SAME_FACT_WINDOW,
        trade=trade_ids(event, matter),
        opens=opens,
    )


_NOT_THERE = frozenset({Why.KNOWN_THERE, Why.NOT_FOR_FOLLOWERS})
"""It need not be known there that there was anything to tell."""


def _expiry(alert: Alert, decision: Decision, now: datetime) -> datetime | None:
    lasts = alert.priority is Priority.URGENT or decision.course is Course.HOLD
    return None if lasts else (decision.until or now) + ALERT_LIFE


def _on_watch(
    links: Sequence[Link], decisions: Sequence[Decision], now: datetime
) -> Sequence[Decision]:
    """What is critical rings where somebody is on watch, and shows everywhere."""
    both = list(zip(links, decisions, strict=True))
    critical = [link for link, decision in both if decision.reason is Why.CRITICAL]
    off = off_watch(critical, links, now)
    return [Decision(Course.SILENT, Why.OFF_WATCH) if link in off else one for link, one in both]


def _as_bad(alert: Alert, decision: Decision) -> Alert:
    """As bad as it is in this chat: what is below a threshold is nothing to warn of, and has a
    sound or none as was decided.
    """
    card, course = alert.card, decision.course
    if decision.reason is Why.BELOW_THRESHOLD and card.severity is Severity.WARNING:
        card = replace(card, severity=Severity.INFO)
    if course is not Course.SEND and card.silent is not (course is Course.SILENT):
        card = replace(card, sound=course is Course.RING)
    return alert if card is alert.card else replace(alert, card=card)
