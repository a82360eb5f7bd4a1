"""What trades have earned, and how far that is known."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.domain.events import Listing
from bot.domain.feeds import FeedState
from bot.domain.figures import Detail, Record, first_in_first_out
from bot.domain.ids import AccountId, TraderId
from bot.ports import Inbox, Ledger
from bot.services.feeds import Feeds


async def earned(
    ledger: Ledger,
    account: AccountId,
    since: datetime,
    about: Collection[TraderId] | None = None,
    until: datetime | None = None,
    details: Collection[Detail] = tuple(Detail),
) -> Record:
    """What trades have earned since then; computed of the fills where no result is told at all.

    Args:
        about: of these bots alone.
        until: before then alone.
        details: that are needed of each.
    """
    told = await ledger.record(account, since, about, until, details)
    if told.trades:
        return told
    fills = await ledger.fills(account)
    if about is not None:
        fills = [fill for fill in fills if fill.trader in about]
    if until is not None:
        fills = [fill for fill in fills if fill.at < until]
    if not fills:
        return told
    return replace(first_in_first_out(fills, since), whole_from=told.whole_from)


async def away_since(feeds: Feeds, inbox: Inbox, account: AccountId) -> datetime | None:
    """Since when nothing new is heard of the platform; `None` if it is."""
    feed = feeds.status(account)
    if feed is None or feed.state in (FeedState.LIVE, FeedState.POLLING, FeedState.CATCHING_UP):
        return None
    if feed.answered:
        return feed.since
    # It has been away since this process began: what is known is of before.
    cursors = await inbox.cursors(account)
    looks = [cursors[listing].position.at for listing in Listing if listing in cursors]
    return min(feed.since, max(looks)) if looks else feed.since


def currencies_in(found: Record) -> list[str]:
    return [one.money.currency for one in found.trades]
