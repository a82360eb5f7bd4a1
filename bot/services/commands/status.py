"""`/status`: the bots, the connection, and what waits; or one bot and how it does."""

from bot.domain.cards import Button, Card
from bot.domain.changes import condition
from bot.domain.chats import EndpointState
from bot.domain.commands import Spec
from bot.domain.deliveries import LOST
from bot.domain.events import Kind
from bot.domain.figures import Span, began
from bot.domain.ids import TraderId
from bot.domain.ledger import trade_of
from bot.domain.told import Told
from bot.services.actions import targets_of
from bot.services.commands import trades
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.figuring import BOT, Asked, asked, rates, record
from bot.services.commands.recalling import HEARD, KEPT
from bot.services.commands.running import PAUSE, RESUME
from bot.services.earnings import currencies_in
from bot.texts import bots as bots_texts
from bot.texts import status as texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    if scope.about is not None:
        return await _of_bot(request, scope)
    desk, account = request.desk, request.account
    bots = await request.bots()
    traders = bots.value
    endpoint = request.link.endpoint.id
    linked = [one for one in await desk.links.of(account.id) if not one.for_followers]
    by_trouble = sorted(traders, key=lambda one: not condition(one).failed)
    # What has buttons is not shown to everybody.
    offered = [] if request.command.public else by_trouble[:MOST_CHOICES]
    return texts.overview(
        account,
        traders,
        desk.feeds.status(account.id),
        as_of=bots.as_of,
        last_event_at=await desk.inbox.last_event_at(account.id),
        pending=await desk.outbox.pending(endpoint),
        missed=await desk.outbox.missed_count(endpoint, LOST),
        here=request.link,
        chain=await desk.incidents.chain(account.id),
        linked=linked,
        unreached=[one for one in linked if not desk.delivering.reaches(one.endpoint.address)],
        orders=await desk.standing_orders.of(account.id),
        closed=[one for one in linked if one.endpoint.state is EndpointState.DISABLED],
        offered=offered,
        actions=await request.asking_about(offered),
        now=desk.now(),
    )


async def _of_bot(request: AccountRequest, scope: Asked) -> Card:
    desk, account = request.desk, request.account
    bots = await request.bots()
    meant = next((one for one in bots.value if one.id in (scope.about or ())), None)
    if meant is None:
        return bots_texts.gone()
    mine = frozenset((meant.id,))
    latest = await desk.ledger.latest(account.id, 1, traders=mine)
    today = await record(request, began(Span.DAY, scope.now, scope.clock), scope)
    running = condition(meant).running
    change = PAUSE if running else RESUME
    refused = await desk.access.refusal(change.spec, request.command.person, request.link)
    can_change = running is not None and refused is None
    about = targets_of((meant,))
    buttons = [
        Button(label=label, action=action)
        for label, of in (
            *(((bots_texts.ask_to(running=not running), change),) if can_change else ()),
            (bots_texts.its_trades(), trades.COMMAND),
        )
        for action in await request.asking("", about, of=of.spec)
    ]
    card = bots_texts.overview(
        meant,
        await desk.strategies(account.id),
        positions=[trade_of(one) for one in await desk.ledger.open(account.id, mine)],
        today=today,
        rates=await rates(request, currencies_in(today)),
        last=trade_of(latest[0]) if latest else None,
        event=await _last_event(request, meant.id),
        now=scope.now,
        buttons=buttons,
    )
    return request.aged(card, bots)


async def _last_event(request: AccountRequest, bot: TraderId) -> Told | None:
    """The latest that this chat was to hear of it, besides trades: these have their own line."""
    desk = request.desk
    told = await desk.outbox.lately(request.link.id, desk.now() - KEPT, HEARD)
    of_it = [one for one in told if one.matter is not None and one.matter.bot == bot]
    others = [one for one in of_it if one.kind is not Kind.TRADE]
    return max(others, key=lambda one: one.occurred_at, default=None)


COMMAND = AccountCommand(
    spec=Spec(
        name="status",
        summary=later("Your bots and the connection, or one bot"),
        aliases=("s",),
        example="Grid BTC",
        arguments=(BOT,),
        showable=True,
    ),
    answer=_answer,
)
