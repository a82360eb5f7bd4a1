"""A chat that is closed to us: noted, and told in the account's other chats."""

import logging
from dataclasses import dataclass

from bot.domain.deliveries import Delivery
from bot.domain.events import Kind, Notice, Origin
from bot.domain.ids import AccountId, EndpointId, Now
from bot.domain.links import Channel
from bot.errors import TryLater, Unclear
from bot.ports import Accounts, Audit
from bot.services.ingest import Ingest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closures:
    accounts: Accounts
    audit: Audit
    ingest: Ingest
    now: Now

    async def gone(self, delivery: Delivery, reason: str) -> None:
        """An item has found its chat closed."""
        channel = delivery.address.channel
        await self.tell(delivery.account, delivery.endpoint, channel, reason, delivery.reference)

    async def tell(
        self,
        account: AccountId,
        endpoint: EndpointId,
        channel: Channel,
        reason: str,
        incident: str,
    ) -> None:
        """Tell of it once for each incident, everywhere but there."""
        origin = Origin(kind=Kind.FEED, record=f"closed {incident}", at=self.now())
        notice = Notice(
            origin=origin,
            title=f"Your {channel.value.capitalize()} chat is closed to me",
            lines=(f"Alerts for it are kept. Open it again there to get them ({reason}).",),
            bad=True,
            without=endpoint,
        )
        try:
            owner = await self.accounts.get(account)
            if owner is None or not (await self.ingest.take(owner, (notice,))).new:
                return
            facts = {"channel": channel.value, "reason": reason}
            await self.audit.note("endpoint_disabled", self.now(), account, **facts)
        except (TryLater, Unclear) as outage:
            # The chat itself is closed all the same, and `/status` elsewhere does not need this.
            log.warning("a closed chat was not told of", extra={"reason": str(outage)})
