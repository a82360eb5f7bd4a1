"""A meter that remembers what it was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.chats import Channel
from bot.domain.decisions import Course
from bot.domain.deliveries import State
from bot.domain.events import Stream
from bot.domain.feeds import FeedState
from bot.domain.ids import AccountId


@dataclass
class FakeMeter:
    """Implements `ports.Meter`."""

    states: Counter[State] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    swept: Counter[Stream] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)
    feeds: dict[AccountId, list[FeedState | None]] = field(default_factory=dict)
    delays: list[timedelta] = field(default_factory=list)
    own_delays: list[timedelta] = field(default_factory=list)
    told: int = 0
    decisions: Counter[tuple[Course, str]] = field(default_factory=Counter)

    def delivered(
        self,
        channel: Channel,
        state: State,
        reason: str,
        delay: timedelta,
        own_delay: timedelta,
    ) -> None:
        self.states[state] += 1
        self.delays.append(delay)
        self.own_delays.append(own_delay)

    def ingested(self, told: int, known: int) -> None:
        self.told += told

    def decided(self, decisions: Mapping[tuple[Course, str], int]) -> None:
        self.decisions.update(decisions)

    def unreadable(self, service: str) -> None:
        self.aside[service] += 1

    def found_by_sweep(self, stream: Stream, count: int) -> None:
        self.swept[stream] += count

    def feed(self, account: AccountId, state: FeedState | None) -> None:
        self.feeds.setdefault(account, []).append(state)

    def alarm(self, what: str) -> None:
        self.alarms[what] += 1
