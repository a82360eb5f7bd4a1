"""`/unlink`: this chat, or all others, from the account."""

from collections.abc import Sequence

from bot.domain.actions import Action, Target, Verb
from bot.domain.cards import Card
from bot.domain.chats import Channel, Link, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.texts import access
from bot.texts import linking as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    link = request.link
    # Phones end with the chat where they were added.
    chats = _chats(await request.desk.links.of(request.account.id))
    others = [one for one in chats if one.id != link.id]
    if request.arguments.text("others"):
        return await _unlink_others(request, others)
    buttons = await request.desk.acting.confirm(
        link, request.command.person.id, {Verb.UNLINK: texts.unlink_this()}
    )
    return texts.confirm_unlink(request.account, not others, buttons)


def _chats(links: Sequence[Link]) -> Sequence[Link]:
    return [one for one in links if one.endpoint.address.channel is not Channel.PUSH]


async def _unlink_others(request: AccountRequest, others: Sequence[Link]) -> Card:
    if not request.link.role.covers(Role.OWNER):
        return access.role_too_low(request.spec)
    if not others:
        return texts.no_other_chats()
    targets = [Target(id=one.id, name=texts.chat_name(one)) for one in others]
    deeds = {Verb.UNLINK: texts.unlink_others(len(others))}
    buttons = await request.desk.acting.confirm(
        request.link, request.command.person.id, deeds, targets
    )
    return texts.confirm_unlink_others(targets, buttons)


async def unlinked(desk: Desk, action: Action, link: Link) -> Card:
    """What the button does."""
    if not action.targets:
        ended = await desk.linking.end(link)
        return texts.unlinked(ended.cancelled, ended.last)
    wanted = {target.id for target in action.targets}
    for other in await desk.links.of(action.account):
        if other.id in wanted:
            await desk.linking.end(other)
    return texts.unlinked_others(len(wanted))


COMMAND = AccountCommand(
    spec=Spec(
        name="unlink",
        summary=later("Disconnect this chat from your account, or all others"),
        example="others",
        arguments=(
            Argument(
                name="others",
                type=ArgumentType.CHOICE,
                description=later("every chat but this one"),
                choices=("others",),
                synonyms={"other": "others", "all others": "others"},
            ),
        ),
        own=True,
        danger=True,
    ),
    answer=_answer,
)
