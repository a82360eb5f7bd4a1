"""Calls of the API that show something in a chat, and what became of them."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from discord.http import Route

from adapters.chat.exchange import NoAnswer
from adapters.discord.faults import (
    MESSAGE_GONE,
    NO_REPLY,
    THREAD_SLEEPS,
    UNKNOWN_MESSAGE,
    after_failure,
    may_go_plain,
)
from adapters.discord.render import SUPPRESS_NOTIFICATIONS, DiscordMessage
from adapters.discord.transport import DiscordHttp, DiscordRefusal, RateLimited
from adapters.discord.updates import Handle
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt, Declined, Gone, Sent

log = logging.getLogger(__name__)

Json = Mapping[str, Any]
Files = Sequence[tuple[str, bytes]]

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Source: https://docs.discord.com/developers/reference#snowflakes"""

CLOCKS_APART = timedelta(minutes=15)
"""How far Discord's clock may be from ours for a message to be found by its time."""

PAGE = 100
MESSAGE, THINKING, WORKING, CHOICES, FORM_SHOWN = 4, 5, 6, 8, 9
"""Source: https://docs.discord.com/developers/interactions/receiving-and-responding"""


class HistoryUnreadable(Exception):
    """There is more history since then than we read."""


class DiscordChats:
    """Shows messages, changes them, finds them again."""

    def __init__(self, http: DiscordHttp, bot: str, pages: int) -> None:
        """
        Args:
            bot: our own numeric id.
            pages: so much of a chat's history is read at most.
        """
        self._http = http
        self._bot = bot
        self._pages = pages

    async def show(
        self,
        address: Address,
        message: DiscordMessage,
        key: str | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Send a message. Never raises for anything that Discord does.

        Args:
            key: Discord drops a repeat with the same one, for a few minutes.
            replies_to: a message there, shown with it as long as it is there and may be read.
        """
        try:
            try:
                return await self._send(address, message, key, replies_to)
            except DiscordRefusal as refusal:
                if refusal.code == NO_REPLY and replies_to is not None:
                    return await self.show(address, message, key)
                if not goes_plain(message, refusal):
                    raise
                log.error("a card was refused and goes out plain", extra={"code": refusal.code})
                return await self._send(address, message.plain, key, replies_to)
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            return after_failure(error)

    async def amend(self, address: Address, number: str, message: DiscordMessage) -> Attempt:
        """Edit a message. May be repeated freely: it leaves the same message."""
        channel = _channel(address)
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=channel,
            message_id=number,
        )
        try:
            await self._http.request(route, json=message.replacing, files=message.files)
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            if isinstance(error, DiscordRefusal) and error.code in (UNKNOWN_MESSAGE, THREAD_SLEEPS):
                return Declined(reason=MESSAGE_GONE)
            outcome = after_failure(error)
            if address.topic and isinstance(outcome, Gone):
                return Declined(reason=MESSAGE_GONE)
            return outcome
        return Sent(message=number)

    async def type(self, address: Address) -> None:
        """Show that something is being written, for a moment. That it fails is only logged."""
        route = Route("POST", "/channels/{channel_id}/typing", channel_id=int(address.chat))
        try:
            await self._http.request(route)
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            log.info("could not show that it takes a while", extra={"reason": str(error)})

    async def find(self, address: Address, mark: str, since: datetime) -> str | None:
        """The id of our message with this mark in its footer, if the chat shows one since then.

        Raises:
            HistoryUnreadable: there is too much.
            DiscordRefusal, RateLimited, NoAnswer: as any call.
        """
        at = _snowflake(since - CLOCKS_APART)
        channel = _channel(address)
        route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel)
        for _ in range(self._pages):
            page = await self._http.request(route, params={"limit": PAGE, "after": at})
            messages = [one for one in page if isinstance(one, Mapping)]
            for one in messages:
                if self._is_ours(one) and mark in _marks(one):
                    return str(one["id"])
            if len(messages) < PAGE:
                return None
            at = max(int(one["id"]) for one in messages)
        raise HistoryUnreadable

    async def _send(
        self,
        address: Address,
        message: DiscordMessage,
        key: str | None,
        replies_to: str | None,
    ) -> Sent:
        body = message.body
        if message.silent:
            body["flags"] = SUPPRESS_NOTIFICATIONS
        if key is not None:
            body |= {"nonce": key, "enforce_nonce": True}
        if replies_to is not None:
            reference = {"message_id": replies_to, "fail_if_not_exists": False}
            body["message_reference"] = reference
        channel = _channel(address)
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        sent = await self._http.request(route, json=body, files=message.files)
        return Sent(message=str(sent.get("id", "")) if isinstance(sent, Mapping) else "")

    def _is_ours(self, message: Json) -> bool:
        author = message.get("author")
        return isinstance(author, Mapping) and author.get("id") == self._bot


def _channel(address: Address) -> str:
    return address.topic or address.thread or address.chat


def goes_plain(message: DiscordMessage, refusal: DiscordRefusal) -> bool:
    """Whether a message that was refused is to be tried with its words alone."""
    has_file = message.picture is not None
    return not message.is_plain and may_go_plain(refusal, with_file=has_file)


def key_of(address: Address, reference: str | None, part: int) -> str | None:
    """The key against repeats of a part of a card: the same on every attempt, 24 characters.

    A bot has one space of keys for all its chats, so the chat is in it too.

    Source: https://docs.discord.com/developers/resources/message#create-message (`nonce`)
    """
    if reference is None:
        return None
    text = "\0".join((address.chat, address.thread, reference, str(part)))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _marks(message: Json) -> Sequence[str]:
    """What the footers of a message say it is."""
    embeds = message.get("embeds")
    footers = [
        embed["footer"].get("text", "")
        for embed in (embeds if isinstance(embeds, list) else [])
        if isinstance(embed, Mapping) and isinstance(embed.get("footer"), Mapping)
    ]
    return [text.partition("\n")[0].partition(" · ")[0] for text in footers]


def _snowflake(at: datetime) -> int:
    """The least id of a message of that time."""
    return max(0, (at - EPOCH) // timedelta(milliseconds=1)) << 22


class Answers:
    """Answers interactions. All raise `DiscordRefusal`, `RateLimited` or `NoAnswer`."""

    def __init__(self, http: DiscordHttp) -> None:
        self._http = http

    async def first(
        self, handle: Handle, kind: int, data: Json | None = None, files: Files = ()
    ) -> str | None:
        """The first answer: what an interaction waits three seconds for.

        Gives the id of the message that shows it, if one does.
        """
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=handle.id,
            webhook_token=handle.token,
        )
        body: dict[str, Any] = {"type": kind}
        if data is not None:
            body["data"] = data
        told = await self._http.request(
            route, json=body, files=files, params={"with_response": "true"}
        )
        match told:
            case {"resource": {"message": {"id": str(id)}}}:
                return id
            case _:
                return None

    async def rewrite(
        self, handle: Handle, message: DiscordMessage, number: str = "@original"
    ) -> str | None:
        """Change the first answer, or the message under which a button was pressed.

        Args:
            number: of another message of the same interaction.
        """
        route = self._message("PATCH", handle, number)
        return _id(await self._http.request(route, json=message.replacing, files=message.files))

    async def withdraw(self, handle: Handle) -> None:
        """Take the first answer back."""
        await self._http.request(self._message("DELETE", handle))

    async def add(self, handle: Handle, message: DiscordMessage, flags: int) -> str | None:
        """Another message after the first answer."""
        route = Route(
            "POST",
            "/webhooks/{webhook_id}/{webhook_token}",
            webhook_id=handle.application,
            webhook_token=handle.token,
        )
        body = {**message.body, "flags": flags}
        return _id(await self._http.request(route, json=body, files=message.files))

    def _message(self, method: str, handle: Handle, number: str = "@original") -> Route:
        # In the path as it is: what is filled in there is quoted, and not every server undoes it.
        return Route(
            method,
            f"/webhooks/{{webhook_id}}/{{webhook_token}}/messages/{number}",
            webhook_id=handle.application,
            webhook_token=handle.token,
        )


def _id(message: object) -> str | None:
    match message:
        case {"id": str(id)}:
            return id
        case _:
            return None
