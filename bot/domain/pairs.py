"""Trading pairs: what they are made of, and which one a person means."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from bot.domain.text import clean

_ALIASES = {"XBT": "BTC"}
"""What some exchanges call a coin."""


def pairs_meant(wanted: str, pairs: Iterable[str]) -> tuple[str, ...]:
    """The pairs that a person may mean: one if they named both coins, however they parted them, or
    all of a coin if they named that alone. A settlement (`ETH/USDT:USDT`) need not be named.
    """
    them = tuple(dict.fromkeys(pairs))
    perpetual = tuple(pair for pair in them if ":" in pair)
    for spelled, among in (
        (wanted, them),
        (_OF_PERPETUALS.sub("", wanted), perpetual or them),
        (wanted.partition(":")[2], them),
        (_BETWEEN.sub("/", wanted), them),
    ):
        word = _compact(spelled)
        for names in (pair_key, _without_settlement, _base):
            found = tuple(pair for pair in among if word and names(pair) == word)
            if found:
                return found
    return ()


_OF_PERPETUALS = re.compile(
    r"[-_./ ]?(?:perp(?:etual)?|swap|futures?|(?<=[./])p)\s*$", re.IGNORECASE
)
"""How exchanges and charts mark them: 'BTC-PERP', 'BTCUSDT.P', 'ETH-USDT-SWAP'."""

_BETWEEN = re.compile(r"\s+(?:to|in|vs|against)\.?\s+", re.IGNORECASE)


def nearest_pairs(wanted: str, pairs: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Pairs that look like what was typed, best first; else the first of all."""
    by_key: dict[str, str] = {}
    for pair in pairs:
        by_key.setdefault(_without_settlement(pair), pair)
    close = get_close_matches(_compact(wanted)[:40], list(by_key), n=most, cutoff=0.5)
    return tuple(by_key[key] for key in close or sorted(by_key)[:most])


def pairs_completed(typed: str, pairs: Iterable[str]) -> tuple[str, ...]:
    """Those that somebody who types may mean, those that begin so first."""
    word = _compact(typed)
    fitting = [pair for pair in dict.fromkeys(pairs) if word in _compact(pair)]
    return tuple(sorted(fitting, key=lambda pair: (not _compact(pair).startswith(word), pair)))


def pair_key(pair: str) -> str:
    """The same for a pair however it is spelled; another one if it is settled otherwise."""
    return _compact(pair)


def _without_settlement(pair: str) -> str:
    return _compact(pair.partition(":")[0])


def _base(pair: str) -> str:
    return _compact(pair.partition("/")[0])


@lru_cache(maxsize=4096)
def _compact(text: str) -> str:
    """Letters and digits alone, in capitals, each coin by its usual name."""
    shown = unicodedata.normalize("NFKC", text).upper()
    joined = "".join(filter(str.isalnum, shown))
    for alias, name in _ALIASES.items():
        if joined.startswith(alias):
            return name + joined[len(alias) :]
    return joined


@lru_cache(maxsize=1024)
def quote_of(symbol: str | None) -> str:
    """The currency in which a pair's prices are; empty if it names none."""
    _, _, quote = (symbol or "").partition("/")
    return clean(quote.partition(":")[0], 12)


@lru_cache(maxsize=1024)
def settled_in(symbol: str | None) -> str:
    """The currency of a pair's results: a perpetual's may be another than that of its prices."""
    settlement = (symbol or "").partition(":")[2].partition("-")[0]
    return clean(settlement, 12) or quote_of(symbol)
