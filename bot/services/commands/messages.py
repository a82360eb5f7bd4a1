"""`/messages`: what the platform has written to the account lately."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.events import Stream
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.missed import PAGE
from bot.services.commands.recalling import on_page, recalled
from bot.texts import events as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    found = await recalled(request, (Stream.MESSAGES,))
    page = request.arguments.number("page") or 1
    rows, more = on_page(found, page)
    return texts.messages(
        rows,
        page=page,
        unread=found.unread,
        cut=found.cut,
        buttons=[await request.older(page)] if more else [],
    )


COMMAND = AccountCommand(
    spec=Spec(
        name="messages",
        summary=later("What the platform has written to you lately"),
        example="page 2",
        arguments=(PAGE,),
    ),
    answer=_answer,
)
