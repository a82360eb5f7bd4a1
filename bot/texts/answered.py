"""Under alerts and cards whose buttons are gone: why nothing can be pressed any more."""

from datetime import datetime

from bot.domain.actions import Action, Verb
from bot.domain.amendments import AnsweredBy
from bot.domain.chats import Channel, Endpoint
from bot.domain.marks import command
from bot.domain.shown import Ending
from bot.domain.sightings import OVER, SOLVED
from bot.texts.language import _, later
from bot.texts.names import app_name
from bot.texts.times import clock, moment


def answer(stored: str) -> str:
    """What has answered an offer, of `Answer.stored`; older versions stored the words."""
    by, *rest = stored.split(" ")
    if by not in set(AnsweredBy):
        return stored
    words = _answer(AnsweredBy(by), Channel(rest[1]) if rest[1:] else None)
    return f"{words} · {moment(datetime.fromisoformat(rest[0]))}" if rest else words


def _answer(by: AnsweredBy, channel: Channel | None) -> str:
    match by:
        case AnsweredBy.FAILED:
            return _("Stopped with an error")
        case AnsweredBy.STOPPED:
            return _("Stopped meanwhile")
        case AnsweredBy.ASKED:
            return _stopped_from(channel)
        case AnsweredBy.DELETED:
            return _("Deleted meanwhile")
        case AnsweredBy.LOGGED_IN:
            return _("Logged in again")
        case AnsweredBy.EXPIRED:
            return _("The button has expired. /help lists what you can ask.")


def _stopped_from(channel: Channel | None) -> str:
    match channel:
        case None:
            return _("Stopped from another chat")
        case Channel.WEB:
            return _("Stopped from the web chat")
        case _:
            return _("Stopped from {app}", app=app_name(channel))


def seen_at(stored: str) -> str:
    """Where and when somebody saw an alert first, of `Sighting.stored`, and that it is over."""
    return " · ".join(map(_seen_or_solved, stored.split(";")))


def _seen_or_solved(stored: str) -> str:
    what, at, *until = stored.split(" ")
    if what == SOLVED:
        return _("Solved · {time}", time=moment(datetime.fromisoformat(at)))
    if what == OVER:
        return _("The drill is over · {time}", time=moment(datetime.fromisoformat(at)))
    words = f"{_seen_in(Channel(what))} · {moment(datetime.fromisoformat(at))}"
    if not until:
        return words
    return _("{seen}, in hand until {time}", seen=words, time=clock(datetime.fromisoformat(*until)))


def _seen_in(channel: Channel) -> str:
    if channel is Channel.WEB:
        return _("Seen in the web chat")
    if channel is Channel.PUSH:
        return _("Seen on the phone")
    return _("Seen in {app}", app=app_name(channel))


def asked_for_in(chat: Endpoint) -> str:
    """A note for the account's other chats on what was asked for in this one."""
    if chat.address.channel is Channel.WEB:
        return _("Asked for in your web chat")
    app = app_name(chat.address.channel)
    if chat.private:
        return _("Asked for in your {app} chat", app=app)
    return _("Asked for in another {app} chat", app=app)


def ending(ending: Ending) -> str:
    """Why nothing under a card can be pressed any more."""
    match ending:
        case Ending.EXPIRED:
            return _("Expired, nothing was changed. Ask again.")
        case Ending.STANDS:
            return _("That stands. /rules lists what holds.")
        case Ending.WITHDRAWN:
            return _("Cancelled: nothing was changed.")
        case Ending.PRESSED:
            return _("A button was pressed here. What came of it: /status")
        case Ending.NOT_LIVE:
            return _("Not live any more: the price is of when this began. /watch shows it anew.")
        case Ending.USED:
            return _("This address was used.")


def question(actions: tuple[Action, ...]) -> str:
    """What the buttons of one card asked, in a few words: 'stop Night Owl'."""
    first = next((one for one in actions if one.verb is not Verb.CANCEL), None)
    if first is None:
        return _("a question")
    if first.verb is Verb.ASK:
        name = command(first.arguments.partition(" ")[0])
        return _("which one to {command}", command=name) if len(actions) > 1 else name
    names = ", ".join(target.name for target in first.targets) or _("a bot")
    return _(_QUESTIONS[first.verb], bots=names)


_QUESTIONS = {
    Verb.PAUSE: later("stop {bots}"),
    Verb.NO_ENTRIES: later("end new trades of {bots}"),
    Verb.RESUME: later("start {bots}"),
    Verb.RENAME_BOT: later("rename {bots}"),
    Verb.RENAME_STRATEGY: later("rename {bots}"),
    Verb.NEW_STRATEGY: later("create {bots}"),
    Verb.REMOVE_STRATEGY: later("delete {bots}"),
    Verb.FORCE_EXIT: later("close a trade of {bots}"),
    Verb.RELOAD: later("reload {bots}"),
    Verb.UNLINK: later("unlink"),
    Verb.GRANT_ACCESS: later("let others act here"),
    Verb.SHOW_FOLLOWERS: later("show followers your trades"),
    Verb.SHOW_FOLLOWERS_LATER: later("show followers your trades"),
    Verb.COVER_CRITICAL: later("quieten what is critical"),
    Verb.STANDING_ORDER: later("allow to stop {bots}"),
    Verb.STANDING_NO_ENTRIES: later("allow to end new trades of {bots}"),
    Verb.UNDO: later("undo"),
    Verb.HOLD: later("until when you have it"),
    Verb.STOP_WATCH: later("a live price"),
}
