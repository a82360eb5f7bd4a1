"""`/quiet`, `/timezone` and `/digest`: when alerts come, by whose clock."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.cards import Button, Card
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.decisions import Why
from bot.domain.deliveries import State
from bot.domain.rules import Every, Quiet
from bot.domain.spoken_times import (
    Days,
    QuietChange,
    is_endless,
    quiet_with,
    quiet_written,
    read_clock,
    read_quiet,
)
from bot.domain.spoken_zones import nearest_zones, zone_names, zones_meant
from bot.domain.timetables import next_digest, quiet_until, zone
from bot.domain.told import Told
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.previews import preview
from bot.services.commands.wishes import question, undo, wish
from bot.texts import quiet as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

OFFERED = ("22:00-07:00", "23:00-08:00")
"""Hours that are a button."""

DIGEST_TIMES = ("07:00", "08:00", "12:00", "20:00")
"""Times that are one."""


async def _quiet(request: AccountRequest) -> Card:
    desk, wants = request.desk, request.link.preferences
    given = request.arguments.text("hours")
    if not given:
        offers = await _offers(request, wants)
        return texts.quiet_hours(wants, desk.now(), offers, question=await question(request))
    changes = read_quiet(given)
    if changes is None:
        return texts.not_hours(given)
    then = quiet_with(wants.quiet, changes)
    if then is not None and is_endless(then):
        return texts.endless(then)

    def change(wants: Preferences) -> Preferences:
        return replace(wants, quiet=quiet_with(wants.quiet, changes))

    words = ", ".join(map(quiet_written, changes))
    seen = await preview(desk, request.link, change)
    changed = await wish(desk, request.link, request.command.person, change, "quiet", words)
    asks = changed.quiet is not None and wants.quiet is None and not changed.zone
    buttons = [await undo(request, _quiet_words(wants))]
    return texts.quiet_hours(changed, desk.now(), buttons, asks=asks, preview=seen)


def _quiet_words(wants: Preferences) -> str:
    """By which the hours are set that somebody has."""
    quiet = wants.quiet or Quiet()
    days = {Days.WEEKDAYS: quiet.weekdays, Days.WEEKENDS: quiet.weekend}
    return ", ".join(quiet_written(QuietChange(day, hours)) for day, hours in days.items())


async def _offers(request: AccountRequest, wants: Preferences) -> list[Button]:
    hours = {one: one for one in OFFERED} | ({"off": texts.turn_off()} if wants.quiet else {})
    return [
        Button(label=label, action=action)
        for word, label in hours.items()
        for action in await request.asking(word)
    ]


QUIET = AccountCommand(
    spec=Spec(
        name="quiet",
        family=ALERTS,
        summary=later("Hours in which only what is critical rings"),
        example="weekdays 22:00-07:00",
        arguments=(
            Argument(
                name="hours",
                type=ArgumentType.TEXT,
                description=later("such as 22:00-07:00, weekdays 22-7, or off"),
                offers=("22:00-07:00", "weekdays 22:00-07:00", "23:00-08:00", "off"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_quiet,
)


async def _timezone(request: AccountRequest) -> Card:
    now = request.desk.now()
    given = request.arguments.text("place")
    if not given:
        return texts.zone_card(request.link.preferences, now, question=await question(request))
    if given.lower() == _FORGET:
        return await _set_zone(request, "")
    found = zones_meant(given, zone_names())
    if not found:
        near = nearest_zones(given, zone_names())
        return texts.no_such_zone(given, near, await request.asking_each(near), now)
    if len(found) > 1:
        return texts.which_zone(found, await request.asking_each(found[:MOST_CHOICES]), now)
    return await _set_zone(request, found[0])


_FORGET = "off"


async def _set_zone(request: AccountRequest, name: str) -> Card:
    desk, link, before = request.desk, request.link, request.link.preferences.zone

    def change(wants: Preferences) -> Preferences:
        return replace(wants, zone=name)

    seen = await preview(desk, link, change)
    changed = await wish(desk, link, request.command.person, change, "zone", name or _FORGET)
    buttons = [await undo(request, before or _FORGET)]
    return texts.zone_card(changed, desk.now(), changed=True, preview=seen, buttons=buttons)


TIMEZONE = AccountCommand(
    spec=Spec(
        name="timezone",
        family=ALERTS,
        summary=later("The time zone that you live in"),
        example="Berlin",
        arguments=(
            Argument(
                name="place",
                type=ArgumentType.ZONE,
                description=later("a city or a name, such as Berlin or America/New_York"),
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_timezone,
)

_LOOKED_BACK = timedelta(days=3)
"""Nothing waits longer than the quietest weekend."""

_MOST_WAITING = 500


async def _digest(request: AccountRequest) -> Card:
    desk, link, now = request.desk, request.link, request.desk.now()
    given = request.arguments.text("time")
    if not given:
        told = await desk.outbox.lately(link.id, now - _LOOKED_BACK, _MOST_WAITING)
        waiting = [one for one in told if one.state is State.GATHERED]
        due = min((_due(one, link.preferences, now) for one in waiting), default=None)
        return texts.digest(
            link.preferences,
            [one.title for one in waiting],
            due,
            await _times(request),
            await question(request),
        )
    words = given.lower().split()
    while words and words[0] in ("daily", "every", "day", "at"):
        words.pop(0)
    at = read_clock(" ".join(words))
    if at is None:
        return texts.not_a_time(given)

    def change(wants: Preferences) -> Preferences:
        return replace(wants, digest_at=at)

    seen = await preview(desk, link, change)
    changed = await wish(
        desk, link, request.command.person, change, "digest", at.isoformat("minutes")
    )
    due_then = next_digest(now, Every.DAY, at, changed.quiet, zone(changed.zone))
    before = link.preferences.digest_at.isoformat("minutes")
    return texts.digest_set(changed, due_then, seen, [await undo(request, before)])


async def _times(request: AccountRequest) -> list[Button]:
    actions = await request.asking_each(DIGEST_TIMES)
    buttons = zip(DIGEST_TIMES, actions, strict=True)
    return [Button(label=time, action=action) for time, action in buttons]


def _due(told: Told, wants: Preferences, now: datetime) -> datetime:
    """When what is kept is told: quiet hours may have changed since it was decided."""
    decision = told.decision
    if decision is None or decision.until is None or decision.reason == Why.QUIET_HOURS:
        return quiet_until(now, wants.quiet, zone(wants.zone)) or now
    return max(now, decision.until)


DIGEST = AccountCommand(
    spec=Spec(
        name="digest",
        family=ALERTS,
        summary=later("When the next digest comes, and what waits for it"),
        example="daily 8:00",
        arguments=(
            Argument(
                name="time",
                type=ArgumentType.TEXT,
                description=later("of the daily one, such as 8:00"),
                offers=DIGEST_TIMES,
            ),
        ),
        least=Role.OPERATOR,
        setting=True,
    ),
    answer=_digest,
)
