"""`/members`: what others in a shared chat may ask and do."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.domain.actions import Verb
from bot.domain.cards import Card
from bot.domain.chats import Link, Person, Role
from bot.domain.commands import NOBODY, Argument, ArgumentType, Spec
from bot.domain.trail import by
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.texts import members as texts
from bot.texts.language import later

_ROLES: Mapping[str, Role | None] = {
    NOBODY: None,
    Role.VIEWER.value: Role.VIEWER,
    Role.OPERATOR.value: Role.OPERATOR,
}
"""What others in a shared chat can be; nobody but who linked it is its owner."""


async def _answer(request: AccountRequest) -> Card:
    desk, link, person = request.desk, request.link, request.command.person
    if link.endpoint.private:
        return texts.nobody_else_here()
    now, wanted = link.preferences.members, request.arguments.text("role")
    if not wanted:
        return texts.rights(now)
    role = _ROLES[wanted]
    if role is now or role is None or (now is not None and now.covers(role)):
        await grant(desk, link, role, person)
        return texts.rights(role)
    buttons = await desk.acting.confirm(
        link, person.id, {Verb.GRANT_ACCESS: texts.allow_it()}, arguments=role
    )
    return texts.confirm(role, link.endpoint.name, buttons)


async def grant(desk: Desk, link: Link, role: Role | None, person: Person) -> None:
    await desk.links.prefer(link.id, partial(replace, members=role), desk.now())
    await desk.audit.note("members", desk.now(), link.account, **by(person), role=role or NOBODY)


COMMAND = AccountCommand(
    spec=Spec(
        name="members",
        summary=later("What others in this chat may ask and do"),
        example="viewer",
        arguments=(
            Argument(
                name="role",
                type=ArgumentType.CHOICE,
                description=later(
                    "nobody asks, a viewer looks, an operator also pauses and resumes"
                ),
                choices=tuple(_ROLES),
            ),
        ),
        least=Role.OWNER,
        own=True,
        setting=True,
        danger=True,
        menu=False,  # most people never share a chat
    ),
    answer=_answer,
)
