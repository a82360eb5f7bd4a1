"""`/alert`: be rung when a price is crossed or moves; set, listed, removed."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Option
from bot.domain.chats import Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.ids import ActionId
from bot.domain.pairs import nearest_pairs, pairs_meant, quote_of
from bot.domain.price_alerts import Crossing, PriceAlert, PriceSeen, begun
from bot.domain.spoken_alerts import AlertProblem, SpokenAlert, alert_written, read_alert
from bot.domain.trail import by
from bot.ports import Session
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.services.commands.price import PRICE_LIMIT
from bot.texts import price_alerts as texts
from bot.texts import prices as price_texts
from bot.texts import rules as rules_texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.language import later

_REMOVE = "remove"


async def _answer(request: AccountRequest) -> Card:
    typed, options = request.command.arguments.strip(), request.command.options
    if options:
        typed = " ".join(options.get(each.name, "") for each in request.spec.arguments).strip()
    word, _, rest = typed.partition(" ")
    if word.lower() == _REMOVE:
        return await _remove(request, rest.strip())
    if not typed:
        session = await request.desk.feeds.session(request.account.id)
        return await _list(request, deaf=session is None or not session.connected)
    read = read_alert(typed)
    if isinstance(read, AlertProblem):
        return texts.unclear(read)
    if len(read.amounts) > 1:
        words = [alert_written(read, one) for one in read.amounts]
        return texts.which_amount(read.amounts, await request.asking_each(words))
    session = await request.desk.session(request.account)
    named = await _pair(request, session, read)
    if isinstance(named, Card):
        return named
    pair, seen = named
    if read.currency and read.currency != quote_of(pair).upper():
        return texts.unclear(AlertProblem.CURRENCY)
    return await _make(request, session, replace(read, pair=pair), seen)


async def _pair(
    request: AccountRequest, session: Session, read: SpokenAlert
) -> tuple[str, PriceSeen | None] | Card:
    """The pair that is meant, and its price if one comes; or the card that asks which."""
    known = await request.desk.pairs(request.account.id)
    meant = pairs_meant(read.pair, known)
    if len(meant) > 1:
        options = await _asking(request, read, meant[:MOST_CHOICES])
        return price_texts.which_of_pairs(meant, options)
    [pair] = meant or (read.pair,)
    tick = await session.price(pair, PRICE_LIMIT) if session.connected else None
    if tick is not None:
        return tick.symbol, PriceSeen(tick.last, request.desk.now())
    if meant:
        return pair, None
    if not session.connected:
        return price_texts.no_prices_now()
    near = nearest_pairs(read.pair, known)
    return price_texts.no_price(read.pair, request.spec, near, await _asking(request, read, near))


async def _asking(
    request: AccountRequest, read: SpokenAlert, pairs: Sequence[str]
) -> Sequence[ActionId]:
    [amount] = read.amounts
    words = [alert_written(replace(read, pair=pair), amount) for pair in pairs]
    return await request.asking_each(words)


async def _make(
    request: AccountRequest, session: Session, read: SpokenAlert, seen: PriceSeen | None
) -> Card:
    desk = request.desk
    [amount] = read.amounts
    alert = begun(
        PriceAlert(
            id=desk.new_id(),
            account=request.account.id,
            pair=read.pair,
            what=read.what,
            amount=amount,
            within=read.within,
            repeats=read.repeats,
            made_at=desk.now(),
        ),
        seen,
    )
    there = await desk.price_alerts.of(request.account.id)
    if any(one.asks_as(alert) for one in there):
        return texts.there_already(alert)
    if not await desk.price_alerts.make(alert):
        return texts.too_many()
    desk.feeds.change_prices(request.account.id)
    await _note(request, "alert_made", alert)
    [undo] = await request.asking(f"{_REMOVE} {alert.id}", verb=Verb.UNDO)
    buttons = [Button(label=rules_texts.undo(), action=undo)]
    return texts.made(alert, not session.connected, buttons)


async def _list(request: AccountRequest, *, deaf: bool) -> Card:
    desk = request.desk
    alerts = await desk.price_alerts.of(request.account.id)
    actions = await request.asking_each([f"{_REMOVE} {one.id}" for one in alerts])
    if len(alerts) <= texts.MOST_BUTTONS:
        buttons = [
            Button(label=texts.remove(number), action=action)
            for number, action in enumerate(actions, 1)
        ]
        return texts.listed(alerts, desk.now(), deaf, buttons=buttons)
    options = [
        Option(label=texts.option_label(number, alert), action=action)
        for number, (alert, action) in enumerate(zip(alerts, actions, strict=True), 1)
    ]
    return texts.listed(alerts, desk.now(), deaf, pick=options)


async def _remove(request: AccountRequest, called: str) -> Card:
    """By its id, or its number in the list."""
    desk, account = request.desk, request.account.id
    alerts = await desk.price_alerts.of(account)
    found = next(
        (one for number, one in enumerate(alerts, 1) if called in (one.id, str(number))), None
    )
    if found is None or not await desk.price_alerts.remove(account, found.id):
        return texts.gone()
    desk.feeds.change_prices(account)
    await _note(request, "alert_removed", found)
    return texts.removed(found)


async def _note(request: AccountRequest, what: str, alert: PriceAlert) -> None:
    words = alert_written(alert, alert.amount)
    desk, person = request.desk, request.command.person
    await desk.audit.note(what, desk.now(), request.account.id, **by(person), words=words)


COMMAND = AccountCommand(
    spec=Spec(
        name="alert",
        family=ALERTS,
        summary=later("Ring when a price is crossed or moves"),
        example="BTC/USDT above 50000",
        arguments=(
            Argument(name="pair", type=ArgumentType.PAIR, description=later("such as BTC/USDT")),
            Argument(
                name="when",
                type=ArgumentType.CHOICE,
                description=later("on which side of a price, or how it moves"),
                choices=tuple(map(str, Crossing)),
            ),
            Argument(
                name="amount",
                type=ArgumentType.TEXT,
                description=later("a price, such as 50000; or a move, such as 3% in 15m"),
                offers=("3% in 15m", "5% in 1h", "10% in 24h"),
            ),
            Argument(
                name="often",
                type=ArgumentType.CHOICE,
                description=later("once, or each time; else once"),
                choices=("once", "every time"),
            ),
        ),
        least=Role.OPERATOR,
        sentence=True,
    ),
    answer=_answer,
)
