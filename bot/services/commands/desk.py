"""What the answers of commands are made with."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.domain.accounts import Account
from bot.domain.actions import Target, Verb
from bot.domain.answers import Answer
from bot.domain.cards import Button, Card
from bot.domain.chats import Link
from bot.domain.commands import Arguments, Spec
from bot.domain.events import Listing, Strategy, Trader
from bot.domain.ids import AccountId, ActionId, NewId, Now
from bot.domain.incoming import Command
from bot.domain.names import name_of, told_apart
from bot.errors import NeedsLogin, NotOffered, OutcomeUnknown, Refused, TryLater
from bot.ports import (
    Accounts,
    Answers,
    Audit,
    Draw,
    Drills,
    Inbox,
    Incidents,
    Ledger,
    Links,
    Nights,
    Outbox,
    PriceAlerts,
    Session,
    ShownCards,
    Sightings,
    StandingOrders,
)
from bot.services.actions import Acting
from bot.services.amending import Amending
from bot.services.commands.access import Access
from bot.services.converting import Converting
from bot.services.delivery import Delivering
from bot.services.feeds import Feeds
from bot.services.gathering import Gathering
from bot.services.ingest import Ingest
from bot.services.linking import Linking
from bot.services.live_cards import LiveCards
from bot.services.offered import Offered
from bot.services.phoning import Phoning
from bot.services.reporting import Reporting
from bot.services.seeing import Seeing
from bot.services.standing import Standing
from bot.services.steady import Seconds, steady
from bot.services.step_up import StepUp
from bot.services.topics import BotTopics
from bot.services.visiting import Visiting
from bot.texts.cards import aged, older
from bot.texts.errors import Sentence

log = logging.getLogger(__name__)

READ_LIMIT = timedelta(seconds=6)
"""A person who waits gets the last known state rather than nothing: one limit for all that an
answer is made of.
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The services and ports that commands use, and what several of them ask."""

    access: Access
    accounts: Accounts
    acting: Acting
    answers: Answers
    amending: Amending
    audit: Audit
    bot_topics: BotTopics
    converting: Converting
    delivering: Delivering
    draw: Draw
    drilling: Gathering
    drills: Drills
    telling_nights: Gathering
    telling_reports: Gathering
    reporting: Reporting
    nights: Nights
    feeds: Feeds
    escalating: Gathering
    gathering: Gathering
    inbox: Inbox
    incidents: Incidents
    ingest: Ingest
    ledger: Ledger
    linking: Linking
    live: LiveCards
    links: Links
    offered: Offered
    outbox: Outbox
    phoning: Phoning
    price_alerts: PriceAlerts
    seeing: Seeing
    sightings: Sightings
    standing: Standing
    standing_orders: StandingOrders
    step_up: StepUp
    shown_cards: ShownCards
    visiting: Visiting
    specs: Sequence[Spec]
    now: Now
    new_id: NewId

    async def session(self, account: Account) -> Session:
        """
        Raises:
            NeedsLogin: there is no credential.
        """
        session = await self.feeds.session(account.id)
        if session is None:
            raise NeedsLogin("there is no credential")
        return session

    async def bots_now(self, session: Session, account: AccountId) -> tuple[Trader, ...]:
        return told_apart(await session.traders(), await self.inbox.strategies(account))

    async def known_bots(self, account: AccountId) -> tuple[Trader, ...]:
        traders = await self.inbox.traders(account)
        return told_apart(traders, await self.inbox.strategies(account))

    async def pairs(self, account: AccountId) -> Sequence[str]:
        """Those that the person's strategies trade, and those whose prices come."""
        session = await self.feeds.session(account)
        traded = (one.pair for one in await self.inbox.strategies(account) if one.pair)
        return tuple(dict.fromkeys((*traded, *(() if session is None else session.pairs))))

    async def strategies_now(self, session: Session) -> tuple[Strategy, ...]:
        return told_apart(await session.strategies())

    async def strategies(self, account: AccountId) -> tuple[Strategy, ...]:
        return told_apart(await self.inbox.strategies(account))

    async def looked_at(self, account: Account, listing: Listing) -> datetime:
        """When all of them were read last; if they never were, when the account was linked."""
        cursor = (await self.inbox.cursors(account.id)).get(listing)
        return account.created_at if cursor is None else cursor.position.at


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command that may be answered, with or without a link."""

    desk: Desk
    spec: Spec
    command: Command
    arguments: Arguments
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRequest:
    """A command about an account: the person is allowed to ask it.

    `about` are the ids that a button meant, instead of words; `within` is what it was asked below,
    as by `/settings mute 2h`: its buttons are too.
    """

    desk: Desk
    spec: Spec
    command: Command
    arguments: Arguments
    link: Link
    account: Account
    about: frozenset[str] = frozenset()
    within: Spec | None = None
    read_by: Seconds = field(default_factory=lambda: steady() + READ_LIMIT.total_seconds())
    """Until when the platform is waited for, whatever is read."""

    async def bots(self) -> Answer[tuple[Trader, ...]]:
        """The bots as they are now, or as last known if the platform does not say in time."""
        desk, account = self.desk, self.account
        try:
            session = await desk.feeds.session(account.id)
            if session is not None:
                async with asyncio.timeout_at(self.read_by):
                    return Answer(await desk.bots_now(session, account.id))
        except (TryLater, Refused, TimeoutError) as failure:
            log.warning("showing the last known bots", extra={"reason": str(failure)})
        known = await desk.known_bots(account.id)
        return Answer(known, await desk.looked_at(account, Listing.TRADERS))

    async def strategies(self) -> Answer[tuple[Strategy, ...]]:
        """As `bots`.

        Raises:
            Refused: the platform does not tell them.
        """
        desk, account = self.desk, self.account
        try:
            async with asyncio.timeout_at(self.read_by):
                return Answer(await desk.strategies_now(await desk.session(account)))
        except (TryLater, TimeoutError) as failure:
            log.warning("showing the last known strategies", extra={"reason": str(failure)})
        known = await desk.strategies(account.id)
        return Answer(known, await desk.looked_at(account, Listing.STRATEGIES))

    async def read(
        self, question: str, kind: type[T], ask: Callable[[Session], Awaitable[T]]
    ) -> Answer[T]:
        """What the platform says now, or what it said last if it does not say in time.

        Args:
            question: what is asked, of the account; the same for the same question.
            kind: of the answer, as of `Answers.last`.

        Raises:
            Refused: the platform does not tell it.
            TryLater: it does not now, and has not lately.
        """
        desk, account = self.desk, self.account.id
        try:
            session = await desk.session(self.account)
            async with asyncio.timeout_at(self.read_by):
                found = await ask(session)
        except NotOffered:
            await _noted(desk.answers.forget(account, question))
            raise
        except (TryLater, TimeoutError) as failure:
            log.warning("showing what was answered last", extra={"reason": str(failure)})
            last = await desk.answers.last(account, question, kind, desk.now())
            if last is not None:
                return last
            if isinstance(failure, TimeoutError):
                raise TryLater(Sentence.NO_ANSWER) from failure
            raise
        await _noted(desk.answers.keep(account, question, found, desk.now()))
        return Answer(found)

    def aged(self, card: Card, *answers: Answer[Any]) -> Card:
        """With how old it is, if any of the answers that it is made of is not from now."""
        ages = [one.as_of for one in answers if one.as_of is not None]
        return aged(card, min(ages), self.desk.now()) if ages else card

    async def now(self, reading: Awaitable[T]) -> T:
        """What is read before something is changed: nothing older will do.

        Raises:
            TryLater: it took too long.
        """
        try:
            async with asyncio.timeout_at(self.read_by):
                return await reading
        except TimeoutError as failure:
            raise TryLater(Sentence.NO_ANSWER) from failure

    async def asking(
        self,
        words: str = "",
        *choices: Sequence[Target],
        of: Spec | None = None,
        verb: Verb = Verb.ASK,
    ) -> Sequence[ActionId]:
        """Buttons that ask this command of these words, one for each choice of things.

        Without any choice it is one button.

        Args:
            of: another command.
            verb: one of `ASKING`.
        """
        above = "" if self.within is None else f"{self.within.name} "
        command = f"{above}{(of or self.spec).name} {words}".strip()
        person = self.command.person.id
        return await self.desk.acting.choices(self.link, person, command, choices or [()], verb)

    async def asking_about(
        self, things: Sequence[Trader] | Sequence[Strategy]
    ) -> Sequence[ActionId]:
        """A button for each, which asks the same about it."""
        if not things:
            return ()
        return await self.asking("", *((Target(id=one.id, name=name_of(one)),) for one in things))

    async def asking_each(self, words: Sequence[str]) -> Sequence[ActionId]:
        """A button for each, which asks this command of these words."""
        return [action for one in words for action in await self.asking(one)]

    async def older(self, page: int) -> Button:
        """Leads to the next page."""
        [action] = await self.asking(str(page + 1))
        return Button(label=older(), action=action)


async def _noted(keeping: Awaitable[None]) -> None:
    """A database that is away must not keep a person from an answer that is there."""
    try:
        await keeping
    except (TryLater, OutcomeUnknown) as outage:
        log.warning("the last answer was not kept", extra={"reason": str(outage)})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCommand:
    """Answered also where nothing is linked."""

    spec: Spec
    answer: Callable[[CommandRequest], Awaitable[Card]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCommand:
    """About an account."""

    spec: Spec
    answer: Callable[[AccountRequest], Awaitable[Card]]


AnyCommand = OpenCommand | AccountCommand
