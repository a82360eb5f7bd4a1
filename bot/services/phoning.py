"""Phones that push services ring: added in a chat, proven by a code, tried, taken away."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain.cards import Card
from bot.domain.chats import Channel, EndpointState, Hears, Link, Person
from bot.domain.deliveries import Attempt, Postponed, Priority, Sent
from bot.domain.ids import NewId, Now
from bot.domain.incoming import Place
from bot.domain.linking import LinkProblem, WrongDigits
from bot.domain.phones import Phone, PushTarget, Service
from bot.domain.reasons import Reason
from bot.domain.trail import by
from bot.ports import Audit, Links, Phones
from bot.services.chat_platforms import wait_for_rate
from bot.services.delivery import Delivering, Outlet

MOST_PHONES = 5
"""Of one chat."""

CODE_AGAIN = timedelta(seconds=60)
"""How soon another code is sent to the same phone: it may be somebody else's."""


class Phoning:
    """
    Args:
        outlets: by channel and bot; a push service without one is not offered.
        new_digits: gives six random decimal digits.
        private_hosts: whether people may name servers of a private network.
        apprise: schemes of addresses that may be rung by that library.
    """

    def __init__(
        self,
        phones: Phones,
        links: Links,
        outlets: Mapping[tuple[Channel, str], Outlet],
        delivering: Delivering,
        audit: Audit,
        now: Now,
        new_id: NewId,
        new_digits: Callable[[], str],
        private_hosts: bool = False,
        apprise: frozenset[str] = frozenset(),
    ) -> None:
        self.private_hosts = private_hosts
        self.apprise = apprise
        self._phones = phones
        self._links = links
        self._outlets = {
            Service(bot): outlet
            for (channel, bot), outlet in outlets.items()
            if channel is Channel.PUSH
        }
        self._delivering = delivering
        self._audit = audit
        self._now = now
        self._new_id = new_id
        self._new_digits = new_digits

    @property
    def services(self) -> frozenset[Service]:
        """Those that this Tradebell can use."""
        return frozenset(self._outlets)

    def new_topic(self) -> str:
        """That nobody guesses: 128 random bits."""
        return f"tradebell-{self._new_id()}"

    async def of(self, link: Link) -> Sequence[Phone]:
        return await self._phones.of(link.id)

    async def add(self, link: Link, person: Person, service: Service, target: PushTarget) -> Phone:
        added = await self._phones.add(link.id, service, target, self._now())
        await self._note("phone_added", link, person, service)
        return added

    async def target(self, phone: Phone) -> PushTarget | None:
        """Where a phone is."""
        found = await self._phones.target(phone.endpoint.address)
        return None if found is None else found.target

    async def move(self, link: Link, person: Person, phone: Phone, target: PushTarget) -> None:
        """Its service has another address for the very same phone."""
        await self._phones.move(phone.endpoint.id, target)
        await self._note("phone_moved", link, person, phone.service)

    async def send_code(self, phone: Phone, card: Callable[[str], Card]) -> Attempt:
        """Send what proves a phone; nothing else goes there before.

        Args:
            card: makes what it shows of six digits.
        """
        now = self._now()
        if phone.coded_at is not None and now - phone.coded_at < CODE_AGAIN:
            return Postponed(reason=Reason.SLOW_DOWN, retry_after=phone.coded_at + CODE_AGAIN - now)
        digits = self._new_digits()
        await self._phones.expect_digits(phone.endpoint.id, digits, now)
        # Known by its name, a server shows whether it can replace what it has shown.
        return await self._show(phone, replace(card(digits), reference=CODE_REFERENCE))

    async def try_out(self, phone: Phone, card: Card) -> Attempt:
        """Ring a phone that is linked; if that works, whatever was found before, it is open."""
        attempt = await self._show(phone, card)
        if isinstance(attempt, Sent) and phone.endpoint.state is EndpointState.DISABLED:
            address = phone.endpoint.address
            if await self._links.enable(address, self._now()):
                self._delivering.wake({phone.endpoint.id: (address, Priority.NORMAL)})
        return attempt

    async def _show(self, phone: Phone, card: Card) -> Attempt:
        outlet = self._outlets.get(phone.service)
        if outlet is None:
            return Postponed(reason=Reason.NOT_TRIED)
        address = phone.endpoint.address
        try:
            async with asyncio.timeout(SHOW_LIMIT.total_seconds()):
                await wait_for_rate(outlet.pace, address)
        except TimeoutError:
            return Postponed(reason=Reason.SLOW_DOWN, tried=False)
        attempt = await outlet.messenger.send(address, card)
        tells = phone.service is Service.NTFY and phone.updates is None
        if tells and isinstance(attempt, Sent) and card.reference is not None:
            updates = attempt.message == card.reference
            await self._phones.set(phone.endpoint.id, updates=updates)
        return attempt

    async def awaits_digits(self, place: Place, person: Person) -> bool:
        """Whether this person is expected to type there what a phone shows."""
        return await self._phones.waiting(place.address, person.id, self._now())

    async def prove(self, place: Place, person: Person, digits: str) -> Phone | WrongDigits:
        link = await self._links.at(place.address)
        outcome = await self._phones.prove(place.address, person.id, digits, self._now())
        match outcome:
            case _ if link is None:
                pass
            case Phone():
                await self._note("phone_linked", link, person, outcome.service)
            case WrongDigits(problem=problem) if problem is not LinkProblem.UNKNOWN:
                await self._note("wrong_digits", link, person)
        return outcome

    async def hear(self, phone: Phone, hears: Hears) -> None:
        """Change how much a phone is told."""
        if phone.link is not None:
            await self._links.prefer(phone.link, partial(replace, hears=hears), self._now())

    async def show_details(self, phone: Phone, details: bool) -> None:
        await self._phones.set(phone.endpoint.id, details=details)

    async def remove(self, link: Link, person: Person, phone: Phone) -> None:
        """Nothing that was owed there is sent any more."""
        await self._phones.remove(phone.endpoint.id, self._now())
        await self._note("phone_removed", link, person, phone.service)

    async def _note(
        self, what: str, link: Link, person: Person, service: Service | None = None
    ) -> None:
        facts = {} if service is None else {"service": service.value}
        await self._audit.note(what, self._now(), link.account, **by(person), **facts)


CODE_REFERENCE = "CCCDDD"
"""By which the message with the code is known: no alert of that name need be feared there yet."""

SHOW_LIMIT = timedelta(seconds=5)
"""How long somebody waits who wants to see it ring."""
