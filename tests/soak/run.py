"""One soak: hours of ordinary life with everything that can go wrong, then peace, then a count.

All chance comes from the seed; time is virtual, the database is a real one.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.fernet import Fernet
from sqlalchemy import make_url

from bot.domain.accounts import PasswordLogin
from bot.domain.chats import Channel, EndpointState, Preferences
from bot.domain.events import Stream, Trade
from bot.domain.incoming import Reply, Returned
from bot.domain.linking import SignedIn
from bot.domain.phones import LockScreenPress, Service
from bot.errors import OutcomeUnknown, TryLater
from bot.services.lock_screen import SignedAddresses
from storage import Store
from tests.fakes.messenger import Shown
from tests.harness.databases import opened
from tests.harness.supervision import Supervisor
from tests.harness.troubled_database import Troubled, troubled
from tests.harness.virtual_time import virtual_now
from tests.harness.world import DIGITS, PUBLIC_URL, World, actions_under, code_in, owl
from tests.soak.people import Phone, Span
from tests.soak.phones import Phones
from tests.soak.platforms import Platforms
from tests.soak.records import Record, further, made, name_of
from tests.soak.report import Report, reported
from tests.soak.troubles import TROUBLES
from tests.soak.wishes import nothing_wished

BETWEEN_RECORDS = 10.0
"""Seconds from one record, or burst of them, to the next, on average."""

BETWEEN_TROUBLES = 40.0

REAL = {"dry_run": False}
"""What goes wrong with other people's money wakes nobody."""

AT_ONCE = 6
"""The last trades of a user, which may still come further."""

LONG_WEEKEND = timedelta(hours=73)
"""The machine is off for longer than what is owed is worth sending."""

IN_PEACE = timedelta(hours=25)
"""How long everything may take to come to its end once nothing goes wrong any more: until the last
daily digest.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a soak is to be."""

    seed: int
    url: str
    """Of an empty database."""
    events: int = 3000
    users: int = 10
    phones: int = 24


