"""What a running bot says of itself, asked of its pod."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class BotCommand(StrEnum):
    """What bots themselves are asked or told, by the name of the command that does it."""

    STOP_ENTRY = "stopentry"
    FORCE_EXIT = "forceexit"
    RELOAD = "reload"
    BALANCE = "balance"
    WHITELIST = "whitelist"
    BLACKLIST = "blacklist"
    LOCKS = "locks"
    LOGS = "logs"
    HEALTH = "health"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrade:
    """
    Attributes:
        id: as the bot calls it.
        profit_ratio: 0.05 for 5 %, as it stands now.
        exiting: an order to close it is placed already.
    """

    id: str
    pair: str
    amount: Decimal | None = None
    profit_ratio: Decimal | None = None
    exiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    currency: str
    amount: Decimal | None
    free: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """`worth` is all of it, in `currency`."""

    holdings: tuple[Holding, ...]
    worth: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A pair that is not entered for a while."""

    pair: str
    until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    at: datetime | None
    level: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    last_at: datetime | None
    """When it last went through its pairs."""
    started_at: datetime | None
