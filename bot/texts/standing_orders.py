"""What may be done if nobody sees something: asked, listed, and what became of it."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.domain.actions import ActionState, Target, Verb
from bot.domain.cards import Button, Card, Severity
from bot.domain.escalation import LONGEST
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.incidents import Cause
from bot.domain.outcomes import Seen
from bot.domain.standing_orders import (
    CAUSES,
    MOST_ORDERS,
    SOONEST,
    Deed,
    DueOrder,
    OrderProblem,
    SpokenOrder,
    StandingOrder,
)
from bot.domain.text import clean
from bot.texts.incidents import happened
from bot.texts.language import _, later, ngettext
from bot.texts.outcomes import found
from bot.texts.times import clock, spoken

_NAMED = 30
"""Of more bots so many are named."""


def _what(causes: tuple[Cause, ...]) -> str:
    return _(_KINDS[causes[0]]) if len(causes) == 1 else _("Anything critical")


_KINDS = {
    Cause.ERROR: later("An error"),
    Cause.LIQUIDATION: later("A liquidation"),
    Cause.STOP_FAILED: later("A failed stop"),
    Cause.FAILED: later("A failure"),
}
assert set(_KINDS) == set(CAUSES)


def _whose(bots: Sequence[Target], every: bool) -> str:
    return _("any of your bots") if every else _names(bots)


def _names(bots: Sequence[Target]) -> str:
    named = ", ".join(bot.name for bot in bots[:_NAMED])
    left = len(bots) - _NAMED
    if left <= 0:
        return named
    return ngettext("{named} and {count} more", "{named} and {count} more", left, named=named)


def in_words(order: StandingOrder) -> str:
    """'An error of Grid BTC, unseen for 15 min: it is stopped'."""
    what, bots = _what(order.causes), _whose(order.bots, order.every)
    span = spoken(order.after)
    if order.verb is Verb.NO_ENTRIES:
        return _(
            "{what} of {bots}, unseen for {span}: it opens no more trades",
            what=what,
            bots=bots,
            span=span,
        )
    return _("{what} of {bots}, unseen for {span}: it is stopped", what=what, bots=bots, span=span)


# --- asked, and listed ----------------------------------------------------------------------------


def allow(bots: Sequence[Target], every: bool) -> str:
    """On the button that makes it."""
    if len(bots) == 1 and not every:
        return _("Allow to stop {bot}", bot=bots[0].name)
    return ngettext("Allow to stop {count} bot", "Allow to stop {count} bots", len(bots))


def allow_no_entries(bots: Sequence[Target], every: bool) -> str:
    """On the button that makes the milder one."""
    if len(bots) == 1 and not every:
        return _("Allow to end new trades of {bot}", bot=bots[0].name)
    return ngettext(
        "Allow to end new trades of {count} bot",
        "Allow to end new trades of {count} bots",
        len(bots),
    )


def to_be_made(read: SpokenOrder, bots: Sequence[Target], every: bool) -> str:
    """What is to be confirmed, where a login comes first."""
    return _(
        "Standing order: {what} of {bots}, unseen for {span}",
        what=_what(read.causes),
        bots=_whose(bots, every),
        span=spoken(read.after),
    )


def confirm(
    causes: tuple[Cause, ...],
    bots: Sequence[Target],
    every: bool,
    after: timedelta,
    can_end_entries: bool,
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """What exactly would be done, to which bots.

    Args:
        can_end_entries: a bot can be told to open no more trades: a button of its own offers it.
    """
    lines = [
        _(
            "If {what} of {bots} is unseen for {span}, I stop that bot: once, and only if it runs"
            " then, with real money.",
            what=_what(causes)[:1].lower() + _what(causes)[1:],
            bots=_whose(bots, every),
            span=spoken(after),
        )
    ]
    if every:
        lines.append(
            _("Now these are: {bots}. Bots that you add later count, too.", bots=_names(bots))
        )
    else:
        lines.append(_("No other bot, and none that you add later."))
    if can_end_entries:
        lines.append(
            _("Milder: it only opens no more trades, and goes on managing those that it has.")
        )
    lines += [
        _("What is stopped manages its open trades no more, until somebody says /resume."),
        _("It holds as long as this chat is linked by you. /standing lists and removes it."),
    ]
    return Card(
        title=_("Stop a bot if nobody sees what happens to it?"),
        severity=Severity.WARNING,
        lines=tuple(lines),
        buttons=buttons,
    )


def made(order: StandingOrder) -> Card:
    return Card(title=_("That holds from now on"), lines=(in_words(order),), notes=(_examples(),))


def too_many() -> Card:
    return Card(
        title=_("That would be more than {count} standing orders", count=MOST_ORDERS),
        lines=(_("Nothing was changed. /standing removes one."),),
    )


def listed(orders: Sequence[StandingOrder], buttons: Sequence[Button]) -> Card:
    """
    Args:
        buttons: for each, what removes it.
    """
    if not orders:
        return Card(
            title=_("Nothing is done without you"),
            lines=(_("You may allow me to stop a bot if nobody sees what happens to it."),),
            notes=(_examples(),),
        )
    return Card(
        title=ngettext("{count} standing order", "{count} standing orders", len(orders)),
        lines=tuple(_numbered(orders)),
        buttons=tuple((button,) for button in buttons),
        notes=(_examples(),),
    )


def _numbered(orders: Sequence[StandingOrder]) -> Iterator[str]:
    for number, order in enumerate(orders, 1):
        if order.suspended_at is None:
            yield _("{number}. {order}", number=number, order=in_words(order))
        else:
            yield _(
                "{number}. Suspended, as whoever made it may not any more: {order}",
                number=number,
                order=in_words(order),
            )


def remove(number: int) -> str:
    """On a button."""
    return _("Remove {number}", number=number)


def removed(order: StandingOrder) -> Card:
    return Card(title=_("That holds no more"), lines=(in_words(order),))


def gone() -> Card:
    return Card(title=_("There is no such standing order"), lines=(_("/standing lists them."),))


def unclear(problem: OrderProblem) -> Card:
    match problem:
        case OrderProblem.AFTER:
            title = _("Unseen for how long?")
        case OrderProblem.TIME:
            title = _(
                "From {soonest} to {longest}, please",
                soonest=spoken(SOONEST),
                longest=spoken(LONGEST),
            )
        case OrderProblem.TOO_MANY:
            return too_many()
        case OrderProblem.PAPER:
            title = _("That bot trades on paper: nothing of it has to be seen")
    return Card(title=title, lines=(_("Nothing was changed."),), notes=(_examples(),))


def examples() -> str:
    return _("/standing error of Grid BTC after 15 min, /standing anything of all after 1 h")


def _examples() -> str:
    return _("For example: {examples}", examples=examples())


# --- where it is looked at ------------------------------------------------------------------------


def happens_at(due: DueOrder) -> str:
    """On what tells of an incident."""
    time, bot = clock(due.at), due.incident.called
    if due.order.verb is Verb.NO_ENTRIES:
        return _("If nobody sees this by {time}, {bot} opens no more trades.", time=time, bot=bot)
    return _("If nobody sees this by {time}, {bot} is stopped.", time=time, bot=bot)


def awaited_of(due: Sequence[DueOrder]) -> str:
    """The same of several."""
    return ngettext(
        "If nobody sees this, {count} bot is stopped or opens no more trades, from {time} on.",
        "If nobody sees this, {count} bots are stopped or open no more trades, from {time} on.",
        len(due),
        time=clock(min(one.at for one in due)),
    )


def awaited(due: DueOrder) -> str:
    """How its incident stands, in a list."""
    if due.order.verb is Verb.NO_ENTRIES:
        return _("nobody has seen it; {time} its bot opens no more trades", time=clock(due.at))
    return _("nobody has seen it; {time} its bot is stopped", time=clock(due.at))


def holding(orders: Sequence[StandingOrder]) -> list[str]:
    """A line for each that holds."""
    return [
        _("Standing order: {order}.", order=in_words(one))
        for one in orders
        if one.suspended_at is None
    ]


# --- what became of it ----------------------------------------------------------------------------


def report(deeds: Sequence[Deed], at: datetime) -> Notice:
    """Of one account: what was done, or not, in one message."""
    incidents = ",".join(str(deed.incident) for deed in deeds)
    digest = hashlib.sha256(incidents.encode()).hexdigest()[:16]
    return Notice(
        origin=Origin(kind=Kind.ACTION, record=f"standing {digest}", at=at),
        say=partial(_one if len(deeds) == 1 else _several, tuple(deeds)),
        bad=True,
        urgent=True,
        resumes=tuple(
            deed.bot
            for deed in deeds
            if deed.state is ActionState.DONE and deed.verb is not Verb.NO_ENTRIES
        ),
    )


def _one(deeds: Sequence[Deed]) -> NoticeText:
    [deed] = deeds
    bot, span = deed.bot.name, spoken(deed.after)
    why = _(
        "Nobody had seen for {span}: {incident}. You had allowed it beforehand, see /standing.",
        span=span,
        incident=happened(deed.cause, bot),
    )
    match deed.state, deed.verb:
        case ActionState.DONE, Verb.NO_ENTRIES:
            return NoticeText(
                _(
                    "{bot} opens no more trades: nobody had seen its alert for {span}",
                    bot=bot,
                    span=span,
                ),
                why,
                _("It manages those it has. /pause and /resume let it open trades again."),
            )
        case ActionState.DONE, _other:
            return NoticeText(
                _("Stopped {bot}: nobody had seen its alert for {span}", bot=bot, span=span),
                why,
                _("Its open trades are not managed now. /resume {bot} starts it again.", bot=bot),
            )
        case ActionState.REFUSED, _other:
            return NoticeText(
                _("{bot} may still open trades", bot=bot)
                if deed.verb is Verb.NO_ENTRIES
                else _("{bot} was not stopped", bot=bot),
                why,
                f"{deed.words[:1].upper()}{deed.words[1:]}.",
                _("I do not try again: /pause {bot} stops it.", bot=bot),
            )
        case _:
            return NoticeText(
                _("{bot}: unclear whether it opens trades", bot=bot)
                if deed.verb is Verb.NO_ENTRIES
                else _("{bot}: unclear whether it is stopped", bot=bot),
                why,
                f"{bot} {deed.words}.",
                _("I do not try again: look with /status, or /pause {bot}.", bot=bot),
            )


def _several(deeds: Sequence[Deed]) -> NoticeText:
    done = [deed for deed in deeds if deed.state is ActionState.DONE]
    rest = [deed for deed in deeds if deed.state is not ActionState.DONE]
    lines = [_("Nobody had seen their alerts. You had allowed it beforehand, see /standing.")]
    ended = [deed.bot.name for deed in done if deed.verb is Verb.NO_ENTRIES]
    stopped = [deed.bot.name for deed in done if deed.verb is not Verb.NO_ENTRIES]
    if stopped:
        names = ", ".join(stopped)
        lines.append(_("Stopped: {bots}. /resume starts them again.", bots=names))
    if ended:
        lines.append(_("They open no more trades: {bots}.", bots=", ".join(ended)))
    for deed in rest:
        behind = ":" if deed.state is ActionState.REFUSED else ""
        lines.append(f"{deed.bot.name}{behind} {deed.words}.")
    if ended:
        title = ngettext(
            "Stopped or calmed {done} of {count} bot that nobody looked after",
            "Stopped or calmed {done} of {count} bots that nobody looked after",
            len(deeds),
            done=len(done),
        )
    else:
        title = ngettext(
            "Stopped {done} of {count} bot that nobody looked after",
            "Stopped {done} of {count} bots that nobody looked after",
            len(deeds),
            done=len(done),
        )
    return NoticeText(title, *lines)


def interrupted(verb: Verb, seen: Seen | None) -> str:
    """Behind the bot's name."""
    if verb is Verb.NO_ENTRIES:
        if seen is None:
            return _(
                "was to open no more trades when I was interrupted. How it is now is not known"
            )
        return _(
            "was to open no more trades when I was interrupted. Now it {found}", found=found(seen)
        )
    if seen is None:
        return _("was being stopped when I was interrupted. How it is now is not known")
    return _("was being stopped when I was interrupted. Now it {found}", found=found(seen))


def suspended(order: StandingOrder, at: datetime) -> Notice:
    origin = Origin(kind=Kind.ACTION, record=f"standing {order.id} suspended", at=at)
    return Notice(origin=origin, say=partial(_suspended, order), bad=True)


def _suspended(order: StandingOrder) -> NoticeText:
    return NoticeText(
        _("A standing order is suspended"),
        f"{in_words(order)}.",
        _("Whoever made it may not any more, so it is not carried out. Who may makes it anew."),
        _("For example: {examples}", examples=examples()),
    )


def resume(bots: Sequence[Target]) -> str:
    """On a button."""
    if len(bots) == 1:
        return _("Resume {bot}", bot=clean(bots[0].name, 40))
    return ngettext("Resume {count} bot", "Resume {count} bots", len(bots))
