"""`/inbox`: a chat of its own in a browser, for who asks in a private chat; and its end."""

from bot.domain.actions import Target
from bot.domain.cards import Button, Card
from bot.domain.chats import INBOX
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.visits import Purpose
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import ALERTS
from bot.texts import access
from bot.texts import inbox as texts
from bot.texts.language import later
from bot.texts.names import chat_title

MOST_BROWSERS = 5
"""Signed in from one chat: each is a chat that everything is sent to."""

_OUT = "out"


async def _answer(request: AccountRequest) -> Card:
    link, desk = request.link, request.desk
    if not link.endpoint.private:
        return access.only_in_private(request.spec)
    if request.arguments.text(_OUT) and request.about:
        return await _sign_out(request)
    if link.endpoint.address.bot == INBOX:
        [action] = await request.asking(_OUT, (_target(link.id, chat_title(link.endpoint)),))
        return texts.this_one(Button(label=texts.sign_out_here(), action=action))
    browsers = await desk.visiting.visits.browsers(link.id, desk.now())
    targets = [(_target(one.link.id, one.link.endpoint.name),) for one in browsers]
    actions = await request.asking(_OUT, *targets) if targets else ()
    buttons = [
        Button(label=texts.sign_out(one.link.endpoint.name), action=action)
        for one, action in zip(browsers, actions, strict=True)
    ]
    if len(browsers) >= MOST_BROWSERS:
        return texts.too_many(len(browsers), buttons)
    url = await desk.visiting.invite(Purpose.INBOX, link, request.command.person)
    return texts.address(
        url, browsers, buttons, desk.now(), cut_off=desk.linking.is_cut_off(link.endpoint.address)
    )


def _target(link: str, name: str) -> Target:
    return Target(id=link, name=name)


async def _sign_out(request: AccountRequest) -> Card:
    desk, own = request.desk, request.link
    browsers = await desk.visiting.visits.browsers(own.id, desk.now())
    for link in (own, *(one.link for one in browsers)):
        if link.id in request.about and (link.id != own.id or own.endpoint.address.bot == INBOX):
            await desk.linking.end(link)
    return texts.signed_out()


COMMAND = AccountCommand(
    spec=Spec(
        name="inbox",
        summary=later("All of this in a browser of yours, as an app"),
        example="out",
        arguments=(
            Argument(
                name=_OUT,
                type=ArgumentType.CHOICE,
                description=later("sign a browser out, by the button"),
                choices=(_OUT,),
            ),
        ),
        own=True,
        answers_privately=True,
        family=ALERTS,
    ),
    answer=_answer,
)
