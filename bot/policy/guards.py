"""Which guards a trade that has just closed makes a day cross. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain.changes import condition
from bot.domain.chats import Link
from bot.domain.events import GuardCrossed, Kind, Origin, Trader
from bot.domain.guards import Guard, is_crossed, standing
from bot.domain.results import Result, Results
from bot.domain.timetables import day_began, zone


def crossings(
    result: Result,
    results: Results,
    links: Iterable[Link],
    traders: Mapping[str, Trader],
    now: datetime,
) -> tuple[GuardCrossed, ...]:
    """What is to be told of the guards that the day has crossed with this result.

    The record is the guard, the revision the day there: each is told once a day.

    Args:
        results: those before it, of today by any link's clock.
        traders: the account's bots.
    """
    found = []
    for link in links:
        there = zone(link.preferences.zone)
        day = now.astimezone(there).date()
        if result.at.astimezone(there).date() != day:
            continue
        for guard in link.preferences.guards:
            if not guard.is_about(result):
                continue
            stands = standing(guard, results.adding(result).of_day(day, there))
            if is_crossed(guard, stands):
                origin = Origin(
                    kind=Kind.GUARD,
                    record=f"{link.id}/{guard.id}",
                    revision=day.isoformat(),
                    at=result.at,
                )
                began = day_began(now, there)
                found.append(
                    GuardCrossed(
                        origin=origin,
                        link=link.id,
                        guard=guard,
                        stands=stands,
                        running=_running(guard, traders),
                        whole=results.whole_from is not None and results.whole_from <= began,
                    )
                )
    return tuple(found)


def _running(guard: Guard, traders: Mapping[str, Trader]) -> tuple[Trader, ...]:
    """Those that it is about and that say that they run."""
    return tuple(
        trader
        for trader in traders.values()
        if (trader.id in guard.bots if guard.bots else (trader.dry_run is True) is guard.paper)
        and condition(trader).running
    )
