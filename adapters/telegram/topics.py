"""Forum topics, which our bot makes where it may."""

from collections.abc import Mapping
from typing import Any

from adapters.chat.exchange import NoAnswer, Reached
from adapters.telegram.api import BotApi
from adapters.telegram.faults import RefusalKind, trouble
from adapters.telegram.transport import TelegramRefusal
from bot.domain.chats import Address
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.texts.errors import Sentence


class ForumTopics:
    """Implements `ports.MakeTopics`, in groups and in private chats that have topics.

    Wording of refusals: tdlib/td:td/telegram/ForumTopicManager.cpp
    """

    def __init__(self, api: BotApi) -> None:
        self._api = api

    async def make(self, address: Address, name: str) -> str:
        made = await self._ask("createForumTopic", {"chat_id": int(address.chat), "name": name})
        match made:
            case {"message_thread_id": int(thread)}:
                return str(thread)
        raise OutcomeUnknown(Sentence.TELEGRAM_IS_SILENT)

    async def rename(self, address: Address, thread: str, name: str) -> None:
        wanted = {"chat_id": int(address.chat), "message_thread_id": int(thread), "name": name}
        try:
            await self._ask("editForumTopic", wanted)
        except OutcomeUnknown as unclear:
            raise TryLater(str(unclear)) from unclear

    async def _ask(self, method: str, wanted: Mapping[str, Any]) -> Any:
        try:
            return await self._api.call(method, dict(wanted))
        except NoAnswer as lost:
            certain = lost.reached is Reached.CONNECTING
            raise (TryLater if certain else OutcomeUnknown)(Sentence.TELEGRAM_IS_SILENT) from lost
        except TelegramRefusal as refusal:
            if "TOPIC_NOT_MODIFIED" in refusal.description:
                return True
            what = trouble(refusal)
            if what in (RefusalKind.PACE, RefusalKind.TOKEN) or refusal.status >= 500:
                wait = refusal.retry_after
                raise TryLater(Sentence.TELEGRAM_SAYS_WAIT, retry_after=wait) from refusal
            raise Refused(_why(refusal)) from refusal


def _why(refusal: TelegramRefusal) -> str:
    said = refusal.description.lower()
    if "not a forum" in said or "forum_missing" in said:
        return Sentence.NO_TOPICS_HERE
    if "rights" in said or "admin" in said:
        return Sentence.MAY_MAKE_NO_TOPICS
    return refusal.description.removeprefix("Bad Request: ")
