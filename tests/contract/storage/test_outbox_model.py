"""The outbox against a simple model of it: any sequence of turns, closings and crashes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.deliveries import PENDING, Delivery, Priority, Settlement, State
from bot.domain.ids import EndpointId
from bot.domain.links import Link
from bot.ports import Turn
from storage import Store, open_memory
from storage.outbox import HELD_LIFE, TEXT_LIFE
from tests.contract.storage.given import NOW, address, fact, linked, tell_all

R = TypeVar("R")

CHATS = ("1", "2", "3")  # the first two are of one account
chats = st.sampled_from(CHATS)
waits = st.sampled_from([timedelta(0), timedelta(seconds=5), timedelta(minutes=1)])


@dataclass
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
            key=lambda item: (item.priority, item.at, self.items.index(item)),
        )

    def end(self, item: Item, state: State) -> None:
        item.state, item.not_before, item.ended_at = state, None, self.now

    # --- what happens ---------------------------------------------------------------------

    @rule(
        chat=chats,
        priority=st.sampled_from(Priority),
        age=st.integers(0, 3),
        life=st.none() | st.just(timedelta(seconds=30)),
    )
    def tell(self, chat: str, priority: Priority, age: int, life: timedelta | None) -> None:
        number = next(self.numbers)
        at = self.now - timedelta(seconds=age)
        expires_at = None if life is None else self.now + life
        account = self.links[chat].account
        decide = tell_all(priority, expires_at)
        event = fact(f"r{number}", at=at)
        admitted = self.run(self.store.inbox.admit(account, [event], decide, self.now))
        audience = [link for link in self.links.values() if link.account == account]
        assert admitted.told == len(audience)
        for link in sorted(audience, key=lambda link: (link.linked_at, link.id)):
            where = link.endpoint.id
            item = Item(f"r{number}", where, priority, at, expires_at, State.READY)
            if where in self.closed:
                self.end(item, State.HELD)
            self.items.append(item)

    @rule(chat=chats)
    def claim(self, chat: str) -> None:
        endpoint = self.links[chat].endpoint.id
        turned = self.run(self.store.outbox.turn(Turn(endpoint=endpoint, claim=True), self.now))
        expected = self.expected_claim(endpoint)
        assert (turned.delivery and turned.delivery.card.title) == (expected and expected.title)
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
                return waiting[0]
            for item in expired:
                self.end(item, State.EXPIRED)
            waiting = self.waiting(endpoint)
        return None

    @precondition(lambda self: self.claimed)
    @rule(
        data=st.data(),
        state=st.sampled_from([State.SENT, State.DEAD, State.READY, State.UNKNOWN, State.HELD]),
        wait=waits,
        counts=st.booleans(),
    )
    def settle(self, data: st.DataObject, state: State, wait: timedelta, counts: bool) -> None:
        endpoint = data.draw(st.sampled_from(sorted(self.claimed)))
        delivery, item = self.claimed.pop(endpoint)
        pending = state in PENDING
        settlement = Settlement(
            state=state,
            reason="because",
            not_before=self.now + wait if pending else None,
            counts=counts,
            unclear=state is State.UNKNOWN,
            endpoint_gone=state is State.HELD,
        )
        turn = Turn(endpoint=endpoint, settled=(delivery, settlement))
        self.run(self.store.outbox.turn(turn, self.now))
        self.run(self.store.outbox.turn(turn, self.now))  # a second time changes nothing
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
            self.end(item, State.HELD)

    @rule(chat=chats)
    def reopen(self, chat: str) -> None:
        endpoint = self.links[chat].endpoint.id
        self.run(self.store.links.enable(address(chat), self.now))
        self.closed.discard(endpoint)
        for item in self.items:
            if item.endpoint == endpoint and item.state is State.HELD:
                item.state, item.ended_at = State.READY, None

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

    @rule()
    def crash(self) -> None:
        recovered = self.run(self.store.outbox.recover(self.now))
        assert recovered == len(self.claimed)
        for _, item in self.claimed.values():
            item.state, item.not_before = State.UNKNOWN, self.now
            item.unclear += 1
        self.claimed.clear()

    @rule(wait=waits | st.just(HELD_LIFE) | st.just(TEXT_LIFE))
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        self.run(self.store.outbox.prune(self.now))
        for item in self.items:
            held = item.state is State.HELD and item.ended_at is not None
            if held and item.ended_at and item.ended_at < self.now - HELD_LIFE:
                self.end(item, State.EXPIRED)

    # --- what is always so ----------------------------------------------------------------

    @invariant()
    def nothing_is_lost_and_nothing_is_made_up(self) -> None:
        if hasattr(self, "store"):
            counts = Counter(item.state for item in self.items)
            stored = self.run(self.store.outbox.counts())
            assert stored == {state: counts[state] for state in State}


TestOutbox = Model.TestCase
TestOutbox.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
