"""What a person wants to hear of, how loudly, and when: rules, mutes, quiet hours, digests."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

from bot.domain.ids import TraderId


class Topic(StrEnum):
    """What sort of event it is, as people tell them apart."""

    ENTRY = "entry"
    EXIT = "exit"
    SIGNAL = "signal"
    ERROR = "error"
    """Of what a bot reports, the worst; as `WARNING` and `REPORT`, by its grade."""
    WARNING = "warning"
    REPORT = "report"
    STATE = "state"
    """A bot was started, stopped, changed."""
    IDLE = "idle"
    """A bot does nothing for far longer than it usually does."""
    STRATEGY = "strategy"
    MESSAGE = "message"
    """The platform wrote to the person."""
    SYSTEM = "system"
    PRICE = "price"
    """A price that a person wants to be rung for."""


class Mode(StrEnum):
    """How an event is told."""

    AUTO = "auto"
    """With a sound if it is bad, else without."""
    ON = "on"
    """With a sound."""
    SILENT = "silent"
    DIGEST = "digest"
    """Later, together with others."""
    OFF = "off"
    """Not at all; `/why` knows of it."""


MILDER = {
    Mode.AUTO: Mode.SILENT,
    Mode.ON: Mode.SILENT,
    Mode.SILENT: Mode.DIGEST,
    Mode.DIGEST: Mode.DIGEST,
    Mode.OFF: Mode.OFF,
}
"""What is below a rule's threshold is told so: more quietly, but not never."""


class Measure(StrEnum):
    """What a threshold is of."""

    LOSS = "loss"
    RESULT = "result"
    """Gain or loss."""
    SIZE = "size"
    CONFIDENCE = "confidence"


PERCENT = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From how much on; `unit` is `PERCENT` or a currency."""

    measure: Measure
    least: Decimal
    unit: str = PERCENT


class Every(StrEnum):
    """How often a digest comes."""

    HOUR = "hourly"
    FOUR_HOURS = "every 4 hours"
    DAY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How events are told that are all of what it names; `None` stands for any.

    Attributes:
        id: by which the person's rules are told apart; of a default, its name.
        paper: only of bots that trade no real money, or only of those that do. Without it a rule
            that names no bot is about real money only.
        signal: the type of a signal, in lower case.
        every: of a digest.
        covers_critical: it holds for what is critical too: the person has confirmed that.
    """

    id: str
    mode: Mode
    topic: Topic | None = None
    bot: TraderId | None = None
    pair: str | None = None
    signal: str | None = None
    paper: bool | None = None
    threshold: Threshold | None = None
    every: Every = Every.DAY
    covers_critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """No sound until then, of all that it names; `None` stands for any."""

    id: str
    until: datetime
    topic: Topic | None = None
    bot: TraderId | None = None
    pair: str | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """From a time of day to another, of the next day if that is earlier or the same."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When nothing but what is critical comes. A night belongs to the day on which it begins."""

    weekdays: Hours | None = None
    """Monday to Friday."""
    weekend: Hours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Of an event, what rules look at.

    Attributes:
        called: how cards name the bot, if it is of one.
        pair: as it is written on cards, such as `BTC/USDT`.
        critical: nothing but a rule that covers it makes it quieter.
        bad: it has a sound unless a rule says otherwise.
        recovers: a bot that was in trouble is well again.
        result: of an exit, in `currency`; `ratio` 0.05 for 5 %.
        size: in the currency that the pair is quoted in.
        confidence: in percent.
    """

    topic: Topic
    bot: TraderId | None = None
    called: str | None = None
    pair: str | None = None
    signal: str | None = None
    paper: bool | None = None
    critical: bool = False
    bad: bool = False
    recovers: bool = False
    result: Decimal | None = None
    currency: str | None = None
    ratio: Decimal | None = None
    size: Decimal | None = None
    confidence: Decimal | None = None
