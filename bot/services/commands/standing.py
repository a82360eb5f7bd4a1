"""`/standing`: what may be done if nobody sees something; allowed by a confirm card."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.actions import Action, Target, Verb
from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Link, Person, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.incidents import Cause
from bot.domain.names import EVERYTHING, Found, Nothing, Several, pick
from bot.domain.pods import BotCommand
from bot.domain.standing_orders import (
    MOST_ORDERS,
    OrderProblem,
    SpokenOrder,
    StandingOrder,
    order_written,
    read_order,
)
from bot.domain.text import folded
from bot.domain.trail import by
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.services.commands.families import ALERTS
from bot.services.commands.stepping_up import held_back
from bot.texts import rules as rules_texts
from bot.texts import standing_orders as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later
from bot.texts.names import trader_name

_REMOVE = "remove"
_ALL, _NAMED = "all", "named"


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account.id
    typed = request.command.arguments.strip()
    orders = await desk.standing_orders.of(account)
    word, _, rest = typed.partition(" ")
    if word.lower() == _REMOVE:
        return await _remove(request, rest.strip(), orders)
    if not typed:
        actions = await request.asking_each([f"{_REMOVE} {one.id}" for one in orders])
        buttons = [
            Button(label=texts.remove(number), action=action)
            for number, action in enumerate(actions, 1)
        ]
        return texts.listed(orders, buttons)
    read = read_order(typed)
    if isinstance(read, OrderProblem):
        return texts.unclear(read)
    if len(orders) >= MOST_ORDERS:
        return texts.too_many()
    session = await desk.session(request.account)
    bots = await request.now(desk.bots_now(session, account))
    real = [one for one in bots if one.dry_run is not True]
    every = folded(read.about) in EVERYTHING
    meant = real if every else await _bots_meant(request, read, bots)
    if isinstance(meant, Card):
        return meant
    if not meant or any(one.dry_run is True for one in meant):
        return texts.unclear(OrderProblem.PAPER)
    return await _confirm(request, read, targets_of(meant), every)


async def _bots_meant(
    request: AccountRequest, read: SpokenOrder, bots: Sequence[Trader]
) -> Sequence[Trader] | Card:
    if request.about:
        return [one for one in bots if one.id in request.about] or rules_texts.bot_gone()
    if not read.about:
        real = [one for one in bots if one.dry_run is not True]
        return rules_texts.which(await _options(request, read, real))
    match pick(read.about, bots):
        case Found(meant=found):
            return found
        case Several(fitting=several):
            return rules_texts.which(await _options(request, read, several))
        case Nothing(nearest=near):
            options = await _options(request, read, near)
            return rules_texts.unknown(read.about, options, texts.examples())


async def _options(
    request: AccountRequest, read: SpokenOrder, bots: Sequence[Trader]
) -> Sequence[Option]:
    """One for each, that asks the same about it."""
    shown = bots[:MOST_CHOICES]
    if not shown:
        return ()
    choices = [targets_of((one,)) for one in shown]
    actions = await request.asking(order_written(read.causes, read.after), *choices)
    return [
        Option(label=trader_name(one), action=action)
        for one, action in zip(shown, actions, strict=True)
    ]


async def _confirm(
    request: AccountRequest, read: SpokenOrder, bots: tuple[Target, ...], every: bool
) -> Card:
    words = (_ALL if every else _NAMED, str(int(read.after.total_seconds())), *read.causes)
    lets = request.desk.offered.lets
    deeds = {Verb.STANDING_ORDER: texts.allow(bots, every)}
    can_end_entries = await lets(request.account.id, BotCommand.STOP_ENTRY)
    if can_end_entries:
        deeds[Verb.STANDING_NO_ENTRIES] = texts.allow_no_entries(bots, every)
    typed = request.command.arguments.strip()
    about = bots if request.about else ()
    held = await held_back(request, texts.to_be_made(read, bots, every), typed, about)
    if held is not None:
        return held
    buttons = await request.desk.acting.confirm(
        request.link, request.command.person.id, deeds, bots, " ".join(words)
    )
    return texts.confirm(read.causes, bots, every, read.after, can_end_entries, buttons)


async def allowed(desk: Desk, action: Action, link: Link, person: Person) -> Card:
    """The confirm card was pressed by somebody who may: it holds as the card said, no further."""
    which, after, *causes = action.arguments.split(" ")
    order = StandingOrder(
        id=action.id,
        account=action.account,
        verb=Verb.NO_ENTRIES if action.verb is Verb.STANDING_NO_ENTRIES else Verb.PAUSE,
        causes=tuple(map(Cause, causes)),
        bots=action.targets,
        every=which == _ALL,
        after=timedelta(seconds=int(after)),
        link=link.id,
        person=person.id,
        made_at=desk.now(),
    )
    if not await desk.standing_orders.make(order):
        return texts.too_many()
    desk.standing.wake()
    await _note(desk, "standing_made", order, person)
    return texts.made(order)


async def _remove(request: AccountRequest, called: str, orders: Sequence[StandingOrder]) -> Card:
    number = int(called) if called.isdecimal() else 0
    found = next(
        (one for place, one in enumerate(orders, 1) if one.id == called or place == number), None
    )
    if found is None or not await request.desk.standing_orders.remove(found.account, found.id):
        return texts.gone()
    await _note(request.desk, "standing_removed", found, request.command.person)
    return texts.removed(found)


async def _note(desk: Desk, what: str, order: StandingOrder, person: Person) -> None:
    about = "all" if order.every else ", ".join(bot.name for bot in order.bots)
    words = order_written(order.causes, order.after, about)
    await desk.audit.note(what, desk.now(), order.account, **by(person), words=words)


COMMAND = AccountCommand(
    spec=Spec(
        name="standing",
        family=ALERTS,
        summary=later("What may be done if nobody sees an alert"),
        example="error of Grid BTC after 15 min",
        arguments=(
            Argument(
                name="words",
                type=ArgumentType.TEXT,
                description=later("such as error of Grid BTC after 15 min; remove 1"),
                offers=("error of all after 15 min", "anything of all after 30 min"),
            ),
        ),
        least=Role.OWNER,
        own=True,
        danger=True,
    ),
    answer=_answer,
)
