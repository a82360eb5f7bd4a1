"""How far a trade has come: a record that comes again is news only if it has come further."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum

from bot.domain.events import Trade
from bot.domain.weights import is_forced

RECENT = timedelta(days=1)
"""A change of a trade that was never told is news if the trade, or its close, is no older: a
platform that touches all its old records has told nothing."""


class Step(IntEnum):
    """In this order; a part may be followed by a larger one, an unknown word by another."""

    PLACED = 0
    PARTLY = 1
    FILLED = 2
    ENDED = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of one trade. As text it is the revision of its fact."""

    step: Step
    detail: str = ""
    """Of a part, the amount; of an order without a fill, its word; of an end, which."""

    def __str__(self) -> str:
        return f"{self.step.name.lower()} {self.detail}".rstrip()

    def is_further_than(self, told: Collection[str]) -> bool:
        """Whether it is news after these stages of the same record, as text."""
        steps = [_stage_in(text) for text in told]
        if self in steps or _UNKNOWN in steps:
            return False
        last = max(stage.step for stage in steps)
        if self.step is not last:
            return self.step > last
        if self.step is Step.PARTLY:
            return all(_part(self) > _part(one) for one in steps if one.step is self.step)
        return True


def stage_of(trade: Trade) -> Stage:
    if trade.order == "placed":
        return Stage(Step.PLACED)
    if trade.order is not None:
        return Stage(Step.ENDED if trade.final else Step.PLACED, trade.order.lower())
    if is_forced(trade):
        return Stage(Step.ENDED, "forced")
    if trade.rest is not None:
        return Stage(Step.ENDED, f"rest {trade.rest.lower()}")
    if trade.asked is not None and trade.amount is not None:
        return Stage(Step.PARTLY, str(trade.amount.normalize()))
    if trade.final:
        return Stage(Step.ENDED, "closed")
    if (trade.side or "").startswith("exit"):
        # A part of a trade, whose end is still to come.
        return Stage(Step.ENDED, f"exit {'' if trade.amount is None else trade.amount.normalize()}")
    return Stage(Step.FILLED)


_UNKNOWN = Stage(Step.ENDED)
"""Of a trade that was kept when no stages were: none is told a second time for that."""


def _stage_in(revision: str) -> Stage:
    name, _, detail = revision.partition(" ")
    return Stage(Step[name.upper()], detail) if name else _UNKNOWN


def _part(stage: Stage) -> Decimal:
    return Decimal(stage.detail)


def is_recent(trade: Trade, received: datetime) -> bool:
    undated = is_forced(trade) and trade.closed_at is None
    moments = (trade.origin.at, trade.changed_at if undated else trade.closed_at)
    return any(at is not None and at >= received - RECENT for at in moments)
