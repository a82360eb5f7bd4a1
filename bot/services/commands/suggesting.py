"""What completes the word that somebody is typing."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.domain.chats import Person
from bot.domain.commands import Argument, Arguments, ArgumentType, Known, Spec, read_typed
from bot.domain.conversion import currencies_of
from bot.domain.ids import AccountId
from bot.domain.incoming import Place
from bot.domain.names import EVERYTHING, completions
from bot.domain.pairs import pairs_completed
from bot.domain.spoken_rules import KINDS
from bot.domain.spoken_zones import zone_names, zones_meant
from bot.domain.text import folded
from bot.services.commands import registry
from bot.services.commands.desk import Desk
from bot.texts.language import language_name, languages

log = logging.getLogger(__name__)

MOST_LINES = 12
"""A list that is longer says more than it helps."""

SUGGEST_LIMIT = timedelta(seconds=2)
"""Discord waits three for what completes a word."""


async def suggest(
    desk: Desk, place: Place, person: Person, command: str, argument: str, typed: str
) -> Sequence[str]:
    """Names that a word which is being typed may become: for comfort, so none if it takes long."""
    found = registry.find(command)
    if found is None:
        return ()
    named = [one for one in found.spec.arguments if one.name == argument]
    if argument and not named:
        return ()
    try:
        async with asyncio.timeout(SUGGEST_LIMIT.total_seconds()):
            link = await desk.links.at(place.address)
            if link is None or await desk.access.refusal(found.spec, person, link) is not None:
                return ()
            if named:
                return await _suggested(desk, link.account, named[0], typed)
            return await _lines(desk, link.account, found.spec, typed)
    except TimeoutError:
        return ()
    except Exception:
        # A person can type on without it.
        log.exception("could not complete what is typed")
        return ()


async def _lines(desk: Desk, account: AccountId, spec: Spec, typed: str) -> Sequence[str]:
    """What all that was typed behind a command may become: its last words are a beginning, those
    before them are given.
    """
    words = typed.split()
    known = Known(bots=await desk.known_bots(account), pairs=await desk.pairs(account))
    for begun in range(0 if typed[-1:].isspace() or not words else 1, len(words) + 1):
        before, last = " ".join(words[: len(words) - begun]), " ".join(words[len(words) - begun :])
        lines = [
            f"{before} {name}".strip()
            for argument in _missing(spec, before, known)
            for name in await _suggested(desk, account, argument, last)
            if folded(name) != folded(last)
        ]
        if lines:
            return lines[:MOST_LINES]
    return ()


def _missing(spec: Spec, before: str, known: Known) -> Sequence[Argument]:
    """The arguments that may follow what was typed; none if that cannot be read."""
    if not before:
        return spec.arguments
    if spec.sentence:
        given = folded(before)
        return [
            one
            for one in spec.arguments
            if not any(folded(word) in given for word in (*one.choices, *one.offers))
        ]
    if len(spec.arguments) == 1:
        return ()
    read = read_typed(spec, before, known)
    if not isinstance(read, Arguments):
        return ()
    return [one for one in spec.arguments if not read.has(one.name)]


async def _suggested(
    desk: Desk, account: AccountId, argument: Argument, typed: str
) -> Sequence[str]:
    match argument.type:
        case ArgumentType.BOT:
            return completions(typed, await desk.known_bots(account))
        case ArgumentType.STRATEGY:
            return completions(typed, await desk.strategies(account))
        case ArgumentType.THING:
            bots = completions(typed, await desk.known_bots(account))
            strategies = completions(typed, await desk.strategies(account))
            return tuple(one for one in (*bots, *strategies) if one not in EVERYTHING)
        case ArgumentType.PAIR:
            return pairs_completed(typed, await desk.pairs(account))
        case ArgumentType.SUBJECT:
            bots = completions(typed, await desk.known_bots(account))
            kinds = [kind for kind in KINDS.values() if kind.startswith(folded(typed))]
            return (*bots, *kinds, *pairs_completed(typed, await desk.pairs(account)))
        case ArgumentType.ZONE:
            return zones_meant(typed, zone_names())
        case ArgumentType.LANGUAGE:
            return _begun(typed, map(language_name, languages()))
        case ArgumentType.CURRENCY:
            heard = currencies_of(await desk.pairs(account))
            return _begun(typed, dict.fromkeys((*argument.offers, *heard)))
        case ArgumentType.STRATEGY_TYPE:
            types = [one.type for one in await desk.strategies(account) if one.type]
            return _begun(typed, dict.fromkeys(types))
        case _:
            return _begun(typed, argument.choices or argument.offers)


def _begun(typed: str, words: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in words if folded(one).startswith(folded(typed)))
