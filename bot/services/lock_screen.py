"""Buttons on lock screens, where no chat is: each is pressed at a signed address, once."""

import logging
import re

from bot.domain.actions import Action, Denied, Verb, may_press
from bot.domain.chats import Link, Person
from bot.domain.hosts import is_here
from bot.domain.ids import ActionId, Now
from bot.domain.phones import LockScreenButton, LockScreenPress
from bot.domain.trail import by
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Actions, Audit, Links, Signing
from bot.services.seeing import Seeing

log = logging.getLogger(__name__)

PLACE = "/seen/"

VERBS = frozenset({Verb.SEEN, Verb.HOLD})
"""What may be done there at all: nothing that changes a bot."""

_CODE = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{22})")


class SignedAddresses:
    """Implements `bot.ports.ButtonAddresses`: nothing is kept of what was given away.

    Args:
        public_url: where people reach our pages; on a phone an address of this machine leads
            nowhere, so none is given then.
    """

    def __init__(self, signing: Signing, public_url: str) -> None:
        self._signing = signing
        self._place = None if is_here(public_url) else f"{public_url}{PLACE}"

    def of(self, action: ActionId) -> str | None:
        if self._place is None:
            return None
        return f"{self._place}{action}.{self._signing.sign(_signed(action))}"

    def action_in(self, code: str) -> ActionId | None:
        """Whose address it is; `None` if we have not made it."""
        found = _CODE.fullmatch(code)
        if self._place is None or found is None:
            return None
        action, signature = found.groups()
        return ActionId(action) if self._signing.is_signed(_signed(action), signature) else None


def _signed(action: str) -> str:
    return f"seen {action}"


class LockScreen:
    """Implements `bot.ports.LockScreenDesk`."""

    def __init__(
        self,
        addresses: SignedAddresses,
        actions: Actions,
        links: Links,
        seeing: Seeing,
        audit: Audit,
        now: Now,
    ) -> None:
        self._addresses = addresses
        self._actions = actions
        self._links = links
        self._seeing = seeing
        self._audit = audit
        self._now = now

    async def look(self, code: str) -> LockScreenButton | Denied:
        found = await self._find(code)
        if isinstance(found, Denied):
            return found
        action, link = found
        return LockScreenButton(link=link, verb=action.verb)

    async def press(self, code: str) -> LockScreenPress | Denied:
        found = await self._find(code)
        if isinstance(found, Denied):
            return found
        action, link = found
        person = Person(channel=link.endpoint.address.channel, id=link.person)
        pressed = await self._seeing.pressed_once(action, link, person)
        if pressed.is_new:
            await self._note(action, person)
        return pressed

    async def _find(self, code: str) -> tuple[Action, Link] | Denied:
        id = self._addresses.action_in(code)
        found = None if id is None else await self._actions.find(id)
        if found is None or found[0].verb not in VERBS:
            return Denied.UNKNOWN
        action, is_linked = found
        link = await self._links.called(action.link)
        if link is None:
            return Denied.UNLINKED
        denied = may_press(action, link.person, link.endpoint.id, is_linked, self._now())
        return denied or (action, link)

    async def _note(self, action: Action, person: Person) -> None:
        """As a press in a chat. A disk that is full must not keep a person from pressing."""
        try:
            facts = {**by(person), "verb": action.verb}
            await self._audit.note("press", self._now(), action.account, **facts)
        except (TryLater, OutcomeUnknown) as outage:
            log.error("what was pressed was not audited", extra={"reason": str(outage)})
