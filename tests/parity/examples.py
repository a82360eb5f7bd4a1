"""Every function that makes a card, found in the code, with arguments to make some by."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import bot
from bot import texts
from bot.domain.accounts import Account, Credential, CredentialKind
from bot.domain.actions import WRITING, Action, ActionState, Target, Verb
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Option,
    PickList,
    Severity,
    Table,
    with_note,
)
from bot.domain.changes import Change
from bot.domain.charts import Point, profits
from bot.domain.chats import (
    INBOX,
    Address,
    Channel,
    Endpoint,
    EndpointState,
    Followers,
    Hears,
    Link,
    Person,
    Preferences,
    Role,
    Watch,
)
from bot.domain.commands import Misread
from bot.domain.conversion import Rate, Rates
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import Gone, Postponed, Sent, State, Unknown
from bot.domain.digests import Part
from bot.domain.drills import DrillUnderWay, PlaceReached
from bot.domain.escalation import DEFAULT_CHAIN, Chain
from bot.domain.events import (
    BotQuiet,
    GuardCrossed,
    Kind,
    Message,
    Notice,
    NoticeText,
    Origin,
    PodEvent,
    PriceCrossed,
    Signal,
    Strategy,
    Stream,
    SystemEvent,
    Trade,
    Trader,
)
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.figures import EVER, Closed, Fee, Method, Record, Span, latest
from bot.domain.guards import Fall, Guard, Standing
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId, StrategyId, TraderId
from bot.domain.incidents import Cause, Incident, IncidentState
from bot.domain.incoming import Place, Ranked, Shared
from bot.domain.lanes import Missed
from bot.domain.ledger import Held
from bot.domain.linking import Audience, Completed, LinkProblem, WrongDigits
from bot.domain.live_prices import LiveEnd, LivePrice
from bot.domain.nights import Fate, IncidentOfNight, Night, Spell, SpellKind, StepTaken
from bot.domain.outages import Outage
from bot.domain.outcomes import Result, Seen
from bot.domain.phones import NtfyTarget, Phone, Service, address_of
from bot.domain.pods import Balance, Health, Holding, Lock, LogLine, OpenTrade
from bot.domain.price_alerts import Crossing, PriceAlert, PriceSeen, Rung
from bot.domain.reasons import Reason
from bot.domain.report_plans import ReportPlan, Rhythm
from bot.domain.reports import Period
from bot.domain.results import Money
from bot.domain.rules import Hours, Matter, Measure, Mode, Mute, Quiet, Rule, Threshold, Topic
from bot.domain.sightings import Sighting
from bot.domain.silences import Silence
from bot.domain.spoken_alerts import AlertProblem
from bot.domain.spoken_escalation import ChainProblem
from bot.domain.spoken_guards import GuardProblem
from bot.domain.spoken_rules import Problem, Unclear
from bot.domain.spoken_times import ALL_DAY
from bot.domain.standing_orders import Deed, OrderProblem, StandingOrder
from bot.domain.timetables import zone
from bot.domain.told import Duplicate, Replay, Told
from bot.domain.topics import BotTopic, TopicState
from bot.domain.trail import Trace, by
from bot.domain.uptimes import Uptime
from bot.domain.visits import Browser
from bot.policy.offers import offered as with_offers
from bot.policy.ruling import may_be_critical
from bot.services.commands.registry import SPECS
from bot.texts import (
    access,
    alerts,
    asking,
    bots,
    cards,
    charts,
    currencies,
    digests,
    drills,
    escalation,
    events,
    failures,
    figures,
    followers,
    following,
    getting_started,
    groups,
    guards,
    inbox,
    languages,
    linking,
    links,
    members,
    missed,
    mutes,
    nights,
    notices,
    outcomes,
    partners,
    phones,
    pods,
    price_alerts,
    prices,
    quiet,
    renaming,
    replay,
    reports,
    rules,
    settings,
    signals,
    standing_orders,
    status,
    step_up,
    strategies,
    topics,
    trades,
    trail,
    why,
)
from bot.texts.cards import MOST_CHOICES
from bot.texts.charts import chart
from bot.texts.errors import Sentence
from bot.texts.language import _
from bot.texts.presented import with_lateness
from tests.fakes.pictures import blank_picture
from tests.parity.screens import PUBLIC_URL

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)
AT = NOW - timedelta(minutes=17)
AWAY = NOW - timedelta(minutes=9)

OWL = Trader(
    id=TraderId("owl"), name="Night Owl", running=True, dry_run=True, open_trades=2, exchange="x"
)
HERON = Trader(id=TraderId("heron"), name="Heron", running=False, dry_run=False)
CRANE = Trader(id=TraderId("crane"), name="Crane_*", status="error", strategy=StrategyId("s1"))
MANY = tuple(Trader(id=TraderId(f"t{i}"), name=f"Bot {i:02}", running=True) for i in range(18))
PLAN = Strategy(id=StrategyId("s1"), name="Momentum", type="grid", pair="ETH/USDT", interval="1h")

LOST_TOPIC = BotTopic(trader=OWL.id, thread="7", name="Night Owl", state=TopicState.GONE)

PHONE = Phone(
    endpoint=Endpoint(
        id=EndpointId("p1"), address=address_of(Service.NTFY, "p1"), name="ntfy.example.com"
    ),
    link=LinkId("l1"),
    hears=Hears.RINGING,
    made_at=AT,
    details=True,
)
OLD_PHONE = replace(
    PHONE,
    endpoint=Endpoint(
        id=EndpointId("p2"),
        address=address_of(Service.PUSHOVER, "p2"),
        state=EndpointState.DISABLED,
    ),
    details=False,
    updates=False,
)
NEW_PHONE = replace(PHONE, link=None)

ACCOUNT = Account(id=AccountId("a"), platform_user="u", label="a***@example.com", created_at=AT)
ENDPOINT = Endpoint(
    id=EndpointId("e"), address=Address(channel=Channel.TELEGRAM, bot="1", chat="100")
)
LINK = Link(
    id=LinkId("l"),
    account=ACCOUNT.id,
    endpoint=ENDPOINT,
    person="100",
    role=Role.OWNER,
    epoch=1,
    linked_at=AT - timedelta(days=2),
)
OTHER = replace(LINK, id=LinkId("m"), endpoint=replace(ENDPOINT, id=EndpointId("f")))
GROUP_LINK = replace(LINK, endpoint=replace(ENDPOINT, private=False, name="#desk in Alpha"))

AT_DESK = replace(LINK, endpoint=replace(ENDPOINT, private=False, name="#desk in Alpha"))
LINKED_ELSEWHERE = (
    replace(
        OTHER,
        endpoint=replace(PHONE.endpoint, state=EndpointState.DISABLED),
        role=Role.VIEWER,
        proven_at=AT,
    ),
    replace(
        OTHER,
        endpoint=replace(ENDPOINT, address=Address(channel=Channel.WEB, bot=INBOX, chat="9")),
        role=Role.OPERATOR,
    ),
)

BROWSER = Browser(
    link=replace(LINK, endpoint=replace(ENDPOINT, name="Chrome · Android")),
    person="7",
    until=NOW + timedelta(days=29),
)
PAUSE = Button(label="Stop Night Owl", action=ActionId("a1"), style=ButtonStyle.DANGER)
CANCEL = Button(label="Cancel", action=ActionId("a2"))
CONFIRM = ((PAUSE,), (CANCEL,))
TARGET = Target(id="owl", name="Night Owl")


def origin(kind: Kind, number: int = 0) -> Origin:
    return Origin(kind=kind, record=f"{number:04}", at=AT + timedelta(minutes=number))


def trade(number: int, ratio: str) -> Trade:
    return Trade(
        origin=origin(Kind.TRADE, number),
        side="sell",
        symbol="BTC/USDT",
        amount=Decimal("0.02"),
        price=Decimal(42400 + number),
        profit=Decimal(ratio) * 1000,
        profit_ratio=Decimal(ratio),
        reason="stop_loss",
        trader=TraderId("owl"),
        opened_at=AT - timedelta(minutes=110),
        closed_at=AT + timedelta(minutes=number),
    )


TRADES = tuple(trade(number, ratio) for number, ratio in enumerate(("0.012", "-0.004", "0.031")))
EARNED = profits(TRADES, {})
assert EARNED is not None
PICTURE = blank_picture(chart(EARNED))

EVERYTHING = Card(
    title="A card that has everything",
    severity=Severity.CRITICAL,
    lines=("A line that says what happened.", "- and *one* more_line"),
    fields=(Field("Label", "value"),),
    table=Table(columns=("Pair", "Profit"), rows=(("ETH", "9.5"), ("XRP", "-0.25"))),
    details=("A report at length.", "  with its own lines"),
    picture=PICTURE,
    pick=PickList(
        prompt="Choose a bot",
        options=(
            Option(label="Night Owl", action=ActionId("b1"), hint="running"),
            Option(label="All of them", action=ActionId("b2")),
        ),
    ),
    buttons=((PAUSE, Button(label="Open the page", url=f"{PUBLIC_URL}/link/abc")),),
    notes=("A note in small print, see /help",),
    at=AT,
    reference="K7F3Q2",
)
"""So that each part is looked for, also one that no other card has."""

QUIET = replace(EVERYTHING, title="The same, and silent", severity=Severity.GOOD)
RINGING = replace(QUIET, title="The same, with a sound all the same", sound=True)
SILENCED = replace(EVERYTHING, title="Bad, and silent all the same", sound=False)
WIDE = replace(
    EVERYTHING,
    title="With a table that is too wide for a phone",
    table=Table(columns=("Bot", "State"), rows=(("Grid", "running since a long time ago, or so"),)),
)


# --- the makers -------------------------------------------------------------------------------

TEXTS: Mapping[str, ModuleType] = {
    found.name: importlib.import_module(f"{texts.__name__}.{found.name}")
    for found in pkgutil.iter_modules(texts.__path__)
}

BUILDERS = frozenset(
    {
        *("alerts.quietly", "cards.plain", "cards.unfit", "digests.erased"),
        "followers.in_public",
        *("presented.presented", "presented.with_lateness"),
    }
)
"""What only other makers call, or what is done to any card when it goes out."""


def makers() -> Mapping[str, Sequence[str]]:
    """The functions that make cards, by the heading under which the docs show them."""
    others = ("alerts", "outcomes", "digests", "notices")
    answers = [module for name, module in TEXTS.items() if name not in others]
    notices_elsewhere = [name for module in TEXTS.values() for name in _give(module, Notice)]
    return {
        "Answers": [name for module in answers for name in _give(module, Card)],
        "What a pressed button comes to": _give(outcomes, Card),
        "Alerts": [name for module in TEXTS.values() for name in _give(module, alerts.Alert)],
        "Digests": _give(digests, Card),
        "Notices of Tradebell itself": [*_give(notices, NoticeText), *notices_elsewhere],
    }


def card_making_modules() -> set[str]:
    """The core's modules in which a card is made from nothing."""
    root = Path(bot.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        calls = (
            node.func
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        )
        if any(isinstance(one, ast.Name) and one.id == "Card" for one in calls):
            found.add(".".join(("bot", *path.relative_to(root).with_suffix("").parts)))
    return found


def _give(module: ModuleType, wanted: type) -> list[str]:
    """The functions of a module that return such a value."""
    found = {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and get_type_hints(function).get("return") is wanted
    }
    ordered = sorted(found, key=lambda name: found[name].__code__.co_firstlineno)
    short = module.__name__.rpartition(".")[2]
    return [f"{short}.{name}" for name in ordered if f"{short}.{name}" not in BUILDERS]


# --- what they are called with ----------------------------------------------------------------


def noticed(
    text: NoticeText,
    *,
    bad: bool = True,
    urgent: bool = False,
    log_in: bool = False,
    incident: Cause | None = None,
) -> Card:
    """The card of a notice that says so."""
    notice = Notice(
        origin=origin(Kind.FEED),
        say=lambda: text,
        bad=bad,
        urgent=urgent,
        log_in=log_in,
        incident=incident,
    )
    return offered(alerts.notice_alert(notice))


def owed(told: alerts.Alert) -> Card:
    """As a chat is shown it: under a reference."""
    return replace(told.card, reference="K7F3Q2")


def late(card: Card) -> Card:
    """Perhaps not for the first time, too."""
    return with_note(
        with_lateness(card, NOW), _("possible repeat of {reference}", reference="K7F3Q2")
    )


def offered(told: alerts.Alert, topic: Topic | None = None) -> Card:
    """With its buttons, if it has any."""
    bot = told.about.id if told.about else None
    matter = Matter(topic=topic, bot=bot) if topic else None
    ids = map("a{}".format, count(1))
    found = with_offers(told, LINK, matter, NOW, lambda: next(ids))
    return owed(replace(told, card=found.card))


def a_status(*traders: Trader, feed: FeedStatus | None, closed: Sequence[Link] = ()) -> Card:
    return status.overview(
        ACCOUNT,
        traders,
        feed,
        as_of=AT,
        last_event_at=AT,
        pending=3,
        missed=2,
        here=LINK,
        chain=DEFAULT_CHAIN,
        linked=(replace(LINK, proven_at=AT), *closed),
        unreached=closed,
        orders=(ORDER,),
        closed=closed,
        offered=traders[:15],
        actions=[ActionId(f"a{number}") for number in range(len(traders[:15]))],
        now=NOW,
    )


def a_feed(state: FeedState) -> FeedStatus:
    return FeedStatus(
        state=state,
        since=AT,
        reason="no answer",
        expires_at=NOW + timedelta(hours=3),
        not_offered=("events",),
        failing=("trades",),
    )


ASKER = Person(channel=Channel.TELEGRAM, id="4711")
SIGHTINGS = (
    Sighting(channel=Channel.TELEGRAM, person="4711", at=NOW),
    Sighting(channel=Channel.DISCORD, person="8", at=NOW),
)

TRACES = [
    Trace(at=NOW, what=what, facts=facts)
    for what, facts in (
        ("command", {**by(ASKER), "name": "audit"}),
        ("action", {**by(ASKER), "verb": "pause", "names": "Night Owl", "state": "done"}),
        ("press", {**by(ASKER), "verb": "pause"}),
        ("press", {"channel": "discord", "person": "1", "refused": "expired"}),
        ("members", {"channel": "discord", "person": "1", "role": "viewer"}),
        ("topics", {**by(ASKER), "switch": "on"}),
        ("endpoint_disabled", {"channel": "discord", "reason": "removed_from_server"}),
        ("unlinked", by(ASKER)),
        ("linked", by(ASKER)),
        ("quiet", {**by(ASKER), "words": "22:00-07:00"}),
        ("something_new", {}),
    )
]


REPLAY = Replay(
    looked_at=90,
    rings_before=41,
    rings_after=3,
    quieter=(),
    louder=(),
    dropped=0,
    held=40,
    shown=0,
)
BELOW = Rule(
    id="1",
    mode=Mode.ON,
    topic=Topic.EXIT,
    bot=OWL.id,
    threshold=Threshold(measure=Measure.LOSS, least=Decimal("1.5")),
)
DECIDED = (
    (None, State.SENT),
    (Decision(Course.SEND, Why.LOUDNESS), State.SENT),
    (Decision(Course.RING, Why.CRITICAL), State.UNKNOWN),
    (Decision(Course.SILENT, Why.MUTED), State.SENT),
    (Decision(Course.SILENT, Why.RECOVERY), State.SENT),
    (Decision(Course.SILENT, Why.BELOW_THRESHOLD, None, BELOW), State.READY),
    (Decision(Course.HOLD, Why.QUIET_HOURS, NOW + timedelta(hours=8)), State.GATHERED),
    (Decision(Course.DROP, Why.RULE, None, replace(BELOW, mode=Mode.OFF)), State.OFF),
    (Decision(Course.SEND, Why.LOUDNESS), State.COALESCED),
    (Decision(Course.SEND, Why.LOUDNESS), State.HELD),
)


def foreseen() -> str:
    return replay.preview(REPLAY, 7)


def a_told(number: int) -> Told:
    decision, state = DECIDED[number]
    return Told(
        reference=f"AAAA{number:02}",
        kind=Kind.DIGEST if decision is None else Kind.TRADE,
        title="Bought 0.5 BTC/USDT at 42,000",
        severity=Severity.INFO,
        sound=decision is not None and decision.course is Course.RING,
        state=state,
        reason="sent" if state is State.SENT else "blocked",
        decision=decision,
        matter=None,
        attempts=number,
        occurred_at=AT,
        created_at=AT + timedelta(seconds=2),
        ended_at=AT + timedelta(seconds=3),
        within="BBBBBB" if state is State.COALESCED else None,
    )


def a_missed(number: int) -> Missed:
    return Missed(
        reference=f"REF{number:03}",
        state=State.DEAD,
        reason="content_refused",
        title=f"Bought {number} BTC/USDT",
        occurred_at=AT,
    )


def an_action(verb: Verb, *targets: Target) -> Action:
    return Action(
        id=ActionId("a1"),
        card="c",
        account=ACCOUNT.id,
        link=LINK.id,
        endpoint=ENDPOINT.id,
        person="100",
        verb=verb,
        targets=targets,
        expires_at=NOW,
    )


def a_result(state: ActionState, words: str, target: Target = TARGET) -> Result:
    return Result(target=target, state=state, words=words)


HOLDING = Holding(currency="BTC", amount=Decimal("0.5"), free=Decimal("0.25"))
OPEN = OpenTrade(
    id="5", pair="BTC/USDT", amount=Decimal("0.4"), profit_ratio=Decimal("0.02"), exiting=False
)
CHANGES = tuple(sorted(WRITING))
ACCEPTED = replace(a_result(ActionState.UNCLEAR, "is still running"), accepted=True)


def an_exit(number: int, result: str, *, paper: bool = False) -> Part:
    matter = Matter(
        topic=Topic.EXIT, called="Night Owl", result=Decimal(result), currency="USDT", paper=paper
    )
    return replace(a_part(Kind.TRADE, number), matter=matter)


def a_part(kind: Kind, number: int) -> Part:
    severity = Severity.WARNING if number % 5 == 0 else Severity.INFO
    at = AT + timedelta(minutes=number)
    return Part(kind=kind, title=f"alert {number}", severity=severity, occurred_at=at)


def choosing(traders: Sequence[Trader]) -> Card:
    several = traders[:MOST_CHOICES]
    ids = [ActionId(f"pick-{one.id}") for one in several]
    return bots.choose(False, traders, ids, ActionId("pick-all") if len(several) > 1 else None)


SPEC = replace(SPECS[4], example="2")

NEAR = [Option(label="Night Owl", action=ActionId("a1"))]
SHARED = Shared(name="#desk", can_manage=True, missing_permissions=("Send Messages", "Embed Links"))
AUDIENCE = Audience(name="#desk in Alpha", readers="everyone who can read #desk in Alpha")
BUY_SIGNAL = Signal(
    origin=origin(Kind.SIGNAL),
    type="buy",
    pair="ETH/USDT",
    confidence=Decimal("0.8"),
    model="Trend",
)
REPORT = PodEvent(
    origin=origin(Kind.POD_EVENT),
    type="error",
    message="Order refused: *balance* too low",
    trader=TraderId("owl"),
)
SYSTEM = SystemEvent(origin=origin(Kind.SYSTEM_EVENT, 1), title="Maintenance", text="Words.")
TOLD: dict[str, Trader] = {trader.id: trader for trader in (OWL, HERON, CRANE)}

NIGHT = Hours(time(22), time(7))
MUTE = Mute(id="m", until=NOW, topic=Topic.EXIT, bot=OWL.id)
SMALL = Threshold(measure=Measure.RESULT, least=Decimal("1.5"))
RULE = Rule(id="r", mode=Mode.SILENT, topic=Topic.EXIT, bot=OWL.id, threshold=SMALL)
OF_ALL = Rule(id="s", mode=Mode.OFF)
CRITICALS = [
    replace(OF_ALL, topic=topic)
    for topic in (None, *Topic)
    if may_be_critical(replace(OF_ALL, topic=topic))
]
GUARD = Guard(id="g", fall=Fall.LOSS, amount=Decimal(50), currency="USDT")
OF_SOME = Guard(
    id="h",
    fall=Fall.DRAWDOWN,
    amount=Decimal(30),
    currency="USDT",
    bots=(OWL.id, HERON.id),
    paper=True,
)
DAY = Standing(
    Decimal("-52.3"), Decimal(12), 7, ((OWL.id, Decimal("-40.2")), (HERON.id, Decimal("-12.1")))
)
WANTS = Preferences(quiet=Quiet(weekdays=NIGHT, weekend=NIGHT), zone="Europe/Berlin")
WATCH = Watch(hours=Quiet(weekdays=NIGHT), second=OTHER.id)
ZONES = ("America/New_York", "America/Toronto")
CLOSED = Record(
    since=EVER,
    trades=tuple(
        Closed(
            AT - timedelta(days=9 - number),
            AT - timedelta(days=9 - number, hours=3),
            bot,
            pair,
            reason,
            Money("USDT", paper),
            Decimal(value),
        )
        for number, (bot, pair, reason, paper, value) in enumerate(
            (
                (OWL.id, "BTC/USDT", "roi", False, "0.2"),
                (OWL.id, "BTC/USDT", "roi", False, "12.43"),
                (OWL.id, "ETH/USDT", "stop_loss", False, "-4.1"),
                (None, "ETH/USDT", None, True, "1.5"),
                (TraderId("7f3a21"), None, "liquidation", False, "-0.004"),
                (HERON.id, "BTC/USDT", "roi", False, "0"),
            )
        )
    ),
    whole_from=EVER,
)
MANY_CLOSED = replace(
    CLOSED,
    trades=tuple(
        CLOSED.trades[0]._replace(pair=f"C{number:02}/USDT", value=Decimal(number - 12))
        for number in range(24)
    ),
)
EVERY_BOT = figures.Scope(bots=(), called={OWL.id: "Night Owl", HERON.id: "Heron"})
POINTS = tuple(
    Point(at=AT - timedelta(days=3 - number), value=Decimal(42_000 + number), bought=not number)
    for number in range(3)
)
HEARD = tuple(
    Point(at=AT - timedelta(minutes=40 - 5 * number), value=Decimal(42_000 + number))
    for number in range(8)
)
ONE_BOT = replace(EVERY_BOT, bots=(OWL,))
IN_EUR = Rates(
    into="EUR",
    of={"USDT": Rate(value=1 / Decimal("1.0842"), pair="EUR/USDT", at=NOW - timedelta(seconds=3))},
    missing={"BTC": "BTC/EUR", "USDC": None},
    now=NOW,
)
TOLD_WHOLE = figures.Basis(record=CLOSED, until=None)
TOLD_IN_EUR = replace(TOLD_WHOLE, rates=IN_EUR)
TOLD_OF_MANY = replace(TOLD_WHOLE, record=MANY_CLOSED)
TOLD_NOTHING = replace(TOLD_WHOLE, record=Record(since=EVER))
DOUBTFUL = figures.Basis(
    record=replace(
        CLOSED, untold=3, whole_from=AT, method=Method(since=AT - timedelta(11), unmatched=2)
    ),
    until=AWAY,
)
LEFT_OUT = figures.Basis(record=Record(since=EVER, untold=1), until=None)

OPTIONS = (Option(label="Night Owl", action=ActionId("a1")),)
LANGUAGES = (Option(label="Deutsch", action=ActionId("l1")),)
ONE_BUTTON = (Button(label="22:00-07:00", action=ActionId("a1")),)
ANOTHER_BUTTON = (Button(label="08:00-09:00", action=ActionId("a2")),)

UNSEEN = Incident(
    id=1,
    account=ACCOUNT.id,
    cause=Cause.FAILED,
    called="Night Owl",
    state=IncidentState.HELD,
    opened_at=AT,
    last_at=AT,
    count=2,
    since=AT,
    done=timedelta(0),
    held_until=NOW,
)

PLACES = (
    PlaceReached(place=ENDPOINT, shown=True, after=timedelta(seconds=12)),
    PlaceReached(place=replace(ENDPOINT, id=EndpointId("f")), shown=True),
    PlaceReached(place=PHONE.endpoint, shown=False, reason=Reason.CLOSED),
    PlaceReached(place=replace(ENDPOINT, id=EndpointId("g")), shown=None),
)
A_CHANNEL = replace(ENDPOINT, id=EndpointId("c"), private=False)
UNDER_WAY = DrillUnderWay(began_at=AT, until=NOW, places=PLACES)

A_NIGHT = Night(
    since=AT - timedelta(days=2),
    until=NOW,
    events=20,
    fates=dict.fromkeys(Fate, 2),
    incidents=(
        IncidentOfNight(
            incident=UNSEEN,
            steps=(StepTaken(at=AT, on=Channel.TELEGRAM),),
            seen=(StepTaken(at=NOW, on=Channel.DISCORD),),
            ended_at=NOW,
        ),
        *[IncidentOfNight(incident=UNSEEN, steps=(), seen=(), ended_at=None)] * 10,
    ),
    spells=(
        Spell(what=SpellKind.DOWN, since=AT, until=NOW),
        Spell(what=SpellKind.POLLING, since=AT),
        Spell(what=SpellKind.TRADEBELL, since=AT, until=NOW),
    ),
    due_at=NOW,
)
A_PERIOD = Period(
    rhythm=Rhythm.DAILY,
    since=NOW - timedelta(days=1),
    until=NOW,
    night=replace(A_NIGHT, since=NOW - timedelta(hours=20), until=NOW),
    record=CLOSED,
    bots=(OWL, HERON, CRANE),
    uptimes={
        OWL.id: Uptime(ran=timedelta(hours=20), known=timedelta(hours=20)),
        HERON.id: Uptime(ran=timedelta(hours=5), known=timedelta(hours=20)),
        CRANE.id: Uptime(ran=timedelta(), known=timedelta(hours=9)),
    },
    away=AWAY,
    due_at=NOW,
)
CALM_PERIOD = replace(
    A_PERIOD,
    night=Night(since=A_PERIOD.since, until=NOW, events=0, fates={}),
    record=Record(since=A_PERIOD.since),
)
PLANS = (
    ReportPlan(rhythm=Rhythm.WEEKLY, at=time(9), weekday=4),
    ReportPlan(rhythm=Rhythm.DAILY, at=time(8), only_news=True),
)

ORDER = StandingOrder(
    id="o",
    account=ACCOUNT.id,
    causes=(Cause.ERROR,),
    bots=(Target(id="owl", name="Night Owl"),),
    every=False,
    after=timedelta(minutes=15),
    link=LINK.id,
    person="100",
    made_at=AT,
)

MILDER = replace(ORDER, verb=Verb.NO_ENTRIES)

PRICE_ALERT = PriceAlert(
    id="p",
    account=ACCOUNT.id,
    pair="BTC/USDT",
    what=Crossing.ABOVE,
    amount=Decimal(50000),
    made_at=AT,
    seen=PriceSeen(Decimal(42400), NOW),
)

A_MOVE = replace(
    PRICE_ALERT,
    what=Crossing.MOVES,
    amount=Decimal(3),
    within=timedelta(minutes=15),
    repeats=True,
    seen=PriceSeen(Decimal(42400), NOW - timedelta(hours=1)),
)

LIVE_PRICE = LivePrice(pair="BTC/USDT", since=AT, first=Decimal(42400))

DEED = Deed(
    incident=1,
    account=ACCOUNT.id,
    order="o",
    verb=Verb.PAUSE,
    bot=ORDER.bots[0],
    cause=Cause.ERROR,
    after=ORDER.after,
    begun_at=NOW,
    state=ActionState.DONE,
)


def every_deed() -> Sequence[Deed]:
    unclear = a_result(ActionState.UNCLEAR, "No answer came")
    return (
        DEED,
        replace(DEED, incident=2, state=ActionState.REFUSED, words=outcomes.no_login()),
        replace(
            DEED,
            incident=3,
            state=ActionState.UNCLEAR,
            words=outcomes.unclear(unclear, outcomes.not_read_back()).words,
        ),
    )


EXAMPLES: Mapping[str, Callable[[], Sequence[Card]]] = {
    # answers
    "getting_started.welcome": lambda: [
        getting_started.welcome(linked, carried)
        for linked in (True, False)
        for carried in ("", "x")
    ],
    "getting_started.among_others": lambda: [getting_started.among_others()],
    "groups.open_again": lambda: [groups.open_again(owed) for owed in (0, 1, 12)],
    "following.ask": lambda: [
        following.ask(AUDIENCE, now, (ONE_BUTTON,))
        for now in (None, Followers(), Followers(delay=timedelta(minutes=15)))
    ],
    "following.shown": lambda: [
        following.shown(AUDIENCE.name, followers)
        for followers in (Followers(), Followers(delay=timedelta(minutes=15)))
    ],
    "following.shows_another": lambda: [following.shows_another(AUDIENCE.name)],
    "following.not_in_channel": lambda: [following.not_in_channel()],
    "following.cannot_govern": lambda: [following.cannot_govern(AUDIENCE.name)],
    "groups.alone": lambda: [groups.alone()],
    "groups.ranked": lambda: [
        groups.ranked(
            Ranked(
                place=Place(address=ENDPOINT.address, private=False),
                administrator=administrator,
                makes_topics=topics,
            ),
            linked,
        )
        for administrator, topics in (
            (True, None),
            (True, True),
            (True, False),
            (False, None),
            (False, False),
        )
        for linked in (True, False)
    ],
    "getting_started.settings": lambda: [
        getting_started.settings(None),
        getting_started.settings(replace(LINK, endpoint=replace(ENDPOINT, private=False))),
    ],
    "getting_started.only_text": lambda: [getting_started.only_text()],
    "getting_started.help_card": lambda: [
        getting_started.help_card(SPECS, True),
        getting_started.help_card(SPECS, False),
        getting_started.help_card(SPECS, False, answers_privately=False),
    ],
    "getting_started.unknown_command": lambda: [
        getting_started.unknown_command("stauts", near, options)
        for near in ([SPEC], [])
        for options in ([], NEAR)
    ],
    "getting_started.small_talk": lambda: [
        getting_started.small_talk(one) for one in (True, False)
    ],
    "access.not_linked": lambda: [access.not_linked(one) for one in (True, False)],
    "access.only_in_private": lambda: [access.only_in_private(SPEC)],
    "access.only_the_owner": lambda: [access.only_the_owner(), access.only_the_owner("300")],
    "access.role_too_low": lambda: [access.role_too_low(SPEC)],
    "access.too_fast": lambda: [access.too_fast()],
    "linking.link_address": lambda: [
        linking.link_address(f"{PUBLIC_URL}/link/Ab3-_cc", again, cut_off=cut_off)
        for again, cut_off in ((True, False), (False, False), (False, True))
    ],
    "linking.taken": lambda: [linking.taken()],
    "linking.cannot_govern_group": lambda: [linking.cannot_govern_group(AUDIENCE.name)],
    "linking.not_in_group": lambda: [linking.not_in_group()],
    "linking.called_over": lambda: [linking.called_over(f"{PUBLIC_URL}/link/Ab3-_cc")],
    "linking.call_is_over": lambda: [linking.call_is_over()],
    "step_up.cools_off": lambda: [step_up.cools_off(pods.closing(OWL, OPEN, 50), NOW)],
    "step_up.log_in_first": lambda: [
        step_up.log_in_first(
            pods.closing(OWL, OPEN, 50),
            f"{PUBLIC_URL}/link/Ab3-_cc",
            ActionId("go-on"),
            owns=owns,
            cut_off=not owns,
        )
        for owns in (True, False)
    ],
    "step_up.log_in_in_private": lambda: [
        step_up.log_in_in_private(
            pods.closing(OWL, OPEN, 50), f"{PUBLIC_URL}/link/Ab3-_cc", ActionId("go-on"), owns=owns
        )
        for owns in (True, False)
    ],
    "step_up.page_for_group": lambda: [
        step_up.page_for_group(
            pods.closing(OWL, OPEN, 50), f"{PUBLIC_URL}/link/Ab3-_cc", cut_off=cut_off
        )
        for cut_off in (False, True)
    ],
    "linking.not_called": lambda: [linking.not_called()],
    "linking.cannot_govern": lambda: [linking.cannot_govern(SHARED)],
    "linking.lacks_rights": lambda: [linking.lacks_rights(SHARED)],
    "linking.not_there": lambda: [linking.not_there(SHARED)],
    "linking.readers_unknown": lambda: [linking.readers_unknown("Discord does not answer.")],
    "linking.shared_link_address": lambda: [
        linking.shared_link_address(
            f"{PUBLIC_URL}/link/Ab3-_cc", AUDIENCE, cut_off=cut_off, elsewhere=cut_off
        )
        for cut_off in (False, True)
    ],
    "topics.not_here": lambda: [topics.not_here()],
    "topics.cannot": lambda: [topics.cannot(Sentence.MAY_MAKE_NO_TOPICS)],
    "topics.off": lambda: [topics.off()],
    "topics.on": lambda: [topics.on(()), topics.on((LOST_TOPIC,))],
    "members.nobody_else_here": lambda: [members.nobody_else_here()],
    "members.rights": lambda: [
        *(members.rights(Preferences(members=role)) for role in (None, Role.VIEWER, Role.OPERATOR)),
        members.rights(Preferences(people=(("300", Role.OPERATOR), ("400", None)))),
        *(
            members.rights(Preferences(followers=Followers(delay=timedelta(minutes=late))))
            for late in (0, 15)
        ),
    ],
    "members.whom": lambda: [members.whom()],
    "members.too_many": lambda: [members.too_many(20)],
    "members.too_late": lambda: [members.too_late(timedelta(days=2), timedelta(days=1))],
    "members.confirm": lambda: [
        members.confirm(role, AUDIENCE.name, ((PAUSE,),), person)
        for role, person in (
            *((None, ""), (Role.VIEWER, ""), (Role.OPERATOR, "")),
            *((Role.VIEWER, "300"), (Role.OPERATOR, "300")),
        )
    ],
    "inbox.address": lambda: [
        inbox.address(f"{PUBLIC_URL}/inbox/open/Ab3-_cc", browsers, buttons, NOW, cut_off=cut_off)
        for browsers, buttons, cut_off in (((), (), False), ((BROWSER,), (PAUSE,), True))
    ],
    "inbox.too_many": lambda: [inbox.too_many(5, (PAUSE,))],
    "inbox.this_one": lambda: [inbox.this_one(PAUSE)],
    "inbox.signed_out": lambda: [inbox.signed_out()],
    "settings.closed": lambda: [settings.closed()],
    "settings.page_address": lambda: [
        settings.page_address(f"{PUBLIC_URL}/settings/open/Ab3-_cc", cut_off=cut_off)
        for cut_off in (False, True)
    ],
    "settings.overview": lambda: [
        settings.overview(LINK, (), (OF_ALL,), (), NOW),
        settings.overview(
            replace(
                LINK,
                endpoint=replace(ENDPOINT, private=False),
                preferences=replace(WANTS, mutes=(MUTE,) * 6),
            ),
            (RULE,) * 6,
            (OF_ALL,),
            (OWL,),
            NOW,
            OPTIONS,
            ANOTHER_BUTTON,
            unknown="zzz",
        ),
    ],
    "rules.page": lambda: [
        rules.page((), 1, (OF_ALL,), ()),
        rules.page((RULE, OF_ALL), 1, (OF_ALL,), (OWL,), ONE_BUTTON, more=ANOTHER_BUTTON),
        rules.page((RULE,) * 15, 1, (OF_ALL,), (OWL,), pick=OPTIONS),
    ],
    "rules.about_what": lambda: [rules.about_what(OPTIONS)],
    "rules.no_such_page": lambda: [rules.no_such_page()],
    "rules.made": lambda: [
        rules.made(RULE, (OWL,)),
        rules.made(RULE, (OWL,), stored=False, buttons=ONE_BUTTON),
        *(
            rules.made(
                rule, (OWL,), before=RULE, preview="", critical_rings=True, buttons=ONE_BUTTON
            )
            for rule in CRITICALS
        ),
    ],
    "rules.holds_already": lambda: [rules.holds_already(RULE, (OWL,))],
    "rules.bot_gone": lambda: [rules.bot_gone()],
    "rules.removed": lambda: [rules.removed(RULE, (OWL,), foreseen(), ONE_BUTTON)],
    "rules.gone": lambda: [rules.gone()],
    "rules.too_many": lambda: [rules.too_many(60)],
    "rules.confirm_critical": lambda: [
        rules.confirm_critical(rule, (OWL,), ((PAUSE,), (CANCEL,)), foreseen())
        for rule in CRITICALS
    ],
    "rules.which": lambda: [rules.which(OPTIONS)],
    "rules.unknown": lambda: [
        rules.unknown("zzz", near, rules.rule_examples()) for near in (OPTIONS, ())
    ],
    "rules.how": lambda: [rules.how("Night Owl", OPTIONS)],
    "rules.unclear": lambda: [
        rules.unclear(Unclear(problem), rules.rule_examples()) for problem in Problem
    ],
    "phones.code": lambda: [phones.code("482913")],
    "phones.trial": lambda: [phones.trial()],
    "phones.none_yet": lambda: [
        phones.none_yet(services, ONE_BUTTON) for services in (frozenset(), frozenset(Service))
    ],
    "phones.listed": lambda: [phones.listed((PHONE, NEW_PHONE), OPTIONS)],
    "phones.about": lambda: [
        phones.about(PHONE, (ONE_BUTTON,), changed=True),
        phones.about(OLD_PHONE, (ONE_BUTTON,)),
        phones.about(NEW_PHONE, (ONE_BUTTON,)),
    ],
    "phones.which_server": lambda: [phones.which_server(ONE_BUTTON)],
    "phones.not_a_server": lambda: [
        phones.not_a_server(private=private) for private in (True, False)
    ],
    "phones.not_a_key": lambda: [phones.not_a_key()],
    "phones.no_apprise": lambda: [phones.no_apprise()],
    "phones.not_an_apprise_address": lambda: [phones.not_an_apprise_address(["gotifys"])],
    "phones.no_pushover": lambda: [phones.no_pushover()],
    "phones.subscribe": lambda: [
        phones.subscribe(NtfyTarget(server=server, topic="t-1", token=token), ONE_BUTTON[0])
        for server, token in ((PUBLIC_URL, ""), (PUBLIC_URL, "tk_1"))
    ],
    "phones.code_sent": lambda: [
        phones.code_sent(PHONE, Sent(message="1"), ONE_BUTTON),
        phones.code_sent(OLD_PHONE, Unknown(reason=Reason.SERVER_ERROR), ONE_BUTTON),
        phones.code_sent(
            PHONE,
            Postponed(reason=Reason.SLOW_DOWN, retry_after=timedelta(seconds=40)),
            ONE_BUTTON,
        ),
        phones.code_sent(PHONE, Gone(reason=Reason.PUSH_LOGIN_REFUSED), ONE_BUTTON),
    ],
    "phones.rung": lambda: [
        *(
            phones.rung([(PHONE, attempt)])
            for attempt in (
                Sent(message="1"),
                Unknown(reason=Reason.SERVER_ERROR),
                Gone(reason=Reason.HOST_FORBIDDEN),
                Gone(reason=Reason.SERVICE_NOT_ALLOWED),
                Gone(reason=Reason.PUSH_USER_UNKNOWN),
                Gone(reason=Reason.NO_PUSH_SERVER),
                Postponed(reason=Reason.NO_CONNECTION),
            )
        ),
        phones.rung([(PHONE, Sent(message="1")), (OLD_PHONE, Sent(message="1"))]),
        phones.rung([(PHONE, Sent(message="1")), (OLD_PHONE, Gone(reason=Reason.NO_CONNECTION))]),
    ],
    "phones.not_rung": lambda: [
        phones.not_rung(PHONE, Gone(reason=Reason.PUSH_USER_UNKNOWN), ONE_BUTTON)
    ],
    "phones.proven": lambda: [phones.proven(PHONE, (ONE_BUTTON,))],
    "phones.not_six_digits": lambda: [phones.not_six_digits()],
    "phones.digits_refused": lambda: [
        phones.digits_refused(WrongDigits(problem=problem, tries_left=2)) for problem in LinkProblem
    ],
    "phones.removed": lambda: [phones.removed(PHONE)],
    "phones.no_such_phone": lambda: [phones.no_such_phone()],
    "phones.none_to_ring": lambda: [phones.none_to_ring()],
    "phones.too_many": lambda: [phones.too_many(5)],
    "phones.not_understood": lambda: [phones.not_understood()],
    "guards.listed": lambda: [
        guards.listed((), (), TOLD),
        guards.listed((GUARD, OF_SOME), (DAY, DAY), TOLD, ONE_BUTTON),
        guards.listed((GUARD,) * 6, (DAY,) * 6, TOLD, pick=OPTIONS),
    ],
    "guards.made": lambda: [
        guards.made(GUARD, TOLD, DAY, 2, 7, buttons=ONE_BUTTON),
        guards.made(OF_SOME, TOLD, DAY, None, 7, percent=(Decimal("2.5"), Decimal(1200))),
    ],
    "guards.removed": lambda: [guards.removed(GUARD, TOLD)],
    "escalation.listed": lambda: [
        escalation.listed(DEFAULT_CHAIN, (LINK, OTHER), (UNSEEN,) * 12, (ORDER,), NOW, ONE_BUTTON),
        escalation.listed(Chain(steps=(), on=False), (LINK,), (), (), NOW, ()),
    ],
    "standing_orders.confirm": lambda: [
        standing_orders.confirm((Cause.ERROR,), ORDER.bots, every, ORDER.after, every, CONFIRM)
        for every in (False, True)
    ],
    "standing_orders.made": lambda: [standing_orders.made(ORDER)],
    "standing_orders.too_many": lambda: [standing_orders.too_many()],
    "standing_orders.listed": lambda: [
        standing_orders.listed((), ()),
        standing_orders.listed((MILDER, replace(ORDER, suspended_at=NOW)), ONE_BUTTON),
    ],
    "standing_orders.removed": lambda: [standing_orders.removed(ORDER)],
    "standing_orders.gone": lambda: [standing_orders.gone()],
    "standing_orders.unclear": lambda: [
        standing_orders.unclear(problem) for problem in OrderProblem
    ],
    "escalation.on_watch": lambda: [
        escalation.on_watch(links, NOW, ONE_BUTTON)
        for links in (
            (replace(LINK, watch=WATCH), OTHER),
            (replace(LINK, watch=replace(WATCH, hours=None)), OTHER),
            (replace(LINK, watch=replace(WATCH, second=None)), OTHER),
            (LINK,),
        )
    ],
    "escalation.until_when": lambda: [escalation.until_when(ONE_BUTTON)],
    "escalation.no_such_end": lambda: [escalation.no_such_end()],
    "escalation.held": lambda: [escalation.held(NOW)],
    "escalation.not_held": lambda: [escalation.not_held()],
    "escalation.nothing_unseen": lambda: [escalation.nothing_unseen()],
    "escalation.chosen": lambda: [escalation.chosen(DEFAULT_CHAIN, (LINK,), ONE_BUTTON)],
    "escalation.unclear": lambda: [
        escalation.unclear(problem, (LINK, OTHER)) for problem in ChainProblem
    ],
    "drills.begun": lambda: [
        drills.begun(NOW, 3, drills.where_told(there, here), ONE_BUTTON, at_once=at_once)
        for at_once, there, here in (
            (False, ENDPOINT, ENDPOINT),
            (True, ENDPOINT, A_CHANNEL),
            (False, A_CHANNEL, A_CHANNEL),
            (False, None, ENDPOINT),
        )
    ],
    "drills.under_way": lambda: [
        drills.under_way(UNDER_WAY, ONE_BUTTON, private=private, now=NOW)
        for private in (True, False)
    ],
    "drills.too_soon": lambda: [drills.too_soon(timedelta(minutes=4))],
    "drills.ends": lambda: [drills.ends()],
    "drills.none_under_way": lambda: [drills.none_under_way()],
    "drills.reminds": lambda: [drills.reminds(True, ONE_BUTTON), drills.reminds(False)],
    "drills.result": lambda: [
        drills.result(found, private=private)
        for found, private in ((PLACES, True), (PLACES[:1], True), (PLACES, False))
    ],
    "drills.time_for_one": lambda: [
        drills.time_for_one(last, NOW, (*ONE_BUTTON, *ANOTHER_BUTTON))
        for last in (None, NOW - timedelta(days=34))
    ],
    "nights.report": lambda: [
        nights.report(Night(since=AT, until=NOW, events=0, fates={}), NOW, ONE_BUTTON),
        nights.report(A_NIGHT, NOW + timedelta(hours=1), ONE_BUTTON),
    ],
    "nights.told_at": lambda: [
        nights.told_at(replace(WANTS, night_at=at), ONE_BUTTON) for at in (None, time(7, 30))
    ],
    "reports.report": lambda: [
        reports.report(A_PERIOD, NOW),
        reports.report(A_PERIOD, NOW + timedelta(hours=1), PICTURE, IN_EUR),
        reports.report(replace(A_PERIOD, rhythm=Rhythm.WEEKLY, since=NOW - timedelta(days=7)), NOW),
        reports.report(replace(A_PERIOD, since=NOW - timedelta(days=20)), NOW),
        reports.report(replace(A_PERIOD, record=Record(since=AT)), NOW),
        reports.report(CALM_PERIOD, NOW + timedelta(hours=1)),
    ],
    "reports.plans": lambda: [
        reports.plans(WANTS, ()),
        *(
            reports.plans(replace(WANTS, zone=zone, reports=PLANS), (ONE_BUTTON,), changed)
            for zone, changed in (("", False), ("Europe/Berlin", True))
        ),
    ],
    "reports.not_understood": lambda: [reports.not_understood("zzz")],
    "partners.farewell": lambda: [
        partners.farewell("a***@example.com", over=over) for over in (False, True)
    ],
    "nights.not_understood": lambda: [nights.not_understood("zzz")],
    "guards.gone": lambda: [guards.gone()],
    "guards.too_many": lambda: [guards.too_many(20)],
    "guards.unclear": lambda: [guards.unclear(problem) for problem in GuardProblem],
    "price_alerts.listed": lambda: [
        price_alerts.listed((), NOW),
        price_alerts.listed((PRICE_ALERT, A_MOVE), NOW, deaf=True, buttons=ONE_BUTTON),
        price_alerts.listed((replace(PRICE_ALERT, seen=None),) * 6, NOW, pick=OPTIONS),
    ],
    "price_alerts.made": lambda: [
        price_alerts.made(PRICE_ALERT, deaf=False, buttons=ONE_BUTTON),
        price_alerts.made(replace(PRICE_ALERT, armed=False), deaf=False),
        price_alerts.made(A_MOVE, deaf=False),
        price_alerts.made(replace(A_MOVE, what=Crossing.FALLS, seen=None), deaf=False),
        price_alerts.made(replace(PRICE_ALERT, what=Crossing.BELOW), deaf=True),
    ],
    "price_alerts.there_already": lambda: [price_alerts.there_already(PRICE_ALERT)],
    "price_alerts.removed": lambda: [price_alerts.removed(A_MOVE)],
    "price_alerts.gone": lambda: [price_alerts.gone()],
    "price_alerts.too_many": lambda: [price_alerts.too_many()],
    "price_alerts.unclear": lambda: [price_alerts.unclear(problem) for problem in AlertProblem],
    "price_alerts.which_amount": lambda: [
        price_alerts.which_amount(
            (Decimal("1.234"), Decimal(1234)), [ActionId("a1"), ActionId("a2")]
        )
    ],
    "mutes.what_is_muted": lambda: [
        mutes.what_is_muted(Preferences(), (), ONE_BUTTON),
        mutes.what_is_muted(replace(WANTS, mutes=(MUTE,)), (OWL,), ONE_BUTTON, ANOTHER_BUTTON),
        mutes.what_is_muted(replace(WANTS, mutes=(MUTE,) * 9), (OWL,), ONE_BUTTON, (), OPTIONS),
    ],
    "mutes.how_long": lambda: [mutes.how_long("Night Owl", ONE_BUTTON)],
    "mutes.muted": lambda: [
        mutes.muted(MUTE, wants, (OWL,), ONE_BUTTON, foreseen()) for wants in (WANTS, Preferences())
    ],
    "mutes.for_ever": lambda: [mutes.for_ever("Night Owl", "owl")],
    "mutes.unmuted": lambda: [mutes.unmuted((MUTE,), (OWL,), ONE_BUTTON)],
    "mutes.not_muted": lambda: [
        mutes.not_muted((OWL,), wants, SPEC)
        for wants in (replace(WANTS, mutes=(MUTE,)), Preferences())
    ],
    "mutes.which": lambda: [mutes.which(OPTIONS)],
    "mutes.too_many": lambda: [mutes.too_many(60)],
    "quiet.quiet_hours": lambda: [
        quiet.quiet_hours(Preferences(), NOW, ONE_BUTTON),
        quiet.quiet_hours(WANTS, NOW, preview=foreseen()),
        quiet.quiet_hours(replace(WANTS, zone=""), NOW, asks=True),
    ],
    "quiet.not_hours": lambda: [quiet.not_hours("zzz")],
    "quiet.endless": lambda: [quiet.endless(Quiet(weekdays=ALL_DAY, weekend=ALL_DAY))],
    "quiet.zone_card": lambda: [
        quiet.zone_card(Preferences(), NOW),
        quiet.zone_card(WANTS, NOW, changed=True, preview=foreseen(), buttons=ONE_BUTTON),
        *(quiet.zone_card(WANTS, NOW, changed=changed) for changed in (True, False)),
    ],
    "languages.which": lambda: [languages.which("Deutsch", LANGUAGES)],
    "languages.none_called": lambda: [languages.none_called("zzz", SPEC, LANGUAGES)],
    "languages.spoken": lambda: [languages.spoken("Deutsch", ONE_BUTTON)],
    "quiet.which_zone": lambda: [
        quiet.which_zone(zones, [ActionId(f"z{i}") for i in range(MOST_CHOICES)], NOW)
        for zones in (ZONES, ZONES * MOST_CHOICES)
    ],
    "quiet.no_such_zone": lambda: [
        quiet.no_such_zone("zzz", near, [ActionId("z1"), ActionId("z2")], NOW)
        for near in (ZONES, ())
    ],
    "quiet.digest": lambda: [
        quiet.digest(Preferences(), (), None, ONE_BUTTON),
        quiet.digest(WANTS, ["alert 1"] * 12, NOW),
    ],
    "quiet.digest_set": lambda: [quiet.digest_set(WANTS, NOW, foreseen(), ONE_BUTTON)],
    "quiet.not_a_time": lambda: [quiet.not_a_time("zzz")],
    "access.owner_absent": lambda: [access.owner_absent()],
    "access.others_may_not_look": lambda: [access.others_may_not_look()],
    "access.followers_read": lambda: [access.followers_read()],
    "access.masked": lambda: [access.masked()],
    "strategies.one": lambda: [
        strategies.one(PLAN, (replace(OWL, strategy=PLAN.id),)),
        strategies.one(PLAN, ()),
    ],
    "strategies.how_to_create": lambda: [
        strategies.how_to_create(()),
        strategies.how_to_create(("grid",)),
    ],
    "strategies.no_pair": lambda: [
        strategies.no_pair("BTC", (), ()),
        strategies.no_pair("BTC", ("BTC/USDT",), (ActionId("a1"),)),
    ],
    "strategies.taken": lambda: [strategies.taken("Momentum")],
    "strategies.gone": lambda: [strategies.gone()],
    "strategies.confirm_new": lambda: [
        strategies.confirm_new("Trend", "grid", "BTC/USDT", types, near, CONFIRM)
        for types, near in (((), ()), (("error",), ("ETH/USDT",)))
    ],
    "strategies.choose_to_remove": lambda: [
        strategies.choose_to_remove((), ()),
        strategies.choose_to_remove((PLAN,), (ActionId("a1"),)),
    ],
    "strategies.confirm_removal": lambda: [
        strategies.confirm_removal(PLAN, using, CONFIRM)
        for using in ((), (replace(OWL, strategy=PLAN.id),))
    ],
    "pods.not_here": lambda: [pods.not_here()],
    "pods.none_runs": lambda: [pods.none_runs()],
    "pods.does_not_run": lambda: [pods.does_not_run(HERON)],
    "pods.which_bot": lambda: [pods.which_bot((OWL,), (ActionId("a1"),))],
    "pods.balance": lambda: [
        pods.balance(OWL, Balance(holdings=(HOLDING,) * 20, worth=Decimal(12), currency="USDT")),
        pods.balance(OWL, Balance(holdings=(HOLDING,), worth=None, currency=None)),
    ],
    "pods.pairs": lambda: [
        pods.pairs(OWL, ("BTC/USDT",) * 70, 1, black, ONE_BUTTON) for black in (True, False)
    ],
    "pods.locks": lambda: [
        pods.locks(OWL, ()),
        pods.locks(OWL, (Lock(pair="*", until=NOW, reason="liquidation"),)),
    ],
    "pods.logs": lambda: [
        pods.logs(OWL, (), 1, ()),
        pods.logs(OWL, (LogLine(at=NOW, level="error", words="error"),), 1, ONE_BUTTON),
    ],
    "pods.health": lambda: [
        pods.health(OWL, Health(last_at=last, started_at=last), NOW) for last in (None, NOW)
    ],
    "pods.confirm": lambda: [
        pods.confirm(verb, OWL, CONFIRM) for verb in (Verb.NO_ENTRIES, Verb.RELOAD)
    ],
    "pods.how_to_exit": lambda: [pods.how_to_exit()],
    "pods.which_trade": lambda: [
        pods.which_trade(OWL, "", (), ()),
        pods.which_trade(OWL, "", (OPEN,), (ActionId("a1"),)),
        pods.which_trade(OWL, "9", (OPEN,), (ActionId("a1"),)),
    ],
    "pods.how_much": lambda: [pods.how_much(OWL, OPEN, (25,), (ActionId("a1"),))],
    "pods.confirm_exit": lambda: [
        pods.confirm_exit(OWL, OPEN, 25, Decimal("0.1"), CONFIRM),
        pods.confirm_exit(OWL, replace(OPEN, profit_ratio=None), 100, None, CONFIRM),
    ],
    "renaming.how": lambda: [renaming.how((OWL, PLAN)), renaming.how((OWL, PLAN) * 8)],
    "renaming.nothing_there": lambda: [renaming.nothing_there()],
    "renaming.which": lambda: [
        renaming.which("owll", (OWL, PLAN), (ActionId("a1"), ActionId("a2")), guessed=True),
        renaming.which("grid", (OWL, PLAN), (ActionId("a1"), ActionId("a2")), guessed=False),
        renaming.which("zzz", (), (), guessed=True),
    ],
    "renaming.no_name": lambda: [renaming.no_name("", SPEC)],
    "renaming.called_so_already": lambda: [renaming.called_so_already(OWL)],
    "renaming.confirm": lambda: [
        renaming.confirm(OWL, "Heron", (), CONFIRM),
        renaming.confirm(PLAN, "Heron", (OWL,), CONFIRM),
    ],
    "strategies.no_such_strategy": lambda: [
        strategies.no_such_strategy("mom", SPEC, near, plans)
        for near, plans in ((NEAR, (PLAN,)), ((), (PLAN,)), ((), ()))
    ],
    "linking.linked": lambda: [
        linking.linked(
            Completed(
                link=link, account=ACCOUNT, others=(OTHER,), replaced=OTHER, zone="Europe/Berlin"
            ),
            elsewhere=elsewhere,
        )
        for link, elsewhere in ((LINK, False), (GROUP_LINK, False), (GROUP_LINK, True))
    ],
    "linking.digits_refused": lambda: [
        linking.digits_refused(WrongDigits(problem=problem, tries_left=2))
        for problem in LinkProblem
    ],
    "linking.unlinked": lambda: [linking.unlinked(3, last=True), linking.unlinked(0, last=False)],
    "status.overview": lambda: [
        a_status(feed=None),
        a_status(*MANY, feed=a_feed(FeedState.LIVE)),
        a_status(OWL, HERON, CRANE, feed=a_feed(FeedState.CONNECTING), closed=(LINK, OTHER)),
        *(a_status(OWL, feed=a_feed(state)) for state in FeedState),
    ],
    "bots.listed": lambda: [
        bots.listed((), ()),
        bots.listed((OWL, HERON, CRANE), (PLAN,)),
        bots.listed(MANY, ()),
    ],
    "cards.aged": lambda: [
        cards.aged(bots.listed((OWL, HERON), (PLAN,)), NOW - timedelta(minutes=12), NOW),
        cards.aged(strategies.listed((PLAN,)), NOW - timedelta(days=3), NOW),
    ],
    "bots.no_bots": lambda: [bots.no_bots()],
    "strategies.listed": lambda: [
        strategies.listed(()),
        strategies.listed((PLAN, replace(PLAN, id=StrategyId("s2"), configured=False))),
    ],
    "figures.profit": lambda: [
        figures.profit(TOLD_WHOLE, EVERY_BOT, NOW, zone("UTC"), ONE_BUTTON),
        figures.profit(replace(DOUBTFUL, rates=IN_EUR), EVERY_BOT, NOW, zone("UTC"), ()),
        figures.profit(TOLD_NOTHING, EVERY_BOT, NOW, zone("UTC"), ()),
    ],
    "figures._nothing": lambda: [
        figures._nothing("Night Owl", Span.ALL, TOLD_NOTHING),
        figures._nothing("Night Owl", Span.DAY, DOUBTFUL),
    ],
    "figures.profit_of": lambda: [
        *(figures.profit_of(span, TOLD_WHOLE, EVERY_BOT) for span in Span),
        figures.profit_of(Span.DAY, LEFT_OUT, ONE_BOT),
        figures.profit_of(Span.ALL, TOLD_IN_EUR, ONE_BOT),
    ],
    "figures.periods": lambda: [
        figures.periods(
            span, latest(span, 3, NOW, zone("UTC")), basis, ONE_BOT, zone("UTC"), PICTURE
        )
        for span, basis in (
            (Span.DAY, TOLD_WHOLE),
            (Span.WEEK, TOLD_WHOLE),
            (Span.MONTH, TOLD_WHOLE),
            (Span.MONTH, TOLD_IN_EUR),
        )
    ],
    "figures.performance": lambda: [
        *(
            figures.performance(by, Span.ALL, TOLD_WHOLE, EVERY_BOT, ONE_BUTTON)
            for by in figures.By
        ),
        figures.performance(figures.By.PAIR, Span.YEAR, TOLD_OF_MANY, EVERY_BOT, ()),
        figures.performance(figures.By.PAIR, Span.MONTH, TOLD_IN_EUR, EVERY_BOT, ()),
    ],
    "figures.statistics": lambda: [
        figures.statistics(Span.ALL, TOLD_WHOLE, EVERY_BOT),
        figures.statistics(Span.MONTH, DOUBTFUL, ONE_BOT),
        figures.statistics(Span.YEAR, TOLD_IN_EUR, EVERY_BOT),
    ],
    "charts.charted": lambda: [
        *(
            charts.charted(chart, picture, ONE_BOT, DOUBTFUL, AT, (ONE_BUTTON,))
            for chart in (
                charts.curve_of(CLOSED),
                *(charts.ranking_of(by, MANY_CLOSED, EVERY_BOT) for by in figures.By),
                charts.pair_of("BTC/USDT", POINTS),
            )
            for picture in (PICTURE, None)
        ),
        charts.charted(None, None, EVERY_BOT, TOLD_WHOLE, None, ()),
        charts.charted(charts.curve_of(CLOSED), PICTURE, EVERY_BOT, TOLD_WHOLE, None, ()),
        charts.charted(charts.pair_of("BTC/USDT", POINTS), PICTURE, EVERY_BOT, None, AT, ()),
        charts.charted(
            charts.prices_of("BTC/USDT", (*HEARD, replace(HEARD[-1], bought=True)), len(HEARD)),
            None,
            EVERY_BOT,
            None,
            None,
            (ONE_BUTTON,),
        ),
    ],
    "figures.fees": lambda: [
        figures.fees(Span.ALL, (), EVERY_BOT, TOLD_WHOLE),
        figures.fees(
            Span.WEEK,
            (
                Fee(NOW, OWL.id, Money("BNB", False), Decimal("0.0012")),
                Fee(NOW, OWL.id, Money("", True), Decimal("0.5")),
                Fee(NOW, OWL.id, Money("USDT", False), Decimal("1.2")),
            ),
            ONE_BOT,
            TOLD_IN_EUR,
        ),
    ],
    "trades.positions": lambda: [
        trades.positions(TRADES, (OWL,), of="Night Owl", away=AWAY, now=NOW),
        trades.positions(TRADES * 9, (), of="", away=None, now=NOW, rates=IN_EUR),
        trades.positions((), (OWL,), of="", away=None, now=NOW),
    ],
    "trades.listed": lambda: [
        trades.listed((), ()),
        trades.listed(TRADES, (OWL,), PICTURE),
        trades.listed(TRADES[:3], (OWL,), rates=IN_EUR),
        trades.listed(TRADES[:2], (OWL,), of="BTC/USDT", page=2, away=AWAY, buttons=ONE_BUTTON),
        trades.listed((), (), of="BTC/USDT"),
    ],
    "events.events": lambda: (
        [
            events.events(
                tuple(events.row(one, TOLD) for one in (REPORT, SYSTEM)),
                of="Night Owl",
                page=page,
                unread=unread,
                cut=True,
                buttons=buttons,
            )
            for page, unread, buttons in (
                (1, (), ONE_BUTTON),
                (2, (events.Unread(Stream.POD_EVENTS, denied=True),), ()),
                (2, (events.Unread(Stream.SYSTEM_EVENTS, denied=False),), ()),
                (1, (events.Unread(Stream.POD_EVENTS, denied=False, as_of=AT),), ONE_BUTTON),
            )
        ]
        + [
            events.events((), of=of, page=1, unread=(), cut=False, buttons=())
            for of in ("", "Night Owl")
        ]
    ),
    "events._listed": lambda: [
        events._listed("Night Owl", (events.row(REPORT, TOLD),), (events._cut(),), ONE_BUTTON)
    ],
    "events.messages": lambda: [
        *(
            events.messages(
                (events.row_of_told(a_told(1)),), page=page, unread=(), cut=True, buttons=buttons
            )
            for page, buttons in ((1, ONE_BUTTON), (2, ()))
        ),
        *(events.messages((), page=page, unread=(), cut=False, buttons=()) for page in (1, 2)),
    ],
    "signals.found": lambda: [
        signals.found(
            [Signal(origin=origin(Kind.SIGNAL), type="buy", pair="ETH/USDT")], "ETH/USDT", 100
        ),
    ],
    "signals.none_of": lambda: [signals.none_of("ETH/USDT", 1, SPEC, near) for near in (NEAR, [])],
    "signals.listed": lambda: [
        signals.listed(()),
        signals.listed(
            [Signal(origin=origin(Kind.SIGNAL), type="buy", pair="ETH/USDT", confidence=Decimal(1))]
        ),
    ],
    "links.who": lambda: [
        links.who(
            ACCOUNT,
            LINK,
            Role.OWNER,
            NOW,
            links.login_in_words(
                replace(ACCOUNT, plan="PRO"),
                Credential(kind=CredentialKind.API_KEY, secret="s"),
                a_feed(FeedState.LIVE),
                ("pause", "rename"),
                NOW,
            ),
        ),
        *(links.who(ACCOUNT, AT_DESK, role, NOW, ()) for role in (Role.OPERATOR, Role.VIEWER)),
        *(
            links.who(
                ACCOUNT,
                LINK,
                Role.OWNER,
                NOW,
                links.login_in_words(ACCOUNT, credential, None, (), NOW),
            )
            for credential in (
                None,
                Credential(kind=CredentialKind.TOKEN, secret="s"),
                Credential(
                    kind=CredentialKind.TOKEN, secret="s", expires_at=NOW + timedelta(days=3)
                ),
            )
        ),
    ],
    "links.listed": lambda: [
        links.listed((LINK, OTHER, *LINKED_ELSEWHERE), LINK, NOW, ONE_BUTTON),
        links.listed((AT_DESK, OTHER), AT_DESK, NOW, ()),
    ],
    "prices.current": lambda: [prices.current("BTC/USDT", Decimal("42400.5"), AT)],
    "prices.no_price": lambda: [
        prices.no_price("DOGE/USDT", SPEC, ["BTC/USDT"], [ActionId("a1")]),
        prices.no_price("DOGE/USDT", SPEC, [], []),
    ],
    "prices.which_of_pairs": lambda: [
        prices.which_of_pairs(["BTC/USDT", "BTC/EUR"], [ActionId("a1"), ActionId("a2")])
    ],
    "prices.live": lambda: [
        prices.live(LIVE_PRICE, NOW, ActionId("a1"), AT),
        prices.live(LIVE_PRICE, NOW, ActionId("a1"), AT + timedelta(hours=1)),
    ],
    "prices.live_ended": lambda: [prices.live_ended(LIVE_PRICE, why) for why in LiveEnd],
    "prices.too_many_live": lambda: [prices.too_many_live()],
    "prices.stopped_live": lambda: [prices.stopped_live(count) for count in (0, 1, 2)],
    "prices.no_prices_now": lambda: [prices.no_prices_now()],
    "prices.which_pair": lambda: [
        prices.which_pair(SPEC, ["BTC/USDT"], [ActionId("a1")]),
        prices.which_pair(SPEC, [], []),
    ],
    "missed.nothing": lambda: [missed.nothing()],
    "missed.no_such_page": lambda: [missed.no_such_page(45, 3)],
    "missed.page": lambda: [
        missed.page([a_missed(1), a_missed(2)], 1, 2, 2, ()),
        missed.page(
            [a_missed(number) for number in range(20)],
            *(1, 45, 3),
            [Button(label="Older", action=ActionId("a1"))],
        ),
    ],
    "why.explained": lambda: [
        why.explained(a_told(number), (OWL,), SIGHTINGS[:number], ASKER)
        for number in range(len(DECIDED))
    ],
    "why.unknown": lambda: [why.unknown()],
    "why.no_alert": lambda: [why.no_alert()],
    "why.nothing": lambda: [why.nothing()],
    "why.listed": lambda: [
        why.listed([a_told(1)], [], (OWL,)),
        why.listed(
            [a_told(number % len(DECIDED)) for number in range(25)],
            [Duplicate(kind=Kind.POD_EVENT, of=Kind.TRADE, occurred_at=NOW)],
            (OWL,),
            [ActionId(f"why {number}") for number in range(25)],
        ),
    ],
    "trail.page": lambda: [
        trail.page((), 1, (), ASKER),
        trail.page((), 9, (), ASKER),
        trail.page(TRACES, 1, [Button(label="Older", action=ActionId("a1"))], ASKER),
    ],
    "asking.test_started": lambda: [asking.test_started()],
    "asking.shown_to_all": lambda: [asking.shown_to_all()],
    "failures.needs_login": lambda: [failures.needs_login()],
    "failures.platform_away": lambda: [failures.platform_away(Sentence.NO_ANSWER)],
    "failures.not_offered": lambda: [failures.not_offered("You are not permitted", "signals")],
    "failures.went_wrong": lambda: [failures.went_wrong()],
    "bots.choose": lambda: [choosing((OWL,)), choosing((OWL, HERON, CRANE)), choosing(MANY)],
    "linking.not_six_digits": lambda: [
        linking.not_six_digits(None),
        linking.not_six_digits("48291"),
    ],
    "bots.no_such_bot": lambda: [
        bots.no_such_bot("owll", SPEC, NEAR, (OWL,)),
        bots.no_such_bot("zzz", SPEC, [], MANY),
    ],
    "bots.overview": lambda: [
        bots.overview(
            bot,
            (PLAN,),
            positions=TRADES[:1],
            today=CLOSED,
            rates=IN_EUR,
            last=TRADES[0],
            event=replace(a_told(0), title="Maintenance") if bot is OWL else None,
            now=NOW,
            buttons=ONE_BUTTON,
        )
        for bot in (OWL, CRANE)
    ],
    "currencies.which": lambda: [
        currencies.which("EUR", (Option(label="EUR", action=ActionId("a1")),)),
        currencies.which("", ()),
    ],
    "currencies.chosen": lambda: [
        currencies.chosen("EUR", ONE_BUTTON, heard=True),
        currencies.chosen("EUR", ONE_BUTTON, heard=False),
        currencies.chosen("", ONE_BUTTON, heard=False),
    ],
    "currencies.not_a_currency": lambda: [
        currencies.not_a_currency("€", []),
        currencies.not_a_currency("EURO", OPTIONS),
    ],
    "bots.gone": lambda: [bots.gone()],
    "bots.which_one": lambda: [bots.which_one("owl", (OWL,), (ActionId("a1"),))],
    "bots.nothing_to_do": lambda: [
        bots.nothing_to_do(traders, running)
        for traders in ((OWL,), (OWL, HERON))
        for running in (True, False)
    ],
    "asking.asked_long_ago": lambda: [asking.asked_long_ago("pause", "Night Owl", ActionId("a1"))],
    "bots.confirm": lambda: [
        bots.confirm(meant, running, pods, CONFIRM)
        for meant in ((OWL,), MANY)
        for running, pods in ((True, False), (False, False), (False, True))
    ],
    "linking.confirm_unlink": lambda: [
        linking.confirm_unlink(ACCOUNT, last, CONFIRM) for last in (True, False)
    ],
    "linking.no_other_chats": lambda: [linking.no_other_chats()],
    "linking.confirm_unlink_others": lambda: [
        linking.confirm_unlink_others([Target(id="l", name=linking.chat_name(LINK))], CONFIRM)
    ],
    "linking.unlinked_others": lambda: [linking.unlinked_others(2)],
    "asking.cancelled": lambda: [asking.cancelled()],
    "asking.cancelled_open": lambda: [
        asking.cancelled_open(["stop Night Owl"], 1),
        asking.cancelled_open([], 0),
    ],
    # what a pressed button comes to
    "outcomes.working": lambda: [outcomes.working(an_action(verb, TARGET)) for verb in CHANGES],
    "outcomes.checking": lambda: [
        outcomes.checking(them, verb)
        for verb in CHANGES
        for them in (
            [a_result(ActionState.UNCLEAR, "No answer came")],
            [ACCEPTED],
            [a_result(ActionState.UNCLEAR, "No answer came"), ACCEPTED],
        )
    ],
    "outcomes.outcome": lambda: [
        outcomes.outcome(
            [
                a_result(ActionState.DONE, "is stopped"),
                a_result(ActionState.REFUSED, "not done: away", Target(id="x", name="Heron")),
            ],
            an_action(verb, TARGET),
            (PAUSE,),
        )
        for verb in (Verb.PAUSE, Verb.NO_ENTRIES, Verb.RESUME)
    ],
    "outcomes._one_outcome": lambda: [
        *(
            outcomes._one_outcome(a_result(state, "is stopped"), verb)
            for verb in (Verb.PAUSE, Verb.NEW_STRATEGY)
            for state in (ActionState.DONE, ActionState.UNCLEAR, ActionState.REFUSED)
        ),
        outcomes._one_outcome(ACCEPTED, Verb.PAUSE),
    ],
    # alerts
    "alerts.trade_alert": lambda: [
        *(offered(alerts.trade_alert(one, TOLD), Topic.EXIT) for one in TRADES),
        late(owed(alerts.trade_alert(replace(TRADES[0], reason="liquidation"), {}))),
    ],
    "escalation.reminder_of_drill": lambda: [
        escalation.reminder_of_drill(UNSEEN, NOW, (Channel.TELEGRAM,))
    ],
    "escalation.reminder": lambda: [
        escalation.reminder((UNSEEN,), NOW, "ABC234", ()),
        escalation.reminder((UNSEEN,) * 5, NOW, None, (Channel.TELEGRAM,)),
    ],
    "price_alerts.price_alert": lambda: [
        offered(
            price_alerts.price_alert(
                PriceCrossed(origin=origin(Kind.PRICE), alert=alert, rung=rung)
            ),
            Topic.PRICE,
        )
        for alert, rung in (
            (PRICE_ALERT, Rung(PriceSeen(Decimal(50001), NOW), gap=timedelta(minutes=12))),
            (replace(PRICE_ALERT, repeats=True), Rung(PriceSeen(Decimal(50001), NOW))),
            (
                replace(PRICE_ALERT, what=Crossing.BELOW, repeats=True),
                Rung(PriceSeen(Decimal(50001), NOW)),
            ),
            (A_MOVE, Rung(PriceSeen(Decimal(44000), NOW), PriceSeen(Decimal(42400), AT))),
        )
    ],
    "guards.guard_alert": lambda: [
        offered(
            guards.guard_alert(
                GuardCrossed(
                    origin=origin(Kind.GUARD),
                    link=LINK.id,
                    guard=guard,
                    stands=DAY,
                    running=bots,
                    whole=not guard.bots,
                ),
                TOLD,
            )
        )
        for guard, bots in ((GUARD, (OWL, HERON)), (GUARD, ()), (OF_SOME, (OWL,)))
    ],
    "followers.followed_trade": lambda: [
        owed(followers.followed_trade(one, TOLD)) for one in TRADES[:2]
    ],
    "followers.followed_signal": lambda: [owed(followers.followed_signal(BUY_SIGNAL))],
    "alerts.signal_alert": lambda: [owed(alerts.signal_alert(BUY_SIGNAL))],
    "alerts.report_alert": lambda: [
        offered(
            alerts.report_alert(
                REPORT,
                TOLD,
            )
        )
    ],
    "alerts.message_alert": lambda: [
        offered(
            alerts.message_alert(kind(origin=origin(Kind.MESSAGE), title=title, text="Words.")),
            topic,
        )
        for kind, topic in ((Message, Topic.MESSAGE), (SystemEvent, Topic.SYSTEM))
        for title in ("Maintenance", None)
    ],
    "alerts.bot_alert": lambda: [
        offered(alerts.bot_alert(HERON, OWL, (change, Change.RENAMED), AT), Topic.STATE)
        for change in Change
    ],
    "alerts.strategy_alert": lambda: [
        offered(alerts.strategy_alert(PLAN, PLAN, (change,), AT), Topic.STRATEGY)
        for change in Change
    ],
    "alerts.quiet_alert": lambda: [
        offered(
            alerts.quiet_alert(
                BotQuiet(
                    origin=origin(Kind.IDLE),
                    trader=OWL,
                    silence=Silence(last=AT - timedelta(hours=5), overdue=8.3, a_day=40),
                ),
                OWL,
            ),
            Topic.IDLE,
        )
    ],
    "alerts.notice_alert": lambda: [
        offered(
            alerts.notice_alert(
                Notice(
                    origin=origin(Kind.FEED),
                    say=partial(NoticeText, "Notice", "What to do."),
                    bad=bad,
                    urgent=urgent,
                    log_in=bad,
                )
            )
        )
        for bad in (True, False)
        for urgent in (True, False)
    ],
    # digests
    "digests.digest": lambda: [
        replace(digests.digest(parts), reference="K7F3Q2")
        for parts in (
            [a_part(kind, number) for number, kind in enumerate(Kind)],
            [a_part(Kind.TRADE, 1)],
        )
    ],
    "digests.urgent_digest": lambda: [
        replace(digests.urgent_digest(parts), reference="K7F3Q2")
        for parts in (
            [a_part(Kind.POD_EVENT, number) for number in range(digests.SHOWN + 1)],
            [a_part(Kind.POD_EVENT, 1)] * 2,
        )
    ],
    "digests.gathered": lambda: [
        replace(digests.gathered(parts), reference="K7F3Q2")
        for parts in (
            [
                *(an_exit(number, "-3.20" if number % 2 else "12.5") for number in range(12)),
                replace(a_part(Kind.POD_EVENT, 1), severity=Severity.CRITICAL),
            ],
            [an_exit(1, "12.5", paper=True), an_exit(2, "-3.20", paper=True)],
            [an_exit(1, "12.5"), an_exit(2, "-1.5", paper=True)],
        )
    ],
    "digests.folded": lambda: [
        replace(digests.folded(parts), reference="K7F3Q2")
        for parts in (
            [an_exit(number, "3.20") for number in range(digests.SHOWN + 1)],
            [an_exit(1, "3.20")],
            [a_part(Kind.TRADE, 1)],
        )
    ],
    "digests.counted_up": lambda: [
        digests.counted_up(
            owed(alerts.message_alert(Message(origin=origin(Kind.MESSAGE), title="Maintenance"))),
            14,
            AT,
        )
    ],
    "digests.as_it_went": lambda: [
        digests.as_it_went(
            owed(alerts.trade_alert(TRADES[0], TOLD)),
            [
                *(replace(a_part(Kind.TRADE, n), step=f"{n} / 9") for n in range(count)),
                replace(an_exit(count, "-1.5"), step="4 - 2.5"),
                replace(an_exit(count + 1, "12.5"), step="5 - 2.7"),
            ],
            alerts.trade_alert(TRADES[-1], TOLD).card,
        )
        for count in (1, digests.SHOWN)
    ],
    # notices
    "notices.polling": lambda: [noticed(notices.polling(timedelta(seconds=45)))],
    "notices.down": lambda: [noticed(notices.down())],
    "notices.unreachable": lambda: [
        noticed(
            notices.unreachable(timedelta(minutes=10), 3), urgent=True, incident=Cause.UNREACHABLE
        )
    ],
    "notices.no_prices": lambda: [
        noticed(notices.no_prices(["BTC/USDT"], timedelta(minutes=12)), bad=False),
        noticed(notices.no_prices(["BTC/USDT"] * 7, timedelta(hours=3)), bad=False),
    ],
    "notices.prices_back": lambda: [
        noticed(notices.prices_back(["BTC/USDT", "ETH/USDT"], timedelta(minutes=34)), bad=False)
    ],
    "notices.back": lambda: [noticed(notices.back(), bad=False)],
    "notices.was_down": lambda: [
        noticed(
            notices.was_down(Outage(since=AT - timedelta(minutes=21), until=AT), news), bad=False
        )
        for news in (0, 1, 4)
    ],
    "notices.reading_older_trades": lambda: [
        noticed(
            notices.reading_older_trades(
                Held(count=1200, oldest=AT - timedelta(days=365)), AT - timedelta(days=360)
            ),
            bad=False,
        )
    ],
    "notices.older_trades_read": lambda: [
        noticed(
            notices.older_trades_read(Held(count=count, oldest=AT - timedelta(days=365))),
            bad=False,
        )
        for count in (1, 3400)
    ],
    "notices.older_trades_denied": lambda: [
        noticed(
            notices.older_trades_denied(Held(count=1200, oldest=AT - timedelta(days=365))),
            bad=False,
        ),
        noticed(notices.older_trades_denied(Held(count=0, oldest=None)), bad=False),
    ],
    "notices.login_refused": lambda: [
        noticed(notices.login_refused(), urgent=True, log_in=True, incident=Cause.LOGIN)
    ],
    "notices.login_ends": lambda: [
        noticed(notices.login_ends(timedelta(hours=2), trying=trying), log_in=True)
        for trying in (True, False)
    ],
    "notices.drill": lambda: [noticed(notices.drill(), urgent=True, incident=Cause.DRILL)],
    "notices.chat_closed": lambda: [
        noticed(notices.chat_closed(ENDPOINT, "blocked", named=named)) for named in (True, False)
    ],
    "notices.topic_gone": lambda: [noticed(notices.topic_gone("Night Owl"), bad=False)],
    "notices.group_linked": lambda: [noticed(notices.group_linked())],
    "notices.chat_linked": lambda: [
        noticed(notices.chat_linked(ENDPOINT, named=named), urgent=True) for named in (True, False)
    ],
    "asking.misread": lambda: [
        asking.misread(SPEC, Misread(SPEC.arguments[0], "everything"), near) for near in (NEAR, [])
    ],
    "asking.which_reading": lambda: [asking.which_reading(NEAR)],
    "asking.test_alert": lambda: [offered(alerts.notice_alert(asking.test_alert("n", NOW)))],
    "standing_orders.report": lambda: [
        offered(alerts.notice_alert(standing_orders.report(deeds, NOW)))
        for deeds in (
            *([deed] for deed in every_deed()),
            every_deed(),
        )
    ],
    "standing_orders.suspended": lambda: [
        offered(alerts.notice_alert(standing_orders.suspended(ORDER, NOW)))
    ],
    "outcomes.interrupted": lambda: [
        offered(alerts.notice_alert(outcomes.interrupted(an_action(verb, TARGET), bots, NOW)))
        for verb in sorted(outcomes.REPORTED)
        for bots in ([(TARGET, None)], [(TARGET, Seen(wanted=True, opens=False))])
    ],
}


def examples() -> Mapping[str, Mapping[str, Sequence[Card]]]:
    """Heading to maker to its cards.

    Raises:
        AssertionError: a maker has no example, or an example no maker.
    """
    found = makers()
    names = [name for some in found.values() for name in some]
    for name in names:
        assert name in EXAMPLES, (
            f"{name} makes a card: add to EXAMPLES in tests/parity/examples.py how to call it, with"
            " arguments that bring out every part that its cards can have."
        )
    unknown = EXAMPLES.keys() - set(names)
    assert not unknown, f"no such makers any more: take {sorted(unknown)} out of EXAMPLES."
    made = {name: EXAMPLES[name]() for name in names}
    assert all(made.values()), [name for name, cards in made.items() if not cards]
    return {heading: {name: made[name] for name in some} for heading, some in found.items()}


def every_card() -> list[Card]:
    return [card for makers in examples().values() for cards in makers.values() for card in cards]
