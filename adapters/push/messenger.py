"""Cards, shown on phones by push services."""

import logging
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from adapters.chat.exchange import ApiAnswer, NoAnswer, parsed
from adapters.push.api import NtfyApi, PushoverApi, WebPushApi
from adapters.push.faults import (
    MESSAGE_GONE,
    after_browser,
    after_no_answer,
    after_ntfy,
    after_pushover,
)
from adapters.push.listening import RECEIPT
from adapters.push.render import (
    OURS,
    browser_json,
    is_over,
    life,
    ntfy_json,
    pushover_json,
    sequence_of,
    urgency,
)
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import (
    ONE_MARKED_REPEAT,
    Attempt,
    Declined,
    Gone,
    Postponed,
    Repeats,
    Sent,
)
from bot.domain.ids import Now
from bot.domain.phones import BrowserTarget, NtfyTarget, PhoneTarget, PushoverTarget, Service
from bot.domain.reasons import Reason
from bot.ports import ButtonAddresses, Meter, PhoneTargets

log = logging.getLogger(__name__)

_WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900))

REPLACED = Repeats(waits=_WAITS, urgent_waits=_WAITS, marked=False)
"""A repeat takes the place of what may show already, by its sequence id."""


class NtfyMessenger:
    """Implements `ports.Messenger` for topics of ntfy servers."""

    channel = Channel.PUSH
    bot = Service.NTFY.value
    repeats = REPLACED

    def __init__(
        self, api: NtfyApi, targets: PhoneTargets, now: Now, addresses: ButtonAddresses
    ) -> None:
        self._api = api
        self._targets = targets
        self._addresses = addresses
        self._now = now

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card. What a server of before 2.16 has shown cannot be replaced: `Sent.message` is
        the server's own id then, and a repeat says that it may be one.
        """
        found = await self._targets.target(address)
        if found is None or not isinstance(found.target, NtfyTarget):
            return Gone(reason=Reason.PHONE_REMOVED)
        repeat = tried_since is not None and found.updates is False
        message = self._rendered(
            card,
            found.target.topic,
            details=found.details,
            repeat=repeat,
            sequence=sequence_of(card, replies_to),
        )
        return await _outcome(self._api.publish(found.target, message))

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """What needs no look any more is cleared. Nobody tells whether a person has swiped away
        what shows otherwise, so it is changed without a sound.
        """
        if not OURS.fullmatch(message):
            return Declined(reason=MESSAGE_GONE)
        found = await self._targets.target(address)
        if found is None or not isinstance(found.target, NtfyTarget):
            return Declined(reason=Reason.PHONE_REMOVED)
        if is_over(card):
            attempt = await _outcome(self._api.clear(found.target, message))
        elif found.details:
            changed = self._rendered(
                card, found.target.topic, details=True, anew=False, sequence=message
            )
            attempt = await _outcome(self._api.publish(found.target, changed))
        else:
            return Sent(message=message)  # it says the same as before
        return Sent(message=message) if isinstance(attempt, Sent) else attempt

    def _rendered(
        self,
        card: Card,
        topic: str,
        *,
        details: bool,
        sequence: str,
        repeat: bool = False,
        anew: bool = True,
    ) -> Mapping[str, Any]:
        return ntfy_json(
            card,
            topic,
            self._now(),
            details=details,
            repeat=repeat,
            anew=anew,
            sequence=sequence,
            address_of=self._addresses.of,
        )


async def _outcome(asked: Awaitable[ApiAnswer]) -> Attempt:
    try:
        answer = await asked
    except NoAnswer as lost:
        return after_no_answer(lost, own=True)
    said = parsed(answer.body) if answer.is_good else None
    if isinstance(said, dict) and isinstance(said.get("id"), str):
        # One that does not know sequence ids leaves ours out.
        return Sent(message=str(said.get("sequence_id") or said["id"]))
    return after_ntfy(answer)


class PushoverMessenger:
    """Implements `ports.Messenger` for users of Pushover.

    Args:
        callback: where Pushover reaches us; empty if it cannot.
    """

    channel = Channel.PUSH
    bot = Service.PUSHOVER.value
    repeats = ONE_MARKED_REPEAT

    def __init__(
        self,
        api: PushoverApi,
        targets: PhoneTargets,
        now: Now,
        addresses: ButtonAddresses,
        callback: str = "",
    ) -> None:
        self._api = api
        self._targets = targets
        self._addresses = addresses
        self._callback = callback
        self._now = now

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card; `Sent.message` is the receipt of one that rings until it is seen."""
        found = await self._targets.target(address)
        if found is None or not isinstance(found.target, PushoverTarget):
            return Gone(reason=Reason.PHONE_REMOVED)
        message = {**_addressed(found), **self._rendered(card, found, tried_since)}
        try:
            answer = await self._api.send(message)
        except NoAnswer as lost:
            return after_no_answer(lost, own=False)
        said = parsed(answer.body) if answer.is_good else None
        if not isinstance(said, dict) or said.get("status") != 1:
            return after_pushover(answer, self._now())
        return Sent(message=str(said.get("receipt") or said.get("request") or ""))

    def _rendered(
        self, card: Card, found: PhoneTarget, tried_since: datetime | None
    ) -> dict[str, Any]:
        # Else a note of the card says so.
        repeat = tried_since is not None and not found.details
        return pushover_json(
            card,
            self._now(),
            details=found.details,
            repeat=repeat,
            address_of=self._addresses.of,
            callback=self._callback,
        )

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """What rings until it is seen rings no more once it was; else nothing can be changed."""
        if not is_over(card) or not RECEIPT.fullmatch(message):
            return Declined(reason=MESSAGE_GONE)
        try:
            answer = await self._api.cancel(message)
        except NoAnswer as lost:
            return after_no_answer(lost, own=False)
        said = parsed(answer.body) if answer.is_good else None
        if isinstance(said, dict) and said.get("status") == 1:
            return Sent(message=message)
        attempt = after_pushover(answer, self._now())
        return Declined(reason=MESSAGE_GONE) if answer.status == 404 else attempt


