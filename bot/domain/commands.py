"""What a person can ask: how a command is declared, and how its arguments are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.domain.chats import Role


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
    TEXT = "text"


_NAMES = frozenset(
    {
        *(ArgumentType.BOT, ArgumentType.STRATEGY, ArgumentType.THING),
        *(ArgumentType.SUBJECT, ArgumentType.ZONE, ArgumentType.LANGUAGE, ArgumentType.TEXT),
    }
)
"""Types of any number of words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """
    Attributes:
        choices: all that it can be, of a choice.
        synonyms: other words for them.
    """

    name: str
    type: ArgumentType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Commands that are about one thing, kept together where a platform has little room."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One command, declared once.

    Attributes:
        family: what it stands under on Discord; elsewhere it is asked by its name alone.
        least: the least role that may use it, `None` if it works without a link.
        danger: it changes something, or answers with a confirm card.
        own: only who linked the chat may use it, whatever role others have there.
        answers_privately: its answer is for nobody else to read, so it works where nobody does.
        showable: its answer may be shown to everybody in a shared chat, if the person wants that.
        menu: it is listed where commands are.
        pods: it asks bots themselves, so it is listed only where that can be done.
        setting: it is asked below `/settings` too: `/settings mute 2h`.
        sentence: what is typed is a sentence that the command reads itself; the arguments are for
            platforms that ask for each.
    """

    name: str
    summary: str
    aliases: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    least: Role | None = Role.VIEWER
    danger: bool = False
    own: bool = False
    answers_privately: bool = False
    showable: bool = False
    menu: bool = True
    pods: bool = False
    setting: bool = False
    sentence: bool = False
    family: Family | None = None


NOBODY = "nobody"
"""Stands for no role at all."""


def works_for_all(spec: Spec) -> bool:
    """Whether it works where others read along and nobody can be answered alone."""
    return spec.least is None and not spec.answers_privately


# --- arguments --------------------------------------------------------------------------------

Value = str | int | timedelta

_LARGEST = 999_999

_SPAN = re.compile(r"(\d{1,6})\s?(m|min|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE)

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_PAGE = re.compile(r"p(?:age)?\.?\s?(\d{1,6})", re.IGNORECASE)

_PAIR = re.compile(r"[^\s/]+/[^\s/]+")


@dataclass(frozen=True, slots=True)
class Misread:
    """What was given is nothing that the argument can be."""

    argument: Argument
    given: str


class Arguments:
    """What was given for each argument of a command, by its name."""

    def __init__(self, values: Mapping[str, Value] | None = None) -> None:
        self._values = values or {}

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


def read_options(spec: Spec, options: Mapping[str, str]) -> Arguments | Misread:
    """The arguments, each given by its name, as a platform with a form for them tells."""
    values: dict[str, Value] = {}
    for argument in spec.arguments:
        given = options.get(argument.name, "").strip()
        if not given:
            continue
        bare = argument.type is ArgumentType.PAGE and given.isdecimal()
        value = _value(argument, f"page {given}" if bare else given)
        if value is None:
            return Misread(argument, given)
        values[argument.name] = value
    return Arguments(values)


def read_typed(spec: Spec, typed: str) -> Arguments | Misread:
    """The arguments, typed one after the other.

    A single one takes all that was typed. Of several, numbers, spans, pairs and choices are known
    by their looks and may stand at either end, in any order; what is left is the name.
    """
    words = typed.split()
    if not spec.arguments or not words or spec.sentence:
        return Arguments()
    if len(spec.arguments) == 1:
        return read_options(spec, {spec.arguments[0].name: typed})
    names = [one for one in spec.arguments if one.type in _NAMES]
    plain = [one for one in spec.arguments if one.type not in _NAMES]
    values: dict[str, Value] = {}
    while words and plain:
        found = _at_an_end(words, plain)
        if found is None:
            break
        argument, value, words = found
        values[argument.name] = value
        plain.remove(argument)
    if words and names:
        values[names[0].name] = " ".join(words)
    elif words:
        return Misread(plain[0] if plain else spec.arguments[-1], " ".join(words))
    return Arguments(values)


def _at_an_end(
    words: list[str], arguments: list[Argument]
) -> tuple[Argument, Value, list[str]] | None:
    """The first argument that the last or first words are, and the words without them."""
    for count in (2, 1):  # "90 min" is two words
        if len(words) < count:
            continue
        for taken, rest in ((words[-count:], words[:-count]), (words[:count], words[count:])):
            for argument in arguments:
                value = _value(argument, " ".join(taken))
                looks = argument.type is not ArgumentType.PAIR or _PAIR.fullmatch(str(value))
                if value is not None and looks:
                    return argument, value, rest
    return None


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


_PUNCTUATION = " .,;:!?\u2026\u3002\"'\u201c\u201d\u2018\u2019"


def _number(given: str) -> int | None:
    """In the numerals of any script."""
    number = int(given) if given.isdecimal() and len(given) < 10 else 0
    return number if 1 <= number <= _LARGEST else None
