"""Why an alert came as it came, or did not."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field, Option, PickList
from bot.domain.chats import Person
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import PENDING, State
from bot.domain.events import Kind, Trader
from bot.domain.ids import ActionId
from bot.domain.reasons import Reason
from bot.domain.rules import Rule
from bot.domain.sightings import Sighting
from bot.domain.text import clean
from bot.domain.told import Duplicate, Told
from bot.domain.trail import audited
from bot.texts.cards import plain
from bot.texts.language import _, later, ngettext
from bot.texts.missed import end_of
from bot.texts.reasons import in_words
from bot.texts.times import instant, moment
from bot.texts.trail import somebody
from bot.texts.wishes import rule_in_words, scope_in_words

ROWS = 20
"""Of the list: fits one message of any platform, unless names are long."""

TITLE_LIMIT = 60

_KINDS = {
    Kind.TRADE: later("a trade"),
    Kind.SIGNAL: later("a signal"),
    Kind.POD_EVENT: later("a bot's report"),
    Kind.TRADER: later("a change of a bot"),
    Kind.STRATEGY: later("a change of a strategy"),
    Kind.MESSAGE: later("a message of the platform"),
    Kind.SYSTEM_EVENT: later("an event of the platform"),
    Kind.FEED: later("a notice about the connection"),
    Kind.ACTION: later("the outcome of an action"),
    Kind.TEST: later("a test alert"),
    Kind.IDLE: later("a bot that is unusually quiet"),
    Kind.GUARD: later("a guard of the day"),
    Kind.ESCALATION: later("something that nobody had seen yet"),
    Kind.DRILL: later("a drill"),
    Kind.NIGHT: later("what a night has come to"),
    Kind.PRICE: later("a price alert"),
    Kind.SUMMARY: later("what a day or a week has come to"),
    Kind.FAREWELL: later("that an account is shown no more"),
    Kind.DIGEST: later("a digest"),
}

_HOW = {
    Course.RING: later("with a sound"),
    Course.SILENT: later("without a sound"),
    Course.HOLD: later("kept for later"),
    Course.DROP: later("not told"),
}

_WHY = {
    Why.CRITICAL: later("it is critical"),
    Why.OFF_WATCH: later("it is critical, and somebody else is on watch"),
    Why.QUIET_HOURS: later("quiet hours"),
    Why.MUTED: later("muted"),
    Why.TOO_MILD: later("this phone rings for less"),
    Why.NOT_FOR_FOLLOWERS: later("followers read there"),
    Why.KNOWN_THERE: later("known there already"),
    Why.RECOVERY: later("what it ends has rung"),
}


MOST_SEEN = 5
"""Who saw an alert first, of many in a shared chat."""


def explained(
    told: Told, traders: Sequence[Trader], seen: Sequence[Sighting], asker: Person
) -> Card:
    """All that is known of how one alert was told.

    Args:
        traders: of the account, by which a bot has its name.
        seen: who has seen the fact, in any chat of the account.
    """
    fields = [
        Field(_("Event"), _(_KINDS[told.kind])),
        Field(_("Happened"), instant(told.occurred_at)),
        Field(_("Heard"), instant(told.created_at)),
    ]
    if told.decision is not None:
        rule = told.decision.rule
        words = rule_in_words(rule, traders) if rule is not None else ""
        fields.append(Field(_("Decided"), _decided(told.decision, told.sound, words)))
    fields.append(_became(told))
    if told.attempts:
        fields.append(Field(_("Tried"), ngettext("{count} time", "{count} times", told.attempts)))
    fields += [Field(_("Seen"), _seen(one, asker)) for one in seen[:MOST_SEEN]]
    return Card(
        title=_("About {reference}", reference=told.reference),
        lines=(clean(told.title, 2 * TITLE_LIMIT),),
        fields=tuple(fields),
    )


def _seen(sighting: Sighting, asker: Person) -> str:
    is_you = (sighting.channel, sighting.person) == (asker.channel, audited(asker))
    return f"{instant(sighting.at)} \u00b7 {somebody(sighting.channel, is_you=is_you)}"


def unknown() -> Card:
    return plain(
        _("I know no alert by that name here"),
        _("The six characters below an alert are its name: /why 668RRM. Names last for 30 days."),
    )


def no_alert() -> Card:
    return plain(
        _("That message is no alert of this chat that I know"),
        _("Answers are none, and alerts are forgotten after 30 days. /why lists the latest."),
    )


def nothing() -> Card:
    return plain(
        _("Nothing was kept from you"), _("All that came lately came with a sound."), _unlisted()
    )


def listed(
    quiet: Sequence[Told],
    duplicates: Sequence[Duplicate],
    traders: Sequence[Trader],
    explain: Sequence[ActionId] = (),
) -> Card:
    """The latest of what came without a sound or not at all, at least one; of both, the youngest
    come first.

    Args:
        explain: what explains each that is `quiet`.
    """
    options = tuple(
        # Titles may be alike; what is above is found again by the reference.
        Option(label=f"{one.reference} · {clean(one.title, TITLE_LIMIT)}", action=action)
        for one, action in zip(quiet, explain, strict=False)
    )
    rows = [
        *((one.occurred_at, _row(one, traders)) for one in quiet),
        *((one.occurred_at, _row_of_duplicate(one)) for one in duplicates),
    ]
    rows = sorted(rows, key=lambda row: row[0], reverse=True)[:ROWS]
    return Card(
        title=ngettext(
            "The last alert that came without a sound, or not at all",
            "The last {count} that came without a sound, or not at all",
            len(rows),
        ),
        fields=tuple(field for _at, field in rows),
        pick=PickList(prompt=_("Explain one"), options=options) if options else None,
        notes=(_("More of one: /why and its six characters."), _unlisted()),
    )


def _unlisted() -> str:
    return _("Changes of bots and strategies that mean nothing to you are not told, nor listed.")


def _row(told: Told, traders: Sequence[Trader]) -> Field:
    why = _kept_quiet(told, traders)
    label = f"{moment(told.occurred_at)} · {told.reference}"
    return Field(label, f"{clean(told.title, TITLE_LIMIT)} ({why})")


def _row_of_duplicate(one: Duplicate) -> Field:
    same = _("duplicate of {other}, which was told", other=_(_KINDS[one.of]))
    return Field(moment(one.occurred_at), f"{_(_KINDS[one.kind])} ({same})")


def _kept_quiet(told: Told, traders: Sequence[Trader]) -> str:
    """What kept its sound from being heard: what was decided, or what became of it."""
    if told.state is State.COALESCED and told.in_a_crowd:
        return _("told in a digest: too much waited at once")
    if told.reason == Reason.EDITED_IN:
        return in_words(told.reason)
    decision = told.decision
    put_by = told.state is State.COALESCED and told.reason == Reason.IN_A_DIGEST
    if decision is not None and (put_by or told.state in _AS_DECIDED):
        return _decided(decision, told.sound, _in_short(decision.rule, traders))
    return end_of(told.state, told.reason)


_AS_DECIDED = frozenset({State.SENT, State.OFF, State.GATHERED, *PENDING})


def _in_short(rule: Rule | None, traders: Sequence[Trader]) -> str:
    """What it names: how that is told, the list says anyway."""
    if rule is None:
        return ""
    return scope_in_words(
        traders, rule.topic, rule.bot, rule.pair, signal=rule.signal, paper=rule.paper
    )


def _decided(decision: Decision, sound: bool, rule: str) -> str:
    """'without a sound: muted'.

    Args:
        rule: in words.
    """
    course = decision.course
    if course is Course.SEND:
        course = Course.RING if sound else Course.SILENT
    how = _(_HOW[course])
    if decision.until is not None:
        how = _("{how} ({moment})", how=how, moment=moment(decision.until))
    why = _why(decision.reason, sound, rule)
    return _("{how}: {why}", how=how, why=why) if why else how


def _why(reason: str, sound: bool, rule: str) -> str:
    match reason:
        case Why.LOUDNESS:
            return _("it is bad news") if sound else _("routine")
        case Why.RULE if rule:
            return _("by the rule \u201c{rule}\u201d", rule=rule)
        case Why.BELOW_THRESHOLD if rule:
            return _("below the threshold of \u201c{rule}\u201d", rule=rule)
        case _:
            return _(_WHY[Why(reason)]) if reason in _WHY else ""


def _became(told: Told) -> Field:
    """Its state, and since when."""
    label = _("Became of it")
    match told.state:
        case State.SENT if told.reason == Reason.EDITED_IN and told.within:
            return Field(label, f"{in_words(told.reason)} \u00b7 {told.within}")
        case State.SENT if told.ended_at is not None:
            return Field(_("Sent"), instant(told.ended_at))
        case State.GATHERED:
            return Field(label, _("waits for its digest"))
        case State.OFF:
            return Field(label, _("kept for /why only"))
        case State.COALESCED if told.within:
            return Field(label, f"{in_words(told.reason)} \u00b7 {told.within}")
        case state if state in PENDING and told.attempts:
            return Field(label, _("on its way: {reason}", reason=in_words(told.reason)))
        case state if state in PENDING:
            return Field(label, _("on its way"))
        case state:
            return Field(label, end_of(state, told.reason))
