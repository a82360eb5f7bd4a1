"""`/pause` and `/resume`: which bots are meant, and the card that asks before anything is done."""

from functools import partial

from bot.domain.actions import Verb
from bot.domain.cards import Card
from bot.domain.changes import condition
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.names import Found, Nothing, Several, pick
from bot.domain.pods import BotCommand
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.nearest import near
from bot.texts import bots as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later


async def _answer(request: AccountRequest, *, running: bool) -> Card:
    session = await request.desk.session(request.account)
    traders = await request.now(request.desk.bots_now(session, request.account.id))
    if not traders:
        return texts.no_bots()
    if request.about:
        meant = tuple(one for one in traders if one.id in request.about)
        return await _confirm(request, meant, running)
    wanted = request.arguments.text("bot")
    if not wanted:
        return await _choose(request, traders, running)
    match pick(wanted, traders):
        case Nothing():
            options = await near(request, "bot", wanted, traders)
            return texts.no_such_bot(wanted, request.spec, options, traders)
        case Several(fitting=several):
            return await _choose(request, several, running)
        case Found(meant=found):
            return await _confirm(request, found, running)


async def _choose(request: AccountRequest, traders: tuple[Trader, ...], running: bool) -> Card:
    open_to_it = _changeable(traders, running)
    if not open_to_it:
        return texts.nothing_to_do(traders, running)
    if len(traders) == 1:
        return await _confirm(request, traders, running)
    shown = open_to_it[:MOST_CHOICES]
    choices = [targets_of((one,)) for one in shown]
    if len(open_to_it) > 1:
        choices.append(targets_of(open_to_it))
    actions = await request.asking("", *choices)
    of_all = actions[-1] if len(open_to_it) > 1 else None
    return texts.choose(running, open_to_it, actions[: len(shown)], of_all)


async def _confirm(request: AccountRequest, traders: tuple[Trader, ...], running: bool) -> Card:
    changing = _changeable(traders, running)
    if not traders:
        return texts.no_bots()
    if not changing:
        return texts.nothing_to_do(traders, running)
    lets = partial(request.desk.offered.lets, request.account.id)
    can_end_entries = not running and await lets(BotCommand.STOP_ENTRY)
    verbs = [Verb.RESUME] if running else [Verb.PAUSE]
    if can_end_entries:
        verbs.insert(0, Verb.NO_ENTRIES)
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {verb: texts.deed(verb, changing) for verb in verbs},
        targets_of(changing),
    )
    return texts.confirm(changing, running, can_end_entries, buttons)


def _changeable(traders: tuple[Trader, ...], running: bool) -> tuple[Trader, ...]:
    """Bots for which starting or pausing would change something."""
    return tuple(trader for trader in traders if condition(trader).running is not running)


_BOT = Argument(name="bot", type=ArgumentType.BOT, description=later("a bot's name, or all"))

PAUSE = AccountCommand(
    spec=Spec(
        name="pause",
        summary=later("Stop a bot (asks first)"),
        aliases=("stop",),
        example="Grid BTC",
        arguments=(_BOT,),
        least=Role.OPERATOR,
        danger=True,
    ),
    answer=partial(_answer, running=False),
)

RESUME = AccountCommand(
    spec=Spec(
        name="resume",
        summary=later("Start a stopped bot (asks first)"),
        example="Grid BTC",
        arguments=(_BOT,),
        least=Role.OPERATOR,
        danger=True,
    ),
    answer=partial(_answer, running=True),
)
