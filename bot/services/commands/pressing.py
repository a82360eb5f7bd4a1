"""Buttons that people press: who may, and what each of them leads to."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bot.domain.actions import ASKING, WRITING, Action, ActionState, Denied, Target, Verb
from bot.domain.cards import Card
from bot.domain.chats import Link, Person
from bot.domain.incoming import Command, Press, Reply
from bot.domain.trail import by
from bot.errors import OutcomeUnknown, TryLater
from bot.services.commands import following, ihaveit, members, registry, rules, standing, unlink
from bot.services.commands.desk import Desk
from bot.texts import access, asking, outcomes

log = logging.getLogger(__name__)


_CONFIRMED: Mapping[Verb, Callable[[Desk, Action, Link, Person], Awaitable[Card]]] = {
    Verb.GRANT_ACCESS: members.allowed,
    Verb.SHOW_FOLLOWERS: following.shown,
    Verb.SHOW_FOLLOWERS_LATER: following.shown,
    Verb.STANDING_ORDER: standing.allowed,
    Verb.STANDING_NO_ENTRIES: standing.allowed,
    Verb.COVER_CRITICAL: rules.covered,
}
"""What a confirm card has asked, where that is a wish of an account here."""


class Ask(Protocol):
    """Answers a command that a button asks, about certain things."""

    def __call__(self, command: Command, about: Sequence[Target]) -> Awaitable[Card]: ...


class Pressing:
    """Answers presses."""

    def __init__(self, desk: Desk, ask: Ask) -> None:
        self._desk = desk
        self._ask = ask

    async def reply(self, press: Press) -> AsyncIterator[Reply]:
        desk = self._desk
        link = await desk.links.at(press.place.address)
        if link is None:
            yield Reply(toast=outcomes.toast(Denied.UNLINKED))
            return
        others = press.person.id != link.person and link.role_of(press.person.id) is not None
        if others and await desk.access.has_left(link) is not False:
            yield Reply(card=access.owner_absent())
            return
        claimed = await desk.acting.claim(press, link)
        if isinstance(claimed, Denied):
            await self._note(press, link, refused=claimed)
            # Whoever presses quickly reads below what becomes of the first press.
            passing = claimed in (Denied.USED, Denied.RUNNING)
            yield Reply(toast=outcomes.toast(claimed), passing=passing)
            return
        if _is_beyond(claimed, press.person.id, link):
            await self._note(press, link, refused=Denied.NO_RIGHT)
            yield Reply(toast=outcomes.toast(Denied.NO_RIGHT))
            return
        if claimed.verb not in ASKING:  # which is noted as what it asks
            await self._note(press, link, verb=claimed.verb)
        async for reply in self._carry_out(claimed, press, link):
            yield reply

    async def _carry_out(self, action: Action, press: Press, link: Link) -> AsyncIterator[Reply]:
        desk = self._desk
        match action.verb:
            case Verb.CANCEL:
                await desk.acting.finish(action, ActionState.DONE)
                yield Reply(card=asking.cancelled(), replaces=True)
            case Verb.ASK | Verb.UNDO | Verb.STOP_WATCH:
                name, _, rest = action.arguments.partition(" ")
                command = Command(
                    place=press.place,
                    person=press.person,
                    name=name,
                    arguments=f"{rest} {press.words}".strip(),
                )
                # A pick list has done its work; an alert stays what it is.
                card = await self._ask(command, action.targets)
                yield Reply(card=card, replaces=action.person is not None)
            case Verb.SEEN | Verb.HOLD:
                yield await ihaveit.pressed(desk, action, link, press.person)
            case verb if verb in _CONFIRMED:
                card = await _CONFIRMED[verb](desk, action, link, press.person)
                # The person first: without it they are told that it was interrupted.
                yield Reply(card=card, replaces=True)
                await desk.acting.finish(action, ActionState.DONE)
            case Verb.UNLINK:
                card = await unlink.unlinked(desk, action, link)
                await desk.acting.finish(action, ActionState.DONE)
                yield Reply(card=card, replaces=True)
            case verb if verb in WRITING:
                async for reply in desk.acting.change(action, link):
                    yield reply

    async def _note(self, press: Press, link: Link, **facts: str) -> None:
        """Into the trail. A disk that is full must not keep a person from pressing."""
        desk = self._desk
        try:
            await desk.audit.note("press", desk.now(), link.account, **by(press.person), **facts)
        except (TryLater, OutcomeUnknown) as outage:
            log.error("what was pressed was not audited", extra={"reason": str(outage)})


def _is_beyond(action: Action, person: str, link: Link) -> bool:
    """Whether a button that stands there for several asks what this one of them may not: only who
    presses reads so, since all would read an answer.
    """
    if action.verb is not Verb.ASK or action.person is not None:
        return False
    found = registry.find(action.arguments.partition(" ")[0])
    if found is None or found.spec.least is None:
        return False
    role = link.role_of(person)
    return role is None or not role.covers(found.spec.least)
