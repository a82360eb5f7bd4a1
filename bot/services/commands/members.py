"""`/members`: what others in a shared chat see, and may ask and do."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.domain.actions import Action, Verb
from bot.domain.cards import Card
from bot.domain.chats import Followers, Link, Person, Preferences, Role
from bot.domain.commands import FOLLOWERS, NOBODY, Argument, ArgumentType, Spec
from bot.domain.step_up import cannot_be_undone
from bot.domain.trail import by
from bot.services.commands.desk import AccountCommand, AccountRequest, Desk
from bot.services.commands.stepping_up import held_back
from bot.texts import members as texts
from bot.texts.language import later

_ROLES: Mapping[str, Role | None] = {
    NOBODY: None,
    Role.VIEWER.value: Role.VIEWER,
    Role.OPERATOR.value: Role.OPERATOR,
}
"""What others in a shared chat can be; nobody but who linked it is its owner."""


LONGEST_DELAY = timedelta(days=1)
"""What comes later is no news."""

MOST_PEOPLE = 20
"""Who have a role of their own in one chat."""

_PERSON = re.compile(r"<@!?([0-9]{1,20})>|([0-9]{1,20})")
"""Mentioned on Discord, or by the number that any platform gives. A name can change hands."""


async def _answer(request: AccountRequest) -> Card:
    desk, link, person = request.desk, request.link, request.command.person
    if link.endpoint.private:
        return texts.nobody_else_here()
    now, wanted = link.preferences.members, request.arguments.text("role")
    delay, who = request.arguments.span("delay"), request.arguments.text("who")
    if who:
        return await _one(request, wanted, who)
    if wanted == FOLLOWERS or (link.for_followers and not wanted and delay is not None):
        return await _follow(desk, link, person, delay or timedelta(0))
    if not wanted or delay is not None:
        return texts.rights(link.preferences)
    role = _ROLES[wanted]
    narrower = role is None or (now is not None and now.covers(role))
    if not link.for_followers and (role is now or narrower):
        return texts.rights(await grant(desk, link, role, person))
    return await _confirm(request, role, wanted)


async def _one(request: AccountRequest, wanted: str, who: str) -> Card:
    desk, link, owner = request.desk, request.link, request.command.person
    found, wants = _PERSON.fullmatch(who), link.preferences
    if found is None or wanted not in _ROLES:
        return texts.whom()
    person, role = found[1] or found[2], _ROLES[wanted]
    if person == link.person or link.for_followers:
        return texts.rights(wants)
    if len(wants.people) >= MOST_PEOPLE and person not in dict(wants.people):
        return texts.too_many(MOST_PEOPLE)
    now = link.role_of(person)
    if role is None or (now is not None and now.covers(role)):
        return texts.rights(await grant(desk, link, role, owner, person))
    return await _confirm(request, role, wanted, person)


async def _confirm(request: AccountRequest, role: Role | None, wanted: str, who: str = "") -> Card:
    """
    Args:
        who: whom alone it is about, by their number.
    """
    link, words = request.link, f"{wanted} {who}".strip()
    if cannot_be_undone(Verb.GRANT_ACCESS, words):
        held = await held_back(request, texts.letting_act(link.endpoint.name, who), words)
        if held is not None:
            return held
    buttons = await request.desk.acting.confirm(
        link, request.command.person.id, {Verb.GRANT_ACCESS: texts.allow_it()}, arguments=words
    )
    return texts.confirm(role, link.endpoint.name, buttons, who)


async def _follow(desk: Desk, link: Link, person: Person, delay: timedelta) -> Card:
    if delay > LONGEST_DELAY:
        return texts.too_late(delay, LONGEST_DELAY)
    followers = Followers(delay=delay)
    wants = await desk.links.prefer(
        link.id, lambda wants: wants.for_followers(followers), desk.now()
    )
    words = f"{FOLLOWERS} {round(delay.total_seconds() / 60)}m" if delay else FOLLOWERS
    await desk.audit.note("members", desk.now(), link.account, **by(person), role=words)
    return texts.rights(wants)


async def allowed(desk: Desk, action: Action, link: Link, person: Person) -> Card:
    """What a confirm card has asked."""
    wanted, _, who = action.arguments.partition(" ")
    return texts.rights(await grant(desk, link, _ROLES[wanted], person, who))


async def grant(
    desk: Desk, link: Link, role: Role | None, person: Person, who: str = ""
) -> Preferences:
    """
    Args:
        who: whose role it is from now on; of everybody else there if empty.
    """

    def change(wants: Preferences) -> Preferences:
        if not who:
            return replace(wants, members=role, followers=None)
        return wants if wants.followers is not None else wants.for_person(who, role)

    wants = await desk.links.prefer(link.id, change, desk.now())
    words = f"{role or NOBODY} {who}".strip()
    await desk.audit.note("members", desk.now(), link.account, **by(person), role=words)
    return wants


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
                    "followers see no amounts, nobody asks, a viewer looks, an operator also acts"
                ),
                choices=(FOLLOWERS, *_ROLES),
            ),
            Argument(
                name="delay",
                type=ArgumentType.SPAN,
                description=later("how long after they came followers see trades, such as 15m"),
                offers=("15m", "1h", "4h"),
            ),
            Argument(
                name="who",
                type=ArgumentType.TEXT,
                description=later("one person only: mention them on Discord, or their number"),
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
