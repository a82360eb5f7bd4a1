"""People who change what they want to hear, at random."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

from bot.domain.chats import Preferences
from bot.domain.rules import (
    Every,
    Hours,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from tests.harness.world import OWL

ZONES = ("", "Europe/Berlin", "Asia/Kolkata", "America/Santiago", "Pacific/Chatham")
PAIRS = ("BTC/USDT", None, None)


def wished(chance: random.Random, before: Preferences, now: datetime) -> Preferences:
    """Other wishes than before: rules, mutes, hours and digests of every sort."""
    return replace(
        before,
        rules=tuple(_rule(chance, number) for number in range(chance.randint(0, 4))),
        mutes=tuple(_mute(chance, now) for _ in range(chance.randint(0, 1))),
        quiet=chance.choice((None, Quiet(weekdays=_hours(chance), weekend=_hours(chance)))),
        zone=chance.choice(ZONES),
        digest_at=time(chance.randrange(24)),
    )


def nothing_wished(before: Preferences) -> Preferences:
    return replace(before, rules=(), mutes=(), quiet=None)


def _rule(chance: random.Random, number: int) -> Rule:
    return Rule(
        id=str(number),
        mode=chance.choice(list(Mode)),
        topic=chance.choice((None, None, *Topic)),
        bot=chance.choice((None, OWL.id)),
        pair=chance.choice(PAIRS),
        paper=chance.choice((None, True, False)),
        threshold=chance.choice((None, _threshold(chance))),
        every=chance.choice(list(Every)),
        covers_critical=chance.random() < 0.1,
    )


def _threshold(chance: random.Random) -> Threshold:
    return Threshold(measure=chance.choice(list(Measure)), least=Decimal(chance.randint(0, 60)))


def _mute(chance: random.Random, now: datetime) -> Mute:
    until = now + timedelta(minutes=chance.randint(1, 600))
    return Mute(id="mute", until=until, topic=chance.choice((None, *Topic)))


def _hours(chance: random.Random) -> Hours | None:
    return chance.choice((None, Hours(time(chance.randrange(24)), time(chance.randrange(24)))))
