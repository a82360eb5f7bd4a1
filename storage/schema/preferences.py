"""What people want to hear, and what was decided by it, as plain JSON and back.

What is read may have been written by a newer version: a rule that cannot be understood is passed
over, and what it was about is told as if there were none.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal, DecimalException
from typing import Any, TypeVar

from bot.domain.cards import Look
from bot.domain.chats import Followers, Hears, Partner, Preferences, Role, Watch
from bot.domain.decisions import Course, Decision
from bot.domain.escalation import DEFAULT_CHAIN, Chain, Step, Surface
from bot.domain.guards import Fall, Guard
from bot.domain.ids import LinkId, TraderId
from bot.domain.report_plans import ReportPlan, Rhythm, ToldUpTo
from bot.domain.rules import (
    PERCENT,
    Every,
    Hours,
    Matter,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from bot.domain.timetables import at_clock, zone
from bot.texts.language import ENGLISH, speaking

log = logging.getLogger(__name__)

Plain = dict[str, Any]
Value = TypeVar("Value")


def encode_preferences(preferences: Preferences) -> Plain:
    """Only what differs from those of a chat that has chosen nothing."""
    chosen = {
        "rules": [_encoded(rule) for rule in preferences.rules],
        "mutes": [_encoded(mute) for mute in preferences.mutes],
        "guards": [_encode_guard(guard) for guard in preferences.guards],
        "quiet": preferences.quiet and _encode_quiet(preferences.quiet),
        "zone": preferences.zone,
        "members": preferences.members,
        "people": [[person, role] for person, role in preferences.people],
        "reports": [_encode_plan(plan) for plan in preferences.reports],
        "currency": preferences.currency,
    }
    plain = {name: value for name, value in chosen.items() if value}
    if preferences.digest_at != Preferences().digest_at:
        plain["digest_at"] = preferences.digest_at.isoformat()
    if preferences.night_at is not None:
        plain["night_at"] = preferences.night_at.isoformat()
    if preferences.language != ENGLISH:
        plain["language"] = preferences.language
    if preferences.followers is not None:
        plain["followers"] = {"delay": int(preferences.followers.delay.total_seconds())}
    if preferences.hears is not Hears.ALL:
        plain["hears"] = preferences.hears
    if preferences.look is not Look.DARK:
        plain["look"] = preferences.look
    return plain


def decode_preferences(plain: Mapping[str, Any]) -> Preferences:
    members, quiet = plain.get("members"), plain.get("quiet")
    digest_at = _read(time.fromisoformat, plain.get("digest_at"))
    return Preferences(
        rules=_read_all(_decode_rule, plain.get("rules", ())),
        mutes=_read_all(_decode_mute, plain.get("mutes", ())),
        guards=_read_all(_decode_guard, plain.get("guards", ())),
        quiet=_read(_decode_quiet, quiet),
        zone=zone_of(plain),
        digest_at=Preferences().digest_at if digest_at is None else digest_at,
        night_at=_read(time.fromisoformat, plain.get("night_at")),
        reports=_read_all(_decode_plan, plain.get("reports", ())),
        members=_decode_role(members),
        people=_decode_people(plain.get("people")),
        followers=_decode_followers(plain.get("followers")),
        language=language_of(plain),
        hears=_read(Hears, plain.get("hears")) or Hears.ALL,
        look=_read(Look, plain.get("look")) or Look.DARK,
        currency=str(plain.get("currency", "")),
    )


def _decode_role(plain: Any) -> Role | None:
    return Role(plain) if plain in list(Role) else None


def _decode_people(plain: Any) -> tuple[tuple[str, Role | None], ...]:
    """Whose role cannot be understood has none."""
    found = [one for one in plain if isinstance(one, list) and one] if plain else []
    return tuple((str(one[0]), _decode_role(one[1] if len(one) > 1 else None)) for one in found)


def _decode_followers(plain: Mapping[str, Any] | None) -> Followers | None:
    """Strangers read there: who cannot understand how they are told still tells them no more."""
    if plain is None:
        return None
    delay = _read(lambda one: timedelta(seconds=int(one["delay"])), plain)
    return Followers() if delay is None else Followers(delay=delay)


def _encode_plan(plan: ReportPlan) -> Plain:
    plain = {"rhythm": plan.rhythm, "at": plan.at.isoformat(), "weekday": plan.weekday}
    return plain | {"only_news": True} if plan.only_news else plain


def _decode_plan(plain: Mapping[str, Any]) -> ReportPlan:
    return ReportPlan(
        rhythm=Rhythm(plain["rhythm"]),
        at=time.fromisoformat(plain["at"]),
        weekday=int(plain.get("weekday", 0)) % 7,
        only_news=plain.get("only_news") is True,
    )


def encode_told(told: Mapping[Rhythm, ToldUpTo]) -> Plain:
    return {
        str(rhythm): {"day": one.day.isoformat(), "until": one.until.isoformat()}
        for rhythm, one in told.items()
    }


def decode_told(plain: Mapping[str, Any] | None, wants: Preferences) -> Mapping[Rhythm, ToldUpTo]:
    """Of each rhythm that is known here, how far it is told."""
    told = plain or {}
    return {one: _told(one, told[one], wants) for one in Rhythm if one in told}


def _told(rhythm: Rhythm, plain: Mapping[str, str] | str, wants: Preferences) -> ToldUpTo:
    if isinstance(plain, str):  # first only the day was kept, and told up to the plan's time
        times = [plan.at for plan in wants.reports if plan.rhythm is rhythm]
        day = date.fromisoformat(plain)
        return ToldUpTo(day, at_clock(day, next(iter(times), time()), zone(wants.zone)))
    return ToldUpTo(date.fromisoformat(plain["day"]), datetime.fromisoformat(plain["until"]))


def encode_watch(watch: Watch) -> Plain:
    """The columns of its row."""
    return {"hours": watch.hours and _encode_quiet(watch.hours), "second": watch.second}


def decode_watch(hours: Mapping[str, Any] | None, second: str | None) -> Watch:
    return Watch(
        hours=_read(_decode_quiet, hours), second=None if second is None else LinkId(second)
    )


def encode_partner(partner: Partner) -> Plain:
    bots = None if partner.bots is None else sorted(partner.bots)
    return {"name": partner.name, "bots": bots}


def decode_partner(plain: Mapping[str, Any] | None) -> Partner | None:
    """What cannot be read is somebody who sees nothing, never the owner."""
    if plain is None:
        return None
    bots = plain.get("bots", ())
    return Partner(name=plain.get("name", ""), bots=None if bots is None else frozenset(bots))


def encode_chain(chain: Chain) -> Plain:
    steps = [
        {
            "after": int(step.after.total_seconds()),
            "to": str(step.to),
            "loud": step.loud,
            "link": step.link,
        }
        for step in chain.steps
    ]
    return {"on": chain.on, "steps": steps}


def decode_chain(plain: Mapping[str, Any] | None) -> Chain:
    if plain is None:
        return DEFAULT_CHAIN
    steps = _read_all(_decode_step, plain.get("steps", ()))
    return Chain(steps=steps, on=plain.get("on") is not False)


def _decode_step(plain: Mapping[str, Any]) -> Step:
    named = plain.get("link")
    return Step(
        after=timedelta(seconds=int(plain["after"])),
        to=Surface(plain["to"]),
        loud=plain.get("loud") is True,
        link=None if named is None else LinkId(named),
    )


def language_of(plain: Mapping[str, Any]) -> str:
    """The language of a chat, by its preferences."""
    return str(plain.get("language", ENGLISH))


def zone_of(plain: Mapping[str, Any]) -> str:
    """By whose clock a chat is told, by its preferences."""
    return str(plain.get("zone", ""))


def spoken_in(plain: Mapping[str, Any]) -> speaking:
    """Makes sentences as a chat wants them, by its preferences."""
    return speaking(language_of(plain), zone_of(plain))


def encode_decision(decision: Decision) -> Plain:
    return _encoded(decision)


def decode_decision(plain: Mapping[str, Any]) -> Decision:
    until, rule = plain.get("until"), plain.get("rule")
    return Decision(
        course=Course(plain["course"]),
        reason=str(plain.get("reason", "")),
        until=until and datetime.fromisoformat(until),
        rule=_read(_decode_rule, rule),
    )


def encode_matter(matter: Matter) -> Plain:
    return _encoded(matter)


def decode_matter(plain: Mapping[str, Any]) -> Matter:
    names = {each.name for each in fields(Matter)}
    values = {name: value for name, value in plain.items() if name in names}
    for name in ("result", "ratio", "size", "confidence"):
        if name in values:
            values[name] = Decimal(values[name])
    return Matter(**values | {"topic": Topic(plain["topic"])})


def _encoded(value: Rule | Mute | Threshold | Matter | Decision) -> Plain:
    """Only what is not as usual: most of them are hardly more than a word."""
    plain = {}
    for name, usual in _USUAL[type(value)]:
        part = getattr(value, name)
        if part is usual or part == usual:
            continue
        if isinstance(part, Decimal):
            part = str(part)
        elif isinstance(part, datetime):
            part = part.isoformat()
        elif isinstance(part, Rule | Threshold):
            part = _encoded(part)
        plain[name] = part
    return plain


_USUAL: Mapping[type, Sequence[tuple[str, Any]]] = {
    kind: [(each.name, each.default) for each in fields(kind)]
    for kind in (Rule, Mute, Threshold, Matter, Decision)
}
"""The names of their parts, and what these are if nothing was said."""


def _decode_rule(plain: Mapping[str, Any]) -> Rule:
    threshold = plain.get("threshold")
    return Rule(
        id=str(plain["id"]),
        mode=Mode(plain["mode"]),
        signal=plain.get("signal"),
        paper=plain.get("paper"),
        threshold=threshold
        and Threshold(
            measure=Measure(threshold["measure"]),
            least=Decimal(threshold["least"]),
            unit=str(threshold.get("unit", PERCENT)),
        ),
        every=Every(plain.get("every", Every.DAY)),
        covers_critical=plain.get("covers_critical") is True,
        **_decode_scope(plain),
    )


def _decode_mute(plain: Mapping[str, Any]) -> Mute:
    until = datetime.fromisoformat(plain["until"])
    return Mute(id=str(plain["id"]), until=until, **_decode_scope(plain))


def _encode_guard(guard: Guard) -> Plain:
    return {
        "id": guard.id,
        "fall": str(guard.fall),
        "amount": str(guard.amount),
        "currency": guard.currency,
        "bots": list(guard.bots),
        "paper": guard.paper,
    }


def _decode_guard(plain: Mapping[str, Any]) -> Guard:
    return Guard(
        id=str(plain["id"]),
        fall=Fall(plain["fall"]),
        amount=Decimal(plain["amount"]),
        currency=str(plain["currency"]),
        bots=tuple(TraderId(one) for one in plain.get("bots", ())),
        paper=plain.get("paper") is True,
    )


def _decode_scope(plain: Mapping[str, Any]) -> dict[str, Any]:
    topic, bot = plain.get("topic"), plain.get("bot")
    return {
        "topic": topic and Topic(topic),
        "bot": bot and TraderId(bot),
        "pair": plain.get("pair"),
    }


def _encode_hours(hours: Hours) -> list[str]:
    return [hours.start.isoformat(), hours.end.isoformat()]


def _encode_quiet(quiet: Quiet) -> Plain:
    return {
        "weekdays": quiet.weekdays and _encode_hours(quiet.weekdays),
        "weekend": quiet.weekend and _encode_hours(quiet.weekend),
    }


def _decode_quiet(plain: Mapping[str, Any]) -> Quiet:
    weekdays, weekend = plain.get("weekdays"), plain.get("weekend")
    return Quiet(
        weekdays=weekdays and Hours(*map(time.fromisoformat, weekdays)),
        weekend=weekend and Hours(*map(time.fromisoformat, weekend)),
    )


def _read_all(
    decode: Callable[[Mapping[str, Any]], Value], plain: Iterable[Mapping[str, Any]]
) -> tuple[Value, ...]:
    found = (_read(decode, each) for each in plain)
    return tuple(each for each in found if each is not None)


def _read(decode: Callable[[Any], Value], plain: Any) -> Value | None:
    if plain is None:
        return None
    try:
        return decode(plain)
    except (AttributeError, KeyError, TypeError, ValueError, DecimalException):
        log.exception("a preference of a chat is not understood, and passed over")
        return None
