"""The outbox against a simple model of it: any sequence of turns, closings and crashes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.chats import Link
from bot.domain.deliveries import PENDING, Delivery, Priority, Settlement, State
from bot.domain.digests import CROWD
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.lanes import LaneRequest
from storage import Store, open_memory
from storage.outbox.deliveries import HELD_LIFE, TEXT_LIFE
from tests.contract.storage.given import NOW, address, fact, linked, tell_all

R = TypeVar("R")

DIGEST = "a digest"

CHATS = ("1", "2", "3")  # the first two are of one account
chats = st.sampled_from(CHATS)
waits = st.sampled_from([timedelta(0), timedelta(seconds=5), timedelta(minutes=1)])


@dataclass(eq=False)
class Item:
    """What the model knows about one delivery."""

    title: str
    endpoint: EndpointId
    priority: Priority
    at: datetime
    expires_at: datetime | None
    state: State
    not_before: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    unclear: int = 0
    held_before: bool = False
    """It came back when its chat opened again, and has not been tried since."""
    rank: int = field(init=False)
    digest: Item | None = None

    def __post_init__(self) -> None:
        self.rank = self.priority


class Model(RuleBasedStateMachine):
    """Facts are told, lanes turn, chats close and open, people unlink, the process crashes."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.now = NOW
        self.numbers = iter(range(1, 1_000_000))
        self.memory = open_memory(lambda: self.now, lambda: UUID(int=next(self.numbers)).hex)
        self.store: Store = self.memory.__enter__()
        self.links: dict[str, Link] = {}
        for chat in CHATS:
            self.link(chat)
        self.items: list[Item] = []
        self.closed: set[EndpointId] = set()
        self.claimed: dict[EndpointId, tuple[Delivery, Item]] = {}

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.memory.__exit__(None, None, None)
            self.runner.close()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self.runner.run(work)

    def link(self, chat: str) -> None:
        user = "bob" if chat == "3" else "alice"
        self.links[chat] = self.run(linked(self.store, chat, user))

    def waiting(self, endpoint: EndpointId) -> list[Item]:
        """What is owed there and not in flight, in the order in which it is to go."""
        return sorted(
            (
                item
                for item in self.items
                if item.endpoint == endpoint and item.state in (State.READY, State.UNKNOWN)
            ),
            key=lambda item: (item.rank, item.at, self.items.index(item)),
        )

    def end(self, item: Item, state: State) -> None:
        item.state, item.not_before, item.ended_at = state, None, self.now
        if state in (State.DEAD, State.EXPIRED, State.CANCELLED):
            for part in self.items:
                if part.digest is item and part.state is State.COALESCED:
                    part.state = state

    # --- what happens ---------------------------------------------------------------------

    @rule(
        chat=chats,
        priority=st.sampled_from(Priority),
        age=st.integers(0, 3),
        life=st.none() | st.just(timedelta(seconds=30)),
    )
    def tell(self, chat: str, priority: Priority, age: int, life: timedelta | None) -> None:
        self.tell_one(chat, priority, age, life)

    @rule(chat=chats)
    def tell_a_crowd(self, chat: str) -> None:
        for _ in range(CROWD + 1):
            self.tell_one(chat, Priority.NORMAL, 0, None)

    def tell_one(self, chat: str, priority: Priority, age: int, life: timedelta | None) -> None:
        number = next(self.numbers)
        at = self.now - timedelta(seconds=age)
        expires_at = None if life is None else self.now + life
        account = self.links[chat].account
        decide = tell_all(priority, expires_at)
        event = fact(f"r{number}", at=at)
        ingested = self.run(self.store.inbox.ingest(account, [event], decide, self.now))
        audience = [link for link in self.links.values() if link.account == account]
        assert ingested.told == len(audience)
        for link in sorted(audience, key=lambda link: (link.linked_at, link.id)):
            where = link.endpoint.id
            item = Item(f"r{number}", where, priority, at, expires_at, State.READY)
            if where in self.closed:
                self.end(item, State.HELD)
            self.items.append(item)

    @rule(chat=chats)
    def claim(self, chat: str) -> None:
        endpoint = self.links[chat].endpoint.id
        turned = self.run(
            self.store.outbox.serve(LaneRequest(endpoint=endpoint, claim=True), self.now)
        )
        expected = self.expected_claim(endpoint)
        assert (turned.delivery and title_of(turned.delivery)) == (expected and expected.title)
        if turned.delivery is not None and expected is not None:
            expected.state = State.SENDING
            expected.attempts += 1
            assert turned.delivery.attempts == expected.attempts
            assert turned.delivery.unclear == expected.unclear
            self.claimed[endpoint] = (turned.delivery, expected)

    def expected_claim(self, endpoint: EndpointId) -> Item | None:
        if endpoint in self.closed or endpoint in self.claimed:
            return None
        waiting = self.waiting(endpoint)
        while waiting and not (waiting[0].not_before and waiting[0].not_before > self.now):
            expired = [item for item in waiting if item.expires_at and item.expires_at <= self.now]
            if waiting[0] not in expired:
                return self.digest_of(waiting) or waiting[0]
            for item in expired:
                self.end(item, State.EXPIRED)
            waiting = self.waiting(endpoint)
        return None

    def digest_of(self, waiting: list[Item]) -> Item | None:
        """What is told in the place of the first of these, if they are a crowd."""
        first = waiting[0]
        if first.priority is Priority.URGENT or first.unclear:
            return None
        in_a_crowd = len(waiting) > CROWD and first.title != DIGEST
        if not in_a_crowd and not first.held_before:
            return None
        parts = [
            item
            for item in waiting
            if item.priority > Priority.URGENT
            and not item.unclear
            and not (item.expires_at and item.expires_at <= self.now)
        ]
        if len(parts) <= CROWD and sum(item.held_before for item in parts) < 2:
            return None
        lives = [item.expires_at for item in parts]
        life = None if None in lives else max(filter(None, lives))
        oldest = min(item.at for item in parts)
        digest = Item(DIGEST, first.endpoint, Priority.NORMAL, oldest, life, State.READY)
        digest.rank = min(item.rank for item in parts)
        for item in self.items:
            if item in parts:
                self.end(item, State.COALESCED)
                item.digest = digest
            elif any(item.digest is part for part in parts):
                item.digest = digest
        self.items.append(digest)
        return digest

    @precondition(lambda self: self.claimed)
    @rule(
        data=st.data(),
        state=st.sampled_from([State.SENT, State.DEAD, State.READY, State.UNKNOWN, State.HELD]),
        wait=waits,
        counts=st.booleans(),
    )
    def settle(self, data: st.DataObject, state: State, wait: timedelta, counts: bool) -> None:
        endpoint = data.draw(st.sampled_from(sorted(self.claimed)))
        self.settle_as(*self.claimed.pop(endpoint), state, wait, counts=counts)

    def settle_as(
        self, delivery: Delivery, item: Item, state: State, wait: timedelta, *, counts: bool
    ) -> None:
        endpoint = delivery.endpoint
        pending = state in PENDING
        settlement = Settlement(
            state=state,
            reason="because",
            not_before=self.now + wait if pending else None,
            counts=counts,
            unclear=state is State.UNKNOWN,
            endpoint_gone=state is State.HELD,
        )
        turn = LaneRequest(endpoint=endpoint, settled=(delivery, settlement))
        self.run(self.store.outbox.serve(turn, self.now))
        self.run(self.store.outbox.serve(turn, self.now))  # a second time changes nothing
        item.held_before = False
        item.attempts -= not counts
        item.unclear += state is State.UNKNOWN
        if pending and endpoint in self.closed:
            self.end(item, State.HELD)
        elif pending:
            item.state, item.not_before = state, self.now + wait
        else:
            self.end(item, state)
        if state is State.HELD:
            self.shut(endpoint)

    @rule(chat=chats)
    def close(self, chat: str) -> None:
        self.run(self.store.links.disable(address(chat), "blocked", self.now))
        self.shut(self.links[chat].endpoint.id)

    def shut(self, endpoint: EndpointId) -> None:
        self.closed.add(endpoint)
        for item in self.waiting(endpoint):
            item.state, item.ended_at = State.HELD, self.now  # and what it waits for stays

    @rule(chat=chats)
    def reopen(self, chat: str) -> None:
        endpoint = self.links[chat].endpoint.id
        self.run(self.store.links.enable(address(chat), self.now))
        self.closed.discard(endpoint)
        for item in self.items:
            if item.endpoint == endpoint and item.state is State.HELD:
                item.state, item.ended_at, item.held_before = State.READY, None, True

    @rule(chat=chats)
    def link_anew(self, chat: str) -> None:
        endpoint = self.links[chat].endpoint.id
        if endpoint in self.claimed:
            return
        self.run(self.store.links.end(self.links[chat].id, self.now))
        for item in self.items:
            owed = item.state in (State.READY, State.UNKNOWN, State.HELD)
            if item.endpoint == endpoint and owed:
                self.end(item, State.CANCELLED)
        self.link(chat)
        self.closed.discard(endpoint)  # who links a chat is there

    @rule()
    def crash(self) -> None:
        interrupted = self.run(self.store.outbox.interrupted())
        assert {each.endpoint for each in interrupted} == set(self.claimed)
        for each in interrupted:
            _, item = self.claimed.pop(each.endpoint)
            self.settle_as(each, item, State.UNKNOWN, timedelta(0), counts=True)

    @rule(wait=waits | st.just(HELD_LIFE) | st.just(TEXT_LIFE))
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        self.run(self.store.outbox.prune(self.now))
        for item in self.items:
            if item.state is State.HELD and all(
                at is None or at < self.now - HELD_LIFE for at in (item.ended_at, item.not_before)
            ):
                self.end(item, State.EXPIRED)

    # --- what is always so ----------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_is_made_up(self) -> None:
        if hasattr(self, "store"):
            counts = Counter(item.state for item in self.items)
            stored = self.run(self.store.outbox.counts())
            assert stored == {state: counts[state] for state in State}


def title_of(delivery: Delivery) -> str:
    return DIGEST if delivery.kind is Kind.DIGEST else delivery.card.title


TestOutbox = Model.TestCase
TestOutbox.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
