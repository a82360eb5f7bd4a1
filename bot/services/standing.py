"""Standing orders are carried out: once for each incident, no further than the card said."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import NoReturn

from bot.domain.actions import ActionState, Target
from bot.domain.changes import condition
from bot.domain.chats import Link
from bot.domain.events import Trader
from bot.domain.ids import AccountId, Now, TraderId
from bot.domain.standing_orders import Deed, DueOrder, StandingOrder
from bot.errors import NeedsLogin, NoSuchRecord, OutcomeUnknown, Refused, TryLater
from bot.ports import Accounts, Audit, Links, Session, StandingOrders
from bot.services.actions import Acting
from bot.services.feeds import Feeds
from bot.services.gathering import RECHECK
from bot.services.ingest import Ingest
from bot.services.retrying import RETRY_WAITS, retry_until_available
from bot.texts import outcomes
from bot.texts import standing_orders as texts
from bot.texts.names import trader_name

log = logging.getLogger(__name__)

GRACE = timedelta(minutes=1)
"""After a start: what people pressed and what bots did meanwhile is heard of first."""

AGAIN = timedelta(seconds=30)
"""Between looks at a bot that could not be read."""

TOGETHER = 10
"""So many that fall due at once are told in one message: an exchange that fails takes all along."""

GIVE_UP = timedelta(minutes=10)
"""How long after its time an order that cannot be carried out is said to have failed."""


class Standing:
    """Does what was allowed beforehand when nobody sees something."""

    def __init__(
        self,
        orders: StandingOrders,
        accounts: Accounts,
        links: Links,
        feeds: Feeds,
        acting: Acting,
        ingest: Ingest,
        audit: Audit,
        now: Now,
    ) -> None:
        self._orders = orders
        self._accounts = accounts
        self._links = links
        self._feeds = feeds
        self._acting = acting
        self._ingest = ingest
        self._audit = audit
        self._now = now
        self._woken = asyncio.Event()
        self._begun: set[int] = set()
        """Incidents for which this process began something of which no end is stored so far."""

    def wake(self) -> None:
        """Something may fall under an order sooner than was known."""
        self._woken.set()

    async def run(self) -> NoReturn:
        """Carry out what becomes due, until cancelled; what a crash interrupted is told first."""
        await retry_until_available(self._tell_of_interrupted)
        await asyncio.sleep(GRACE.total_seconds())
        failures = 0
        while True:
            self._woken.clear()
            try:
                wait = await self._look()
                failures = 0
            except (TryLater, OutcomeUnknown) as outage:
                log.warning("standing orders must wait", extra={"reason": str(outage)})
                failures += 1
                wait = RETRY_WAITS.step(failures)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait.total_seconds()):
                    await self._woken.wait()

    async def _look(self) -> timedelta:
        """Gives how long until the next look."""
        if self._begun:
            # Nothing is under way here: the database was away in between.
            await self._tell_of_interrupted(self._begun)
            self._begun.clear()
        await self._tell_all()
        found = await self._orders.now()
        for order in found.lapsed:
            await self._suspend(order)
        wait = RECHECK
        for done, due in enumerate(found.falling, 1):
            left = due.at - self._now()
            if left > timedelta(0):
                wait = min(wait, left)
                break
            if not await self._carry_out(due):
                wait = AGAIN
            if done % TOGETHER == 0:
                await self._tell_all()
        await self._tell_all()
        return wait

    async def _suspend(self, order: StandingOrder) -> None:
        """Told before it is noted, under a name of its own: so it is told, and once."""
        account = await self._accounts.get(order.account)
        if account is not None:
            await self._ingest.take(account, (texts.suspended(order, self._now()),))
        await self._orders.suspend(order.id, self._now())
        await self._note(order.account, "standing_suspended", words=texts.in_words(order))

    # --- one incident -------------------------------------------------------------------------

    async def _carry_out(self, due: DueOrder) -> bool:
        """False if the bot cannot be read now."""
        account, named = due.incident.account, Target(id=due.incident.of, name=due.incident.called)
        session = await self._feeds.session(account)
        if session is None:
            await self._cannot(due, named, outcomes.no_login())
            return True
        try:
            bot = await session.trader(TraderId(due.incident.of))
        except NeedsLogin:
            await self._cannot(due, named, outcomes.login_refused())
            return True
        except TryLater as failure:
            if self._now() < due.at + GIVE_UP:
                return False
            await self._cannot(due, named, outcomes.failed(str(failure)))
            return True
        except NoSuchRecord:
            await self._nothing(due, named)
            return True
        except Refused as refusal:
            await self._cannot(due, named, outcomes.refused(str(refusal)))
            return True
        named = Target(id=bot.id, name=trader_name(bot))
        if _is_idle(bot):
            await self._nothing(due, named)
            return True
        asked_in = await self._links.called(due.order.link)
        if await self._begin(due, named):
            await self._act(due, named, session, asked_in)
        return True

    async def _nothing(self, due: DueOrder, bot: Target) -> None:
        """The bot is gone, or does not run with real money: so it stays, whatever becomes of it."""
        if await self._begin(due, bot):
            await self._end(due, ActionState.CLOSED, "")

    async def _cannot(self, due: DueOrder, bot: Target, words: str) -> None:
        if await self._begin(due, bot):
            await self._end(due, ActionState.REFUSED, words)

    async def _begin(self, due: DueOrder, bot: Target) -> bool:
        self._begun.add(due.incident.id)
        if await self._orders.begin(due, bot, self._now()):
            return True
        self._begun.discard(due.incident.id)
        return False

    async def _end(self, due: DueOrder, state: ActionState, words: str) -> None:
        await self._orders.end(due.incident.id, state, words, self._now())
        self._begun.discard(due.incident.id)

    async def _act(
        self, due: DueOrder, bot: Target, session: Session, asked_in: Link | None
    ) -> None:
        """The one write. From here on a crash leaves it unclear, and it is not repeated."""
        order = due.order
        await self._note(order.account, "standing_order", bot, "asked", verb=order.verb)
        result = await self._acting.act(session, order.account, order.verb, bot, asked_in)
        await retry_until_available(partial(self._end, due, result.state, result.words))

    # --- telling ------------------------------------------------------------------------------

    async def _tell_all(self) -> None:
        """What has been done, in one message for each account."""
        by_account: dict[AccountId, list[Deed]] = defaultdict(list)
        for deed in await self._orders.untold():
            if deed.state is not ActionState.RUNNING:
                by_account[deed.account].append(deed)
        for account, deeds in by_account.items():
            await self._tell(account, deeds)

    async def _tell(self, account_id: AccountId, deeds: Sequence[Deed]) -> None:
        """May be repeated: the report's record names its incidents, so it is told once."""
        account = await self._accounts.get(account_id)
        done = [deed for deed in deeds if deed.state is not ActionState.CLOSED]
        if account is not None and done:
            await self._ingest.take(account, (texts.report(done, self._now()),))
        await self._orders.told([deed.incident for deed in deeds], self._now())
        for deed in done:
            await self._note(account_id, "standing_order", deed.bot, deed.state, verb=deed.verb)

    async def _tell_of_interrupted(self, which: Collection[int] | None = None) -> None:
        """
        Args:
            which: only these incidents; else whatever a crash left behind.
        """
        for deed in await self._orders.untold():
            meant = which is None or deed.incident in which
            if meant and deed.state is ActionState.RUNNING:
                seen = await self._acting.look_patiently(deed.account, deed.verb, deed.bot)
                words = texts.interrupted(deed.verb, seen)
                await self._orders.end(deed.incident, ActionState.UNCLEAR, words, self._now())
        await self._tell_all()

    async def _note(
        self,
        account: AccountId,
        what: str,
        bot: Target | None = None,
        state: str = "",
        **facts: str,
    ) -> None:
        if bot is not None:
            facts |= {"targets": bot.id, "names": bot.name, "state": state}
        try:
            await self._audit.note(what, self._now(), account, **facts)
        except (TryLater, OutcomeUnknown) as outage:
            log.error("a standing order was not audited", extra={"reason": str(outage)})


def _is_idle(bot: Trader) -> bool:
    return condition(bot).running is False or bot.dry_run is True
