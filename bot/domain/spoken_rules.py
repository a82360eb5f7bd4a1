"""Rules as people write them: 'exits of Grid BTC silent under 1 %', 'signals off', 'paper on'."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeVar

from bot.domain.amounts import is_extreme
from bot.domain.names import AROUND_NAMES
from bot.domain.rules import PERCENT, Every, Measure, Mode, Rule, Threshold, Topic
from bot.domain.text import folded

Meaning = TypeVar("Meaning")


class Problem(StrEnum):
    """Why something is not understood."""

    NO_MODE = "no mode"
    """It does not say how to tell."""
    SEVERAL_MODES = "several modes"
    SEVERAL_THINGS = "several things"
    """More than one kind, bot or pair."""
    TRADES = "trades"
    """Which are of two kinds."""
    AMOUNT = "amount"
    """No number stands where one should, or one that may be two."""
    NO_SIDE = "no side"
    """An amount, and not whether from there on or below."""
    UNIT = "unit"
    """Of a kind that is not measured so."""
    NO_MEASURE = "no measure"
    """A kind that nothing can be measured of."""
    NO_THRESHOLD = "no threshold"
    """Losses are told apart by how much they are."""
    NOT_BELOW = "not below"
    """What is below a threshold is not told so, but silently or in a digest."""
    NOT_FROM = "not from"
    """Nothing is milder than the mode that should begin at a threshold."""
    ONLY_A_RULE = "only a rule"
    """What a mute cannot name."""


@dataclass(frozen=True, slots=True)
class Unclear:
    problem: Problem
    given: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is named, with nothing for any.

    Attributes:
        losses: of exits, only those.
        bot: a bot's whole name.
        about: other words, which may be the name of a bot or of a pair.
    """

    topic: Topic | None = None
    losses: bool = False
    signal: str | None = None
    paper: bool | None = None
    bot: str = ""
    pair: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenRule:
    scope: Scope
    mode: Mode
    every: Every = Every.DAY
    threshold: Threshold | None = None


# --- the words ------------------------------------------------------------------------------------

Phrase = tuple[str, ...]


def _table(words: Mapping[Meaning, str]) -> dict[Phrase, Meaning]:
    """By each of the phrases, which commas part."""
    return {
        tuple(phrase.split()): meaning
        for meaning, phrases in words.items()
        for phrase in phrases.split(",")
    }


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_MODES = _table(
    {
        Mode.ON: "on, ring, rings, loud, loudly, sound, with sound, with a sound",
        Mode.SILENT: "silent, silently, quiet, quietly, mute, muted, no sound, without sound,"
        "without a sound",
        Mode.DIGEST: "digest, digests",
        Mode.OFF: "off, never, hide, hidden, not told",
        Mode.AUTO: "auto, automatic, automatically, default, normal",
    }
)

_EVERY = _table(
    {
        Every.HOUR: "hourly, every hour, 1h, every 1h",
        Every.FOUR_HOURS: "every 4 hours, every four hours, every 4h, every 4 h, 4 hours, 4 h, 4h,"
        "4-hourly, 4 hourly",
        Every.DAY: "daily, every day, once a day, 1d",
    }
)

KINDS: Mapping[Topic, str] = {
    Topic.ENTRY: "entries",
    Topic.EXIT: "exits",
    Topic.SIGNAL: "signals",
    Topic.ERROR: "errors",
    Topic.WARNING: "warnings",
    Topic.REPORT: "reports",
    Topic.STATE: "starts and stops",
    Topic.IDLE: "idle bots",
    Topic.STRATEGY: "strategy changes",
    Topic.MESSAGE: "messages",
    Topic.SYSTEM: "system events",
    Topic.PRICE: "price alerts",
}
"""The words by which each kind is written."""

_LOSSES, _TRADES, _ALL = "losses", "trades", "everything"

_KINDS = _table(
    {
        _ALL: "everything, all, any, anything, alert, alerts",
        _TRADES: "trade, trades, fill, fills",
        _LOSSES: "loss, losses, losing trades",
        Topic.ENTRY: "entry, entries, opened trades, new trades",
        Topic.EXIT: "exit, exits, closed trades, results",
        Topic.SIGNAL: "signal, signals",
        Topic.ERROR: "error, errors",
        Topic.WARNING: "warning, warnings",
        Topic.REPORT: "report, reports",
        Topic.STATE: "state, states, state change, state changes, starts and stops, starts, stops",
        Topic.IDLE: "idle bots, idle bot, idle, inactive bots, inactivity",
        Topic.STRATEGY: "strategy, strategies, strategy change, strategy changes",
        Topic.MESSAGE: "message, messages",
        Topic.SYSTEM: "system, system event, system events",
        Topic.PRICE: "price, prices, price alert, price alerts",
    }
)

