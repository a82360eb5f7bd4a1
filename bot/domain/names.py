"""Finding a bot or a strategy by what a person typed, and telling apart what has the same name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import IntEnum
from typing import Generic, TypeVar

from bot.domain.events import Strategy, Trader
from bot.domain.ids import StrategyId
from bot.domain.text import clean, folded, without_accents

NAME_LIMIT = 60

EVERYTHING = frozenset({"all", "*", "everything"})

AROUND_NAMES = " .,;:!?'\"()[]{}<>"
"""What a person may put around a name, or a sentence behind it; folded."""

LONG_NAME = 100
"""Characters; of a longer name the platform's adapter may have kept less than a person pastes."""

DIFFERENCE_LIMIT = 36
SHORTEST_END = 4
"""Characters of an id's end that are shown."""

Named = TypeVar("Named", Trader, Strategy)


def trader_name(trader: Trader | None, fallback: str | None = None) -> str:
    """A bot's name to show: its own, else its id, else nothing."""
    for text in (trader.name if trader else None, trader.id if trader else None, fallback):
        if text and (shown := clean(text, NAME_LIMIT)):
            return _with_difference(shown, trader.apart if trader else None)
    return ""


def strategy_name(strategy: Strategy) -> str:
    shown = clean(strategy.name or strategy.id, NAME_LIMIT)
    return _with_difference(shown, strategy.apart)


def _with_difference(name: str, apart: str | None) -> str:
    """'Grid (kraken)': the difference shows whole, however long the name is."""
    if apart is None:
        return name
    difference = f" ({apart})"
    return clean(name, NAME_LIMIT - len(difference)) + difference


@dataclass(frozen=True, slots=True)
class Found(Generic[Named]):
    meant: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Several(Generic[Named]):
    """The words fit more than one: the person must choose."""

    fitting: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Nothing(Generic[Named]):
    """Nothing fits; the names of the `nearest` look alike."""

    nearest: tuple[Named, ...]


def pick(wanted: str, all_there: Sequence[Named]) -> Found[Named] | Several[Named] | Nothing[Named]:
    """What a person means: by id, by name, by a beginning or part of it, or by its words.

    What is compared is the whole name, and what is shown of it; see `folded` for how.
    """
    whole = folded(wanted)
    for word in dict.fromkeys((whole, whole.strip(AROUND_NAMES))):
        if word in EVERYTHING:
            return Found(tuple(all_there))
        found = _fitting(word, all_there, (*_CALLED, *_LIKE))
        if found:
            return Found(found) if len(found) == 1 else Several(found)
    by_name = {name_of(one): one for one in all_there}
    return Nothing(tuple(by_name[name] for name in nearest(wanted, by_name)))


class Fit(IntEnum):
    """How well words fit the names that there are, best first."""

    EXACT = 0
    PART = 1
    NONE = 2


def fit(wanted: str, all_there: Sequence[Named]) -> Fit:
    """How well words name one of these, or all; see `pick`."""
    word = folded(wanted).strip(AROUND_NAMES)
    if word in EVERYTHING or _fitting(word, all_there, _CALLED):
        return Fit.EXACT
    return Fit.PART if _fitting(word, all_there, _LIKE) else Fit.NONE


def _fitting(
    word: str, all_there: Sequence[Named], ways: Sequence[Callable[[Trader | Strategy, str], bool]]
) -> tuple[Named, ...]:
    """Those that the word fits in the first of these ways in which it fits any."""
    for fits in ways:
        found = tuple(one for one in all_there if word and fits(one, word))
        if found:
            return found
    return ()


def completions(typed: str, all_there: Sequence[Named]) -> tuple[str, ...]:
    """What somebody who types a name may mean, likeliest first; all of them for nothing yet.

    Every one of them is found by `pick`.
    """
    word = folded(typed)
    fitting = [one for one in all_there if _contains(one, word) or _has_words(one, word)]
    fitting.sort(key=lambda one: (not _begins_with(one, word), not _contains(one, word)))
    names = [name_of(one) for one in fitting]
    if len(all_there) > 1 and "all".startswith(word):
        names.insert(0, "all")
    return tuple(dict.fromkeys(names))


def is_name(text: str) -> bool:
    """Whether it can be a new name, by which a person finds the thing again."""
    return 0 < len(text) <= NAME_LIMIT and folded(text) not in EVERYTHING


def name_of(record: Trader | Strategy) -> str:
    return trader_name(record) if isinstance(record, Trader) else strategy_name(record)


