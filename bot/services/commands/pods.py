"""What running bots themselves are asked and told: trades closed, balances, pairs, logs."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

from bot.domain.actions import Verb
from bot.domain.answers import Answer
from bot.domain.cards import Button, Card
from bot.domain.changes import condition
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.events import Trader
from bot.domain.names import Found, Nothing, Several, pick
from bot.domain.pods import Balance, Health, Lock, LogLine, OpenTrade
from bot.ports import Pods, Session
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

Show = Callable[[Trader, AccountRequest], Awaitable[Card]]

T = TypeVar("T")

SHARES = (25, 50, 100)


async def _one_bot(request: AccountRequest, bots: Sequence[Trader]) -> Trader | Card:
    """The running one of these that is meant, or the card that asks which."""
    wanted = request.arguments.text(_BOT.name)
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
    await request.desk.session(request.account)  # without a login nothing is shown
    bots = await request.bots()
    bot = await _one_bot(request, bots.value)
    return request.aged(bot, bots) if isinstance(bot, Card) else await show(bot, request)


async def _tell(request: AccountRequest, *, show: Show) -> Card:
    """As `_ask`, of what changes something."""
    bot = await _one_bot(request, await _bots_now(request))
    return bot if isinstance(bot, Card) else await show(bot, request)


async def _bots_now(request: AccountRequest) -> Sequence[Trader]:
    session = await request.desk.session(request.account)
    return await request.now(request.desk.bots_now(session, request.account.id))


async def _said(
    request: AccountRequest,
    bot: Trader,
    kind: type[T],
    ask: Callable[[Pods, Trader], Awaitable[T]],
) -> Answer[T]:
    """What a bot itself says, now or last."""

    async def of_it(session: Session) -> T:
        return await ask(session.pods, bot)

    return await request.read(f"{request.spec.name} {bot.id}", kind, of_it)


async def _balance(bot: Trader, request: AccountRequest) -> Card:
    found = await _said(request, bot, Balance, lambda pods, bot: pods.balance(bot))
    return request.aged(texts.balance(bot, found.value), found)


async def _pairs(bot: Trader, request: AccountRequest, *, black: bool) -> Card:
    async def ask(pods: Pods, bot: Trader) -> tuple[str, ...]:
        return await (pods.blacklist(bot) if black else pods.whitelist(bot))

    found = await _said(request, bot, tuple[str, ...], ask)
    page = request.arguments.number("page") or 1
    rest = found.value[page * texts.PAIRS :]
    more = await _more(request, bot, page) if rest else ()
    return request.aged(texts.pairs(bot, found.value, page, black, more), found)


async def _locks(bot: Trader, request: AccountRequest) -> Card:
    found = await _said(request, bot, tuple[Lock, ...], lambda pods, bot: pods.locks(bot))
    return request.aged(texts.locks(bot, found.value), found)


async def _logs(bot: Trader, request: AccountRequest) -> Card:
    found = await _said(request, bot, tuple[LogLine, ...], lambda pods, bot: pods.logs(bot))
    lines = found.value[::-1]
    page = request.arguments.number("page") or 1
    rest = lines[page * texts.LINES :]
    more = await _more(request, bot, page) if rest else ()
    return request.aged(texts.logs(bot, lines, page, more), found)


async def _more(request: AccountRequest, bot: Trader, page: int) -> tuple[Button, ...]:
    [action] = await request.asking(f"page {page + 1}", targets_of((bot,)))
    return (Button(label=texts.more(), action=action),)


async def _health(bot: Trader, request: AccountRequest) -> Card:
    found = await _said(request, bot, Health, lambda pods, bot: pods.health(bot))
    return request.aged(texts.health(bot, found.value, request.desk.now()), found)


async def _confirm(bot: Trader, request: AccountRequest, *, verb: Verb) -> Card:
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
    bot = await _one_bot(request, await _bots_now(request))
    if isinstance(bot, Card):
        return bot
    session = await request.desk.session(request.account)
    trades = await request.now(session.pods.open_trades(bot))
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
        answer=partial(_tell, show=partial(_confirm, verb=verb)),
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
