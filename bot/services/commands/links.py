"""`/links`: all chats and phones of the account, and how each is removed."""

from bot.domain.cards import Button, Card
from bot.domain.chats import Channel, Role
from bot.domain.commands import Spec
from bot.services.commands import phone, unlink
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import links as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, here = request.desk, request.link
    links = sorted(await desk.links.of(request.account.id), key=lambda one: one.linked_at)
    phones = [one for one in links if one.endpoint.address.channel is Channel.PUSH]
    others = [one for one in links if one not in phones and one.id != here.id]
    private = here.endpoint.private
    ways = (
        *([(texts.remove_others(), "others", unlink.COMMAND)] if others and private else []),
        *([(texts.phones(), "", phone.COMMAND)] if phones and private else []),
    )
    buttons = [
        Button(label=label, action=action)
        for label, words, way in ways
        for action in await request.asking(words, of=way.spec)
    ]
    return texts.listed(links, here, desk.now(), buttons)


COMMAND = AccountCommand(
    spec=Spec(
        name="links",
        summary=later("All chats and phones that are linked to your account"),
        least=Role.OWNER,
        own=True,
    ),
    answer=_answer,
)
