"""What a pressed button comes to: what is being done, and how it ended, bot by bot."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.actions import WRITING, Action, ActionState, Denied, Target, Verb
from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.outcomes import Deed, Result, Seen
from bot.domain.text import clean
from bot.texts.errors import told
from bot.texts.language import _, later, ngettext
from bot.texts.times import clock, spoken


def toast(denied: Denied) -> str:
    """Why a press does nothing."""
    return _(_TOASTS[denied])


_TOASTS = {
    Denied.UNKNOWN: later("This button is no longer known. Ask again."),
    Denied.EXPIRED: later("Too late: this card has ended, nothing was changed. Ask again."),
    Denied.STANDS: later("Too late to undo that with a button. /rules lists what holds."),
    Denied.NOT_YOURS: later("Only the person who asked may press this."),
    Denied.ELSEWHERE: later("This button belongs to another chat."),
    Denied.USED: later("This card was used already."),
    Denied.RUNNING: later("Already on it. One moment."),
    Denied.ANSWERED: later(
        "Nothing left to do: that bot was stopped or deleted meanwhile. See /traders."
    ),
    Denied.UNLINKED: later("This chat is no longer linked to that account."),
    Denied.NO_RIGHT: later(
        "You may not do that here. Who linked this chat can allow it: /members."
    ),
    Denied.COOLS_OFF: later("This chat was linked a moment ago. Try again in ten minutes."),
    Denied.NOT_PROVEN: later("That takes a fresh login, and yours is too old by now. Ask again."),
}


def seen(until: datetime | None = None, *, in_a_drill: bool = False) -> str:
    """To who has pressed that, or that they have it until then."""
    if in_a_drill:
        return _("Noted for this place. The others are still waited for.")
    if until is not None:
        return _("Noted. I ask again at {time} if it is not solved.", time=clock(until))
    return _("Noted. Everybody who was told of it sees that.")


def cancel() -> str:
    """On the button that does nothing."""
    return _("Cancel")


# --- how a bot is, in words that follow its name --------------------------------------------------


def found(seen: Seen) -> str:
    if seen.condition is not None:
        return _("is {state}", state=clean(seen.condition.word, 30))
    if seen.called is not None:
        return _("is called {name}", name=seen.called)
    if seen.there is not None:
        return _("is there") if seen.there else _("is not there")
    if seen.holds is not None:
        return _holds(seen)
    match seen.opens:
        case True:
            return _("opens new trades")
        case False:
            return _("opens no new trades, and manages those it has")
        case None:
            return _("does not say whether it opens new trades")


def still(seen: Seen) -> str:
    """Where it should have changed."""
    if seen.condition is not None:
        return _("is still {state}", state=clean(seen.condition.word, 30))
    if seen.called is not None:
        return _("is still called {name}", name=seen.called)
    if seen.there is not None:
        return _("is still there") if seen.there else _("is not there")
    if seen.holds is not None:
        return _holds(seen)
    match seen.opens:
        case True:
            return _("still opens new trades")
        case False:
            return _("still opens no new trades, and manages those it has")
        case None:
            return _("still does not say whether it opens new trades")


def _holds(seen: Seen) -> str:
    if seen.exiting:
        return _("has placed the order, or sold already")
    return _("holds the trade as before") if seen.holds else _("has closed the trade")


def done(deed: Deed) -> str:
    match deed.verb:
        case Verb.RESUME:
            return _("is running")
        case Verb.NO_ENTRIES:
            return _("opens no new trades")
        case Verb.RENAME_BOT | Verb.RENAME_STRATEGY:
            return _("is called {name}", name=deed.said)
        case Verb.NEW_STRATEGY:
            return _("is there")
        case Verb.REMOVE_STRATEGY:
            return _("is not there any more")
        case _:
            return _("is stopped")


# --- what became of it ----------------------------------------------------------------------------


def not_done(target: Target, why: str) -> Result:
    return Result(target=target, state=ActionState.REFUSED, words=why)


def no_login() -> str:
    return _("not done: I need a new login, send /link")


def login_refused() -> str:
    return _("not done: the platform refused my login, send /link")


def refused(reason: str) -> str:
    return _("not done, the platform says: {reason}", reason=told(reason))


def failed(reason: str) -> str:
    return _("not done: {reason}", reason=told(reason))


def accepted(target: Target) -> Result:
    words = _("The platform accepted it")
    return Result(target=target, state=ActionState.UNCLEAR, words=words, accepted=True)


def shown(target: Target, seen: Seen) -> Result:
    words = _("{words} (checked by reading back)", words=found(seen))
    return Result(target=target, state=ActionState.DONE, words=words)


def login_refused_meanwhile() -> str:
    return _("then the platform refused my login: send /link, then /status")


def not_read_back() -> str:
    return _("I could not read back: look with /status")


def leaves_no_trace() -> str:
    return _("that it has happened cannot be seen: ask again, which does no harm")


def unclear(written: Result, failure: str) -> Result:
    words = _("is UNCLEAR. {written}, and {failure}", written=written.words, failure=failure)
    return replace(written, state=ActionState.UNCLEAR, words=words, accepted=False)


def without_effect(written: Result, seen: Seen) -> Result:
    words = _(
        "{still}: it did not take effect. {written}. Ask again",
        still=still(seen),
        written=written.words,
    )
    return replace(written, state=ActionState.UNCLEAR, words=words)


def given_up(result: Result, waited: timedelta) -> Result:
    words = _(
        "{words}, {span} after the platform accepted the change. Look with /status, or ask again",
        words=result.words,
        span=spoken(waited),
    )
    return replace(result, accepted=False, words=words)


# --- cards ----------------------------------------------------------------------------------------


def working(action: Action) -> Card:
    title = _(_WORKING[action.verb], who=_who(action.targets))
    return Card(title=title, lines=(_("Waiting for the platform."),))


_WORKING = {
    Verb.PAUSE: later("Stopping {who} …"),
    Verb.NO_ENTRIES: later("Ending new trades of {who} …"),
    Verb.RESUME: later("Starting {who} …"),
    Verb.RENAME_BOT: later("Renaming {who} …"),
    Verb.RENAME_STRATEGY: later("Renaming {who} …"),
    Verb.NEW_STRATEGY: later("Creating {who} …"),
    Verb.REMOVE_STRATEGY: later("Deleting {who} …"),
    Verb.RELOAD: later("Reloading {who} …"),
    Verb.FORCE_EXIT: later("Closing a trade of {who} …"),
}


def _who(targets: Sequence[Target]) -> str:
    one = len(targets) == 1
    return targets[0].name if one else ngettext("{count} bot", "{count} bots", len(targets))


def checking(unclear: Sequence[Result], verb: Verb) -> Card:
    """
    Args:
        unclear: what is so far.
    """
    look = _("I look whether it took effect, and do not repeat it.")
    who = _who([result.target for result in unclear])
    if all(result.accepted for result in unclear):
        title = _accepted_title(who)
    else:
        title = _(_UNCLEAR[verb], who=who)
        words = dict.fromkeys(result.words for result in unclear if not result.accepted)
        look = ". ".join((*words, look))
    return Card(title=title, severity=Severity.WARNING, lines=(look,))


_UNCLEAR = {
    Verb.PAUSE: later("Unclear so far: stopping {who}"),
    Verb.NO_ENTRIES: later("Unclear so far: ending new trades of {who}"),
    Verb.RESUME: later("Unclear so far: starting {who}"),
    Verb.RENAME_BOT: later("Unclear so far: renaming {who}"),
    Verb.RENAME_STRATEGY: later("Unclear so far: renaming {who}"),
    Verb.NEW_STRATEGY: later("Unclear so far: creating {who}"),
    Verb.REMOVE_STRATEGY: later("Unclear so far: deleting {who}"),
    Verb.RELOAD: later("Unclear so far: reloading {who}"),
    Verb.FORCE_EXIT: later("Unclear so far: closing a trade of {who}"),
}


def _accepted_title(name: str) -> str:
    return _("The platform accepted it; {bot} does not show it yet", bot=name)


def outcome(results: Sequence[Result], action: Action, again: tuple[Button, ...] = ()) -> Card:
    """
    Args:
        again: what asks again about those bots that are not as they should be.
    """
    verb = action.verb
    ended = [result for result in results if result.state is ActionState.DONE]
    notes = _notes(verb) if ended else ()
    if len(results) == 1:
        return replace(_one_outcome(results[0], verb), notes=notes)
    all_ended = len(ended) == len(results)
    warning = _("What is not stopped may trade on: ask again, or stop it on the platform itself.")
    return Card(
        title=_outcome_title(len(ended), len(results), verb),
        severity=Severity.GOOD if all_ended else Severity.WARNING,
        lines=() if all_ended or verb is not Verb.PAUSE else (warning,),
        fields=tuple(Field(result.target.name, _in_a_row(result)) for result in results),
        buttons=(again,) if again else (),
        notes=notes,
    )


def again(bots: int) -> str:
    """On the button that asks again."""
    return ngettext("Again: {count} bot", "Again: {count} bots", bots)


def _outcome_title(ended: int, all_of_them: int, verb: Verb) -> str:
    match verb:
        case Verb.RESUME:
            return ngettext(
                "{done} of {count} bot running",
                "{done} of {count} bots running",
                all_of_them,
                done=ended,
            )
        case Verb.NO_ENTRIES:
            return ngettext(
                "{done} of {count} bot open no new trades",
                "{done} of {count} bots open no new trades",
                all_of_them,
                done=ended,
            )
        case _:
            return ngettext(
                "{done} of {count} bot stopped",
                "{done} of {count} bots stopped",
                all_of_them,
                done=ended,
            )


def _in_a_row(result: Result) -> str:
    if result.accepted:
        return _("accepted, not shown yet: it {words}", words=result.words)
    return result.words


def _notes(verb: Verb) -> tuple[str, ...]:
    """What a person should know once it is done."""
    match verb:
        case Verb.PAUSE:
            return (_("Open trades are not managed until you /resume."),)
        case Verb.NO_ENTRIES:
            return (_("It opens trades again after /pause and /resume."),)
        case Verb.FORCE_EXIT:
            return (_("What it brought is told once the order is filled."),)
        case _:
            return ()


def _one_outcome(result: Result, verb: Verb) -> Card:
    name = result.target.name
    sentence = f"{name} {result.words}"
    match result.state:
        case ActionState.DONE:
            return Card(title=sentence, severity=Severity.GOOD)
        case ActionState.UNCLEAR if result.accepted:
            look = _("{outcome}. I look on for some minutes, and tell you here.", outcome=sentence)
            return Card(title=_accepted_title(name), severity=Severity.WARNING, lines=(look,))
        case ActionState.UNCLEAR:
            return Card(
                title=_("{bot}: unclear", bot=name),
                severity=Severity.WARNING,
                lines=(f"{sentence}.",),
            )
        case _:
            words = result.words[:1].upper() + result.words[1:]
            new = verb is Verb.NEW_STRATEGY
            return Card(
                title=_("{bot} was not created", bot=name)
                if new
                else _("{bot} was not changed", bot=name),
                severity=Severity.WARNING,
                lines=(f"{words}.",),
            )


# --- after a crash --------------------------------------------------------------------------------

REPORTED = WRITING | {
    *(Verb.UNLINK, Verb.GRANT_ACCESS, Verb.STANDING_ORDER, Verb.STANDING_NO_ENTRIES)
}
"""What is reported if a crash interrupts it."""


def interrupted(action: Action, bots: Sequence[tuple[Target, Seen | None]], at: datetime) -> Notice:
    """
    Args:
        bots: with how each is now, where that can be known.
    """
    origin = Origin(kind=Kind.ACTION, record=action.id, at=at)
    return Notice(origin=origin, say=partial(_interrupted, action.verb, tuple(bots)), bad=True)


def _interrupted(verb: Verb, bots: Sequence[tuple[Target, Seen | None]]) -> NoticeText:
    match verb:
        case Verb.UNLINK:
            title = _("I was interrupted while unlinking")
            lines = [
                _("A chat that still hears from me is still linked: send /unlink there again.")
            ]
        case Verb.GRANT_ACCESS:
            title = _("I was interrupted while setting what others may do")
            lines = [_("Send /members there to see what holds now.")]
        case Verb.STANDING_ORDER | Verb.STANDING_NO_ENTRIES:
            title = _("I was interrupted while noting a standing order")
            lines = [_("Send /standing to see what holds now.")]
        case _:
            title = _(_INTERRUPTED[verb])
            lines = [_state_of(*bot) for bot in bots]
    return NoticeText(title, *lines)


def _state_of(target: Target, seen: Seen | None) -> str:
    words = found(seen) if seen else _("may or may not have changed: look with /status")
    return f"{target.name} {words}."


_INTERRUPTED = {
    Verb.PAUSE: later("I was interrupted while stopping a bot"),
    Verb.NO_ENTRIES: later("I was interrupted while ending a bot's new trades"),
    Verb.RESUME: later("I was interrupted while starting a bot"),
    Verb.RENAME_BOT: later("I was interrupted while renaming a bot"),
    Verb.RENAME_STRATEGY: later("I was interrupted while renaming a strategy"),
    Verb.NEW_STRATEGY: later("I was interrupted while creating a strategy"),
    Verb.REMOVE_STRATEGY: later("I was interrupted while deleting a strategy"),
    Verb.RELOAD: later("I was interrupted while reloading a bot"),
    Verb.FORCE_EXIT: later("I was interrupted while closing a trade"),
}