_PAPER = _table(
    {
        True: "paper, paper money, paper trades, paper bots, dry run, dry-run, dryrun, simulated",
        False: "real money, real, live",
    }
)

_SIGNALS = _table({one: one for one in ("buy", "sell", "long", "short", "hold")})
"""Types of signals."""

_LIMITS = _table(
    {
        "from": "from, over, above, at least, more than, >, >=",
        "under": "under, below, less than, smaller than, <, <=",
    }
)

_FILLERS = _words(
    "of for from the my a an is are be as in at to on with and please bot bots pair if only when"
)
"""They mean nothing around what is named, and stay inside a name."""

_OF = _words("of for bot")

_MEANINGFUL = {
    word
    for table in (_MODES, _EVERY, _KINDS, _PAPER, _LIMITS)
    for phrase in table
    for word in phrase
} | _FILLERS

_COMPARED = re.compile(r"([<>]=?)\s*(?=\d)")
_PAIR = re.compile(r"[^\s/]+/[^\s/]+")
_AMOUNT = re.compile(r"(\d[\d.,']{0,20}) ?(%|percent|pct|[a-z]{2,12})?")

_PLAIN_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,']\d{3})+(?:\.\d+)?")
_GROUPED_BY_POINTS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}\.000")
"""A thousand where points group, one where they begin the decimals."""

_PERCENT = _words("% percent pct")

CURRENCIES = _words(
    "USDT USDC USD EUR GBP CHF JPY BTC ETH BNB SOL DAI BUSD FDUSD TUSD TRY BRL AUD CAD KRW INR"
)
"""Known without looking at what an account trades in."""


# --- reading --------------------------------------------------------------------------------------


class _Words:
    """What is typed, word by word; what is understood is taken out."""

    def __init__(self, text: str) -> None:
        self.typed = _COMPARED.sub(r" \1 ", text).split()
        self.plain: list[str | None] = [_plainly(one) for one in self.typed]

    def has(self, at: int, phrase: Phrase) -> bool:
        return self.plain[at : at + len(phrase)] == [*phrase]

    def take(self, at: int, count: int) -> None:
        self.plain[at : at + count] = [None] * len(self.plain[at : at + count])

    def taken(self, table: Mapping[Phrase, Meaning]) -> list[Meaning]:
        """What the phrases of a table mean that are there, the longest at each place."""
        found = []
        for at in range(len(self.plain)):
            phrase = next((one for one in _longest_first(table) if self.has(at, one)), None)
            if phrase is not None:
                self.take(at, len(phrase))
                found.append(table[phrase])
        return list(dict.fromkeys(found))

    def left(self) -> list[str]:
        """What nobody took."""
        both = zip(self.typed, self.plain, strict=True)
        return [typed for typed, plain in both if plain is not None]

    def named(self) -> str:
        """What nobody took, without what means nothing around it."""
        left = self.left()
        while left and _plainly(left[0]) in _MEANINGLESS:
            left.pop(0)
        while left and _plainly(left[-1]) in _MEANINGLESS:
            left.pop()
        return " ".join(left)


_MEANINGLESS = _FILLERS | {""}


def _longest_first(table: Iterable[Phrase]) -> list[Phrase]:
    return sorted(table, key=len, reverse=True)


def _plainly(word: str) -> str:
    plain = folded(word)
    return plain if (plain,) in _LIMITS else plain.strip(AROUND_NAMES)


def read_scope(text: str, names: Iterable[str] = ()) -> Scope | Unclear:
    """
    Args:
        names: of the account's bots.
    """
    words = _Words(text)
    scope = _scope(words, _names_among(words, names))
    signs = text.strip()
    if scope == Scope() and signs and not any(map(str.isalnum, signs)):
        return Scope(about=signs)
    return scope