def nearest(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Names that look like the word, best first."""
    by_key = {folded(name): name for name in names}
    close = get_close_matches(folded(word)[:100], list(by_key), n=most, cutoff=0.5)
    return tuple(by_key[key] for key in close)


def told_apart(records: Iterable[Named], strategies: Iterable[Strategy] = ()) -> tuple[Named, ...]:
    """The same records, where names that look the same say what sets them apart.

    Args:
        strategies: of the account, by which bots are told apart too.
    """
    them = tuple(replace(one, apart=None) if one.apart else one for one in records)
    groups: dict[str, list[Named]] = {}
    for one in them:
        groups.setdefault(folded(name_of(one)), []).append(one)
    if len(groups) == len(them):
        return them
    known = {strategy.id: strategy for strategy in strategies}
    twins = [group for group in groups.values() if len(group) > 1]
    by_facts: dict[str, str] = {}
    for group in twins:
        differences = _differences([_facts(one, known) for one in group], [one.id for one in group])
        by_facts |= zip((one.id for one in group), differences, strict=True)
    named = tuple(replace(one, apart=by_facts.get(one.id)) for one in them)
    if _are_all_different(map(name_of, named)):
        return named
    # Somebody has called another one just so.
    ends = dict(zip(by_facts, _ends(list(by_facts)), strict=True))
    return tuple(replace(one, apart=ends.get(one.id)) for one in them)


def _facts(
    record: Trader | Strategy, strategies: Mapping[StrategyId, Strategy]
) -> tuple[str | None, ...]:
    """What may set a record apart, the most telling first."""
    if isinstance(record, Strategy):
        return record.pair, record.type, record.interval
    used = strategies.get(record.strategy) if record.strategy else None
    money = None if record.dry_run is None else "paper" if record.dry_run else "real money"
    pair, name = (used.pair, strategy_name(used)) if used else (None, None)
    return record.exchange, pair, name, money, record.stake_currency


def _differences(facts: Sequence[Sequence[str | None]], ids: Sequence[str]) -> Sequence[str]:
    """A few words for each of some records, all different: as few facts as will do, or else the
    end of the id too.
    """
    columns = [[clean(one or "", 24) for one in column] for column in zip(*facts, strict=True)]
    telling = [column for column in columns if len({*map(folded, column)}) > 1]
    said = [""] * len(ids)
    for count in range(1, len(telling) + 1):
        rows = zip(*telling[:count], strict=True)
        said = [clean(", ".join(filter(None, row)), DIFFERENCE_LIMIT) for row in rows]
        if all(said) and _are_all_different(said):
            return said
    ends = _ends(ids)
    room = max(2, DIFFERENCE_LIMIT - len(ends[0]) - 2)
    cut = (clean(words, room) for words in said)
    return [", ".join(filter(None, both)) for both in zip(cut, ends, strict=True)]


def _ends(ids: Sequence[str]) -> Sequence[str]:
    """The ends of some ids, as long as it takes to tell them apart."""
    length = SHORTEST_END
    while length < max(map(len, ids)) and len({one[-length:] for one in ids}) < len(ids):
        length += 1
    return [f"…{clean(one[-length:], DIFFERENCE_LIMIT)}" for one in ids]


def _are_all_different(texts: Iterable[str]) -> bool:
    found = [*map(folded, texts)]
    return len({*found}) == len(found)


def _names(record: Trader | Strategy) -> tuple[str, ...]:
    """The whole name and the shown one, folded."""
    return folded(record.name or ""), folded(name_of(record))


def _is_exactly(record: Trader | Strategy, word: str) -> bool:
    whole = folded(record.name or "")
    return word in (folded(record.id), *_names(record)) or (
        len(record.name or "") > LONG_NAME and word.startswith(whole)
    )


def _is_but_for_accents(record: Trader | Strategy, word: str) -> bool:
    return without_accents(word) in map(without_accents, _names(record))


def _is_but_for_marks(record: Trader | Strategy, word: str) -> bool:
    """Whether letters and digits are the same: 'bobs bot' is "Bob's bot"."""
    bare = _bare(word)
    return bare != "" and bare in map(_bare, _names(record))


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, without_accents(text)))


def _begins_with(record: Trader | Strategy, word: str) -> bool:
    return any(name.startswith(word) for name in _names(record))


def _contains(record: Trader | Strategy, word: str) -> bool:
    return any(word in name for name in _names(record))


def _has_words(record: Trader | Strategy, word: str) -> bool:
    """Whether all of some words stand in the name, in any order."""
    bare = without_accents(folded(name_of(record)))
    words = without_accents(word).split()
    return words != [] and all(one in bare for one in words)


_CALLED = (_is_exactly, _is_but_for_accents, _is_but_for_marks)
_LIKE = (_begins_with, _contains, _has_words)
