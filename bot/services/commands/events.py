"""`/events`: what bots and the platform's system have reported lately, of all or of one bot."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.events import Stream
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import BOT as FAMILY
from bot.services.commands.figuring import BOT, PAGE, asked, older
from bot.services.commands.recalling import on_page, recalled
from bot.texts import events as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    system = () if scope.about is not None else (Stream.SYSTEM_EVENTS,)
    found = await recalled(request, (Stream.POD_EVENTS, *system), scope.about)
    page = request.arguments.number("page") or 1
    rows, more = on_page(found, page)
    return texts.events(
        rows,
        of=scope.of.titled(""),
        page=page,
        unread=found.unread,
        cut=found.cut,
        buttons=[await older(request, scope, page)] if more else [],
    )


COMMAND = AccountCommand(
    spec=Spec(
        name="events",
        family=FAMILY,
        summary=later("What your bots have reported lately, or one bot"),
        example="Grid BTC page 2",
        arguments=(BOT, PAGE),
        showable=True,
    ),
    answer=_answer,
)
