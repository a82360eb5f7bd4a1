"""Finding a bot or a strategy by what a person typed, and the nearest name when they mistyped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

from bot.domain.events import Strategy, Trader
from bot.domain.telling import strategy_name, trader_name

EVERYTHING = frozenset({"all", "*", "everything"})

Named = TypeVar("Named", Trader, Strategy)


@dataclass(frozen=True, slots=True)
class Found(Generic[Named]):
    meant: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Several(Generic[Named]):
    """The words fit more than one: the person must choose."""

    fitting: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing fits; `nearest` are names that look alike."""

    nearest: tuple[str, ...]


def pick(wanted: str, all_there: Sequence[Named]) -> Found[Named] | Several[Named] | Nothing:
    """What a person means: by id, by name in any case, by a beginning or part of it."""
    word = " ".join(wanted.split()).casefold()
    if word in EVERYTHING:
        return Found(tuple(all_there))
    for fits in (_is_exactly, _begins_with, _contains):
        found = tuple(one for one in all_there if fits(one, word))
        if found:
            return Found(found) if len(found) == 1 else Several(found)
    return Nothing(nearest(wanted, map(name_of, all_there)))


def completions(typed: str, all_there: Sequence[Named]) -> tuple[str, ...]:
    """What somebody who types a name may mean, likeliest first; all of them for nothing yet.

    Every one of them is found by `pick`.
    """
    word = " ".join(typed.split()).casefold()
    fitting = [one for one in all_there if _contains(one, word)]
    fitting.sort(key=lambda one: not _begins_with(one, word))
    names = [name_of(one) for one in fitting]
    if len(all_there) > 1 and "all".startswith(word):
        names.insert(0, "all")
    return tuple(dict.fromkeys(names))


def name_of(record: Trader | Strategy) -> str:
    return trader_name(record) if isinstance(record, Trader) else strategy_name(record)


def nearest(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Names that look like the word, best first."""
    by_key = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold()[:100], list(by_key), n=most, cutoff=0.5)
    return tuple(by_key[key] for key in close)


def _is_exactly(record: Trader | Strategy, word: str) -> bool:
    return word in (record.id.casefold(), name_of(record).casefold())


def _begins_with(record: Trader | Strategy, word: str) -> bool:
    return name_of(record).casefold().startswith(word)


def _contains(record: Trader | Strategy, word: str) -> bool:
    return word in name_of(record).casefold()
