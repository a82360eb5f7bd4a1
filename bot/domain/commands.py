"""What a person can ask: how a command is declared, and how its arguments are read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache

from bot.domain.chats import Role
from bot.domain.events import Trader
from bot.domain.names import Fit, fit
from bot.domain.pairs import pairs_meant


class ArgumentType(StrEnum):
    BOT = "bot"
    """A bot's name, or `all`."""
    STRATEGY = "strategy"
    """A strategy's name, or `all`."""
    THING = "thing"
    """A bot's name, or a strategy's."""
    PAIR = "pair"
    """Such as `BTC/USDT`."""
    SUBJECT = "subject"
    """What alerts are about: a bot, a pair, a kind of event."""
    NUMBER = "number"
    """A whole number from 1 on."""
    PAGE = "page"
    """Which page of a list: `page 2`; a bare number where it is asked for by name."""
    SPAN = "span"
    """Such as `2h`, `90 min`, `1 day`."""
    CHOICE = "choice"
    """One of a few words."""
    ZONE = "zone"
    """A time zone, by a city or by IANA's name."""
    LANGUAGE = "language"
    """A language, by its name or its code."""
    CURRENCY = "currency"
    """By its code."""
    STRATEGY_TYPE = "strategy type"
    """What the platform calls it, such as `momentum`."""
    TEXT = "text"


_NAMES = frozenset(
    {
        *(ArgumentType.BOT, ArgumentType.STRATEGY, ArgumentType.THING),
        *(ArgumentType.SUBJECT, ArgumentType.ZONE, ArgumentType.LANGUAGE, ArgumentType.TEXT),
        *(ArgumentType.CURRENCY, ArgumentType.STRATEGY_TYPE),
    }
)
"""Types of any number of words."""

_LISTED = _NAMES - {ArgumentType.TEXT} | {ArgumentType.PAIR}
"""Types of which is known what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """
    Attributes:
        choices: all that it can be, of a choice.
        synonyms: other words for them.
        offers: what is often given, of much that it can be.
    """

    name: str
    type: ArgumentType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ()

    @property
    def completed(self) -> bool:
        """Whether there is something that what is typed for it may become."""
        return bool(self.choices or self.offers) or self.type in _LISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Commands that are about one thing, kept together where a platform has little room."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One command, declared once.

    Attributes:
        example: what may stand behind its name, where something may.
        family: what it stands under on Discord; elsewhere it is asked by its name alone.
        least: the least role that may use it, `None` if it works without a link.
        danger: it changes something, or answers with a confirm card.
        own: only who linked the chat may use it, whatever role others have there.
        answers_privately: its answer is for nobody else to read, so it works where nobody does.
        showable: its answer may be shown to everybody in a shared chat, if the person wants that.
        menu: it is listed where commands are.
        pods: it asks bots themselves, so it is listed only where that can be done.
        setting: it is asked below `/settings` too: `/settings mute 2h`.
        live: its answer changes for a while, so it must stay where it can be found.
        sentence: what is typed is a sentence that the command reads itself; the arguments are for
            platforms that ask for each.
    """

    name: str
    summary: str
    aliases: tuple[str, ...] = ()
    example: str = ""
    arguments: tuple[Argument, ...] = ()
    least: Role | None = Role.VIEWER
    danger: bool = False
    own: bool = False
    answers_privately: bool = False
    showable: bool = False
    menu: bool = True
    pods: bool = False
    setting: bool = False
    live: bool = False
    sentence: bool = False
    family: Family | None = None


NOBODY = "nobody"
"""Stands for no role at all."""

FOLLOWERS = "followers"
"""Stands for less than that."""


def works_for_all(spec: Spec) -> bool:
    """Whether it works where others read along and nobody can be answered alone."""
    return spec.least is None and not spec.answers_privately


# --- arguments --------------------------------------------------------------------------------

Value = str | int | timedelta

_LARGEST = 999_999

_MOST_WORDS = 32
"""Of several arguments: a name has 60 characters at most."""

