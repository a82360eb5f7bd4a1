"""Mutes as people write them: 'Grid BTC 2h', 'exits until tomorrow', '8 hours'."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.spoken_rules import Problem, Scope, Unclear, read_scope, without_names
from bot.domain.spoken_times import end_among, read_end


@dataclass(frozen=True, slots=True)
class SpokenMute:
    """`end` is how that was said, and `until` what it means: `FOREVER` if it never does, `None` if
    nothing was said.
    """

    scope: Scope
    end: str
    until: datetime | None


def read_mute(
    text: str, names: Iterable[str], now: datetime, zone: ZoneInfo
) -> SpokenMute | Unclear:
    """
    Args:
        names: of the account's bots: what stands in one of them is no time.
        zone: in which the person lives.
    """
    bots, rest = without_names(text, names)
    others, end = end_among(rest, now, zone)
    left = " ".join(others)
    scope = Scope() if bots and not any(map(str.isalnum, left)) else read_scope(left)
    if isinstance(scope, Unclear):
        return scope
    if len(bots) > 1:
        return Unclear(Problem.SEVERAL_THINGS)
    if scope.signal is not None or scope.paper is not None or scope.losses:
        return Unclear(Problem.ONLY_A_RULE)
    scope = replace(scope, bot=bots[0] if bots else "")
    return SpokenMute(scope, end, read_end(end, now, zone) if end else None)
