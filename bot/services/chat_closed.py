"""A chat that is closed to us: noted, and told in the account's other chats."""

import logging
from dataclasses import dataclass
from functools import partial

from bot.domain.accounts import Account
from bot.domain.chats import Endpoint, private_ones
from bot.domain.deliveries import Delivery
from bot.domain.events import Kind, Notice, Origin
from bot.domain.ids import AccountId, EndpointId, Now
from bot.domain.phones import Service
from bot.domain.reasons import Reason
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Accounts, Audit, Links, Phones
from bot.services.ingest import Ingest
from bot.texts import notices

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatClosed:
    accounts: Accounts
    links: Links
    phones: Phones
    audit: Audit
    ingest: Ingest
    now: Now

    async def gone(self, delivery: Delivery, reason: str) -> None:
        """An item has found its chat closed."""
        await self.tell(delivery.account, delivery.endpoint, reason, delivery.reference)
        if delivery.address.bot == Service.BROWSER and reason == Reason.SUBSCRIPTION_ENDED:
            # No browser comes back from that: it subscribes anew.
            try:
                await self.phones.remove(delivery.endpoint, self.now())
            except (TryLater, OutcomeUnknown) as outage:
                # It stays closed, and is found ended again by the next thing that goes there.
                log.warning("a phone was not forgotten", extra={"reason": str(outage)})

    async def tell(
        self, account: AccountId, endpoint: EndpointId, reason: str, incident: str
    ) -> None:
        """Tell of it once for each incident, everywhere but there."""
        try:
            owner = await self.accounts.get(account)
            links = await self.links.of(account)
            closed = [link.endpoint for link in links if link.endpoint.id == endpoint]
            if owner is not None and closed:
                # What its chats are called is nobody's business who reads along in another one.
                named = bool(private_ones(links, endpoint))
                await self._tell(owner, closed[0], reason, incident, named=named)
        except (TryLater, OutcomeUnknown) as outage:
            # The chat itself is closed all the same, and `/status` elsewhere does not need this.
            log.warning("a closed chat was not told of", extra={"reason": str(outage)})

    async def _tell(
        self, owner: Account, closed: Endpoint, reason: str, incident: str, *, named: bool
    ) -> None:
        origin = Origin(kind=Kind.FEED, record=f"closed {incident}", at=self.now())
        notice = Notice(
            origin=origin,
            say=partial(notices.chat_closed, closed, reason, named=named),
            bad=True,
            without=closed.id,
            personal=True,
        )
        if (await self.ingest.take(owner, (notice,))).new:
            facts = {"channel": closed.address.channel.value, "reason": reason}
            await self.audit.note("endpoint_disabled", self.now(), owner.id, **facts)