_SPAN = re.compile(r"(\d{1,6})\s?(m|min|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_PAGE = re.compile(r"p(?:age)?\.?\s?(\d{1,6})", re.IGNORECASE)

_LETTER = re.compile(r"\w")

_PAIR = re.compile(r"[^\s/]+/[^\s/]+")


class Arguments:
    """What was given for each argument of a command, by its name.

    Args:
        given: the words of each, by which it is understood again, in the order in which they are
            declared.
    """

    def __init__(
        self, values: Mapping[str, Value] | None = None, given: Mapping[str, str] | None = None
    ) -> None:
        self._values = values or {}
        self.given = given or {}

    def text(self, name: str) -> str:
        """A name, a pair, a choice, or words; empty if none was given."""
        value = self._values.get(name, "")
        assert isinstance(value, str)
        return value

    def number(self, name: str) -> int | None:
        value = self._values.get(name)
        assert value is None or isinstance(value, int)
        return value

    def span(self, name: str) -> timedelta | None:
        value = self._values.get(name)
        assert value is None or isinstance(value, timedelta)
        return value

    def has(self, name: str) -> bool:
        return name in self._values

    def words(self, **others: str) -> str:
        """All that was given, as it may be typed; with `others` in place of theirs."""
        return " ".join(filter(None, {**self.given, **others}.values()))


@dataclass(frozen=True, slots=True)
class Misread:
    """What was given is nothing that the argument can be.

    Attributes:
        rest: what was understood besides.
    """

    argument: Argument
    given: str
    rest: Arguments = field(default=Arguments(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an account has, by which words are told apart."""

    bots: Sequence[Trader] = ()
    pairs: Sequence[str] = ()

    def fit(self, type: ArgumentType, words: str) -> Fit:
        """How well they name one, as far as that is known of this type."""
        return fit(words, self.bots) if type is ArgumentType.BOT else Fit.NONE


def read_options(spec: Spec, options: Mapping[str, str]) -> Arguments | Misread:
    """The arguments, each given by its name, as a platform with a form for them tells."""
    values: dict[str, Value] = {}
    words: dict[str, str] = {}
    misread: tuple[Argument, str] | None = None
    for argument in spec.arguments:
        given = options.get(argument.name, "").strip()
        if not given:
            continue
        bare = argument.type is ArgumentType.PAGE and given.isdecimal()
        typed = f"page {given}" if bare else given
        value = _value(argument, typed)
        if value is None:
            misread = misread or (argument, given)
            continue
        values[argument.name], words[argument.name] = value, typed
    read = Arguments(values, words)
    return read if misread is None else Misread(*misread, read)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """What was typed may mean each of these, and what it asks for would change something."""

    meant: tuple[Arguments, ...]


def read_typed(
    spec: Spec, typed: str, known: Known | None = None
) -> Arguments | Misread | Ambiguous:
    """The arguments, typed one after the other.

    A single one takes all that was typed. Of several, numbers, spans, pairs and choices are known
    by their looks and may stand at either end, in any order; what is left is the name. Of several
    ways to read that, those are meant whose names are there; and of these the one in which what
    is declared first takes what it can, unless something would be changed.
    """
    words = tuple(typed.split())
    if not spec.arguments or not words or spec.sentence:
        return Arguments()
    if len(spec.arguments) == 1:
        return read_options(spec, {spec.arguments[0].name: typed})
    if len(words) > _MOST_WORDS:
        return Misread(spec.arguments[0], typed)
    reader = _Reader(spec, known or Known())
    ranked = sorted(
        (reader.cost(one), _undeclared(spec, one), number, one)
        for number, one in enumerate(reader.readings(words, {}))
    )
    cost, _, _, best = ranked[0]
    if best.stray:
        missing = [one for one in spec.arguments if one.name not in best.given]
        wrong = missing[0] if missing else spec.arguments[-1]
        return Misread(wrong, best.stray, _understood(spec, best))
    as_good = {declared: one for its, declared, _, one in reversed(ranked) if its == cost}
    if spec.danger and len(as_good) > 1:
        return Ambiguous(tuple(_understood(spec, one) for _, one in sorted(as_good.items())))
    return _understood(spec, best)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read what was typed; `stray` is what has no place in it."""

    given: Mapping[str, str]
    stray: str = ""


def _understood(spec: Spec, reading: _Reading) -> Arguments:
    read = read_options(spec, reading.given)
    assert isinstance(read, Arguments)
    return read


def _undeclared(spec: Spec, reading: _Reading) -> tuple[int, ...]:
    """Less for a reading in which what is declared first takes more."""
    return tuple(-len(reading.given.get(one.name, "").split()) for one in spec.arguments)


class _Reader:
    def __init__(self, spec: Spec, known: Known) -> None:
        self._spec = spec
        self._been: set[tuple[object, ...]] = set()
        self._pair = cache(lambda words: bool(pairs_meant(words, known.pairs)))
        self._fit = cache(known.fit)

    def readings(
        self, words: tuple[str, ...], given: Mapping[str, str], stray: str = ""
    ) -> Iterator[_Reading]:
        """All ways to read these words, after what was taken from their ends already; those that
        take most by its looks first.
        """
        here = (words, frozenset(given.items()), stray)
        if here in self._been:
            return
        self._been.add(here)
        missing = [one for one in self._spec.arguments if one.name not in given]
        name = next((one for one in missing if one.type in _NAMES), None)
        if not words:
            yield _Reading(given, stray)
            return
        for count in (2, 1):  # "90 min" is two words
            for taken, rest in _from_the_ends(words, count):
                for argument in missing:
                    if argument.type not in _NAMES and self._fits(argument, taken):
                        with_it = {**given, argument.name: taken}
                        yield from self.readings(rest, with_it, stray)
        if name is not None:
            yield _Reading({**given, name.name: " ".join(words)}, stray)
        if not stray:
            for taken, rest in _from_the_ends(words, 1):
                yield from self.readings(rest, given, taken)
            yield _Reading(given, " ".join(words))

    def _fits(self, argument: Argument, words: str) -> bool:
        if argument.type is ArgumentType.PAIR:
            return _PAIR.fullmatch(words) is not None or self._pair(words)
        return _value(argument, words) is not None

    def cost(self, reading: _Reading) -> tuple[int, ...]:
        """What is unlikelier costs more: names that are none, words without a place, guesses."""
        named, worst, guessed = False, Fit.EXACT, 0
        for argument in self._spec.arguments:
            words = reading.given.get(argument.name, "")
            if not words or (
                argument.type not in _NAMES and argument.type is not ArgumentType.PAIR
            ):
                continue
            if argument.type is ArgumentType.PAIR:
                found = Fit.EXACT if _PAIR.fullmatch(words) else Fit.PART
            else:
                found = self._fit(argument.type, words)
                named = found is Fit.EXACT
            worst = max(worst, found)
            # A '%' alone belongs to a number before it.
            guessed += sum(
                found is not Fit.EXACT or not _LETTER.search(one) for one in words.split()
            )
        # Beside a name that is there, a word without a place is one; else it is a part of a name.
        takes_name = any(one.type in _NAMES for one in self._spec.arguments)
        lost = bool(reading.stray) and takes_name and not named
        strays = len(reading.stray.split())
        return max(worst is Fit.NONE, 2 * lost), strays, worst, guessed


def _from_the_ends(words: tuple[str, ...], count: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """So many of the last or the first words, and the others."""
    if len(words) >= count:
        yield " ".join(words[-count:]), words[:-count]
        yield " ".join(words[:count]), words[count:]


def _value(argument: Argument, given: str) -> Value | None:
    """What was given, as its type; `None` if it is not of it. A full stop behind it is nothing."""
    if argument.type not in _NAMES and argument.type is not ArgumentType.PAIR:
        given = given.strip(_PUNCTUATION)
    match argument.type:
        case ArgumentType.NUMBER:
            return _number(given)
        case ArgumentType.PAGE:
            page = _PAGE.fullmatch(given)
            return _number(page[1]) if page else None
        case ArgumentType.SPAN:
            return read_span(given)
        case ArgumentType.CHOICE:
            word = " ".join(given.split()).lower()
            word = argument.synonyms.get(word, word)
            return word if word in argument.choices else None
        case _:
            return given


def read_span(given: str) -> timedelta | None:
    found = _SPAN.fullmatch(given)
    count = None if found is None else _number(found[1])
    return count * _UNITS[found[2][0].lower()] if found and count else None


_PUNCTUATION = " #.,;:!?\u2026\u3002\"'\u201c\u201d\u2018\u2019"


def _number(given: str) -> int | None:
    """In the numerals of any script."""
    number = int(given) if given.isdecimal() and len(given) < 10 else 0
    return number if 1 <= number <= _LARGEST else None