def _addressed(found: PhoneTarget) -> dict[str, str]:
    target = found.target
    assert isinstance(target, PushoverTarget)
    return {"user": target.user, **({"device": target.device} if target.device else {})}


class BrowserMessenger:
    """Implements `ports.Messenger` for browsers that have subscribed, through their push services.

    What goes on with an earlier message has its topic: it takes the place of what its service still
    keeps, and of what the browser shows.
    """

    channel = Channel.PUSH
    bot = Service.BROWSER.value
    repeats = REPLACED

    def __init__(self, api: WebPushApi, targets: PhoneTargets, meter: Meter, now: Now) -> None:
        self._api = api
        self._targets = targets
        self._meter = meter
        self._now = now

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card; `Sent.message` is its topic."""
        found = await self._found(address)
        if found is None:
            return Gone(reason=Reason.PHONE_REMOVED)
        return await self._pushed(*found, card, topic=sequence_of(card, replies_to), anew=True)

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """As ntfy's; a browser must show something for each push, so what needs no look any more
        says so without a sound.
        """
        if not OURS.fullmatch(message):
            return Declined(reason=MESSAGE_GONE)
        found = await self._found(address)
        if found is None:
            return Declined(reason=Reason.PHONE_REMOVED)
        _, details = found
        if not details and not is_over(card):
            return Sent(message=message)  # it says the same as before
        return await self._pushed(*found, card, topic=message, anew=False)

    async def _found(self, address: Address) -> tuple[BrowserTarget, bool] | None:
        found = await self._targets.target(address)
        if found is None or not isinstance(found.target, BrowserTarget):
            return None
        return found.target, found.details

    async def _pushed(
        self, target: BrowserTarget, details: bool, card: Card, *, topic: str, anew: bool
    ) -> Attempt:
        now = self._now()
        answer = None
        for short in (False, True):
            content = browser_json(card, topic, now, details=details, anew=anew, short=short)
            try:
                answer = await self._api.push(
                    target,
                    content,
                    life=life(card, now),
                    urgency=urgency(card) if anew else "low",
                    topic=topic,
                )
            except NoAnswer as lost:
                return after_no_answer(lost, own=True)
            except ValueError:
                return Gone(reason=Reason.SUBSCRIPTION_ENDED)  # nobody could read it
            if answer.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                break  # else it was certainly not taken, and is tried with less
        assert answer is not None
        if _is_taken(answer):
            return Sent(message=topic)
        attempt = after_browser(answer)
        if isinstance(attempt, Postponed) and attempt.reason == Reason.PUSH_KEY_REFUSED:
            self._meter.alarm("push_key_refused")
            log.error(
                "a push service refuses our key",
                extra={"host": urlsplit(target.endpoint).hostname, "status": answer.status},
            )
        return attempt


def _is_taken(answer: ApiAnswer) -> bool:
    """Not so the page of a network that wants somebody to sign in first. Google's service calls its
    empty answer a page, too.

    Source: https://www.rfc-editor.org/rfc/rfc8030#section-5 (201), and FCM as it answers
    """
    is_page = "html" in answer.headers.get("Content-Type", "") and bool(answer.body.strip())
    return answer.status == HTTPStatus.CREATED or (answer.is_good and not is_page)
