"""`/rename`: a bot or a strategy, after a card that asks."""

import re
from collections.abc import Sequence

from bot.domain.actions import Target, Verb
from bot.domain.cards import Card
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Strategy, Trader
from bot.domain.names import EVERYTHING, NAME_LIMIT, Found, Nothing, Several, is_name, name_of, pick
from bot.domain.text import clean, folded
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import BOT
from bot.texts import renaming as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

Things = Sequence[Trader | Strategy]

_TO = re.compile(r"\s+(?:to|->|=>|\u2192)\s+", re.IGNORECASE)
_QUOTES = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb"


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account
    session = await desk.session(account)
    bots = await request.now(desk.bots_now(session, account.id))
    strategies = await request.now(desk.strategies_now(session))
    things: Things = (*bots, *strategies)
    options = request.command.options
    typed = request.command.arguments.strip()
    if request.about:
        meant = [one for one in things if one.id in request.about]
        new = re.sub(r"^to\s+", "", typed)
        return await _confirm(request, meant[0], new, things) if meant else texts.nothing_there()
    splits = [(typed[: one.start()], typed[one.end() :]) for one in _TO.finditer(f"{typed} ")]
    if options:
        splits = [(options.get("what", ""), options.get("name", ""))]
    splits = [(wanted, new.strip()) for wanted, new in splits if wanted.strip() and new.strip()]
    if not splits:
        return texts.how(things)
    found = [(_meant(wanted, bots, strategies), new) for wanted, new in splits]
    # A name may have a "to" in it: one that is there just so comes before one that only fits.
    for named in ([exact for (exact, _, _), _ in found], [fits for (_, fits, _), _ in found]):
        for only, (_, new) in zip(named, found, strict=True):
            if len(only) == 1:
                return await _confirm(request, only[0], new, things)
    (exact, fits, near), new = found[0]
    several = (exact or fits or near)[:MOST_CHOICES]
    choices = [(Target(id=one.id, name=name_of(one)),) for one in several]
    actions = await request.asking(f"to {new}", *choices) if several else ()
    return texts.which(splits[0][0], several, actions, guessed=not (exact or fits))


def _meant(
    wanted: str, bots: Sequence[Trader], strategies: Sequence[Strategy]
) -> tuple[Things, Things, Things]:
    """What is called just that, what the words fit, and what is called alike."""
    things: Things = (*bots, *strategies)
    exact = [one for one in things if folded(name_of(one)) == folded(wanted)]
    fits: list[Trader | Strategy] = []
    near: list[Trader | Strategy] = []
    if folded(wanted) in EVERYTHING:
        return exact, (), things
    for found in (pick(wanted, bots), pick(wanted, strategies)):
        match found:
            case Found(meant=them) | Several(fitting=them):
                fits += them
            case Nothing(nearest=them):
                near += them
    return exact, fits, near


async def _confirm(request: AccountRequest, one: Trader | Strategy, name: str, all: Things) -> Card:
    new = name[1:-1] if len(name) > 2 and name[0] in _QUOTES and name[-1] in _QUOTES else name
    new = clean(new, NAME_LIMIT + 1)
    if not is_name(new):
        return texts.no_name(new, request.spec)
    if new == one.name:
        return texts.called_so_already(one)
    twins = [other for other in all if other.id != one.id and folded(name_of(other)) == folded(new)]
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {Verb.RENAME_BOT if isinstance(one, Trader) else Verb.RENAME_STRATEGY: texts.do_it()},
        [Target(id=one.id, name=name_of(one))],
        new,
    )
    return texts.confirm(one, new, twins, buttons)


COMMAND = AccountCommand(
    spec=Spec(
        name="rename",
        family=BOT,
        summary=later("Give a bot or a strategy another name (asks first)"),
        example="Grid BTC to Grid 2",
        arguments=(
            Argument(
                name="what",
                type=ArgumentType.THING,
                description=later("the name of a bot or a strategy"),
                required=True,
            ),
            Argument(
                name="name",
                type=ArgumentType.TEXT,
                description=later("its new name"),
                required=True,
            ),
        ),
        least=Role.OPERATOR,
        danger=True,
        sentence=True,
    ),
    answer=_answer,
)
