"""Which rule an event falls under: the most specific one that names it, the person's own first.

Whether and how it is sent then `bot.policy.whether_sent` decides.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bot.domain.rules import MILDER, PERCENT, Matter, Measure, Mode, Mute, Rule, Threshold, Topic

SMALL_LOSS = Threshold(measure=Measure.LOSS, least=Decimal(1))

DEFAULTS: Sequence[Rule] = (
    Rule(id="paper", paper=True, mode=Mode.SILENT),
    Rule(id="small losses", topic=Topic.EXIT, mode=Mode.AUTO, threshold=SMALL_LOSS),
    Rule(id="all else", mode=Mode.AUTO),
)
"""What holds where a person has said nothing."""


class Ruling(NamedTuple):
    """The mode in which something is told, by which rule; `below` if its threshold made it milder
    than the rule says.
    """

    mode: Mode
    rule: Rule
    below: bool = False


UNRULED = Ruling(Mode.AUTO, DEFAULTS[-1])
"""What rules are not about."""


def ruling(matter: Matter, rules: Sequence[Rule]) -> Ruling:
    """
    Args:
        rules: the person's own.
    """
    own = in_order([one for one in rules if names(one, matter)])
    rule = own[0] if own else next(one for one in DEFAULTS if _is_about(one, matter))
    if rule.threshold is None or reaches(matter, rule.threshold):
        return Ruling(rule.mode, rule)
    return Ruling(MILDER[rule.mode], rule, below=True)


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """As they are tried: the most specific first; of two alike the one that was made last."""
    return [rule for _, rule in sorted(enumerate(rules), key=lambda one: (*_rank(one[1]), -one[0]))]


def _rank(rule: Rule) -> tuple[bool, ...]:
    """By bot, then pair, then kind, then the rest; false comes first."""
    named = (rule.bot, rule.pair, rule.signal, rule.topic, rule.paper)
    return tuple(part is None for part in named)


def names(rule: Rule, matter: Matter) -> bool:
    """Whether a person's rule is about it: about what is critical only if it covers that, and about
    paper money only if it says so, or names the bot.
    """
    if matter.critical and not rule.covers_critical:
        return False
    if matter.paper is True and rule.paper is None and rule.bot is None:
        return False
    return _is_about(rule, matter)


def _is_about(rule: Rule, matter: Matter) -> bool:
    return (
        rule.paper in (None, matter.paper is True)
        and rule.topic in (None, matter.topic)
        and rule.bot in (None, matter.bot)
        and rule.pair in (None, matter.pair)
        and rule.signal in (None, matter.signal)
    )


def may_be_critical(rule: Rule) -> bool:
    """Whether among what it makes quieter there is what rings all the same, unless it covers it."""
    return rule.mode in _QUIETER and rule.topic not in _NEVER_CRITICAL


_QUIETER = frozenset({Mode.OFF, Mode.SILENT, Mode.DIGEST})
_NEVER_CRITICAL = frozenset(
    {Topic.SIGNAL, Topic.WARNING, Topic.REPORT, Topic.IDLE, Topic.STRATEGY, Topic.PRICE}
)


def mutes(mute: Mute, matter: Matter, now: datetime) -> bool:
    return (
        now < mute.until
        and mute.topic in (None, matter.topic)
        and mute.bot in (None, matter.bot)
        and mute.pair in (None, matter.pair)
    )


def reaches(matter: Matter, threshold: Threshold) -> bool:
    """Whether it is as much as that; what cannot be known is."""
    value = measured(matter, threshold)
    return value is None or value >= threshold.least


def measured(matter: Matter, threshold: Threshold) -> Decimal | None:
    """How much it is, in the threshold's unit; `None` if that is not known."""
    match threshold.measure:
        case Measure.CONFIDENCE:
            return matter.confidence
        case Measure.SIZE:
            return matter.size if matter.currency == threshold.unit else None
        case Measure.RESULT | Measure.LOSS:
            if threshold.unit == PERCENT:
                result = None if matter.ratio is None else 100 * matter.ratio
            else:
                result = matter.result if matter.currency == threshold.unit else None
            if result is None:
                return None
            return abs(result) if threshold.measure is Measure.RESULT else -result
