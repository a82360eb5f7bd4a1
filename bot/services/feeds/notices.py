"""What a feed tells the person about itself, once an incident."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.domain.accounts import Account, Credential
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.feeds import FeedState
from bot.domain.ids import Now
from bot.domain.incidents import Cause
from bot.domain.ingesting import Progress
from bot.domain.ledger import Held
from bot.domain.outages import Outage
from bot.errors import OutcomeUnknown, TryLater
from bot.services.ingest import Ingest
from bot.texts import notices as texts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Each gives whether it is owed now; what could not be stored may be told again."""

    account: Account
    ingest: Ingest
    now: Now

    async def trouble(self, state: FeedState, since: datetime, poll_every: timedelta) -> bool:
        """The feed has been out of order for a while, in this state."""
        if state is FeedState.POLLING:
            say = partial(texts.polling, poll_every)
            return await self._tell(f"polling {since.isoformat()}", say)
        return await self._tell(f"down {since.isoformat()}", texts.down)

    async def unreachable(self, since: datetime, lasts: timedelta, trades: int) -> bool:
        """The feed has been out of order for long, and so many trades are open."""
        return await self._tell(
            f"unreachable {since.isoformat()}",
            partial(texts.unreachable, lasts, trades),
            urgent=True,
            incident=Cause.UNREACHABLE,
        )

    async def recovery(self, since: datetime) -> bool:
        """The trouble that began then is over."""
        return await self._tell(
            f"back {since.isoformat()}", texts.back, bad=False, solves=Cause.UNREACHABLE
        )

    async def no_prices(self, pairs: Sequence[str], since: datetime) -> bool:
        """Of pairs that alerts wait for none has come since then."""
        say = partial(texts.no_prices, pairs, self.now() - since)
        return await self._tell(f"no prices {since.isoformat()}", say, bad=False)

    async def prices_back(self, pairs: Sequence[str], since: datetime, until: datetime) -> bool:
        """They come again."""
        say = partial(texts.prices_back, pairs, until - since)
        return await self._tell(f"prices back {since.isoformat()}", say, bad=False)

    async def was_down(self, outage: Outage, news: int) -> bool:
        """Tradebell was, and so many things that happened meanwhile have been read since."""
        say = partial(texts.was_down, outage, news)
        return await self._tell(
            f"was down {outage.since.isoformat()} {outage.until.isoformat()}", say, bad=False
        )

    async def reading_older_trades(self, known: Held, reached: datetime) -> bool:
        """Trades from before the link are being read, and it takes a while."""
        say = partial(texts.reading_older_trades, known, reached)
        return await self._tell(self._older_trades, say, bad=False, goes_on=True)

    async def older_trades_read(self, known: Held, whole: Progress) -> bool:
        """They are all there, which is stored with it; nothing is told where nothing was."""
        say = partial(texts.older_trades_read, known)
        return await self._tell(
            self._older_trades, say, bad=False, goes_on=True, only_if_told=True, progress=whole
        )

    async def older_trades_denied(self, known: Held) -> bool:
        """There is no more to be had of them; nothing is told where nothing was."""
        say = partial(texts.older_trades_denied, known)
        return await self._tell(self._older_trades, say, bad=False, goes_on=True, only_if_told=True)

    @property
    def _older_trades(self) -> str:
        """The same for all that is told of them, as long as the link lasts."""
        return f"older trades {self.account.created_at.isoformat()}"

    async def login_refused(self, refused: Credential | None, worked: datetime) -> bool:
        """The platform does not take this credential, which last worked then.

        Told once, however often it is tried; but the same key may be given anew, and work.
        """
        secret = refused.secret if refused is not None else ""
        digest = hashlib.sha256(
            f"{secret}\0{worked.isoformat()}".encode("utf-8", "replace")
        ).hexdigest()
        return await self._tell(
            f"needs login {digest[:16]}",
            texts.login_refused,
            urgent=True,
            personal=True,
            log_in=True,
            incident=Cause.LOGIN,
        )

    async def login_ends(self, expires_at: datetime, ahead: timedelta, *, trying: bool) -> bool:
        """The login ends at `expires_at`; said once for each time `ahead` of it.

        Args:
            trying: a renewal may still come.
        """
        return await self._tell(
            f"renew {ahead} {expires_at.isoformat()}",
            partial(texts.login_ends, expires_at - self.now(), trying=trying),
            personal=True,
            log_in=True,
        )

    async def _tell(
        self,
        record: str,
        say: Callable[[], NoticeText],
        *,
        bad: bool = True,
        urgent: bool = False,
        personal: bool = False,
        log_in: bool = False,
        incident: Cause | None = None,
        solves: Cause | None = None,
        goes_on: bool = False,
        only_if_told: bool = False,
        progress: Progress | None = None,
    ) -> bool:
        """Give whether it is owed now, and need not be tried again."""
        origin = Origin(kind=Kind.FEED, record=record, at=self.now())
        notice = Notice(
            origin=origin,
            say=say,
            bad=bad,
            urgent=urgent,
            personal=personal,
            log_in=log_in,
            incident=incident,
            solves=solves,
            goes_on=goes_on,
            only_if_told=only_if_told,
        )
        try:
            await self.ingest.take(self.account, (notice,), progress)
        except (TryLater, OutcomeUnknown) as outage:
            # `/status` shows the same: a database that is away must not cost the feed besides.
            log.warning("a notice was not stored", extra={"reason": str(outage)})
            return False
        return True
