"""Quiet hours, time zones and the time of the digest."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.cards import Button, Card, Option, PickList, Question
from bot.domain.chats import Preferences
from bot.domain.ids import ActionId
from bot.domain.rules import Quiet
from bot.domain.text import clean
from bot.domain.timetables import zone as zone_called
from bot.texts.cards import MOST_CHOICES, plain, unfit
from bot.texts.language import _, ngettext
from bot.texts.times import clock_in, moment
from bot.texts.wishes import clock_time, quiet_in_words

# --- quiet hours ----------------------------------------------------------------------------------


def turn_off() -> str:
    """On the button that ends quiet hours."""
    return _("No quiet hours")


def quiet_hours(
    wants: Preferences,
    now: datetime,
    buttons: Sequence[Button] = (),
    *,
    asks: bool = False,
    preview: str = "",
    question: Question | None = None,
) -> Card:
    """
    Args:
        buttons: that set hours, or none; or that take back what has just been set.
        asks: the zone is not known, and now it matters.
        preview: what they would have done in the last days, if they have just been set.
    """
    if wants.quiet is None:
        lines = [_("Alerts come whenever they happen.")]
    else:
        lines = [
            _("Alerts wait, and are told in one message when the hours end."),
            _("What is critical rings all the same."),
        ]
    lines += [preview, _ask_for_zone(now) if asks else _by_the_clock(wants.zone, now)]
    return Card(
        title=quiet_in_words(wants.quiet),
        lines=tuple(filter(None, lines)),
        buttons=(tuple(buttons),) if buttons else (),
        question=question,
        notes=(hours_examples(),),
    )


def hours_examples() -> str:
    return _("/quiet 22:00-07:00, /quiet weekdays 22-7, /quiet weekends 0-10, /quiet off")


def _by_the_clock(zone: str, now: datetime) -> str:
    if not zone:
        return _(
            "I do not know your time zone: hours are by UTC, where it is {time}. /timezone Berlin"
            " tells me.",
            time=_time(now, zone),
        )
    return _("By the clock of {zone}, where it is {time}.", zone=zone, time=_time(now, zone))


def _ask_for_zone(now: datetime) -> str:
    return _(
        "Where do you live? Send me a city, such as: /timezone Berlin. Until then these hours are"
        " by UTC, where it is {time} now.",
        time=_time(now, ""),
    )


def _time(at: datetime, zone: str) -> str:
    return f"{at.astimezone(zone_called(zone)):%H:%M}"


def not_hours(given: str) -> Card:
    return plain(
        _("Quiet from when to when?"),
        _("I do not understand {given}. Nothing was changed.", given=clean(given, 40)),
        _("For example: {examples}", examples=hours_examples()),
    )


def endless(quiet: Quiet) -> Card:
    return plain(
        _("Then nothing would ever ring"),
        _("{hours} has no end, so nothing was changed.", hours=quiet_in_words(quiet)),
        _("/mute is for some time, and /rules for good."),
    )


# --- time zones -----------------------------------------------------------------------------------


def zone_card(
    wants: Preferences,
    now: datetime,
    *,
    changed: bool = False,
    preview: str = "",
    buttons: Sequence[Button] = (),
    question: Question | None = None,
) -> Card:
    """The zone that is known, and what time it is there.

    Args:
        changed: somebody has just said so; `preview` is what it would have done.
        buttons: take that back.
    """
    hours = quiet_in_words(wants.quiet) if wants.quiet is not None and changed else ""
    if not wants.zone:
        title = _("I do not know your time zone")
        lines = [_("I use UTC, where it is {time} now.", time=_time(now, "")), _zone_examples()]
    else:
        title = _("{zone}: it is {time} there", zone=wants.zone, time=_time(now, wants.zone))
        clock = _("Times that you name are by this clock now.")
        lines = [clock if changed else _zone_examples()]
    return Card(
        title=title,
        lines=tuple(filter(None, (*lines, preview if hours else "", hours))),
        question=question,
        buttons=(tuple(buttons),) if buttons else (),
    )


def _zone_examples() -> str:
    return _("Tell me by a city or a name: /timezone Berlin, /timezone America/New_York")


def which_zone(zones: Sequence[str], actions: Sequence[ActionId], now: datetime) -> Card:
    """
    Args:
        actions: one for each of the first `MOST_CHOICES`.
    """
    more = len(zones) > MOST_CHOICES
    return Card(
        title=_("Which time zone?"),
        pick=PickList(prompt=_("Choose a place"), options=tuple(_zones(zones, actions, now))),
        notes=(_("These are the first {shown} of {count}.", shown=MOST_CHOICES, count=len(zones)),)
        if more
        else (),
    )


def no_such_zone(
    given: str, near: Sequence[str], actions: Sequence[ActionId], now: datetime
) -> Card:
    """
    Args:
        near: zones of places that are called alike.
        actions: one for each of them.
    """
    title = _("I know no place called {given}", given=clean(given, 40))
    nothing = _("Nothing was changed.")
    return unfit(title, _zones(near, actions, now), nothing, _zone_examples())


def _zones(zones: Sequence[str], actions: Sequence[ActionId], now: datetime) -> list[Option]:
    return [
        Option(label=zone, action=action, hint=clock_in(now, zone))
        for zone, action in zip(zones, actions, strict=False)
    ]


# --- the digest -----------------------------------------------------------------------------------

_SHOWN = 10
"""Titles of what waits."""


def digest(
    wants: Preferences,
    waiting: Sequence[str],
    due: datetime | None,
    buttons: Sequence[Button] = (),
    question: Question | None = None,
) -> Card:
    """
    Args:
        waiting: the titles of what is kept, the youngest first.
        due: when the first of it is told.
        buttons: set the time of the daily one.
    """
    if waiting and due is not None:
        title = _("The next digest: {moment}", moment=moment(due, wants.zone))
    else:
        title = _("Nothing waits for a digest")
    rest = len(waiting) - _SHOWN
    return Card(
        title=title,
        lines=(
            *(
                [ngettext("{count} alert waits:", "{count} alerts wait:", len(waiting))]
                if waiting
                else []
            ),
            *(f"- {clean(one, 80)}" for one in waiting[:_SHOWN]),
            *([_("and {rest} more", rest=rest)] if rest > 0 else []),
            daily_at(wants),
        ),
        question=question,
        buttons=(tuple(buttons),) if buttons else (),
        notes=(digest_examples(),),
    )


def daily_at(wants: Preferences) -> str:
    time = clock_time(wants.digest_at)
    if wants.zone:
        return _("A daily digest comes at {time}.", time=time)
    return _("A daily digest comes at {time} UTC. /timezone Berlin tells me yours.", time=time)


def digest_examples() -> str:
    return _("/digest daily 8:00 sets the time, /rules entries digest hourly what comes in one")


def digest_set(
    wants: Preferences, next_one: datetime, preview: str = "", buttons: Sequence[Button] = ()
) -> Card:
    """
    Args:
        next_one: when what happens now is told, if it is kept for the daily digest.
        preview: what it would have done.
        buttons: take it back.
    """
    return Card(
        title=daily_at(wants),
        lines=tuple(
            filter(
                None,
                (
                    _("The next one: {moment}.", moment=moment(next_one, wants.zone)),
                    _("What waits already comes when it was to come."),
                    preview,
                ),
            )
        ),
        buttons=(tuple(buttons),) if buttons else (),
    )


def not_a_time(given: str) -> Card:
    return plain(
        _("At what time?"),
        _("I do not understand {given}. Nothing was changed.", given=clean(given, 40)),
        _("For example: {examples}", examples=digest_examples()),
    )