def without_names(text: str, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The whole names of bots that stand there, and what other words do."""
    words = _Words(text)
    return _names_among(words, names), words.left()


def read_rule(
    text: str, names: Iterable[str] = (), currencies: Collection[str] = ()
) -> SpokenRule | Unclear:
    """
    Args:
        names: of the account's bots.
        currencies: that it trades in, besides those that everybody knows.
    """
    words = _Words(text)
    known = CURRENCIES | {*currencies}
    bots = _names_among(words, names)
    limits = _limits_among(words, known)
    mode = _mode(words)
    scope = _scope(words, bots)
    if isinstance(scope, Unclear):
        return scope
    if not limits and _is_amount(scope.about, known):
        return Unclear(Problem.NO_SIDE, scope.about)
    if isinstance(mode, Unclear):
        return mode
    rule = SpokenRule(scope=scope, mode=mode[0], every=mode[1])
    return _with_limit(rule, limits)


def _names_among(words: _Words, names: Iterable[str]) -> list[str]:
    """Whole names of bots; one that is made of words with a meaning only behind 'of'."""
    phrases = {tuple(filter(None, map(_plainly, name.split()))): name for name in names}
    found = []
    for phrase in sorted(filter(None, phrases), key=len, reverse=True):
        is_clear = not _MEANINGFUL.issuperset(phrase)
        for at in range(len(words.plain)):
            if words.has(at, phrase) and (is_clear or (at and words.plain[at - 1] in _OF)):
                words.take(at, len(phrase))
                found.append(phrases[phrase])
    return list(dict.fromkeys(found))


def _scope(words: _Words, bots: Sequence[str]) -> Scope | Unclear:
    papers = words.taken(_PAPER)  # before 'trades', which may belong to it
    kinds = words.taken(_KINDS)
    if kinds == [_TRADES]:
        return Unclear(Problem.TRADES)
    telling = [one for one in kinds if one not in (_ALL, _TRADES)]
    losses = _LOSSES in telling
    topics = {Topic.EXIT if one == _LOSSES else Topic(one) for one in telling}
    signals = words.taken(_SIGNALS) if topics == {Topic.SIGNAL} else []
    pairs = _pairs_among(words)
    if any(len(them) > 1 for them in (topics, papers, signals, pairs, bots)):
        return Unclear(Problem.SEVERAL_THINGS)
    return Scope(
        topic=next(iter(topics), None),
        losses=losses,
        signal=next(iter(signals), None),
        paper=next(iter(papers), None),
        bot=next(iter(bots), ""),
        pair=next(iter(pairs), ""),
        about=words.named(),
    )


def _pairs_among(words: _Words) -> list[str]:
    found = []
    for at, word in enumerate(words.typed):
        bare = word.strip(AROUND_NAMES)
        if words.plain[at] is not None and _PAIR.fullmatch(bare):
            words.take(at, 1)
            found.append(bare.upper())
    return list(dict.fromkeys(found))


def _mode(words: _Words) -> tuple[Mode, Every] | Unclear:
    modes, every = words.taken(_MODES), words.taken(_EVERY)
    if every:
        modes = [*modes, Mode.DIGEST]
    different = {*modes}
    if len(different) > 1:
        different.discard(Mode.ON)  # 'exits on BTC/USDT silent'
    if not different:
        return Unclear(Problem.NO_MODE)
    if len(different) > 1 or len(every) > 1:
        return Unclear(Problem.SEVERAL_MODES)
    return different.pop(), every[0] if every else Every.DAY


# --- thresholds -----------------------------------------------------------------------------------


class _Limit(NamedTuple):
    """`unit` is empty where none is named."""

    side: str
    amount: Decimal | None
    unit: str


def _limits_among(words: _Words, currencies: Collection[str]) -> list[_Limit]:
    found = []
    for at in range(len(words.plain)):
        phrase = next((one for one in _longest_first(_LIMITS) if words.has(at, one)), None)
        if phrase is None:
            continue
        limit, count = _limit_at(words, at + len(phrase), _LIMITS[phrase], currencies)
        if count or phrase != ("from",):  # 'exits from Grid BTC'
            words.take(at, len(phrase) + count)
            found.append(limit)
    return found


def _limit_at(words: _Words, at: int, side: str, currencies: Collection[str]) -> tuple[_Limit, int]:
    """Of two words or of one; gives of how many."""
    for count in (2, 1):
        them = [one for one in words.plain[at : at + count] if one is not None]
        amount = _AMOUNT.fullmatch(" ".join(them))
        if len(them) < count or amount is None:
            continue
        unit = PERCENT if amount[2] in _PERCENT else (amount[2] or "").upper()
        if unit in (PERCENT, "", *currencies):
            return _Limit(side, number_meant(amount[1].rstrip(".,"), unit), unit), count
    return _Limit(side, None, ""), 0


def number_meant(text: str, unit: str) -> Decimal | None:
    """`None` if it is none, or may be two: '1,500 %' and '1.000' depend on where one lives."""
    grouped = _GROUPED.fullmatch(text)
    if _GROUPED_BY_POINTS.fullmatch(text):
        plain = text.replace(".", "").replace(",", ".")
    elif grouped and unit != PERCENT:
        plain = text.replace(",", "").replace("'", "")
    elif grouped or _AMBIGUOUS.fullmatch(text) or not _PLAIN_NUMBER.fullmatch(text):
        return None
    else:
        plain = text.replace(",", ".")
    return Decimal(plain)


def _is_amount(text: str, currencies: Collection[str]) -> bool:
    found = _AMOUNT.fullmatch(folded(text))
    return found is not None and (found[2] in _PERCENT or (found[2] or "").upper() in currencies)


def _with_limit(rule: SpokenRule, limits: Sequence[_Limit]) -> SpokenRule | Unclear:
    if not limits:
        return Unclear(Problem.NO_THRESHOLD) if rule.scope.losses else rule
    side, amount, unit = limits[0]
    if len(limits) > 1 or amount is None or amount == 0 or is_extreme(amount):
        return Unclear(Problem.AMOUNT)
    measure = Measure.LOSS if rule.scope.losses else _MEASURES.get(rule.scope.topic)
    if measure is None:
        return Unclear(Problem.NO_MEASURE)
    if measure is Measure.CONFIDENCE and not unit and amount > 1:
        unit = PERCENT
    if not unit or (unit == PERCENT) is not _IN_PERCENT.get(measure, unit == PERCENT):
        return Unclear(Problem.UNIT)
    mode = _ABOVE.get(rule.mode) if side == "under" else rule.mode
    if mode is None:
        return Unclear(Problem.NOT_BELOW)
    if mode not in _FROM:
        return Unclear(Problem.NOT_FROM)
    threshold = Threshold(measure=measure, least=amount, unit=unit)
    return replace(rule, mode=mode, threshold=threshold)


_MEASURES: Mapping[Topic | None, Measure] = {
    Topic.EXIT: Measure.RESULT,
    Topic.ENTRY: Measure.SIZE,
    Topic.SIGNAL: Measure.CONFIDENCE,
}

_IN_PERCENT = {Measure.SIZE: False, Measure.CONFIDENCE: True}
"""Results may be in percent and in money."""

_ABOVE = {Mode.SILENT: Mode.AUTO, Mode.DIGEST: Mode.SILENT}
"""What is told so below a threshold is told like this above it."""

_FROM = frozenset({Mode.AUTO, Mode.ON, Mode.SILENT})


# --- writing --------------------------------------------------------------------------------------


def rule_written(rule: SpokenRule) -> str:
    """As `read_rule` understands it: 'exits auto from 1.5 % of Grid BTC'."""
    scope, threshold = rule.scope, rule.threshold
    how = str(rule.mode)
    if threshold is not None:
        amount = f"{threshold.least:f} {threshold.unit}"
        side = "under" if rule.mode is Mode.SILENT else "from"
        how = f"{_BELOW.get(rule.mode, rule.mode)} {side} {amount}"
    if Mode.DIGEST in how:
        how = how.replace(Mode.DIGEST, f"{Mode.DIGEST} {rule.every}")
    return f"{scope_written(replace(scope, bot='', pair='', about=''))} {how}{_named(scope)}"


_BELOW = {Mode.SILENT: Mode.DIGEST}


def as_spoken(rule: Rule) -> SpokenRule:
    """A rule as it may have been written, but for its bot."""
    threshold = rule.threshold
    scope = Scope(
        topic=rule.topic,
        losses=threshold is not None and threshold.measure is Measure.LOSS,
        signal=rule.signal,
        paper=rule.paper,
        pair=rule.pair or "",
    )
    return SpokenRule(scope=scope, mode=rule.mode, every=rule.every, threshold=threshold)


def scope_written(scope: Scope) -> str:
    """As `read_scope` understands it: 'exits of Grid BTC'."""
    kind = "everything" if scope.topic is None else KINDS[scope.topic]
    if scope.losses:
        kind = _LOSSES
    if scope.signal is not None:
        kind = f"{scope.signal} {kind}"
    if scope.paper is not None:
        kind = f"{kind} {'paper' if scope.paper else 'real money'}"
    return kind + _named(scope)


def _named(scope: Scope) -> str:
    return "".join(f" of {one}" for one in (scope.bot, scope.pair, scope.about) if one)
