"""What running bots themselves are asked and told: trades closed, balances, pairs, logs."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card
from bot.domain.changes import condition
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.names import Found, Nothing, Several, pick
from bot.domain.pods import OpenTrade
from bot.ports import Session
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import BOT as FAMILY
from bot.services.commands.nearest import near
from bot.services.commands.stepping_up import held_back
from bot.services.deeds import of_exit
from bot.texts import bots as bots_texts
from bot.texts import pods as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

Show = Callable[[Session, Trader, AccountRequest], Awaitable[Card]]

SHARES = (25, 50, 100)


async def _one_bot(request: AccountRequest) -> Trader | Card:
    """The running bot that is meant, or the card that asks which."""
    wanted = request.arguments.text(_BOT.name)
    session = await request.desk.session(request.account)
    bots = await request.desk.bots_now(session, request.account.id)
    running = [one for one in bots if condition(one).running]
    if request.about:
        fitting = [one for one in bots if one.id in request.about]
        return fitting[0] if fitting else bots_texts.gone()
    if not wanted:
        fitting = running
        if not fitting:
            return texts.none_runs()
    else:
        match pick(wanted, bots):
            case Nothing():
                options = await near(request, _BOT.name, wanted, bots)
                return bots_texts.no_such_bot(wanted, request.spec, options, bots)
            case Several(fitting=them) | Found(meant=them):
                fitting = list(them)
    if len(fitting) == 1:
        return fitting[0]
    shown = fitting[:MOST_CHOICES]
    words = request.arguments.words(**{_BOT.name: ""})
    each = [targets_of((one,)) for one in shown]
    return texts.which_bot(shown, await request.asking(words, *each))


async def _ask(request: AccountRequest, *, show: Show) -> Card:
    bot = await _one_bot(request)
    if isinstance(bot, Card):
        return bot
    return await show(await request.desk.session(request.account), bot, request)


async def _balance(session: Session, bot: Trader, _: AccountRequest) -> Card:
    return texts.balance(bot, await session.pods.balance(bot))


async def _pairs(session: Session, bot: Trader, request: AccountRequest, *, black: bool) -> Card:
    pairs = await (session.pods.blacklist(bot) if black else session.pods.whitelist(bot))
    page = request.arguments.number("page") or 1
    rest = pairs[page * texts.PAIRS :]
    return texts.pairs(bot, pairs, page, black, await _more(request, bot, page) if rest else ())


async def _locks(session: Session, bot: Trader, _: AccountRequest) -> Card:
    return texts.locks(bot, await session.pods.locks(bot))


async def _logs(session: Session, bot: Trader, request: AccountRequest) -> Card:
    lines = tuple(reversed(await session.pods.logs(bot)))
    page = request.arguments.number("page") or 1
    rest = lines[page * texts.LINES :]
    return texts.logs(bot, lines, page, await _more(request, bot, page) if rest else ())


async def _more(request: AccountRequest, bot: Trader, page: int) -> tuple[Button, ...]:
    [action] = await request.asking(f"page {page + 1}", targets_of((bot,)))
    return (Button(label=texts.more(), action=action),)


async def _health(session: Session, bot: Trader, request: AccountRequest) -> Card:
    return texts.health(bot, await session.pods.health(bot), request.desk.now())


async def _confirm(_: Session, bot: Trader, request: AccountRequest, *, verb: Verb) -> Card:
    if not condition(bot).running:
        return texts.does_not_run(bot)
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {verb: bots_texts.deed(verb, (bot,)) if verb is Verb.NO_ENTRIES else texts.reload_it()},
        targets_of((bot,)),
    )
    return texts.confirm(verb, bot, buttons)


# --- closing a trade ------------------------------------------------------------------------------


async def _force_exit(request: AccountRequest) -> Card:
    number, share_named = request.arguments.number("trade"), request.arguments.text("share")
    bot = await _one_bot(request)
    if isinstance(bot, Card):
        return bot
    session = await request.desk.session(request.account)
    trades = await session.pods.open_trades(bot)
    about = targets_of((bot,))
    meant = [one for one in trades if one.id == str(number)]
    if not meant:
        shown = trades[:MOST_CHOICES]
        ids = [f"{one.id} {share_named}" for one in shown]
        actions = [action for one in ids for action in await request.asking(one, about)]
        return texts.which_trade(bot, "" if number is None else str(number), shown, actions)
    [trade] = meant
    if not share_named:
        offered = SHARES if trade.amount else SHARES[-1:]
        parts = [f"{trade.id} {share} %" for share in offered]
        actions = [action for one in parts for action in await request.asking(one, about)]
        return texts.how_much(bot, trade, offered, actions)
    return await _confirm_exit(request, bot, trade, int(share_named.rstrip(" %")))


async def _confirm_exit(request: AccountRequest, bot: Trader, trade: OpenTrade, share: int) -> Card:
    if not trade.amount and share < 100:
        return texts.how_to_exit()
    sold = None if share == 100 else (trade.amount or Decimal(0)) * share / 100
    deed, about = texts.closing(bot, trade, share), targets_of((bot,))
    held = await held_back(request, deed, f"{trade.id} {share} %", about)
    if held is not None:
        return held
    buttons = await request.desk.acting.confirm(
        request.link,
        request.command.person.id,
        {Verb.FORCE_EXIT: texts.close_it(share)},
        about,
        of_exit(trade, sold),
    )
    return texts.confirm_exit(bot, trade, share, sold, buttons)


# --- the commands ---------------------------------------------------------------------------------

_BOT = Argument(name="bot", type=ArgumentType.BOT, description=later("a running bot's name"))
_PAGE = Argument(name="page", type=ArgumentType.PAGE, description=later("which page"))


def _command(name: str, summary: str, show: Show, *more: Argument) -> AccountCommand:
    return AccountCommand(
        spec=Spec(
            name=name,
            family=FAMILY,
            summary=summary,
            example=" ".join(("Grid BTC", *("page 2" for _ in more))),
            arguments=(_BOT, *more),
            pods=True,
        ),
        answer=partial(_ask, show=show),
    )


def _deed(name: str, summary: str, verb: Verb) -> AccountCommand:
    return AccountCommand(
        spec=Spec(
            name=name,
            family=FAMILY,
            summary=summary,
            example="Grid BTC",
            arguments=(_BOT,),
            least=Role.OPERATOR,
            danger=True,
            pods=True,
        ),
        answer=partial(_ask, show=partial(_confirm, verb=verb)),
    )


STOP_ENTRY = _deed("stopentry", later("Let a bot open no new trades (asks first)"), Verb.NO_ENTRIES)
RELOAD = _deed("reload", later("Let a bot read its configuration again (asks first)"), Verb.RELOAD)
FORCE_EXIT = AccountCommand(
    spec=Spec(
        name="forceexit",
        family=FAMILY,
        summary=later("Close a trade of a bot, or a part of it (asks first)"),
        example="Grid BTC 5 50%",
        arguments=(
            _BOT,
            Argument(
                name="trade", type=ArgumentType.NUMBER, description=later("the number of a trade")
            ),
            Argument(
                name="share",
                type=ArgumentType.CHOICE,
                description=later("how much of it"),
                choices=tuple(f"{one} %" for one in SHARES),
                synonyms={f"{one}%": f"{one} %" for one in SHARES},
            ),
        ),
        least=Role.OPERATOR,
        danger=True,
        pods=True,
    ),
    answer=_force_exit,
)
BALANCE = _command("balance", later("What a bot has to trade with"), _balance)
WHITELIST = _command(
    "whitelist", later("The pairs that a bot trades"), partial(_pairs, black=False), _PAGE
)
BLACKLIST = _command(
    "blacklist", later("The pairs that a bot never trades"), partial(_pairs, black=True), _PAGE
)
LOCKS = _command("locks", later("The pairs that a bot does not enter for a while"), _locks)
LOGS = _command("logs", later("What a bot has logged lately"), _logs, _PAGE)
HEALTH = _command("health", later("When a bot last went through its pairs"), _health)
