"""`/strategies`: all of them, those of one type, or one and its bots; `/newstrategy` and
`/removestrategy`, which ask first.
"""

import re
from collections.abc import Sequence

from bot.domain.actions import Target, Verb
from bot.domain.cards import Card, Option
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Strategy
from bot.domain.names import (
    EVERYTHING,
    NAME_LIMIT,
    Found,
    Nothing,
    Several,
    is_name,
    name_of,
    pick,
    told_apart,
)
from bot.domain.pairs import nearest_pairs
from bot.domain.text import clean, folded
from bot.ports import Session
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import BOT
from bot.services.commands.nearest import near
from bot.texts import asking, renaming
from bot.texts import prices as prices_texts
from bot.texts import strategies as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    wanted = request.arguments.text("strategy")
    if request.about:
        [wanted] = request.about
    known = await request.strategies()
    if not wanted:
        return request.aged(texts.listed(known.value), known)
    match pick(wanted, known.value):
        case Nothing():
            types = {folded(one.type): one.type for one in known.value if one.type}
            if folded(wanted) in types:
                return await _of_type(request, types[folded(wanted)])
            options = await near(request, "strategy", wanted)
            card = texts.no_such_strategy(wanted, request.spec, options, known.value)
        case Several(fitting=several):
            card = texts.listed(several)
        case Found(meant=(strategy,)):
            card = texts.one(strategy, await request.desk.known_bots(request.account.id))
        case Found(meant=found):
            card = texts.listed(found)
    return request.aged(card, known)


async def _of_type(request: AccountRequest, type: str) -> Card:
    """Those that the platform itself finds."""

    async def ask(session: Session) -> tuple[Strategy, ...]:
        return await session.strategies(type)

    found = await request.read(f"strategies {type}", tuple[Strategy, ...], ask)
    return request.aged(texts.listed(told_apart(found.value)), found)


COMMAND = AccountCommand(
    spec=Spec(
        name="strategies",
        family=BOT,
        summary=later("Your strategies, those of a type, or one and its bots"),
        example="momentum",
        arguments=(
            Argument(
                name="strategy",
                type=ArgumentType.STRATEGY,
                description=later("a strategy's name, or a type such as momentum"),
            ),
        ),
        showable=True,
    ),
    answer=_answer,
)


# --- one more -------------------------------------------------------------------------------------

_PAIR = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}(?::[A-Z0-9]{1,20})?")
_QUOTES = "\"'\u201c\u201d"
_TYPE = re.compile(r"\w[\w.-]{0,59}")


async def _create(request: AccountRequest) -> Card:
    options, words = request.command.options, request.command.arguments.split()
    if options:
        words = [*options.get("name", "").split(), options.get("type", ""), options.get("pair", "")]
    session = await request.desk.session(request.account)
    strategies = await request.now(request.desk.strategies_now(session))
    types = tuple(dict.fromkeys(one.type for one in strategies if one.type))
    if len(words) < 3 or not all(words):
        named_and_typed = len(words) == 2 and all(words) and words[-1] in types
        return await _which_pair(request, words) if named_and_typed else texts.how_to_create(types)
    if not options:
        words = _in_order(words)
    if not options and _may_be_turned(words, types):
        return await _which_is_the_type(request, words)
    *named, type, pair = words
    name, pair = clean(" ".join(named).strip(_QUOTES), NAME_LIMIT + 1), pair.upper()
    pairs = await request.desk.pairs(request.account.id)
    if not _PAIR.fullmatch(pair):
        near = nearest_pairs(pair, pairs) if pairs else ()
        actions = await request.asking_each([f'"{name}" {type} {one}' for one in near])
        return texts.no_pair(pair, near, actions)
    if not _TYPE.fullmatch(type):
        return texts.how_to_create(types)
    if not is_name(name):
        return renaming.no_name(name, request.spec)
    if any(folded(name_of(one)) == folded(name) for one in strategies):
        return texts.taken(name)
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {Verb.NEW_STRATEGY: texts.create_it()},
        [Target(id="", name=name)],
        f"{type} {pair}",
    )
    known = not pairs or pair in map(str.upper, pairs)
    near = () if known else nearest_pairs(pair, pairs)
    known_type = not types or folded(type) in map(folded, types)
    return texts.confirm_new(name, type, pair, () if known_type else types, near, buttons)


