"""What completes the word that somebody is typing."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.chats import Person
from bot.domain.commands import ArgumentType, Spec
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

SUGGEST_LIMIT = timedelta(seconds=2)
"""Discord waits three for what completes a word."""


async def suggest(
    desk: Desk, place: Place, person: Person, command: str, argument: str, typed: str
) -> Sequence[str]:
    """Names that a word which is being typed may become: for comfort, so none if it takes long."""
    found = registry.find(command)
    if found is None:
        return ()
    types = {one.name: one.type for one in found.spec.arguments}
    if argument not in types:
        return ()
    try:
        async with asyncio.timeout(SUGGEST_LIMIT.total_seconds()):
            return await _suggested(desk, place, person, found.spec, types[argument], typed)
    except TimeoutError:
        return ()
    except Exception:
        # A person can type on without it.
        log.exception("could not complete what is typed")
        return ()


async def _suggested(
    desk: Desk, place: Place, person: Person, spec: Spec, type: ArgumentType, typed: str
) -> Sequence[str]:
    link = await desk.links.at(place.address)
    if link is None or await desk.access.refusal(spec, person, link) is not None:
        return ()
    match type:
        case ArgumentType.BOT:
            return completions(typed, await desk.known_bots(link.account))
        case ArgumentType.STRATEGY:
            return completions(typed, await desk.strategies(link.account))
        case ArgumentType.THING:
            bots = completions(typed, await desk.known_bots(link.account))
            strategies = completions(typed, await desk.strategies(link.account))
            return tuple(one for one in (*bots, *strategies) if one not in EVERYTHING)
        case ArgumentType.PAIR:
            return pairs_completed(typed, await desk.pairs(link.account))
        case ArgumentType.SUBJECT:
            bots = completions(typed, await desk.known_bots(link.account))
            kinds = [kind for kind in KINDS.values() if kind.startswith(folded(typed))]
            return (*bots, *kinds, *pairs_completed(typed, await desk.pairs(link.account)))
        case ArgumentType.ZONE:
            return zones_meant(typed, zone_names())
        case ArgumentType.LANGUAGE:
            names = map(language_name, languages())
            return tuple(name for name in names if folded(name).startswith(folded(typed)))
        case _:
            return ()
