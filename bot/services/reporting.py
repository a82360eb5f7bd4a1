"""What a day or a week has come to: made when it is asked for, or when it is due."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.cards import Card
from bot.domain.chats import Address, Link
from bot.domain.deliveries import Priority
from bot.domain.digests import Gathered
from bot.domain.feeds import FeedState
from bot.domain.ids import EndpointId, LinkId, Now
from bot.domain.names import told_apart
from bot.domain.report_plans import Rhythm
from bot.domain.reports import DueReport, Period
from bot.domain.uptimes import uptimes
from bot.ports import Draw, Inbox, Ledger, Nights, Reports
from bot.services.converting import Converting
from bot.services.earnings import away_since, currencies_in, earned
from bot.services.feeds import Feeds
from bot.services.picturing import pictured
from bot.texts import reports as texts
from bot.texts.charts import curve_of
from bot.texts.language import speaking

PATIENCE = timedelta(minutes=10)
"""What happened while nobody listened is read first, as long as that does not take longer."""

LOOK_AGAIN = timedelta(seconds=15)


class Reporting:
    def __init__(
        self,
        reports: Reports,
        nights: Nights,
        ledger: Ledger,
        inbox: Inbox,
        feeds: Feeds,
        converting: Converting,
        draw: Draw,
        now: Now,
    ) -> None:
        self._reports = reports
        self._nights = nights
        self._ledger = ledger
        self._inbox = inbox
        self._feeds = feeds
        self._converting = converting
        self._draw = draw
        self._now = now
        self._began: datetime | None = None
        """When it was first looked whether any is due."""

    async def tell(self, now: datetime) -> Gathered:
        """Owe the reports that are due."""
        self._began = self._began or now
        waiting: set[LinkId] = set()
        while True:
            due, then = await self._reports.due(now, waiting)
            ready = [one for one in due if not self._is_worth_waiting(one, self._began, now)]
            if ready or not due:
                break
            waiting |= {one.link.id for one in due}
        owed: dict[EndpointId, tuple[Address, Priority]] = {}
        for report in ready:
            owed |= await self._reports.owe(report, await self._due_card(report, now), now)
        if ready:
            then = now  # there may be more than were looked at together
        elif waiting:
            then = min(filter(None, (then, now + LOOK_AGAIN)))
        return Gathered(owed=owed, due=then)

    def _is_worth_waiting(self, report: DueReport, began: datetime, now: datetime) -> bool:
        feed = self._feeds.status(report.link.account)
        is_behind = feed is None or feed.state in (FeedState.CONNECTING, FeedState.CATCHING_UP)
        return is_behind and now - max(report.until, began) < PATIENCE

    async def _due_card(self, report: DueReport, now: datetime) -> Card | None:
        period = await self._period(report.link, report.plan.rhythm, report.since, report.until)
        if period is None or (report.plan.only_news and period.is_calm):
            return None
        return await self._card(report.link, replace(period, due_at=report.until), now)

    async def of(self, link: Link, rhythm: Rhythm, since: datetime) -> Card | None:
        """What has happened since then; `None` if the link is not active."""
        now = self._now()
        period = await self._period(link, rhythm, since, now)
        return None if period is None else await self._card(link, period, now)

    async def _period(
        self, link: Link, rhythm: Rhythm, since: datetime, until: datetime
    ) -> Period | None:
        night = await self._nights.of(link.id, since, until)
        if night is None:
            return None
        traders = await self._inbox.traders(link.account)
        bots = told_apart(traders, await self._inbox.strategies(link.account))
        record = await earned(self._ledger, link.account, since, until=until)
        turns = await self._reports.turns(link.account, night.since)
        return Period(
            rhythm=rhythm,
            since=since,
            until=until,
            night=night,
            record=record,
            bots=bots,
            uptimes=uptimes(bots, turns, night.since, until),
            away=await away_since(self._feeds, self._inbox, link.account),
        )

    async def _card(self, link: Link, period: Period, now: datetime) -> Card:
        wants = link.preferences
        rates = await self._converting.rates(
            link.account, wants.currency, currencies_in(period.record)
        )
        with speaking(wants.language, wants.zone):
            picture = await pictured(curve_of(period.record), wants.look, self._draw)
            return texts.report(period, now, picture, rates)