async def _which_pair(request: AccountRequest, words: Sequence[str]) -> Card:
    pairs = (await request.desk.pairs(request.account.id))[:MOST_CHOICES]
    actions = await request.asking_each([" ".join((*words, one)) for one in pairs])
    return prices_texts.which_pair(request.spec, pairs, actions)


def _in_order(words: Sequence[str]) -> list[str]:
    """The pair last: it is known by its looks."""
    pairs = [one for one in words if _PAIR.fullmatch(one.upper())]
    return list(words) if len(pairs) != 1 else [*(one for one in words if one != pairs[0]), *pairs]


def _may_be_turned(words: Sequence[str], types: Sequence[str]) -> bool:
    """Whether the type that somebody has may be the first word instead of the last; a name in
    quotation marks is none.
    """
    first, *_, last, _ = words
    known = {folded(one) for one in types}
    return first[0] not in _QUOTES and folded(first) in known and first != last


async def _which_is_the_type(request: AccountRequest, words: Sequence[str]) -> Card:
    *others, pair = words
    first, last = others[0], others[-1]
    readings = [(" ".join(others[:-1]), last), (" ".join(others[1:]), first)]
    options = [
        Option(label=asking.reading({"name": name, "type": type}), action=action)
        for name, type in readings
        for action in await request.asking(f'"{name}" {type} {pair}')
    ]
    return asking.which_reading(options)


NEW = AccountCommand(
    spec=Spec(
        name="newstrategy",
        family=BOT,
        summary=later("Create a strategy (asks first)"),
        example="Dip Buyer momentum BTC/USDT",
        arguments=(
            Argument(
                name="name",
                type=ArgumentType.TEXT,
                description=later("what it is to be called"),
                required=True,
            ),
            Argument(
                name="type",
                type=ArgumentType.STRATEGY_TYPE,
                description=later("its type, such as momentum"),
                required=True,
            ),
            Argument(
                name="pair",
                type=ArgumentType.PAIR,
                description=later("what it trades, such as BTC/USDT"),
                required=True,
            ),
        ),
        least=Role.OPERATOR,
        danger=True,
        sentence=True,
    ),
    answer=_create,
)


# --- one less -------------------------------------------------------------------------------------


async def _remove(request: AccountRequest) -> Card:
    desk = request.desk
    session = await desk.session(request.account)
    strategies = await request.now(desk.strategies_now(session))
    wanted = request.arguments.text("strategy")
    if request.about:
        meant = [one for one in strategies if one.id in request.about]
        return await _confirm_removal(request, meant[0]) if meant else texts.gone()
    if not wanted:
        return await _choose(request, strategies)
    match pick(wanted, strategies):
        case Nothing():
            options = await near(request, "strategy", wanted)
            return texts.no_such_strategy(wanted, request.spec, options, strategies)
        case Found(meant=(strategy,)) if folded(wanted) not in EVERYTHING:
            return await _confirm_removal(request, strategy)
        case Found(meant=several) | Several(fitting=several):
            return await _choose(request, several)


async def _choose(request: AccountRequest, strategies: tuple[Strategy, ...]) -> Card:
    shown = strategies[:MOST_CHOICES]
    return texts.choose_to_remove(strategies, await request.asking_about(shown))


async def _confirm_removal(request: AccountRequest, strategy: Strategy) -> Card:
    desk = request.desk
    session = await desk.session(request.account)
    bots = await request.now(desk.bots_now(session, request.account.id))
    buttons = await desk.acting.confirm(
        request.link,
        request.command.person.id,
        {Verb.REMOVE_STRATEGY: texts.remove_it()},
        [Target(id=strategy.id, name=name_of(strategy))],
    )
    return texts.confirm_removal(strategy, bots, buttons)


REMOVE = AccountCommand(
    spec=Spec(
        name="removestrategy",
        family=BOT,
        summary=later("Delete a strategy (asks first)"),
        example="Dip Buyer",
        arguments=(
            Argument(
                name="strategy",
                type=ArgumentType.STRATEGY,
                description=later("a strategy's name"),
            ),
        ),
        least=Role.OPERATOR,
        danger=True,
    ),
    answer=_remove,
)
