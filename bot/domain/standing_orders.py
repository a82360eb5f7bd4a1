"""Standing orders: what an owner allowed beforehand, if nobody sees something. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.actions import ActionState, Target, Verb
from bot.domain.escalation import LONGEST
from bot.domain.ids import AccountId, LinkId
from bot.domain.incidents import Cause, Incident, IncidentState
from bot.domain.spoken_times import read_span, span_written
from bot.domain.text import folded

CAUSES: tuple[Cause, ...] = (Cause.ERROR, Cause.LIQUIDATION, Cause.STOP_FAILED, Cause.FAILED)
"""Which name a bot that may be running still."""

SOONEST = timedelta(minutes=5)
"""People need as long to be told at all."""

MOST_ORDERS = 20
"""Of an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """If an incident of these causes and bots is unseen for so long, something is done to its bot.

    Attributes:
        verb: PAUSE or NO_ENTRIES.
        bots: as the confirm card named them.
        every: all bots of the account, later ones too: the card said so.
        link: where it was made, by whom: it holds as long as they may still make it.
        suspended_at: when they might not any more.
    """

    id: str
    account: AccountId
    verb: Verb = Verb.PAUSE
    causes: tuple[Cause, ...]
    bots: tuple[Target, ...]
    every: bool
    after: timedelta
    link: LinkId
    person: str
    made_at: datetime
    suspended_at: datetime | None = None

    def covers(self, one: Incident) -> bool:
        concerned = self.every or any(bot.id == one.of for bot in self.bots)
        return bool(one.of) and one.cause in self.causes and concerned

    def due_at(self, one: Incident) -> datetime:
        """What was unseen before it was made counts from then on."""
        return max(one.since, self.made_at) + self.after


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order that an incident has fallen under; its bot is that of the incident."""

    order: StandingOrder
    incident: Incident

    @property
    def at(self) -> datetime:
        return self.order.due_at(self.incident)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a standing order came to: one for each incident, kept before anything is asked.

    Attributes:
        state: RUNNING until the platform has answered; CLOSED if there was nothing to do.
        words: of what came of it, behind the bot's name or by themselves.
    """

    incident: int
    account: AccountId
    order: str
    verb: Verb
    bot: Target
    cause: Cause
    after: timedelta
    begun_at: datetime
    state: ActionState
    words: str = ""


def falling(order: StandingOrder, incidents: Iterable[Incident]) -> Iterable[DueOrder]:
    """The incidents that an order is about, as long as nobody has seen them."""
    if order.suspended_at is None:
        for one in incidents:
            if one.state is IncidentState.OPEN and order.covers(one):
                yield DueOrder(order, one)


def first_due(orders: Iterable[StandingOrder], one: Incident) -> DueOrder | None:
    """What is done first to the bot of an incident, if nobody sees it before."""
    due = (each for order in orders for each in falling(order, (one,)))
    return min(due, key=lambda each: each.at, default=None)


# --- as people write them -------------------------------------------------------------------------


class OrderProblem(StrEnum):
    """Why something is not understood."""

    AFTER = "after"
    """It says not after how long."""
    TIME = "time"
    """Sooner than `SOONEST`, or later than `LONGEST`."""
    TOO_MANY = "too many"
    PAPER = "paper"
    """The bot trades no real money: of that nothing is told until it is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenOrder:
    """`about` may be a bot's name; empty if none was named."""

    causes: tuple[Cause, ...]
    after: timedelta
    about: str = ""


_AFTER = re.compile(
    r"(?P<what>.*?)[\s,]*\b(?:is |are )?(?:unseen )?(?:after|for|in)\s+(?P<span>\d.*)",
    re.IGNORECASE | re.DOTALL,
)
_KINDS: tuple[tuple[str, tuple[Cause, ...]], ...] = (
    (r"(?:a )?(?:stops? (?:that )?fail(?:s|ed)?|failed stops?)", (Cause.STOP_FAILED,)),
    (r"(?:a )?liquidat(?:ions?|ed)", (Cause.LIQUIDATION,)),
    (r"(?:an )?errors?", (Cause.ERROR,)),
    (r"(?:a )?fail(?:ures?|s|ed)", (Cause.FAILED,)),
    (r"anything|any alert|whatever", CAUSES),
)
_WRITTEN: Mapping[tuple[Cause, ...], str] = {
    (Cause.STOP_FAILED,): "failed stop",
    (Cause.LIQUIDATION,): "liquidation",
    (Cause.ERROR,): "error",
    (Cause.FAILED,): "failure",
}
_FILLERS = re.compile(
    r"^(?:(?:please|stop|pause|if|when|on|at|of|the|bots?)\s+)+|\s+(?:if|when|on|at|of|is|has)$",
    re.IGNORECASE,
)


def read_order(text: str) -> SpokenOrder | OrderProblem:
    """'error of Grid BTC after 15 min', 'stop Grid BTC if anything is unseen for 30 min'."""
    found = _AFTER.fullmatch(text.strip(" ."))
    if found is None:
        return OrderProblem.AFTER
    said = found["span"].strip(" .")
    after = read_span(f"{said} min" if said.isdigit() else said)
    if after is None or not SOONEST <= after <= LONGEST:
        return OrderProblem.TIME
    what, causes = found["what"], CAUSES
    for words, meant in _KINDS:
        named = re.search(rf"(?<!\w)(?:{words})(?!\w)", what, re.IGNORECASE)
        if named:
            what, causes = f"{what[: named.start()]} {what[named.end() :]}", meant
            break
    about, before = what.strip(" ,"), None
    while about != before:
        before, about = about, _FILLERS.sub("", about).strip(" ,")
    return SpokenOrder(causes=causes, after=after, about="" if folded(about) in _ALONE else about)


_ALONE = frozenset({"stop", "pause", "if", "when", "on", "of", "bot", "bots", "it"})


def order_written(causes: tuple[Cause, ...], after: timedelta, about: str = "") -> str:
    """As `read_order` understands it."""
    of = f" of {about}" if about else ""
    return f"{_WRITTEN.get(causes, 'anything')}{of} after {span_written(after)}"
