"""One feed for every linked account: begun, ended, and found by those who ask."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NoReturn

from bot.domain.accounts import Account
from bot.domain.feeds import FeedStatus
from bot.domain.heard_prices import HeardPrice, HeardPrices
from bot.domain.ids import AccountId, Now
from bot.domain.live_prices import LivePrice
from bot.domain.outages import Outage
from bot.errors import TryLater
from bot.ports import Accounts, Inbox, Ledger, Meter, Platform, PriceAlerts, Session
from bot.services.feeds.discovery import Discovery
from bot.services.feeds.feed import Feed
from bot.services.feeds.login_end import Expiry
from bot.services.feeds.notices import Notices
from bot.services.feeds.older_trades import OlderTrades
from bot.services.feeds.ownership import OwnPlatform
from bot.services.feeds.price_gaps import PriceGaps
from bot.services.feeds.prices import Prices
from bot.services.feeds.reading import Reading
from bot.services.feeds.rhythm import FeedRhythm
from bot.services.feeds.silences import Silences
from bot.services.ingest import Ingest
from bot.services.offered import Offered

log = logging.getLogger(__name__)


class Feeds:
    """One feed for every account that is linked somewhere."""

    def __init__(
        self,
        platform: Platform,
        accounts: Accounts,
        inbox: Inbox,
        ledger: Ledger,
        price_alerts: PriceAlerts,
        offered: Offered,
        ingest: Ingest,
        meter: Meter,
        now: Now,
        chance: random.Random,
        rhythm: FeedRhythm,
    ) -> None:
        self._platform = platform
        self._accounts = accounts
        self._inbox = inbox
        self._ledger = ledger
        self._price_alerts = price_alerts
        self._offered = offered
        self._ingest = ingest
        self._meter = meter
        self._now = now
        self._chance = chance
        self._rhythm = rhythm
        self.outage: Outage | None = None
        """That this process has ended; set before `run`."""
        self._live: dict[AccountId, list[LivePrice]] = defaultdict(list)
        self._heard: dict[AccountId, HeardPrices] = defaultdict(HeardPrices)
        self._feeds: dict[AccountId, tuple[Feed, asyncio.Task[None]]] = {}
        self._gate = _Gate(self._rhythm.connects_a_second)
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> NoReturn:
        """Keep a feed for each linked account, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            while True:
                try:
                    await self._follow_links()
                except TryLater as outage:
                    log.warning("cannot see who is linked", extra={"reason": str(outage)})
                # Links made by another process are noticed here; our own call `start` at once.
                await asyncio.sleep(self._rhythm.look_every.total_seconds())

    async def _follow_links(self) -> None:
        before = set(self._feeds)  # what is linked while we look is not gone
        wanted = {account.id: account for account in await self._accounts.active()}
        for gone in before - wanted.keys():
            await self.stop(gone)
        for account in wanted.values():
            self.start(account)

    def start(self, account: Account) -> None:
        """Begin this account's feed, unless it runs already."""
        running = self._feeds.get(account.id)
        if running is not None and not running[1].done():
            return
        if self._group is None:
            return
        reading = Reading(
            account=account,
            inbox=self._inbox,
            ingest=self._ingest,
            meter=self._meter,
            now=self._now,
            rhythm=self._rhythm,
        )
        notices = Notices(account=account, ingest=self._ingest, now=self._now)
        expiry = Expiry(
            account=account,
            accounts=self._accounts,
            notices=notices,
            now=self._now,
            chance=self._chance,
        )
        feed = Feed(
            account=account,
            platform=OwnPlatform(self._platform, account, self._meter),
            accounts=self._accounts,
            reading=reading,
            silences=Silences(
                account=account,
                inbox=self._inbox,
                ledger=self._ledger,
                ingest=self._ingest,
                now=self._now,
            ),
            discovery=Discovery(
                account=account,
                offered=self._offered,
                inbox=self._inbox,
                chance=self._chance,
                rhythm=self._rhythm,
            ),
            older_trades=OlderTrades(
                account=account,
                reading=reading,
                ledger=self._ledger,
                notices=notices,
                chance=self._chance,
                rhythm=self._rhythm,
            ),
            prices=Prices(
                account=account,
                alerts=self._price_alerts,
                live=self._live[account.id],
                ingest=self._ingest,
                now=self._now,
                gaps=PriceGaps(notices=notices, now=self._now),
                heard=self._heard[account.id],
            ),
            notices=notices,
            expiry=expiry,
            meter=self._meter,
            now=self._now,
            chance=self._chance,
            rhythm=self._rhythm,
            gate=self._gate.pass_through,
            outage=self.outage if self.outage and account.created_at < self.outage.since else None,
        )
        task = self._group.create_task(feed.run(), name=f"feed {account.id}")
        self._feeds[account.id] = (feed, task)

    async def credential_renewed(self, account: Account) -> None:
        """The account has a new credential: nothing is asked with the old one any more."""
        heard = self._heard[account.id]
        await self.stop(account.id)
        self._heard[account.id] = heard
        self.start(account)

    async def stop(self, account: AccountId) -> None:
        """End an account's feed: nobody is linked to it any more."""
        running = self._feeds.pop(account, None)
        if running is None:
            return
        _, task = running
        task.cancel()
        await asyncio.wait([task])
        self._heard.pop(account, None)
        self._meter.feed(account, None)

    def status(self, account: AccountId) -> FeedStatus | None:
        running = self._feeds.get(account)
        return running[0].status if running else None

    async def session(self, account: AccountId) -> Session | None:
        """A way to ask the platform on the account's behalf: the open one if there is one.

        `None` when there is no usable credential.
        """
        running = self._feeds.get(account)
        if running is not None and (session := running[0].session) is not None:
            return session
        credential = await self._accounts.credential(account)
        known = await self._accounts.get(account)
        if credential is None or known is None:
            return None
        return OwnPlatform(self._platform, known, self._meter).session(credential, known.plan)

    def change_prices(self, account: AccountId) -> None:
        """Price alerts of this account have been made or removed."""
        running = self._feeds.get(account)
        if running is not None:
            running[0].prices.change()

    def watch(self, account: AccountId, price: LivePrice, *, ends: bool = False) -> None:
        """Somebody watches a price from now on, or no more."""
        live, running = self._live[account], self._feeds.get(account)
        if ends and price in live:
            live.remove(price)
        elif not ends:
            live.append(price)
        if running is not None:
            running[0].prices.want()

    def heard(self, account: AccountId, pair: str) -> Sequence[HeardPrice]:
        """The prices of a pair that have passed here while it was followed, oldest first."""
        heard = self._heard.get(account)
        return () if heard is None else heard.of(pair, self._now())

    def states(self) -> Mapping[AccountId, FeedStatus]:
        return {account: feed.status for account, (feed, _) in self._feeds.items()}


class _Gate:
    """Spaces the connection attempts of all feeds."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._free_at = 0.0

    async def pass_through(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = self._free_at - clock()
        self._free_at = max(self._free_at, clock()) + self._interval
        if wait > 0:
            await asyncio.sleep(wait)
