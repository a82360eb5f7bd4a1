"""What became of an event in a chat, by the rows that tell of it. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.deliveries import PENDING, State
from bot.domain.nights import Fate, Spell, SpellKind

ASKED_FOR = timedelta(minutes=2)
"""How long before its event somebody may have asked here for a change: then it is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOfNight:
    """What tells of an event, or a part of it; `carrier` is the state of what it is told within."""

    state: State
    silent: bool
    carrier: State | None = None


_ORDER = (Fate.OPEN, Fate.LOST, Fate.TOLD, Fate.QUIET, Fate.TOGETHER, Fate.OFF)
"""Of several parts the first of these counts."""


def fate_of(items: Collection[ItemOfNight]) -> Fate | None:
    """`None` without any."""
    fates = {_fate(item) for item in items}
    return next((fate for fate in _ORDER if fate in fates), None)


def _fate(item: ItemOfNight) -> Fate:
    match item.state:
        case State.SENT:
            return Fate.QUIET if item.silent else Fate.TOLD
        case State.GATHERED:
            return Fate.TOGETHER
        case State.COALESCED:
            waits = item.carrier in PENDING or item.carrier is State.HELD
            return Fate.OPEN if waits else Fate.TOGETHER
        case State.OFF:
            return Fate.OFF
        case state if state in PENDING:
            return Fate.OPEN
        case _:
            return Fate.LOST


def spells_in(
    records: Sequence[tuple[str, datetime]], since: datetime, until: datetime
) -> tuple[Spell, ...]:
    """The spells that touch a span of time.

    Args:
        records: of the notices of feeds, as `bot.services.feeds.notices` writes them, and when
            each was told; the oldest first.
    """
    ends = {record.removeprefix("back "): at for record, at in records if record.startswith("back")}
    spells = []
    for record, _ in records:
        kind = next((one for one in SpellKind if record.startswith(f"{one} ")), None)
        if kind is None:
            continue
        began, *ended = record.removeprefix(f"{kind} ").split(" ")
        start = datetime.fromisoformat(began)
        end = datetime.fromisoformat(ended[0]) if ended else ends.get(began)
        if start < until and (end is None or end > since):
            spells.append(Spell(what=kind, since=start, until=end))
    return tuple(sorted(spells, key=lambda one: one.since))
