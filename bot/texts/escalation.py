"""What nobody has seen yet: how it is told again, and to whom."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.cards import Button, Card, Field
from bot.domain.chats import Channel, Endpoint, EndpointState, Link
from bot.domain.escalation import (
    LONGEST,
    MOST_STEPS,
    Chain,
    Step,
    Surface,
    rings_phones_later,
    steps_of,
)
from bot.domain.incidents import LONGEST_HOLD, Incident, IncidentState
from bot.domain.phones import Service
from bot.domain.rules import Quiet
from bot.domain.spoken_escalation import ChainProblem
from bot.domain.spoken_times import read_clock, read_span
from bot.domain.standing_orders import StandingOrder, first_due
from bot.domain.watches import is_on_watch, may_wait, rung_for, second_of, zone_of_person
from bot.texts import drills, outcomes
from bot.texts.incidents import happened
from bot.texts.language import _, ngettext
from bot.texts.names import app_name, chat_sort, chat_title
from bot.texts.standing_orders import awaited, holding
from bot.texts.times import clock, spoken
from bot.texts.wishes import clock_time, quiet_in_words

_NAMED = 3
"""Of many, so many are named."""


def seen() -> str:
    """On a button."""
    return _("Seen")


def have_it(said: str) -> str:
    """On a button, that asks back until when or says it, as somebody would type it."""
    return _("I have it {end}", end=_end(said)) if said else _("I have it …")


def until_when(buttons: Sequence[Button]) -> Card:
    return Card(
        title=_("Until when do you have it?"),
        lines=(_("Nothing rings until then. If it is not solved by then, it is open again."),),
        buttons=(tuple(buttons),),
        notes=(_("Or say it: /ihaveit until 03:00"),),
    )


def hold_label(said: str) -> str:
    """On a button below that."""
    return _end(said)


def no_such_end() -> Card:
    return Card(
        title=_("Until when do you have it?"),
        lines=(
            _("From 1 min to {longest}, please", longest=spoken(LONGEST_HOLD)),
            _("For example: /ihaveit until 03:00; /ihaveit 2h"),
        ),
    )


def held(until: datetime) -> Card:
    return Card(title=_("You have it"), lines=(outcomes.seen(until),))


def not_held() -> Card:
    return Card(
        title=_("Nothing was changed"),
        lines=(_("It is solved, or somebody has it for longer. See /escalate."),),
    )


def nothing_unseen() -> Card:
    return Card(title=_("Nothing is unseen"))


def _end(said: str) -> str:
    """'2 h', 'until 08:00'."""
    span = read_span(said)
    if span is not None:
        return spoken(span)
    at = read_clock(said.removeprefix("until "))
    assert at is not None, "one of ours"
    return _("until {time}", time=clock_time(at))


def in_words(one: Incident) -> str:
    """'Grid BTC stopped with an error'."""
    return happened(one.cause, one.called)


def reminder(
    incidents: Sequence[Incident],
    now: datetime,
    alert: str | None,
    not_shown: Sequence[Channel],
    words: Sequence[str] = (),
) -> Card:
    """
    Args:
        incidents: the oldest first.
        alert: the reference of the alert of the only one, if it was told there.
        not_shown: where the alert could not be shown.
        words: of the alert of the only one, where it was not.
    """
    first, *others = incidents
    lines = [_could_not(app_name(channel)) for channel in not_shown]
    if others:
        title = ngettext(
            "Still unseen: {count} thing", "Still unseen: {count} things", len(incidents)
        )
        shown = ", ".join(with_age(one, now) for one in incidents[:_NAMED])
        left = len(incidents) - _NAMED
        lines.append(_("First: {incidents}", incidents=shown))
        if left > 0:
            lines.append(
                ngettext(
                    "{count} more: /escalate lists it.",
                    "{count} more: /escalate lists them.",
                    left,
                )
            )
    else:
        title = _("Still unseen: {incident}", incident=with_age(first, now))
        lines += (*_alone(first), *words)
    notes = (_("Alert {reference}", reference=alert),) if alert else ()
    return Card(title=title, lines=tuple(lines), notes=notes)


def reminder_of_drill(drill: Incident, now: datetime, not_shown: Sequence[Channel]) -> Card:
    return Card(
        title=drills.not_seen_yet(now - drill.opened_at),
        lines=tuple(_could_not(app_name(channel)) for channel in not_shown),
        on_lock_screen=drills.on_lock_screen(),
    )


def _alone(one: Incident) -> list[str]:
    lines = []
    if one.state is IncidentState.HELD and one.held_until is not None:
        lines.append(
            _("Somebody had it until {time}. It is not solved.", time=clock(one.held_until))
        )
    if one.count > 1:
        lines.append(ngettext("It happened {count} time.", "It happened {count} times.", one.count))
    return lines


def with_age(one: Incident, now: datetime) -> str:
    """'Grid BTC stopped with an error (12 min ago)'."""
    return _("{incident} ({span} ago)", incident=in_words(one), span=spoken(now - one.opened_at))


def _could_not(app: str) -> str:
    return _("It could not be shown in {app}.", app=app)


# --- the chain ------------------------------------------------------------------------------------

ROWS = 10
"""Incidents that are listed."""


def off() -> str:
    """On a button."""
    return _("Off")


def as_usual() -> str:
    """On a button."""
    return _("As usual")


def undo() -> str:
    """On a button."""
    return _("Undo")


def chat_names(chat: Endpoint) -> tuple[str, ...]:
    """What people may call it."""
    return (app_name(chat.address.channel), chat_sort(chat), chat_title(chat), chat.name)


def chats_of(links: Sequence[Link]) -> Sequence[Link]:
    return [one for one in links if one.endpoint.address.channel is not Channel.PUSH]


def listed(
    chain: Chain,
    links: Sequence[Link],
    unseen: Sequence[Incident],
    orders: Sequence[StandingOrder],
    now: datetime,
    buttons: Sequence[Button],
) -> Card:
    """
    Args:
        links: all of the account.
        unseen: the youngest first.
    """
    lines = [*_in_steps(chain, links), *_watches(links, now), *holding(orders), *_chats(links)]
    fields = [Field(with_age(one, now), _stands(one, orders, now)) for one in unseen[:ROWS]]
    if len(unseen) > ROWS:
        left = len(unseen) - ROWS
        lines.append(ngettext("{count} more is unseen.", "{count} more are unseen.", left))
    return Card(
        title=ngettext("{count} alert is unseen", "{count} alerts are unseen", len(unseen))
        if unseen
        else _("If nobody sees a critical alert"),
        lines=tuple(lines),
        fields=tuple(fields),
        buttons=(tuple(buttons),) if buttons else (),
        notes=(_for_example(),),
    )


def chosen(chain: Chain, links: Sequence[Link], buttons: Sequence[Button]) -> Card:
    return Card(
        title=_("If nobody sees a critical alert"),
        lines=tuple(_in_steps(chain, links)),
        buttons=(tuple(buttons),),
    )


def unclear(problem: ChainProblem, links: Sequence[Link]) -> Card:
    match problem:
        case ChainProblem.STEP:
            title = _("Who is to be told, and after how long?")
        case ChainProblem.WHO:
            title = _("No linked chat is called so")
        case ChainProblem.WHICH:
            title = _("Several linked chats are called so: say which by its number")
        case ChainProblem.TIME:
            title = _("From 1 min to {longest}, please", longest=spoken(LONGEST))
        case ChainProblem.TOO_MANY:
            title = _("That is more than {count} steps", count=MOST_STEPS)
        case ChainProblem.HOURS:
            title = _("On watch from when to when?")
        case ChainProblem.OWN:
            title = _("That chat is your own: name one of somebody else")
    watch = problem in (ChainProblem.HOURS, ChainProblem.OWN)
    notes = (_watch_examples(),) if watch else (_for_example(),)
    return Card(title=title, lines=tuple(_chats(links)), notes=notes)


def on_watch(links: Sequence[Link], now: datetime, buttons: Sequence[Button]) -> Card:
    """What has just been said of who is on watch."""
    return Card(
        title=_("Who is on watch"),
        lines=tuple(_watches(links, now)) or (_("Everybody, day and night."),),
        buttons=(tuple(buttons),),
    )


def _in_steps(chain: Chain, links: Sequence[Link]) -> list[str]:
    if not chain.on:
        return [_("Off: a critical alert comes once, and nothing more.")]
    phones = any(one.endpoint.address.channel is Channel.PUSH for one in links)
    done = steps_of(chain, links)
    lines = [_at_once(done, links)]
    lines += [_step(step, links) for step in done if step.after]
    if not phones and any(step.to is Surface.PHONE for step in chain.steps):
        lines.append(_("No phone is linked, so none can ring."))
    lines.append(_("Seen, by a button or a reaction, ends it everywhere."))
    return lines


def _at_once(steps: Sequence[Step], links: Sequence[Link]) -> str:
    phones = _phones_at_once(steps, links)
    if not phones:
        return _("At once: all chats, as the alert.")
    if len(phones) == len(links) - len(chats_of(links)):
        return _("At once: all chats and phones, as the alert.")
    named = ", ".join(chat_title(one.endpoint) for one in phones)
    return _("At once: all chats, as the alert; and {phones}.", phones=named)


def _phones_at_once(steps: Sequence[Step], links: Sequence[Link]) -> Sequence[Link]:
    """Those that hear the alert itself."""
    later = rings_phones_later(steps)
    phones = [one for one in links if one.endpoint.address.channel is Channel.PUSH]
    return [one for one in phones if not (later and may_wait(one, links))]


def _step(step: Step, links: Sequence[Link]) -> str:
    after = spoken(step.after)
    match step.to:
        case Surface.PHONE if step.loud:
            return _("After {span}: the phone, loudly.", span=after)
        case Surface.PHONE:
            return _("After {span}: the phone.", span=after)
        case Surface.CHATS:
            return _("After {span}: the chats again, with a sound.", span=after)
        case Surface.SECOND:
            return _("After {span}: the second person.", span=after)
        case Surface.NEXT:
            return _(
                "After {span}: elsewhere, for those whose chats could not show it.", span=after
            )
        case Surface.CHAT:
            link = next(one for one in links if one.id == step.link)
            return _("After {span}: {chat}.", span=after, chat=chat_title(link.endpoint))


def _chats(links: Sequence[Link]) -> list[str]:
    """Which may be named, where there is a choice."""
    chats = chats_of(links)
    if len(chats) < 2:
        return []
    return [
        _("Chat {number}: {chat}", number=number, chat=chat_title(one.endpoint))
        for number, one in enumerate(chats, 1)
    ]


def _watches(links: Sequence[Link], now: datetime) -> list[str]:
    """Who is on watch when, and who comes next: a line for each person who has said so."""
    return [_watch(one, links, now) for one in _watching(links)]


def _watching(links: Sequence[Link]) -> Sequence[Link]:
    """A chat of each person who has said when they are on watch, or who comes next."""
    said = (
        one
        for one in sorted(links, key=lambda one: not one.endpoint.private)
        if one.endpoint.address.channel is not Channel.PUSH
        and (one.watch.hours is not None or second_of(one, links) is not None)
    )
    by_person: dict[str, Link] = {}
    for one in said:
        by_person.setdefault(one.person, one)
    return tuple(by_person.values())


def _watch(one: Link, links: Sequence[Link], now: datetime) -> str:
    chat, second = _name(one, links), second_of(one, links)
    other = None if second is None else _name(second, links)
    if one.watch.hours is None:
        return _("{chat}: the second person is {other}.", chat=chat, other=other)
    hours = _hours(one.watch.hours, one, links)
    if other is None:
        return _(
            "{chat} is on watch {hours}. Nobody stands in, so it rings at any time, unless"
            " somebody else on watch is rung.",
            chat=chat,
            hours=hours,
        )
    if is_on_watch(one, links, now) or second in rung_for((one,), links, now):
        return _(
            "{chat} is on watch {hours}. Otherwise {other} is rung instead.",
            chat=chat,
            hours=hours,
            other=other,
        )
    return _(
        "{chat} is on watch {hours}. {other} would stand in and cannot now, so it rings too.",
        chat=chat,
        hours=hours,
        other=other,
    )


def _hours(hours: Quiet, one: Link, links: Sequence[Link]) -> str:
    zone = zone_of_person(one.person, links) or "UTC"
    return _("{hours} ({zone})", hours=quiet_in_words(hours), zone=zone)


def _name(link: Link, links: Sequence[Link]) -> str:
    """By which people know a chat from the others."""
    title = chat_title(link.endpoint)
    chats = chats_of(links)
    if sum(chat_title(one.endpoint) == title for one in chats) < 2:
        return title
    number = next(number for number, one in enumerate(chats, 1) if one.id == link.id)
    return _("{chat} (chat {number})", chat=title, number=number)


def _watch_examples() -> str:
    return _("For example: /escalate watch 08:00-23:00 weekdays, else chat 2")


def _stands(one: Incident, orders: Sequence[StandingOrder], now: datetime) -> str:
    if one.state is IncidentState.HELD and one.held_until is not None:
        return _("in hand until {time}", time=clock(one.held_until))
    due = first_due(orders, one)
    if due is not None and due.at > now:
        return awaited(due)
    return _("nobody has seen it")


def _for_example() -> str:
    return _(
        "For example: /escalate phone after 3 min, again after 6 loud, then chat 2 after 10;"
        " /escalate phone at once; /escalate watch 08:00-23:00 weekdays, else chat 2"
    )


# --- what would happen ----------------------------------------------------------------------------


def coverage(chain: Chain, links: Sequence[Link], unreached: Sequence[Link], now: datetime) -> str:
    """'If a bot fails: Telegram and Discord at once, the phone after 2 min; ...' in one line."""
    steps = steps_of(chain, links)
    told_at_once = [*chats_of(links), *_phones_at_once(steps, links)]
    open_ones = [one for one in told_at_once if _may_ring(one, unreached)]
    apps = dict.fromkeys(app_name(one.endpoint.address.channel) for one in open_ones)
    at_once = _("{apps} at once", apps=", ".join(apps)) if apps else _("no chat")
    rest = [_briefly(step, links) for step in steps if step.after and step.to is not Surface.NEXT]
    told = _("If a bot fails: {steps}", steps=", ".join((at_once, *rest)))
    for one in _watching(links):
        told += _off_watch(one, links)
    return f"{told}; {_proven(links, now)}"


def _proven(links: Sequence[Link], now: datetime) -> str:
    """'last proven: Telegram 3 days ago, Phone 12 days ago; never: Discord (/drill proves it)'."""
    proven = [
        _("{place} {span} ago", place=_place(one, links), span=spoken(now - one.proven_at))
        for one in links
        if one.proven_at is not None
    ]
    never = [_place(one, links) for one in links if one.proven_at is None]
    if not proven:
        return _("not proven by anybody so far: /drill")
    words = _("last proven: {places}", places=", ".join(proven))
    if never:
        words += "; " + _("never: {places} (/drill)", places=", ".join(never))
    return words


def _place(one: Link, links: Sequence[Link]) -> str:
    """By its platform, where that is enough to know it by."""
    channel = one.endpoint.address.channel
    alike = [other for other in links if other.endpoint.address.channel is channel]
    return app_name(channel) if len(alike) == 1 else _name(one, links)


def _may_ring(one: Link, unreached: Sequence[Link]) -> bool:
    return one.endpoint.state is EndpointState.ACTIVE and one not in unreached


def _off_watch(one: Link, links: Sequence[Link]) -> str:
    hours, second = one.watch.hours, second_of(one, links)
    if hours is None:
        return ""
    chat, when = _name(one, links), _hours(hours, one, links)
    if second is None:
        return "; " + _("{chat} is on watch {hours}, and nobody stands in", chat=chat, hours=when)
    other = _name(second, links)
    return "; " + _("{chat} {hours}, otherwise {other}", chat=chat, hours=when, other=other)


def _briefly(step: Step, links: Sequence[Link]) -> str:
    after = spoken(step.after)
    match step.to:
        case Surface.PHONE:
            return _("the phone after {span}", span=after)
        case Surface.CHAT:
            link = next(one for one in links if one.id == step.link)
            return _("{chat} after {span}", chat=chat_title(link.endpoint), span=after)
        case Surface.SECOND:
            return _("the second person after {span}", span=after)
        case _:
            return _("the chats again after {span}", span=after)


def warnings(links: Sequence[Link], unreached: Sequence[Link], *, deaf: bool) -> Iterator[str]:
    """What keeps anybody from being woken.

    Args:
        unreached: where our bot is refused, or whose platform is away.
        deaf: nothing is heard of the platform.
    """
    phones = [one for one in links if one.endpoint.address.channel is Channel.PUSH]
    if deaf:
        yield _("I hear nothing of the platform now, so nothing would ring.")
    elif not any(one.endpoint.state is EndpointState.ACTIVE for one in links):
        yield _("All your chats are closed to me, so nothing would ring.")
    elif not any(_may_ring(one, unreached) for one in links):
        yield _("I cannot reach any of your chats and phones now, so nothing would ring.")
    else:
        if phones and not any(_may_ring(one, unreached) for one in phones):
            yield _("Your phone cannot be reached any more, so only the chats would ring.")
        elif phones and all(one.endpoint.address.bot == Service.APPRISE for one in phones):
            yield _("Your phone by Apprise cannot say whether an alert arrived: add another.")
        away = dict.fromkeys(app_name(one.endpoint.address.channel) for one in chats_of(unreached))
        for app in away:
            yield _("I cannot reach {app} now, so nothing would ring there.", app=app)
