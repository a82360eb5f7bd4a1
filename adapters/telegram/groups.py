"""Who reads along in a group, who has a say in it, and whether somebody is still there.

Source: https://core.telegram.org/bots/api#getchatmember and those around it
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.chat.exchange import NoAnswer, Reached
from adapters.telegram.api import BotApi
from adapters.telegram.faults import RefusalKind, trouble
from adapters.telegram.transport import TelegramRefusal
from bot.domain.chats import Address
from bot.domain.linking import Audience
from bot.domain.text import clean, without_links
from bot.errors import Refused, TryLater, Unreachable
from bot.texts.errors import Sentence
from bot.texts.language import _, ngettext

FRESH = timedelta(seconds=60)
"""How long it is believed that somebody is there."""

KEPT = 10_000
"""So much is remembered before what is no longer fresh is forgotten."""

NAME_LIMIT = 60

_NO_MEMBER = re.compile(r"PARTICIPANT_ID_INVALID|(?:user|member|participant) not found", re.I)

_HAS_A_SAY = frozenset({"creator", "administrator"})


class Groups:
    """Implements `ports.Readership`.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, api: BotApi, clock: Callable[[], float], fresh: timedelta = FRESH) -> None:
        self._api = api
        self._clock = clock
        self._fresh = fresh.total_seconds()
        self._seen: dict[tuple[str, str], float] = {}
        """When a person was last seen in a group."""
        self._name = ""

    async def of(self, address: Address) -> Audience | None:
        """The group, how many it has, and who of them are its administrators; so also of a channel
        in which our bot may post.
        """
        there = {"chat_id": int(address.chat)}
        try:
            chat = await self._ask("getChat", there)
            if chat.get("type") not in ("group", "supergroup", "channel"):
                return None
            count = await self._ask("getChatMemberCount", there)
            members = await self._ask("getChatAdministrators", there)
            ours = self._name or (await self._ask("getMe", {})).get("username", "")
            if chat["type"] == "channel" and not _may_post(members, ours):
                return None
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.PACE:
                raise TryLater(
                    Sentence.TELEGRAM_SAYS_WAIT, retry_after=refusal.retry_after
                ) from None
            return None
        self._name = ours
        name = _name_of(chat)
        return Audience(
            name=name,
            readers=_readers(chat, name, count),
            governors=_governors(members),
            private_chat=f"https://t.me/{ours}?start=" if ours else "",
        )

    async def has_left(self, address: Address, person: str) -> bool:
        now = self._clock()
        if now - self._seen.get((address.chat, person), now - self._fresh) < self._fresh:
            return False
        asked = {"chat_id": int(address.chat), "user_id": int(person)}
        try:
            member = await self._ask("getChatMember", asked)
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.PACE:
                raise TryLater(
                    Sentence.TELEGRAM_SAYS_WAIT, retry_after=refusal.retry_after
                ) from None
            if _NO_MEMBER.search(refusal.description):
                return True
            raise Refused(Sentence.MEMBERS_ARE_HIDDEN) from None
        match member:
            case {"status": "left" | "kicked"} | {"status": "restricted", "is_member": False}:
                return True
        if len(self._seen) >= KEPT:
            self._seen = {key: at for key, at in self._seen.items() if now - at < self._fresh}
        self._seen[address.chat, person] = now
        return False

    async def _ask(self, method: str, parameters: dict[str, Any]) -> Any:
        """
        Raises:
            TelegramRefusal: Telegram has nothing for us.
            Unreachable: Telegram is away.
            TryLater: nobody can tell now.
        """
        try:
            return await self._api.call(method, parameters)
        except NoAnswer as lost:
            kind = Unreachable if lost.reached is Reached.CONNECTING else TryLater
            raise kind(Sentence.TELEGRAM_IS_SILENT) from None


def _governors(members: object) -> frozenset[str]:
    found = members if isinstance(members, list) else []
    return frozenset(
        str(one["user"]["id"])
        for one in found
        if one.get("status") in _HAS_A_SAY and not one["user"].get("is_bot")
    )


def _may_post(members: object, ours: str) -> bool:
    """Source: https://core.telegram.org/bots/api#chatmemberadministrator"""
    found = members if isinstance(members, list) else []
    return any(
        one["user"].get("username") == ours and one.get("can_post_messages") is True
        for one in found
    )


def _readers(chat: dict[str, Any], name: str, count: object) -> str:
    members = count if isinstance(count, int) else 0
    size = ngettext("{count} member", "{count} members", members)
    if chat["type"] == "channel":
        size = ngettext("{count} subscriber", "{count} subscribers", members)
    public = chat.get("username")
    if isinstance(public, str) and public:
        return _(
            "anyone at all, since {name} is public (@{public}, {size})",
            name=name,
            public=clean(public, NAME_LIMIT),
            size=size,
        )
    return _("everyone in {name} ({size}), and whoever joins later", name=name, size=size)


def _name_of(chat: dict[str, Any]) -> str:
    """A group always has a title, though it may show nothing."""
    return without_links(str(chat.get("title", "")), NAME_LIMIT) or "Telegram"
