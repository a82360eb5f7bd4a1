"""The words of a person's own trail: what was done on an account, by whom, when."""

from collections.abc import Mapping, Sequence

from bot.domain.actions import ActionState, Denied, Verb
from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.chats import Person
from bot.domain.marks import command
from bot.domain.text import clean
from bot.domain.trail import Trace, by
from bot.texts.language import _, later
from bot.texts.reasons import in_words
from bot.texts.times import moment

ROWS = 15
"""Of one page: fits one message of any platform."""


def page(traces: Sequence[Trace], number: int, older: Sequence[Button], asker: Person) -> Card:
    """One page, youngest first.

    Args:
        number: from 1.
        older: what leads to the next page.
    """
    if not traces:
        words = (
            _("There is no such page. /audit shows the newest.")
            if number > 1
            else _("Nothing yet.")
        )
        return Card(title=_("What was done"), severity=Severity.INFO, lines=(words,))
    rows = [
        Field(moment(trace.at), " · ".join(filter(None, (_deed(trace), _who(trace, asker)))))
        for trace in traces
    ]
    return Card(
        title=_("What was done") if number == 1 else _("What was done, page {page}", page=number),
        severity=Severity.INFO,
        fields=tuple(rows),
        buttons=(tuple(older),) if older else (),
        notes=(_("Older ones: /audit {page}", page=number + 1),) if older else (),
    )


def _who(trace: Trace, asker: Person) -> str:
    channel = trace.facts.get("channel", "").capitalize()
    if "person" not in trace.facts or not channel:
        return channel
    return somebody(channel, is_you=by(asker).items() <= trace.facts.items())


def somebody(channel: str, *, is_you: bool) -> str:
    """Without a name: none is kept."""
    if is_you:
        return _("you on {channel}", channel=channel.capitalize())
    return _("somebody else on {channel}", channel=channel.capitalize())


def _asked(facts: Mapping[str, str]) -> str:
    asked = _("asked {command}", command=command(facts.get("name", "")))
    return _("{deed}, refused", deed=asked) if "refused" in facts else asked


def _pressed(facts: Mapping[str, str]) -> str:
    if "refused" in facts:
        why = facts["refused"]
        why = _(_DENIED[Denied(why)]) if why in set(Denied) else why
        return _("pressed a button, refused: {reason}", reason=why)
    return _("pressed {verb}", verb=_verb(facts))


_DENIED = {
    Denied.UNKNOWN: later("unknown"),
    Denied.EXPIRED: later("expired"),
    Denied.STANDS: later("too late"),
    Denied.NOT_YOURS: later("not yours"),
    Denied.ELSEWHERE: later("elsewhere"),
    Denied.USED: later("used"),
    Denied.RUNNING: later("running"),
    Denied.UNLINKED: later("unlinked"),
    Denied.ANSWERED: later("answered"),
    Denied.NO_RIGHT: later("no right"),
    Denied.COOLS_OFF: later("chat too new"),
    Denied.NOT_PROVEN: later("no fresh login"),
}


def _done(facts: Mapping[str, str]) -> str:
    names = facts.get("names") or facts.get("targets", "")
    state = facts.get("state", "")
    ended = _(_STATES[state]) if state in _STATES else state
    return f"{_verb(facts)} {names}: {ended}"


_STATES = {
    "asked": later("asked"),
    "interrupted": later("interrupted"),
    ActionState.DONE.value: later("done"),
    ActionState.REFUSED.value: later("refused"),
    ActionState.UNCLEAR.value: later("unclear"),
}


def _verb(facts: Mapping[str, str]) -> str:
    """What the button says."""
    verb = facts.get("verb", "")
    return _(_VERBS[verb]) if verb in _VERBS else verb


_VERBS: Mapping[str, str] = {
    Verb.PAUSE: later("stop"),
    Verb.NO_ENTRIES: later("no new trades of"),
    Verb.RENAME_BOT: later("rename"),
    Verb.RENAME_STRATEGY: later("rename"),
    Verb.NEW_STRATEGY: later("create the strategy"),
    Verb.REMOVE_STRATEGY: later("delete the strategy"),
    Verb.FORCE_EXIT: later("close a trade of"),
    Verb.RELOAD: later("reload"),
    Verb.GRANT_ACCESS: later("allow"),
    Verb.SHOW_FOLLOWERS: later("show followers"),
    Verb.SHOW_FOLLOWERS_LATER: later("show followers"),
    Verb.STANDING_ORDER: later("allow a standing order"),
    Verb.STANDING_NO_ENTRIES: later("allow a standing order"),
    Verb.COVER_CRITICAL: later("quieten what is critical"),
    Verb.SEEN: later("seen"),
    Verb.HOLD: later("I have it"),
}


def _deed(trace: Trace) -> str:
    facts = {name: clean(fact, 120) for name, fact in trace.facts.items()}
    if trace.what in _WISHED:
        return _(_WISHED[trace.what], words=facts.get("words", ""))
    if trace.what in _PLAIN:
        return _(_PLAIN[trace.what])
    match trace.what:
        case "command":
            return _asked(facts)
        case "press":
            return _pressed(facts)
        case "action":
            return _done(facts)
        case "standing_order":
            return _("by a standing order: {deed}", deed=_done({"verb": Verb.PAUSE, **facts}))
        case "members":
            return _("set what others in a chat may do: {role}", role=facts.get("role", ""))
        case "topics":
            return _("turned topics for each bot {switch}", switch=facts.get("switch", ""))
        case "endpoint_disabled":
            return _("a chat was closed to me: {reason}", reason=in_words(facts.get("reason", "")))
        case other:
            return clean(other.replace("_", " "), 60)


_PLAIN = {
    "linked": later("linked a chat"),
    "unlinked": later("unlinked a chat"),
    "phone_added": later("added a phone"),
    "phone_moved": later("has a phone at a new address of its push service"),
    "phone_linked": later("linked a phone"),
    "phone_removed": later("removed a phone"),
    "drill": later("began a drill"),
    "login_failed": later("a login failed"),
}

_WISHED = {
    "quiet": later("set the quiet hours: {words}"),
    "zone": later("set the time zone: {words}"),
    "language": later("set the language: {words}"),
    "currency": later("set the currency of amounts: {words}"),
    "digest": later("set the time of the daily digest: {words}"),
    "mute": later("muted: {words}"),
    "unmute": later("ended a mute: {words}"),
    "rule": later("made a rule: {words}"),
    "rule_removed": later("removed a rule: {words}"),
    "escalation": later("set who is told of what nobody sees: {words}"),
    "watch": later("set when they are on watch: {words}"),
    "night": later("set when a night is told: {words}"),
    "reports": later("set when reports come: {words}"),
    "look": later("set how pictures look: {words}"),
    "drill_reminder": later("set whether to hear when a drill is due: {words}"),
    "alert_made": later("set a price alert: {words}"),
    "alert_removed": later("removed a price alert: {words}"),
    "standing_made": later("allowed a standing order: {words}"),
    "standing_removed": later("removed a standing order: {words}"),
    "standing_suspended": later("a standing order was suspended: {words}"),
    "proven": later("logged in once more: {words}"),
    "rule_critical": later("let a rule hold for what is critical: {words}"),
}
