"""Finding a bot by what a person typed, and the nearest name when they mistyped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.domain.events import Trader
from bot.domain.telling import trader_name

EVERYTHING = frozenset({"all", "*", "everything"})


@dataclass(frozen=True, slots=True)
class Found:
    traders: tuple[Trader, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """The words fit more than one bot: the person must choose."""

    traders: tuple[Trader, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No bot fits; `nearest` are names that look alike."""

    nearest: tuple[str, ...]


def pick(wanted: str, traders: Sequence[Trader]) -> Found | Several | Nothing:
    """The bots that a person means: by id, by name in any case, by a beginning or part of it."""
    word = " ".join(wanted.split()).casefold()
    if word in EVERYTHING:
        return Found(tuple(traders))
    for fits in (_is_exactly, _begins_with, _contains):
        found = tuple(trader for trader in traders if fits(trader, word))
        if found:
            return Found(found) if len(found) == 1 else Several(found)
    return Nothing(nearest(wanted, [trader_name(trader) for trader in traders]))


def completions(typed: str, traders: Sequence[Trader]) -> tuple[str, ...]:
    """What somebody who types a bot's name may mean, likeliest first; all of them for nothing yet.

    Every one of them is found by `pick`.
    """
    word = " ".join(typed.split()).casefold()
    begun = [trader for trader in traders if _begins_with(trader, word)]
    inside = [trader for trader in traders if trader not in begun and _contains(trader, word)]
    names = [trader_name(trader) for trader in (*begun, *inside)]
    if len(traders) > 1 and "all".startswith(word):
        names.insert(0, "all")
    return tuple(dict.fromkeys(names))


def nearest(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Names that look like the word, best first."""
    by_key = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold()[:100], list(by_key), n=most, cutoff=0.5)
    return tuple(by_key[key] for key in close)


def _is_exactly(trader: Trader, word: str) -> bool:
    return trader.id.casefold() == word or trader_name(trader).casefold() == word


def _begins_with(trader: Trader, word: str) -> bool:
    return trader_name(trader).casefold().startswith(word)


def _contains(trader: Trader, word: str) -> bool:
    return word in trader_name(trader).casefold()
