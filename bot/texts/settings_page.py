"""The settings page in the browser."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.domain.lifetimes import CODE_LIFE
from bot.domain.rules import PERCENT, Every, Hours, Measure, Mode, Quiet, Rule
from bot.domain.spoken_rules import KINDS
from bot.domain.visits import Cell, SettingsView, VisitProblem
from bot.texts.language import _, language_name, languages, later, ngettext
from bot.texts.names import chat_title, trader_name
from bot.texts.pages import Told, ask_for_settings
from bot.texts.settings import zone_in_words
from bot.texts.times import clock, spoken
from bot.texts.wishes import (
    clock_time,
    first_up,
    mode_name,
    mute_in_words,
    quiet_in_words,
    rule_in_words,
    scope_in_words,
    topic_name,
)

OPEN = {
    "title": later("Settings of your chat"),
    "only_if_asked": later("Go on only if you have just asked for this address yourself."),
    "once": later("It opens once, in one browser, and for half an hour."),
    "open": later("Open the settings"),
}

PAGE = {
    "title": later("Settings of your chat"),
    "table": later("How loudly what is told"),
    "table_help": later(
        "Press a cell to change it. What is critical rings all the same, unless you have confirmed"
        " otherwise in the chat."
    ),
    "kind": later("Kind"),
    "rules": later("Your rules, in the order in which they are tried"),
    "no_rules": later("No rules yet"),
    "remove": later("Remove"),
    "quiet": later("Quiet hours"),
    "weekdays": later("Monday to Friday"),
    "weekends": later("Saturday and Sunday"),
    "from": later("from"),
    "to": later("to"),
    "empty": later("Leave both empty for none."),
    "zone": later("Time zone"),
    "place": later("A city or a time zone"),
    "language": later("Language"),
    "write": later("I write here in"),
    "digest": later("Daily digest"),
    "at": later("At"),
    "mutes": later("Muted"),
    "nothing_muted": later("Nothing is muted"),
    "unmute": later("Unmute"),
    "what": later("What"),
    "everything": later("everything"),
    "how_long": later("For how long"),
    "mute": later("Mute"),
    "save": later("Save"),
    "others": later("Your other chats"),
    "others_help": later("Each has settings of its own: send /settings there."),
    "only_look": later("You may look here, and change nothing."),
    "leave": later("Close the settings"),
}

RULE = {
    "now": later("So far"),
    "how": later("How shall I tell it?"),
    "limit": later("Only from an amount on, or under it"),
    "limit_help": later(
        "Such as: under 1 %, from 50 USDT, from 80 %. Empty for all of them. What is below is told"
        " more quietly, what is above as chosen."
    ),
    "try": later("Show what it would have done"),
    "save": later("Save"),
    "back": later("Back"),
}

CHANGED = {
    "stored": later("Saved. Your chat tells of it, with a button that takes it back."),
    "save": later("Save"),
    "back": later("Back to the settings"),
}

MUTE_TIMES = {
    "1h": later("1 h"),
    "8h": later("8 h"),
    "until tomorrow": later("until tomorrow morning"),
    "7 days": later("a week"),
}

MODES = {
    "auto": later("auto: with a sound if it is bad"),
    "on": later("on: with a sound"),
    "silent": later("silent: without a sound"),
    "digest hourly": later("in the hourly digest"),
    "digest every 4 hours": later("in the digest every 4 hours"),
    "digest daily": later("in the daily digest"),
    "off": later("off: not told"),
}

_EVERY = {
    Every.HOUR: later("hourly"),
    Every.FOUR_HOURS: later("every 4 h"),
    Every.DAY: later("daily"),
}


class ShownCell(NamedTuple):
    """`label` is what a screen reader says of it."""

    mode: str
    told: str
    by: str
    label: str
    kind: str
    bot: str


class ShownPage(NamedTuple):
    """What the template fills in."""

    name: str
    may_change: bool
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[ShownCell]]]
    rules: Sequence[tuple[str, str]]
    quiet: str
    hours: Sequence[tuple[str, str, str, str]]
    zone: str
    zone_now: str
    languages: Sequence[tuple[str, str]]
    language: str
    digest: str
    mutes: Sequence[tuple[str, str]]
    topics: Sequence[tuple[str, str]]
    bots: Sequence[tuple[str, str]]
    times: Sequence[tuple[str, str]]
    others: Sequence[str]
    until: str


def shown(view: SettingsView) -> ShownPage:
    """In the language and by the clock that are spoken."""
    wants = view.link.preferences
    quiet = wants.quiet or Quiet()
    days = {"weekdays": quiet.weekdays, "weekends": quiet.weekend}
    return ShownPage(
        name=chat_title(view.link.endpoint),
        may_change=view.may_change,
        columns=[_("Any bot with real money"), *(trader_name(one) for one in view.traders)],
        rows=[
            (first_up(topic_name(row[0].topic)), [_cell(view, cell) for cell in row])
            for row in view.cells
        ],
        rules=[(rule.id, rule_in_words(rule, view.traders)) for rule in view.rules],
        quiet=quiet_in_words(quiet),
        hours=[(name, _(PAGE[name]), *_ends(hours)) for name, hours in days.items()],
        zone=wants.zone,
        zone_now=zone_in_words(wants, view.now),
        languages=[(code, language_name(code)) for code in languages()],
        language=wants.language,
        digest=clock_time(wants.digest_at),
        mutes=[
            (mute.id, mute_in_words(mute, view.traders, wants.zone))
            for mute in wants.mutes
            if view.now < mute.until
        ],
        topics=[(words, topic_name(topic)) for topic, words in KINDS.items()],
        bots=[(one.id, trader_name(one)) for one in view.traders],
        times=[(words, _(label)) for words, label in MUTE_TIMES.items()],
        others=[chat_title(one) for one in view.others],
        until=_("This page ends at {time}.", time=clock(view.visit.until)),
    )


def _ends(hours: Hours | None) -> tuple[str, str]:
    return ("", "") if hours is None else (clock_time(hours.start), clock_time(hours.end))


def _cell(view: SettingsView, cell: Cell) -> ShownCell:
    rule = cell.rule
    by = _("default") if cell.number is None else _("rule {number}", number=cell.number)
    if cell.narrower:
        by = ngettext("{by}, {count} narrower", "{by}, {count} narrower", cell.narrower, by=by)
    told = _EVERY[rule.every] if rule.mode is Mode.DIGEST else ""
    what = scope_in_words(view.traders, cell.topic, cell.bot)
    return ShownCell(
        mode=mode_name(rule.mode),
        told=" ".join(filter(None, (_(told) if told else "", _from(rule)))),
        by=by,
        label=f"{what}: {rule_in_words(rule, view.traders)}",
        kind=KINDS[cell.topic],
        bot=cell.bot or "",
    )


def _from(rule: Rule) -> str:
    """'from 1 % loss', of a rule with a threshold."""
    threshold = rule.threshold
    if threshold is None:
        return ""
    unit = "%" if threshold.unit == PERCENT else threshold.unit
    amount = f"{threshold.least.normalize():f} {unit}"
    if threshold.measure is Measure.LOSS:
        return _("from -{amount}", amount=amount)
    return _("from {amount}", amount=amount)


class RuleForm(NamedTuple):
    heading: str
    now: str
    kind: str
    bot: str
    modes: Sequence[tuple[str, str, bool]]
    """The words, the label, whether it is so now."""
    measured: bool


def rule_form(view: SettingsView, cell: Cell) -> RuleForm:
    rule = cell.rule
    chosen = f"digest {rule.every}" if rule.mode is Mode.DIGEST else str(rule.mode)
    return RuleForm(
        heading=scope_in_words(view.traders, cell.topic, cell.bot),
        now=rule_in_words(rule, view.traders),
        kind=KINDS[cell.topic],
        bot=cell.bot or "",
        modes=[(words, _(label), words == chosen) for words, label in MODES.items()],
        measured=KINDS[cell.topic] in ("exits", "entries", "signals"),
    )


def over() -> Told:
    return Told(
        _("The settings are closed"),
        (ask_for_settings(),),
    )


def leads_nowhere(problem: VisitProblem, again: str) -> Told:
    """
    Args:
        again: what to do for another address.
    """
    match problem:
        case VisitProblem.UNKNOWN:
            lost = _("Perhaps a part of it was lost on the way, or there is a newer one.")
            return Told(_("This address does not work"), (lost, again))
        case VisitProblem.EXPIRED:
            life = _("For your safety it is good for {span}.", span=spoken(CODE_LIFE))
            return Told(_("This address has expired"), (life, again))
        case VisitProblem.USED:
            once = _("It opens once, in one browser. If that was not you, use /audit to see more.")
            return Told(_("This address has been used"), (once, again))