@dataclass(eq=False)
class Soak:
    """The whole of one run; `run` it once."""

    plan: Plan
    platforms: Platforms = field(default_factory=lambda: Platforms(now=virtual_now))
    chats: Phones = field(init=False)
    push: Phones = field(init=False)
    """The same phones, as a push service rings them."""
    seen: list[str] = field(default_factory=list)
    """References of alerts of which somebody was told that it is noted that they have seen them."""
    people: list[Phone] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    process: Supervisor = field(init=False)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _new_chats: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))
    _secret_key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    def __post_init__(self) -> None:
        self.chats = Phones(now=virtual_now, seed=self.plan.seed)
        self.push = Phones(
            now=virtual_now, seed=self.plan.seed + 1, channel=Channel.PUSH, bot=Service.NTFY
        )
        self.process = Supervisor(
            self._opened, self.platforms, self.chats, virtual_now, others=[self.push]
        )

    async def run(self) -> Report:
        for number in range(self.plan.users):
            self.platforms.add(f"user-{number}").put(owl(**REAL))
        for _ in range(self.plan.phones):
            number = next(self._new_chats)
            self.people.append(Phone(person=str(number), chat=str(number)))
        async with asyncio.TaskGroup() as group:
            group.create_task(self.process.run(), name="supervisor")
            await self._everybody_links()
            await self._live()
            await self._make_peace()
            self.process.stop()
        async with self._opened() as store:
            return await reported(
                store,
                self.records,
                self.people,
                self.chats,
                self.push,
                self.seen,
                self.happened
                + self.chats.happened
                + Counter({f"push: {name}": n for name, n in self.push.happened.items()})
                + Counter({"process ended by itself": self.process.ended}),
            )

    # --- the process --------------------------------------------------------------------------

    @property
    def world(self) -> World | None:
        """The process, while there is one."""
        return self.process.world

    @property
    def database(self) -> Troubled | None:
        return self.process.database if self.world is not None else None

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Store]:
        def new_id() -> str:
            return f"row-{next(self._numbers)}"

        async with opened(self.plan.url, self._secret_key, virtual_now, new_id, troubled) as store:
            yield store

    # --- ordinary life ------------------------------------------------------------------------

    def chance(self, *what: object) -> random.Random:
        """Chance of its own for each matter, so that one draw more changes nothing else."""
        return random.Random(" ".join(map(str, (self.plan.seed, *what))))

    async def _everybody_links(self) -> None:
        users = itertools.cycle(self.platforms.users)
        for phone, user in zip(self.people, users, strict=False):
            await self.links(phone, user)
        for phone in self.people[::2]:
            await self.adds_push(phone)

    async def _live(self) -> None:
        """Records come, troubles come and go; the end is when the last trouble has gone."""
        async with asyncio.TaskGroup() as group:
            making = group.create_task(self._make_trouble(group), name="trouble")
            chance = self.chance("records")
            while len(self.records) < self.plan.events:
                user = chance.choice(list(self.platforms.users))
                burst = chance.randint(5, 30) if chance.random() < 0.03 else 1
                for _ in range(burst):
                    self.record(user, chance)
                if chance.random() < 0.05:
                    self._change_bot(user, chance)
                if chance.random() < 0.5:
                    self._bring_further(user, chance)
                await asyncio.sleep(chance.expovariate(1 / BETWEEN_RECORDS))
            making.cancel()

    def record(self, user: str, chance: random.Random) -> None:
        """Something happens to a user's account: most of it is heard on the socket, once."""
        number = len(self.records)
        late = chance.random() < 0.03
        at = virtual_now() - timedelta(seconds=chance.uniform(20, 90) if late else 0)
        owner = user if chance.random() < 0.5 else None
        stream, event = made(name_of(user, number), number, at, owner, chance)
        theirs = self.platforms.users[user]
        heard = 0 if late or chance.random() < 0.05 else 2 if chance.random() < 0.05 else 1
        theirs.store(stream, event, announce=False)
        for _ in range(heard):
            theirs.announce(event)
        self.records.append(Record(user=user, id=event.origin.record, at=at))
        if heard != 1:
            name = "record heard twice" if heard else "record never heard"
            self.happened["record seen late" if late else name] += 1

    def _bring_further(self, user: str, chance: random.Random) -> None:
        """One of a user's last trades comes further: its record is changed where it stands."""
        theirs = self.platforms.users[user]
        trades = theirs.streams.get(Stream.TRADES, [])
        places = [
            place
            for place, one in list(enumerate(trades))[-AT_ONCE:]
            if isinstance(one, Trade) and not one.final
        ]
        if not places:
            return
        place = chance.choice(places)
        trade = trades[place]
        assert isinstance(trade, Trade)
        trades[place] = changed = further(trade, virtual_now(), chance)
        theirs.announce(replace(changed, changed=True))
        self.happened["trade came further"] += 1

    def _change_bot(self, user: str, chance: random.Random) -> None:
        status = chance.choice(["running", "stopped", "error"])
        self.platforms.users[user].put(owl(**REAL, status=status, running=status == "running"))

    async def _make_trouble(self, group: asyncio.TaskGroup) -> None:
        chance = self.chance("troubles")
        kind = make_url(self.plan.url).get_backend_name()
        possible = [one for one in TROUBLES if one.only_on in (None, kind)]
        for number in itertools.count():
            await asyncio.sleep(chance.expovariate(1 / BETWEEN_TROUBLES))
            [trouble] = chance.choices(possible, [one.weight for one in possible])
            self.happened[trouble.name] += 1
            group.create_task(trouble.happens(self, self.chance(trouble.name, number)))

    # --- what people do -----------------------------------------------------------------------

    def idle_phone(self, chance: random.Random, *, linked: bool = True) -> Phone | None:
        found = [one for one in self.people if not one.busy and bool(one.user) >= linked]
        return chance.choice(found) if found else None

    async def links(self, phone: Phone, user: str) -> None:
        """Link a chat to an account, perhaps away from another one, until it is done."""
        now = virtual_now()
        before = phone.spans[-1] if phone.spans and phone.spans[-1].ended_at is None else None
        if before is not None and before.user == user:
            await self._until_done(lambda world: self._try_to_link(world, phone, user))
            return
        if before is not None:
            before.ending_at = now
        span = Span(user=user, asked_at=now)
        phone.spans.append(span)
        await self._until_done(lambda world: self._try_to_link(world, phone, user))
        span.linked_at = virtual_now()
        if before is not None:
            before.ended_at = span.linked_at

    async def _try_to_link(self, world: World, phone: Phone, user: str) -> bool:
        [invited] = await world.says("/link", phone.chat, phone.person)
        if invited.card is None or not invited.card.buttons:
            return False
        login = PasswordLogin(email=user, password="right")
        source = f"10.0.{int(phone.person) % 250}.1"
        signed_in = await world.linking.sign_in(code_in(invited), login, source)
        if not isinstance(signed_in, SignedIn):
            return False
        await world.says(signed_in.digits, phone.chat, phone.person)
        link = await world.link(phone.chat)
        account = None if link is None else await world.store.accounts.get(link.account)
        if account is None or account.platform_user != user:
            return False
        credential = await world.store.accounts.credential(account.id)
        return credential is not None and credential.secret in self.platforms.users[user].accepts

    async def wishes(self, phone: Phone, change: Callable[[Preferences], Preferences]) -> None:
        async def is_wished(world: World) -> bool:
            link = await world.link(phone.chat)
            if link is not None:
                await world.store.links.prefer(link.id, change, virtual_now())
                world.gathering.wake()
            return True

        await self._until_done(is_wished)

    async def unlinks(self, phone: Phone) -> None:
        span = phone.spans[-1]
        span.ending_at = virtual_now()
        await self._until_done(lambda world: self._try_to_unlink(world, phone))
        span.ended_at = virtual_now()

    async def _try_to_unlink(self, world: World, phone: Phone) -> bool:
        if await world.link(phone.chat) is None:
            return True
        [asked] = await world.says("/unlink", phone.chat, phone.person)
        if asked.card is not None and asked.card.buttons:
            await world.presses(asked, "Unlink this chat", phone.chat, phone.person)
        return await world.link(phone.chat) is None

    async def returns(self, phone: Phone) -> None:
        """The person opens the chat again, if it was closed, and says so."""
        self.chats.closed.discard(phone.chat)
        await self._until_done(lambda world: self._try_to_return(world, phone))

    async def _try_to_return(self, world: World, phone: Phone) -> bool:
        async for _ in world.router.hear(Returned(place=world.place(phone.chat))):
            pass
        link = await world.link(phone.chat)
        return link is None or link.endpoint.state is EndpointState.ACTIVE

    async def adds_push(self, phone: Phone) -> None:
        """Have a phone rung too, if its chat is linked."""
        await self._until_done(lambda world: self._try_to_add_push(world, phone))

    async def _try_to_add_push(self, world: World, phone: Phone) -> bool:
        link = await world.link(phone.chat)
        if link is None:
            return True
        if not await world.store.phones.of(link.id):
            await world.says("/phone ntfy https://ntfy.example.com", phone.chat, phone.person)
        for one in await world.store.phones.of(link.id):
            if one.link is not None:
                return True
            phone.push.append(one.endpoint.address.chat)
            await world.says(f"/phone code {one.endpoint.id}", phone.chat, phone.person)
            await world.says(DIGITS, phone.chat, phone.person)
        return any(one.link is not None for one in await world.store.phones.of(link.id))

    async def removes_push(self, phone: Phone) -> None:
        await self._until_done(lambda world: self._try_to_remove_push(world, phone))

    async def _try_to_remove_push(self, world: World, phone: Phone) -> bool:
        link = await world.link(phone.chat)
        for one in [] if link is None else await world.store.phones.of(link.id):
            await world.says(f"/phone remove {one.endpoint.id}", phone.chat, phone.person)
        return link is None or not await world.store.phones.of(link.id)

    async def rings_again(self, phone: Phone) -> None:
        """The person mends what closed their phone to us, and tries it."""
        self.push.closed.difference_update(phone.push)
        await self._until_done(lambda world: self._try_to_ring(world, phone))

    async def _try_to_ring(self, world: World, phone: Phone) -> bool:
        link = await world.link(phone.chat)
        added = [] if link is None else await world.store.phones.of(link.id)
        closed = [one for one in added if one.endpoint.state is EndpointState.DISABLED]
        if closed:
            await world.says("/phone test", phone.chat, phone.person)
        return not closed

    async def sees(self, there: Phones, one: Shown, label: str) -> None:
        """Somebody presses what stands under an alert, in the chat or on the lock screen, once."""
        world, whose = self.world, self._whose(one.chat)
        if world is None or whose is None:
            return
        action = actions_under(one.card)[label]
        try:
            async with asyncio.timeout(120):
                if there is self.push:
                    address = SignedAddresses(world.store.vault, PUBLIC_URL).of(action) or ""
                    pressed = await world.lock_screen.press(address.rpartition("/")[2])
                    noted = isinstance(pressed, LockScreenPress) and pressed.is_new
                else:
                    answers = await world.presses(Reply(card=one.card), label, whose.chat)
                    noted = any((answer.toast or "").startswith("Noted") for answer in answers)
        except (TryLater, OutcomeUnknown, TimeoutError):
            return
        if noted and one.card.reference is not None:
            self.seen.append(one.card.reference)

    def _whose(self, chat: str) -> Phone | None:
        return next((one for one in self.people if chat in (*one.chats, *one.push)), None)

    async def _until_done(self, deed: Callable[[World], Awaitable[bool]]) -> None:
        """People try again, whatever went wrong."""
        while True:
            if self.world is not None:
                try:
                    async with asyncio.timeout(120):
                        if await deed(self.world):
                            return
                except (TryLater, OutcomeUnknown, TimeoutError):
                    pass
            await asyncio.sleep(7)

    def move(self, phone: Phone) -> None:
        """Its group becomes a supergroup: the chat has another address."""
        old, new = phone.chat, str(next(self._new_chats))
        self.chats.moved[old] = new
        phone.move(new)
        if old in self.chats.closed:
            self.chats.closed.add(new)

    async def until_moved(self, phone: Phone) -> None:
        async def is_known(world: World) -> bool:
            return await world.link(phone.chat) is not None

        await self._until_done(is_known)

    # --- peace --------------------------------------------------------------------------------

    async def _make_peace(self) -> None:
        """A few chats stay closed, some messages come too late; all else is well again."""
        chance = self.chance("peace")
        leaving, slow = self.people[:2], self.people[2:5]
        self.chats.closed.update(one.chat for one in leaving)
        self.chats.waits.update({one.chat: timedelta(hours=1) for one in slow})
        for user in sorted({one.user for one in (*leaving, *slow) if one.user}):
            for _ in range(3):
                self.record(user, chance)
        await asyncio.sleep(timedelta(minutes=30).total_seconds())
        self.happened["machine off for three days"] += 1
        self.process.kill(LONG_WEEKEND)
        await asyncio.sleep(LONG_WEEKEND.total_seconds())
        self.chats.waits.clear()
        self.chats.well = self.push.well = True
        self.push.away = False
        for phone in self.people:
            if phone not in leaving:
                await self.returns(phone)
                await self.rings_again(phone)
            await self.wishes(phone, nothing_wished)
        await asyncio.sleep(IN_PEACE.total_seconds())
