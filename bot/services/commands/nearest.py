"""What somebody may have meant who named nothing that is there: each a button that asks that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.domain.actions import Target
from bot.domain.cards import Card, Option
from bot.domain.commands import Ambiguous, Argument, ArgumentType, Misread
from bot.domain.events import Trader
from bot.domain.names import Found, name_of, pick
from bot.domain.text import folded
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountRequest
from bot.texts import asking
from bot.texts.cards import MOST_NEAR

_ALIKE = 0.5
"""From here on two words look alike, of 1."""


@dataclass(frozen=True, slots=True)
class _Near:
    """A name, and how the same is asked of it."""

    name: str
    words: str
    targets: tuple[Target, ...] = ()


async def near(
    request: AccountRequest, wrong: str, wanted: str, bots: Sequence[Trader] | None = None
) -> Sequence[Option]:
    """What the words look like that were given for the argument `wrong`: the likeliest of all that
    may still stand in the command.

    Args:
        bots: of the account, where they were just read.
    """
    known = await request.desk.known_bots(request.account.id) if bots is None else bots
    pairs = await request.desk.pairs(request.account.id)
    strategies = await request.desk.strategies(request.account.id)
    given = request.arguments

    def candidates(argument: Argument) -> Iterator[_Near]:
        match argument.type:
            case ArgumentType.BOT:
                for bot in known:
                    words = given.words(**{wrong: "", argument.name: ""})
                    yield _Near(name_of(bot), words, targets_of((bot,)))
            case ArgumentType.STRATEGY:
                for one in strategies:
                    yield _Near(name_of(one), "", (Target(id=one.id, name=name_of(one)),))
            case ArgumentType.PAIR | ArgumentType.CHOICE:
                for name in pairs if argument.type is ArgumentType.PAIR else argument.choices:
                    yield _Near(name, given.words(**{wrong: "", argument.name: name}))

    found = [
        (alike, one)
        for argument in request.spec.arguments
        if argument.name == wrong or not given.has(argument.name)
        for one in candidates(argument)
        if (alike := _alike(wanted, one.name)) >= _ALIKE
    ]
    found.sort(key=lambda one: -one[0])
    return [
        Option(label=one.name, action=action)
        for _, one in found[:MOST_NEAR]
        for action in await request.asking(one.words, *([one.targets] if one.targets else []))
    ]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, folded(one)[:100], folded(other)).ratio()


async def misread(request: AccountRequest, wrong: Misread) -> Card:
    options = await near(request, wrong.argument.name, wrong.given)
    for argument in request.spec.arguments:
        # Or a word of the name beside it.
        if not options and argument.type is ArgumentType.BOT and wrong.rest.has(argument.name):
            whole = f"{wrong.given} {wrong.rest.text(argument.name)}"
            options = await near(request, argument.name, whole)
    return asking.misread(request.spec, wrong, options)


async def which_reading(request: AccountRequest, read: Ambiguous, bots: Sequence[Trader]) -> Card:
    """Something would be changed, and the words may mean this or that."""
    options = []
    for meant in read.meant:
        words, targets, given = meant.words(), [], dict(meant.given)
        for argument in request.spec.arguments:
            named = argument.type is ArgumentType.BOT and meant.has(argument.name)
            match pick(meant.text(argument.name), bots) if named else None:
                case Found(meant=them):
                    words, targets = meant.words(**{argument.name: ""}), [targets_of(them)]
                    given[argument.name] = ", ".join(map(name_of, them))
        for action in await request.asking(words, *targets):
            options.append(Option(label=asking.reading(given), action=action))
    return asking.which_reading(options)
