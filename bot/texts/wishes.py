"""What a person wants to hear of, how loudly and when, in words."""

from collections.abc import Sequence
from datetime import datetime, time

from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.rules import (
    MILDER,
    PERCENT,
    Every,
    Hours,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from bot.domain.text import clean
from bot.texts.language import _, later
from bot.texts.names import trader_name
from bot.texts.numbers import money, quantity
from bot.texts.times import moment

_TOPICS = {
    Topic.ENTRY: later("entries"),
    Topic.EXIT: later("exits"),
    Topic.SIGNAL: later("signals"),
    Topic.ERROR: later("errors"),
    Topic.WARNING: later("warnings"),
    Topic.REPORT: later("reports"),
    Topic.STATE: later("starts and stops"),
    Topic.IDLE: later("idle bots"),
    Topic.STRATEGY: later("strategy changes"),
    Topic.MESSAGE: later("messages"),
    Topic.SYSTEM: later("system events"),
    Topic.PRICE: later("price alerts"),
}

_MODES = {
    Mode.AUTO: later("auto"),
    Mode.ON: later("on"),
    Mode.SILENT: later("silent"),
    Mode.DIGEST: later("digest"),
    Mode.OFF: later("off"),
}

_TOLD = {
    Mode.AUTO: later("with a sound if it is bad"),
    Mode.ON: later("with a sound"),
    Mode.SILENT: later("without a sound"),
    Mode.OFF: later("not told"),
}

_GATHERED = {
    Every.HOUR: later("in the hourly digest"),
    Every.FOUR_HOURS: later("in the digest every 4 hours"),
    Every.DAY: later("in the daily digest"),
}

_FROM = {
    Measure.LOSS: later("from a loss of {amount} on"),
    Measure.RESULT: later("from a result of {amount} on"),
    Measure.SIZE: later("from a size of {amount} on"),
    Measure.CONFIDENCE: later("from a confidence of {amount} on"),
}


def topic_name(topic: Topic) -> str:
    """'exits'."""
    return _(_TOPICS[topic])


def mode_name(mode: Mode) -> str:
    """'silent': the word by which it is chosen."""
    return _(_MODES[mode])


def rule_in_words(rule: Rule, traders: Sequence[Trader]) -> str:
    """'Exits of Grid BTC: from a result of 1 % on with a sound, below that without a sound'; of a
    default too.

    Args:
        traders: of the account, by which a bot has its name.
    """
    what = scope_in_words(
        traders, rule.topic, rule.bot, rule.pair, signal=rule.signal, paper=rule.paper
    )
    told = _told(rule.mode, rule.every)
    if rule.threshold is not None:
        told = _(
            "{from_there} {told}, below that {milder}",
            from_there=_from_there(rule.threshold),
            told=told,
            milder=_told(MILDER[rule.mode], rule.every),
        )
    if rule.covers_critical:
        told = _("{told}, also what is critical", told=told)
    return f"{what}: {told}"


def mute_in_words(mute: Mute, traders: Sequence[Trader], zone: str) -> str:
    """'Grid BTC: until 30 Nov 08:00'."""
    what = scope_in_words(traders, mute.topic, mute.bot, mute.pair)
    return f"{what}: {until_in_words(mute.until, zone)}"


def scope_in_words(
    traders: Sequence[Trader],
    topic: Topic | None = None,
    bot: TraderId | None = None,
    pair: str | None = None,
    *,
    signal: str | None = None,
    paper: bool | None = None,
) -> str:
    """'Exits of Grid BTC on BTC/USDT': what a rule or a mute names, with `None` for any."""
    what = _("everything") if topic is None else topic_name(topic)
    if signal is not None:
        what = _("{signal} signals", signal=clean(signal, 30))
    if bot is not None:
        found = next((one for one in traders if one.id == bot), None)
        what = _("{what} of {bot}", what=what, bot=trader_name(found, bot))
    if pair is not None:
        what = _("{what} on {pair}", what=what, pair=clean(pair, 40))
    if paper is not None:
        what = (
            _("{what} with paper money", what=what)
            if paper
            else _("{what} with real money", what=what)
        )
    return first_up(what)


def first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def _told(mode: Mode, every: Every) -> str:
    return _(_GATHERED[every] if mode is Mode.DIGEST else _TOLD[mode])


def _from_there(threshold: Threshold) -> str:
    return _(_FROM[threshold.measure], amount=amount_in_words(threshold))


def amount_in_words(threshold: Threshold) -> str:
    """'1.5 %', '50 USDT'."""
    if threshold.unit == PERCENT:
        return f"{quantity(threshold.least)} %"
    return money(threshold.least, threshold.unit)


def until_in_words(at: datetime, zone: str) -> str:
    """'until 30 Nov 08:00' by the clock of that zone; with 'UTC' where none is known."""
    return _("until {moment}", moment=moment(at, zone))


def quiet_in_words(quiet: Quiet | None) -> str:
    """'Every day 22:00-07:00'."""
    if quiet is None or (quiet.weekdays is None and quiet.weekend is None):
        return _("No quiet hours")
    if quiet.weekdays == quiet.weekend:
        return _("Every day {hours}", hours=_hours(quiet.weekdays))
    return ", ".join(
        sentence
        for hours, sentence in (
            (quiet.weekdays, _("Monday to Friday {hours}", hours=_hours(quiet.weekdays))),
            (quiet.weekend, _("Saturday and Sunday {hours}", hours=_hours(quiet.weekend))),
        )
        if hours is not None
    )


def _hours(hours: Hours | None) -> str:
    return "" if hours is None else f"{clock_time(hours.start)}-{clock_time(hours.end)}"


def clock_time(clock: time) -> str:
    """'07:00'."""
    return f"{clock:%H:%M}"
