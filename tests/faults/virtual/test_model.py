"""The whole core against a model of it: whatever happens, in whatever order, the promise is kept.

`TRADEBELL_TEST_MODEL_EXAMPLES=2000` tries that many other runs than the suite does.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from bot.domain.accounts import PasswordLogin
from bot.domain.cards import Button, Card
from bot.domain.chats import Address, Channel, Link
from bot.domain.deliveries import Declined, Halted, Postponed, Scope, Unknown
from bot.domain.events import (
    LOOKED,
    Event,
    Kind,
    Listing,
    Message,
    Origin,
    PodEvent,
    Stream,
    Trade,
    Trader,
)
from bot.domain.ids import AccountId, ActionId, TraderId
from bot.domain.incoming import Left, Reply, Returned
from bot.domain.linking import SignedIn
from bot.services.feeds import FeedRhythm
from storage import open_memory
from storage.schema.rows import link_of, select_active_links
from storage.schema.tables import account
from storage.store import store_on
from tests.fakes.messenger import FakeMessenger, Shown, ShownUnknown, Tried
from tests.fakes.platform import FakePlatform, FakePlatforms
from tests.faults.virtual.oracle import Fact, Oracle, Stint, repeated
from tests.harness.databases import Mortal
from tests.harness.judge import Owed, judged, owed, owed_by
from tests.harness.virtual_time import START, VirtualTimeLoop
from tests.harness.world import World, code_in, running

R = TypeVar("R")
T = TypeVar("T")

BOTS = {"alice": "Owl", "bob": "Crow"}
"""Users, and how the names of their bots begin."""

users = st.sampled_from(sorted(BOTS))
BEGINNINGS = (
    ("alice", "alice", "bob"),
    ("alice", "bob", "bob"),
    ("alice", "alice", "alice"),
    ("alice", "bob", None),
)
"""Who the chats are linked to before anything happens."""

places = st.integers(0, 2)
"""Which of the chats that come into question."""

outages = st.sampled_from([5.0, 100.0, 4000.0])

pauses = st.sampled_from([0.0, 0.4, 2.0])
"""Seconds that pass after something, before the next happens."""

bustle = st.integers(0, 2)
"""How much is traded in the moment before something else happens."""

latencies = st.sampled_from([0.0, 0.3])

RHYTHM = FeedRhythm(look_every=timedelta(minutes=5))
"""A look around is for what other processes do; here it would only take time."""

A_WHILE = timedelta(seconds=90)
"""How much later than its event a record may become visible."""


class Way(Enum):
    """How news arrives."""

    LIVE = "on the socket and in find"
    SILENT = "in find only"
    TWICE = "on the socket twice, and in find"
    EARLY = "on the socket, a while later in find"
    LATE = "in find only, a while later"


ways = st.sampled_from(Way)


class Sort(Enum):
    """What sort of news it is: each is of another urgency."""

    ALARM = Stream.POD_EVENTS
    TRADE = Stream.TRADES
    MESSAGE = Stream.MESSAGES


class Answer(Enum):
    """What the chat platform says to an attempt that came to nothing."""

    WAIT = Postponed(reason="429", retry_after=timedelta(seconds=35))
    ALL_WAIT = Postponed(reason="429", retry_after=timedelta(seconds=45), scope=Scope.CHANNEL)
    NO_CONNECTION = Postponed(reason="no_connection", scope=Scope.CHANNEL)
    NOT_NOW = Postponed(reason="not now", counts=True)
    TOKEN_REVOKED = Halted(reason="401")
    CANNOT_PARSE = Declined(reason="can't parse entities")


SILENCE = Unknown(reason="no_answer_in_time")
SILENCE_BUT_SHOWN = ShownUnknown(reason="no_answer_in_time")

times = counts = st.integers(1, 3)


@dataclass(eq=False)
class Chat:
    """A chat as the person sees it.

    Attributes:
        moving_to: where it is since it moved, until the product knows of it.
        into: the chat that it has become one with.
    """

    id: str
    person: str
    stint: Stint | None = None
    blocked: bool = False
    moving_to: str | None = None
    moved_at: datetime = START
    into: Chat | None = None


@dataclass(eq=False)
class Confirm:
    """A card with a button that pauses a bot, as it was shown in a chat."""

    chat: Chat
    stint: Stint
    action: ActionId
    at: datetime
    used: bool = False


@dataclass(frozen=True)
class Seen:
    """How all stands at one moment.

    `users` are by their accounts' ids, `linked` the chats that are, `told` is what the meter of the
    present process counted.
    """

    items: Sequence[Owed]
    users: Mapping[str, str]
    linked: set[str]
    shown: Sequence[Shown]
    tried: Sequence[Tried]
    told: int


class Model(RuleBasedStateMachine):
    """People, a platform and a chat platform around one process that may be killed."""

    @initialize(
        page=st.sampled_from([100, 2]),
        linked=st.sampled_from(BEGINNINGS),
        request=latencies,
        answer=latencies,
    )
    def begin(
        self, page: int, linked: tuple[str | None, ...], request: float, answer: float
    ) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self.loop = self.runner.get_loop()
        self.numbers = itertools.count(1)
        self.memory = open_memory(self.now, self.new_id)
        self.kept = self.memory.__enter__()
        self.platform = FakePlatforms({user: self.user(user, page) for user in BOTS})
        self.chat = FakeMessenger(now=self.now)
        self.oracle = Oracle()
        self.chats = [self.new_chat() for _ in range(3)]
        self.moved: set[tuple[str, str]] = set()
        self.merged: list[tuple[datetime, datetime]] = []
        self.merged_into: list[str] = []
        self.patches: dict[str, Fact] = {}
        self.confirms: list[Confirm] = []
        self.story: list[str] = []
        self.told_before = 0
        self.killed_at: list[datetime] = []
        self.asked_at = self.now()
        self.world: World | None = None
        self.steps_down = 0
        self.start()
        for chat, user in zip(self.chats, linked, strict=True):
            if user is not None:
                self.try_to_link(chat, user)
        self.sleep(1)
        self.chat.seconds, self.chat.answer_seconds = request, answer

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        try:
            if sys.exc_info()[0] is None:
                self.heal_and_judge()
        finally:
            if self.world is not None:
                self.kill()
            self.memory.__exit__(None, None, None)
            self.runner.close()

    # --- the machine itself -----------------------------------------------------------------

    def now(self) -> datetime:
        return START + timedelta(seconds=self.loop.time())

    def new_id(self) -> str:
        return f"row-{next(self.numbers)}"

    def new_chat(self) -> Chat:
        id = f"chat-{next(self.numbers)}"
        return Chat(id=id, person=f"person of {id}")

    def user(self, name: str, page: int) -> FakePlatform:
        token = f"{name} {next(self.numbers)}"
        fake = FakePlatform(now=self.now, user=name, token=token, accepts={token}, cap=page)
        bot = Trader(
            id=TraderId(f"bot-of-{name}"), name=f"{BOTS[name]} 0", running=True, status="running"
        )
        fake.bots[bot.id] = bot
        return fake

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self.runner.run(work)

    def sleep(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    def tell(self, what: str) -> None:
        self.story.append(f"{self.now():%d. %H:%M:%S.%f} {what}")

    def start(self) -> None:
        self.database = Mortal(self.kept.database)
        store = store_on(self.database, self.kept.vault, self.now, self.new_id)
        begun: asyncio.Future[World] = self.loop.create_future()

        async def live() -> None:
            async with running(store, self.platform, self.chat, self.now, RHYTHM) as world:
                begun.set_result(world)
                await asyncio.Event().wait()

        self.process = self.loop.create_task(live())
        self.world = self.run(_result(begun))

    def kill(self) -> None:
        self.tell("the process is killed")
        self.database.killed = True
        self.killed_at.append(self.now())
        self.process.cancel()
        self.run(_ended(self.process))
        assert self.world is not None
        told = self.rows() - self.told_before
        # What was committed in the last moment was not counted any more.
        assert 0 <= told - self.world.meter.told <= 20, self.in_full(["owed and never counted"])
        self.told_before += told
        self.world = None

    def rows(self) -> int:
        return _told(self.run(owed(self.kept)))

    def is_up(self) -> bool:
        return self.world is not None

    def says(self, chat: Chat, text: str) -> list[Reply]:
        """What is answered in the end: who asks too fast asks again."""
        assert self.world is not None
        person = chat.stint.person if chat.stint else chat.person
        while True:
            replies = self.run(self.world.says(text, chat.id, person))
            if replies and not (replies[0].card and replies[0].card.title.startswith("One moment")):
                return replies
            self.sleep(3)

    def those_that_talk(self) -> list[Chat]:
        """Chats in which somebody can say something, and it is known which they are."""
        if not self.is_up():
            return []
        return [chat for chat in self.chats if not chat.blocked and not self.is_moving(chat)]

    def those_linked(self) -> list[Chat]:
        return [chat for chat in self.those_that_talk() if chat.stint is not None]

    def those_settled(self) -> list[Chat]:
        return [chat for chat in self.chats if not chat.blocked and not self.is_moving(chat)]

    def is_moving(self, chat: Chat) -> bool:
        """Whether the product does not know yet what has become of it."""
        return any(one.moving_to is not None and chat in (one, one.into) for one in self.chats)

    # --- people -----------------------------------------------------------------------------

    @precondition(lambda self: bool(self.those_that_talk()))
    @rule(place=places, user=users, count=bustle)
    def link(self, place: int, user: str, count: int) -> None:
        """Also again to the same account, which renews the login, or to the other one."""
        chat = _one_of(self.those_that_talk(), place)
        self.trade_in(chat, count)
        self.try_to_link(chat, user)

    def try_to_link(self, chat: Chat, user: str) -> None:
        self.sleep(0.002)  # see `happen`
        self.tell(f"{chat.id} is to be linked to {user}")
        if self.links(chat, user):
            self.linked(chat, user)

    def links(self, chat: Chat, user: str) -> bool:
        assert self.world is not None
        [invited] = self.says(chat, "/link")
        login = PasswordLogin(email=user, password="right")
        signing_in = self.world.linking.sign_in(code_in(invited), login, f"{next(self.numbers)}")
        signed_in = self.run(signing_in)
        if not isinstance(signed_in, SignedIn):
            return False
        [reply] = self.says(chat, signed_in.digits)
        assert reply.card is not None
        assert reply.card.title.startswith("Linked to"), reply
        return True

    def linked(self, chat: Chat, user: str) -> None:
        if chat.stint is not None and chat.stint.user == user:
            return
        person = chat.stint.person if chat.stint else chat.person
        if chat.stint is not None:
            chat.stint.until = self.now()
        chat.stint = self.oracle.link(chat.id, user, person, self.now())

    @precondition(lambda self: bool(self.those_linked()))
    @rule(place=places, count=bustle)
    def unlink(self, place: int, count: int) -> None:
        chat = _one_of(self.those_linked(), place)
        assert chat.stint is not None
        self.trade_in(chat, count)
        [asked] = self.says(chat, "/unlink")
        assert self.world is not None
        self.tell(f"{chat.id} is unlinked")
        pressing = self.world.presses(asked, "Unlink this chat", chat.id, chat.stint.person)
        [done] = self.run(pressing)
        assert done.card is not None, done
        chat.stint.until = self.now()
        chat.stint = None

    @precondition(lambda self: bool(self.those_linked()))
    @rule(place=places, presses=st.integers(0, 2))
    def pause_the_bot(self, place: int, presses: int) -> None:
        chat = _one_of(self.those_linked(), place)
        assert chat.stint is not None
        replies = self.says(chat, "/pause all")
        card = replies[0].card
        if card is None or not card.buttons or card.buttons[0][0].action is None:
            return  # nothing to pause, or the platform is away
        action = card.buttons[0][0].action
        confirm = Confirm(chat, chat.stint, action, self.now())
        self.confirms.append(confirm)
        for _ in range(presses):
            self.press(confirm)

    def cards_at_hand(self) -> list[Confirm]:
        talking = self.those_that_talk()
        return [confirm for confirm in self.confirms if confirm.chat in talking]

    @precondition(lambda self: bool(self.cards_at_hand()))
    @rule(which=st.integers(0, 9))
    def press_a_card_from_before(self, which: int) -> None:
        self.press(_one_of(self.cards_at_hand(), which))

    def press(self, confirm: Confirm) -> None:
        """It has an effect once, in time, and only for whom it was made."""
        assert self.world is not None
        chat, stint = confirm.chat, confirm.stint
        in_time = self.now() - confirm.at <= timedelta(seconds=60)
        may = not confirm.used and in_time and chat.stint is stint and stint.until is None
        before = self.writes()
        self.tell(f"the card of {confirm.at:%H:%M:%S} is pressed in {chat.id}")
        button = Reply(card=_with_button(confirm.action))
        self.run(self.world.presses(button, "Go", chat.id, stint.person))
        after = self.writes()
        assert {user for user in BOTS if after[user] > before[user]} <= (
            {stint.user} if may else set()
        ), self.in_full(["a button had an effect"])
        assert after[stint.user] - before[stint.user] <= 1
        confirm.used = confirm.used or after != before

    def writes(self) -> dict[str, int]:
        return {
            name: sum(call.startswith("set_running") for call in user.calls)
            for name, user in self.platform.users.items()
        }

    @precondition(lambda self: bool(self.those_settled()))
    @rule(place=places, noticed=st.booleans(), count=bustle)
    def block(self, place: int, noticed: bool, count: int) -> None:
        chat = _one_of(self.those_settled(), place)
        self.trade_in(chat, count)
        self.tell(f"{chat.id} is closed")
        chat.blocked = True
        self.chat.closed.add(chat.id)
        if noticed and self.world is not None:
            self.hear(Left(place=self.world.place(chat.id), reason="blocked"))

    def those_blocked(self) -> list[Chat]:
        return [chat for chat in self.chats if chat.blocked] if self.is_up() else []

    @precondition(lambda self: bool(self.those_blocked()))
    @rule(place=places)
    def come_back(self, place: int) -> None:
        self.reopen(_one_of(self.those_blocked(), place))

    def reopen(self, chat: Chat) -> None:
        assert self.world is not None
        self.tell(f"{chat.id} is open again")
        chat.blocked = False
        self.chat.closed.discard(chat.id)
        self.hear(Returned(place=self.world.place(chat.id)))

    def hear(self, said: Left | Returned) -> None:
        assert self.world is not None
        self.run(_all_of(self.world.router.hear(said)))

    @precondition(lambda self: bool(self.those_settled()))
    @rule(place=places, count=bustle)
    def move(self, place: int, count: int) -> None:
        """A group becomes a supergroup: it has another address."""
        chat = _one_of(self.those_settled(), place)
        self.trade_in(chat, count)
        self.start_moving(chat, f"chat-{next(self.numbers)}")

    @precondition(lambda self: len(self.those_settled()) > 1)
    @rule(place=places, further=st.integers(1, 2), count=bustle)
    def merge(self, place: int, further: int, count: int) -> None:
        """A chat moves to where there is one already."""
        chat = _one_of(self.those_settled(), place)
        self.trade_in(chat, count)
        others = [one for one in self.those_settled() if one is not chat]
        chat.into = _one_of(others, further)
        self.merged_into.append(chat.into.id)
        self.start_moving(chat, chat.into.id)

    def start_moving(self, chat: Chat, to: str) -> None:
        self.tell(f"{chat.id} moves to {to}")
        self.chat.moved[chat.id] = to
        self.moved.add((chat.id, to))
        chat.moving_to, chat.moved_at = to, self.now()
        if chat.stint is None:
            self.has_moved(chat, to)

    def has_moved(self, chat: Chat, to: str) -> None:
        self.tell(f"it is known that {chat.id} moved to {to}")
        chat.moving_to = None
        if chat.into is None:
            chat.id = to
            if chat.stint is not None:
                chat.stint.chats.append(to)
            return
        if chat.stint is not None:
            self.join(chat.stint, chat.into, chat.moved_at)
        self.confirms = [one for one in self.confirms if one.chat is not chat]
        self.chats[self.chats.index(chat)] = self.new_chat()

    def join(self, stint: Stint, into: Chat, since: datetime) -> None:
        present = into.stint
        if present is None:
            into.stint = stint
            stint.chats.append(into.id)
            return
        stint.until = self.now()
        if present.user == stint.user:
            stint.heir = present
            self.merged.append((since, self.now()))

    # --- the trading platform ---------------------------------------------------------------

    @rule(user=users, way=ways, pause=pauses)
    def alarm(self, user: str, way: Way, pause: float) -> None:
        self.happen(user, way, Sort.ALARM)
        self.sleep(pause)

    @rule(user=users, way=ways, pause=pauses)
    def trade(self, user: str, way: Way, pause: float) -> None:
        self.happen(user, way, Sort.TRADE)
        self.sleep(pause)

    @rule(user=users, way=ways, pause=pauses)
    def message(self, user: str, way: Way, pause: float) -> None:
        self.happen(user, way, Sort.MESSAGE)
        self.sleep(pause)

    @rule(user=users, count=st.integers(3, 8), sort=st.sampled_from(Sort), pause=pauses)
    def much_news(self, user: str, count: int, sort: Sort, pause: float) -> None:
        for _ in range(count):
            self.happen(user, Way.LIVE, sort)
        self.sleep(pause)

    def happen(self, user: str, way: Way, sort: Sort) -> Fact:
        self.sleep(0.002)  # the platform's clock tells milliseconds apart
        platform = self.platform.users[user]
        event, title = self.event(sort, user)
        late = way in (Way.EARLY, Way.LATE)
        visible_at = self.now() + A_WHILE if late else self.now()
        self.tell(f"{title!r} of {user}, {way.value}")
        fact = self.oracle.fact(user, title, visible_at)
        if late:
            self.loop.call_later(
                A_WHILE.total_seconds(), lambda: platform.store(sort.value, event, announce=False)
            )
        else:
            platform.store(sort.value, event, announce=False)
        for _ in range({Way.LIVE: 1, Way.TWICE: 2, Way.EARLY: 1}.get(way, 0)):
            platform.announce(event)
        return fact

    def event(self, sort: Sort, owner: str) -> tuple[Event, str]:
        number = next(self.numbers)
        kinds = {Sort.ALARM: Kind.POD_EVENT, Sort.TRADE: Kind.TRADE, Sort.MESSAGE: Kind.MESSAGE}
        origin = Origin(kind=kinds[sort], record=f"{number:06}", at=self.now(), owner=owner)
        match sort:
            case Sort.ALARM:
                return PodEvent(origin=origin, type=f"error {number}!"), f"a bot: error {number}!"
            case Sort.TRADE:
                trade = Trade(origin=origin, side="buy", symbol="BTC/USDT", amount=Decimal(number))
                return trade, f"Bought {number} BTC/USDT"
            case Sort.MESSAGE:
                return Message(origin=origin, title=f"News {number}!"), f"News {number}!"

    @rule(user=users, sort=st.sampled_from(Sort))
    def news_of_somebody_else(self, user: str, sort: Sort) -> None:
        """The platform mixes up its users."""
        event, title = self.event(sort, "carol")
        self.oracle.nobodys(title, self.now())
        self.platform.users[user].store(sort.value, event)

    @rule(user=users, announced=st.booleans(), status=st.sampled_from(["running", "error", ""]))
    def patch(self, user: str, announced: bool, status: str) -> None:
        """A bot has another name, and perhaps another state."""
        self.sleep(0.002)
        platform = self.platform.users[user]
        [bot] = platform.bots.values()
        name = f"{BOTS[user]} {next(self.numbers)}"
        self.tell(f"{bot.name!r} of {user} is {name!r} now")
        fact = self.oracle.fact(user, f"{name} ", self.now(), recorded=False)
        # What the first look finds is no news, and what a younger name says is no loss.
        fact.promised = self.has_looked(user)
        if user in self.patches:
            self.patches[user].promised = False
        self.patches[user] = fact
        changed = replace(bot, name=name)
        if status:
            changed = replace(changed, status=status, running=status == "running")
        platform.put(changed, announce=announced)

    def has_looked(self, user: str) -> bool:
        for stint in self.oracle.active(user):
            link = self.run(self.kept.links.at(_address(stint.chats[-1])))
            if link is not None:
                cursors = self.run(self.kept.inbox.cursors(link.account))
                cursor = cursors.get(Listing.TRADERS)
                return cursor is not None and cursor.position.record == LOOKED
        return False

    @rule(user=users)
    def drop_the_socket(self, user: str) -> None:
        self.tell(f"the socket of {user} breaks")
        self.platform.users[user].cut()

    @rule(user=users, silently=st.booleans())
    def expire(self, user: str, silently: bool) -> None:
        self.tell(f"the login of {user} expires")
        platform = self.platform.users[user]
        platform.replace_logins(f"{user} {next(self.numbers)}")
        if not silently:
            platform.cut()

    @rule(user=users, seconds=outages)
    def the_platform_is_away(self, user: str, seconds: float) -> None:
        self.tell(f"the platform is away for {user}, for {seconds} s")
        platform = self.platform.users[user]
        platform.away = True
        platform.cut()
        self.loop.call_later(seconds, lambda: setattr(platform, "away", False))

    @rule(user=users, seconds=outages)
    def no_socket_is_to_be_had(self, user: str, seconds: float) -> None:
        self.tell(f"{user} gets no socket for {seconds} s")
        platform = self.platform.users[user]
        platform.sockets = False
        platform.cut()
        self.loop.call_later(seconds, lambda: setattr(platform, "sockets", True))

    # --- the chat platform ------------------------------------------------------------------

    @rule(place=places, answer=st.sampled_from(Answer), times=times, count=counts, pause=pauses)
    def the_next_attempts_are_refused(
        self, place: int, answer: Answer, times: int, count: int, pause: float
    ) -> None:
        chat = self.chats[place]
        self.tell(f"in {chat.id} comes {answer.name}, {times} times")
        self.chat.script(chat.id, *[answer.value] * times)
        self.trade_in(chat, count, pause)

    @rule(place=places, shown=st.booleans(), times=times, count=counts, pause=pauses)
    def the_next_attempts_are_not_answered(
        self, place: int, shown: bool, times: int, count: int, pause: float
    ) -> None:
        chat = self.chats[place]
        self.tell(f"in {chat.id} {times} attempts get no answer, shown: {shown}")
        silence = SILENCE_BUT_SHOWN if shown else SILENCE
        self.chat.script(chat.id, *[silence] * times)
        self.trade_in(chat, count, pause)

    def trade_in(self, chat: Chat, count: int, pause: float = 0.1) -> None:
        """So much happens that it is to hear of, if it is linked; some of it is on its way then."""
        if chat.stint is not None and count:
            for _ in range(count):
                self.happen(chat.stint.user, Way.LIVE, Sort.TRADE)
            self.sleep(pause)

    @rule(seconds=outages)
    def the_chat_platform_is_away(self, seconds: float) -> None:
        self.tell(f"the chat platform is away for {seconds} s")
        self.chat.away = True
        self.loop.call_later(seconds, lambda: setattr(self.chat, "away", False))

    @rule(request=latencies, answer=latencies)
    def attempts_take(self, request: float, answer: float) -> None:
        self.chat.seconds, self.chat.answer_seconds = request, answer

    @rule(user=users, seconds=latencies)
    def questions_take(self, user: str, seconds: float) -> None:
        self.platform.users[user].seconds = seconds

    # --- time, and the process --------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.01, 0.3, 3, 20]))
    def moments_pass(self, seconds: float) -> None:
        self.sleep(seconds)

    @rule(minutes=st.sampled_from([2, 20]))
    def minutes_pass(self, minutes: int) -> None:
        self.sleep(minutes * 60)

    @rule(hours=st.sampled_from([1, 3]))
    def hours_pass(self, hours: int) -> None:
        self.sleep(hours * 3600)

    @precondition(is_up)
    @rule(steps=st.integers(0, 3), place=places, count=bustle)
    def crash(self, steps: int, place: int, count: int) -> None:
        """The process is killed; it is started again when so many other things have happened."""
        self.trade_in(self.chats[place], count)
        self.die(steps)

    def die(self, steps: int) -> None:
        self.kill()
        self.steps_down = steps

    @precondition(is_up)
    @rule(user=users, hours=st.sampled_from([0.1, 2]))
    def crash_while_it_catches_up(self, user: str, hours: float) -> None:
        """Live news has come already, and what came before has not been read."""
        platform = self.platform.users[user]
        self.tell(f"the platform is away for {user}, for {hours} h")
        platform.away, platform.seconds = True, 0.3
        platform.cut()
        self.happen(user, Way.SILENT, Sort.TRADE)
        self.sleep(hours * 3600)
        platform.away = False
        for _ in range(700):
            if platform.sessions:
                break
            self.sleep(0.1)
        self.happen(user, Way.LIVE, Sort.TRADE)
        self.sleep(0.1)
        self.die(0)

    def restart_in_time(self) -> None:
        if self.world is None:
            if self.steps_down == 0:
                self.tell("the process is started")
                self.start()
            self.steps_down -= 1

    # --- what is always so ------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """No wrong person and no order fault so far, and who is linked is answered."""
        self.restart_in_time()
        if self.world is not None:
            assert not self.process.done(), self.process.exception()
        self.judge(pending=True)
        if self.is_up() and self.now() - self.asked_at >= timedelta(seconds=10):
            self.asked_at = self.now()
            self.everybody_asks_for_the_status()

    def everybody_asks_for_the_status(self) -> None:
        for chat in self.those_linked():
            if chat.stint is not None:
                [reply] = self.says(chat, "/status")
                assert reply.card is not None
                words = ("running", "No bots yet", "log in")
                answered = any(word in reply.card.title for word in words)
                assert answered, self.in_full([f"/status: {reply.card}"])
                self.belongs_to(chat.stint.user, reply.card)

    def belongs_to(self, user: str, card: Card) -> None:
        shown = repr(card)
        strangers = [name for other, name in BOTS.items() if other != user and name in shown]
        assert not strangers, self.in_full([f"{user} was shown {shown}"])

    # --- the end ----------------------------------------------------------------------------

    def heal_and_judge(self) -> None:
        """All that was broken works again: after a while everybody has what is theirs."""
        self.heal()
        self.sleep(3600)
        self.look()
        self.tell("the last news")
        latest = {user: self.happen(user, Way.LIVE, Sort.TRADE) for user in BOTS}
        self.sleep(10)
        for user, fact in latest.items():
            for stint in self.oracle.active(user):
                titles = self.chat.titles(stint.chats[-1])
                assert fact.title in titles, self.in_full([f"{fact.title!r} is not live"])
        self.judge(pending=False)
        self.nothing_opens_the_account_of_who_left()

    def nothing_opens_the_account_of_who_left(self) -> None:
        for id, user in self.look().users.items():
            if not self.oracle.active(user):
                credential = self.run(self.kept.accounts.credential(AccountId(id)))
                assert credential is None, self.in_full([f"the login of {user} is still kept"])

    def heal(self) -> None:
        if self.world is None:
            self.start()
        self.tell("everything is well again")
        self.chat.away, self.chat.seconds, self.chat.answer_seconds = False, 0.0, 0.0
        self.chat.outcomes.clear()
        for platform in self.platform.users.values():
            platform.away, platform.sockets, platform.seconds = False, True, 0.0
        for chat in self.chats:
            if chat.blocked:
                self.reopen(chat)
        self.sleep(16 * 60)  # so many logins in a row are refused
        self.look()
        for chat in self.chats:
            self.take_back_a_move_that_nobody_noticed(chat)
        for user in BOTS:
            chats = [chat for chat in self.chats if chat.stint and chat.stint.user == user]
            if chats:
                assert self.links(chats[0], user), self.in_full([f"{user} cannot log in"])

    def take_back_a_move_that_nobody_noticed(self, chat: Chat) -> None:
        if chat.moving_to is not None:
            del self.chat.moved[chat.id]
            chat.moving_to = chat.into = None

    def judge(self, *, pending: bool) -> None:
        seen = self.look()
        ways = self.ways()
        findings = judged(
            seen.items, seen.shown, moved=ways, merged=self.merged, pending=pending
        ).all
        owners = {item.reference: seen.users[item.account] for item in seen.items}
        findings += self.oracle.wrong(seen.tried, owners)
        findings += self.oracle.twice(seen.shown, self.merged_into)
        findings += repeated(seen.tried, self.killed_at)
        told, there = self.told_before + seen.told, _told(seen.items)
        if told > there or (told < there and not pending):
            findings.append(f"{told} were told, {there} are owed")
        if not pending:
            findings += self.oracle.lost(seen.items, self.missed(), seen.tried, self.now())
        assert not findings, self.in_full(findings)

    def look(self) -> Seen:
        """How all stands at one moment; also whether the product knows of a move now."""
        seen = self.run(self.kept.database.read(self.see))
        for chat in list(self.chats):
            if chat.moving_to is not None and chat.id not in seen.linked:
                self.has_moved(chat, chat.moving_to)
        return seen

    def see(self, connection: Connection) -> Seen:
        return Seen(
            items=owed_by(connection),
            users={row.id: row.platform_user for row in connection.execute(select(account))},
            linked={each.endpoint.address.chat for each in _links(connection)},
            shown=[*self.chat.shown],
            tried=[replace(one) for one in self.chat.tried],
            told=self.world.meter.told if self.world else 0,
        )

    def missed(self) -> dict[str, set[str]]:
        found = {}
        for stint in self.oracle.stints:
            if stint.until is None:
                chat = stint.chats[-1]
                link = self.run(self.kept.links.at(_address(chat)))
                assert link is not None, self.in_full([f"{chat} is not linked"])
                missed = self.run(self.kept.outbox.missed(link.endpoint.id, 1000))
                found[chat] = {one.reference for one in missed}
        return found

    def ways(self) -> set[tuple[str, str]]:
        """From each address to all that it has led to since."""
        ways = set(self.moved)
        while more := {(a, d) for a, b in ways for c, d in ways if b == c} - ways:
            ways |= more
        return ways

    def in_full(self, findings: Sequence[str]) -> str:
        """What is wrong, and all that led to it."""
        tried = [
            f"{one.left:%d. %H:%M:%S.%f}   {one.chat}: {one.card.title} {one.card.reference}"
            f" {one.card.notes} -> {one.outcome}"
            for one in self.chat.tried
        ]
        items = [
            f"  {item.reference} {item.title!r} of {item.account} in {item.chat}:"
            f" {item.state}, {item.reason}"
            for item in self.run(owed(self.kept))
        ]
        story = sorted([*self.story, *tried])
        return "\n".join([*findings, "", "What happened:", *story, "", "What is owed:", *items])


def _told(items: Sequence[Owed]) -> int:
    """How many were owed because of something that happened."""
    return sum(item.kind not in (Kind.DIGEST, Kind.ESCALATION) for item in items)


def _one_of(things: Sequence[T], which: int) -> T:
    return things[which % len(things)]


async def _result(future: asyncio.Future[R]) -> R:
    return await future


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


async def _all_of(replies: AsyncIterator[Reply]) -> list[Reply]:
    return [reply async for reply in replies]


def _address(chat: str) -> Address:
    return Address(channel=Channel.TELEGRAM, bot="1", chat=chat)


def _with_button(action: ActionId) -> Card:
    return Card(title="", buttons=((Button(label="Go", action=action),),))


def _links(connection: Connection) -> list[Link]:
    return [link_of(row) for row in connection.execute(select_active_links())]


TestModel = Model.TestCase
EXAMPLES = int(os.environ.get("TRADEBELL_TEST_MODEL_EXAMPLES", "0"))  # noqa: TID251
TestModel.settings = settings(
    max_examples=EXAMPLES or 15,
    derandomize=not EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
