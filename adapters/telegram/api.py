"""Calls of the Bot API that show something in a chat, and what became of them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from telegram import Bot, InputFile

from adapters.chat.exchange import NoAnswer
from adapters.telegram.asides import Aside, is_aside
from adapters.telegram.faults import (
    MESSAGE_GONE,
    RefusalKind,
    after_no_answer,
    after_refusal,
    knows_no_entity,
    trouble,
)
from adapters.telegram.render import Photo, TelegramMessage
from adapters.telegram.transport import BotApiRequest, TelegramRefusal
from bot.domain.chats import Address
from bot.domain.deliveries import (
    Attempt,
    Declined,
    Gone,
    Postponed,
    Scope,
    Sent,
    TopicGone,
    Unknown,
)
from bot.domain.reasons import Reason

log = logging.getLogger(__name__)

PHOTO = "picture.png"

TOAST_LIMIT = 200
"""Characters. Source: https://core.telegram.org/bots/api#answercallbackquery"""

_library_log = logging.getLogger(f"{__name__}.library")
# Below this the library logs the token and every text; a filter holds whatever the level is.
_library_log.addFilter(lambda record: record.levelno >= logging.INFO)


class BotApi(Bot):
    """The library's bot, with a call whose answer stays as it came.

    Building the library's `Message` of an answer costs as much as all the rest of the call
    (measured), and nobody reads it.
    """

    _LOGGER = _library_log

    async def call(
        self,
        method: str,
        parameters: dict[str, Any],
        *,
        wait: timedelta | None = None,
    ) -> Any:
        """Call a method.

        Args:
            wait: how long Telegram itself may take before it answers.

        Raises:
            TelegramRefusal: the Bot API said no.
            NoAnswer: nobody knows.
        """
        if wait is not None:
            patience = (self.request.read_timeout or 0) + wait.total_seconds()
            return await self._do_post(method, parameters, read_timeout=patience)
        request = self.request
        assert isinstance(request, BotApiRequest)
        return await request.ask(f"{self.base_url}/{method}", parameters)

    async def upload(self, method: str, parameters: dict[str, Any]) -> Any:
        """Call a method with files, `InputFile`s, among its parameters.

        Raises:
            TelegramRefusal: the Bot API said no.
            NoAnswer: nobody knows.
        """
        return await self._do_post(method, parameters)

    def __repr__(self) -> str:
        return f"<bot {self.token.partition(':')[0]}>"  # the library's holds the whole token


class TelegramChats:
    """Shows messages, changes them and answers presses. Raises nothing that Telegram does."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._in_doubt = False
        """Nobody knows what became of the last message."""
        self._unknown_entities: frozenset[str] = frozenset()
        """Those of which an older server has said that it does not know them."""

    async def show(
        self,
        address: Address,
        message: TelegramMessage,
        answered: int | None = None,
    ) -> Attempt:
        """Send a message. A second try is made only after the first was certainly not sent.

        After an outcome that nobody knows, something harmless is asked first: an outage must not
        use up the few attempts that each message has.

        Args:
            answered: the message that it is an answer to, shown with it as long as it is there.
        """
        if self._in_doubt:
            away = await self._probe(address)
            if away is not None:
                return away
        attempt = await self._show(address, message, answered)
        self._in_doubt = isinstance(attempt, Unknown)
        return attempt

    async def _show(
        self,
        address: Address,
        message: TelegramMessage,
        answered: int | None,
    ) -> Attempt:
        try:
            return await self._send(address, message, answered)
        except NoAnswer as lost:
            return after_no_answer(lost)
        except TelegramRefusal as refusal:
            first = refusal
        try:
            match trouble(first):
                case RefusalKind.CONTENT:
                    log.error("a card was refused and goes out plain", extra=_about(first))
                    return await self._send(address, message.plain)
                case RefusalKind.REPLY if answered is not None:
                    return await self._send(address, message)
                case RefusalKind.TOPIC if address.topic:
                    return TopicGone(reason=Reason.TOPIC_CLOSED)
                case RefusalKind.TOPIC if address.thread:
                    log.warning("a topic is closed, using the general one", extra=_about(first))
                    return await self._send(replace(address, thread=""), message)
                case RefusalKind.UNKNOWN_CHAT:
                    return await self._look_for(address)
        except NoAnswer as lost:
            return after_no_answer(lost)
        except TelegramRefusal as refusal:
            return after_refusal(refusal)
        return after_refusal(first)

    async def whisper(
        self, address: Address, aside: Aside, message: TelegramMessage, *, replaces: bool
    ) -> Attempt:
        """Answer one person in a group so that nobody else reads it.

        Args:
            replaces: the message that was pressed under says this from now on.
        """
        there: dict[str, Any] = {"chat_id": int(address.chat)}
        if replaces:
            return await self._whisper("editEphemeralMessageText", message, there | aside.to_edit)
        if message.protected:
            there["protect_content"] = True
        if address.thread:
            there["message_thread_id"] = int(address.thread)
        return await self._whisper("sendMessage", message, there | aside.to_answer)

    async def _whisper(
        self, method: str, message: TelegramMessage, parameters: dict[str, Any]
    ) -> Attempt:
        try:
            sent = await self._call(method, message, parameters)
        except NoAnswer as lost:
            return after_no_answer(lost)
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.UNCHANGED:
                return Sent(message="")
            return after_refusal(refusal)
        if method == "sendMessage" and not is_aside(sent):
            return await self._take_back(parameters["chat_id"], sent)
        return Sent(message="")

    async def _take_back(self, chat: int, sent: Any) -> Attempt:
        """A server has shown to all what was for one."""
        log.error("an answer for one person was shown to a group, and is taken back")
        number = sent.get("message_id") if isinstance(sent, dict) else None
        try:
            await self._api.call("deleteMessage", {"chat_id": chat, "message_id": number})
        except (TelegramRefusal, NoAnswer) as error:
            log.error("it could not be taken back", extra={"reason": str(error)})
        return Declined(reason=Reason.FOREIGN_ANSWER)

    async def change(self, address: Address, number: int, message: TelegramMessage) -> Attempt:
        """Edit a message, or send it anew if that one is gone; see `amend`."""
        outcome = await self._change(address, number, message)
        return await self.show(address, message) if outcome is None else outcome

    async def amend(self, address: Address, number: int, message: TelegramMessage) -> Attempt:
        """Edit a message, if it is still there.

        An edit may be repeated freely, whatever became of it: it leaves the same message.
        """
        outcome = await self._change(address, number, message)
        return Declined(reason=MESSAGE_GONE) if outcome is None else outcome

    async def _change(
        self, address: Address, number: int, message: TelegramMessage
    ) -> Attempt | None:
        """`None` if the message is gone or cannot be edited any more."""
        try:
            try:
                return await self._edit(address, number, message)
            except TelegramRefusal as refusal:
                if trouble(refusal) is not RefusalKind.CONTENT:
                    raise
                log.error("a card was refused and goes out plain", extra=_about(refusal))
                return await self._edit(address, number, message.plain)
        except NoAnswer as lost:
            return after_no_answer(lost)
        except TelegramRefusal as refusal:
            match trouble(refusal):
                case RefusalKind.UNCHANGED:
                    return Sent(message=str(number))
                case RefusalKind.MESSAGE:
                    return None
                case _:
                    return after_refusal(refusal)

    async def illustrate(self, address: Address, photo: Photo) -> None:
        """Show a picture, silently, to what was said just before. That it fails is only logged."""
        parameters: dict[str, Any] = {
            "chat_id": int(address.chat),
            "photo": InputFile(photo.png, PHOTO),
            "caption": photo.caption,
            "disable_notification": True,
        }
        if thread := address.topic or address.thread:
            parameters["message_thread_id"] = int(thread)
        try:
            await self._api.upload("sendPhoto", parameters)
        except (TelegramRefusal, NoAnswer) as error:
            log.warning("a picture may not have been shown", extra={"reason": str(error)})

    async def answer(self, query: str, toast: str = "") -> bool:
        """End the spinner on a pressed button, with a sentence if there is one; gives whether
        Telegram took it.
        """
        parameters: dict[str, Any] = {"callback_query_id": query}
        if toast:
            parameters["text"] = toast[:TOAST_LIMIT]
        try:
            await self._api.call("answerCallbackQuery", parameters)
        except (TelegramRefusal, NoAnswer) as error:
            # Too late, or nobody knows: the press itself is being worked on all the same.
            log.info("a press could not be answered", extra={"reason": str(error)})
            return False
        return True

    async def type(self, address: Address) -> None:
        """Show 'typing' for a moment. That it fails is only logged."""
        parameters: dict[str, Any] = {"chat_id": int(address.chat), "action": "typing"}
        if thread := address.topic or address.thread:
            parameters["message_thread_id"] = int(thread)
        try:
            await self._api.call("sendChatAction", parameters)
        except (TelegramRefusal, NoAnswer) as error:
            log.info("could not show that it takes a while", extra={"reason": str(error)})

    async def _send(
        self,
        address: Address,
        message: TelegramMessage,
        answered: int | None = None,
    ) -> Sent:
        parameters: dict[str, Any] = {"chat_id": int(address.chat)}
        if answered is not None:
            there = {"message_id": answered, "allow_sending_without_reply": True}
            parameters["reply_parameters"] = there
        if message.silent:
            parameters["disable_notification"] = True
        if message.protected:
            parameters["protect_content"] = True
        if thread := address.topic or address.thread:
            parameters["message_thread_id"] = int(thread)
        sent = await self._call("sendMessage", message, parameters)
        number = sent.get("message_id", "") if isinstance(sent, dict) else ""
        return Sent(message=str(number))

    async def _edit(self, address: Address, number: int, message: TelegramMessage) -> Sent:
        parameters = {"chat_id": int(address.chat), "message_id": number}
        await self._call("editMessageText", message, parameters)
        return Sent(message=str(number))

    async def _call(
        self, method: str, message: TelegramMessage, parameters: Mapping[str, Any]
    ) -> Any:
        """Make a call with what a message shows; with plain words for what the server does not
        know. What is refused was certainly not shown, so it may be sent again.
        """
        while True:
            shown = message.without(self._unknown_entities)
            try:
                return await self._api.call(method, {**parameters, **_content(shown)})
            except TelegramRefusal as refusal:
                newest = shown.newest_entity
                if newest is None or not knows_no_entity(refusal):
                    raise
                log.warning(
                    "the server is older: words go out plain",
                    extra={**_about(refusal), "entity": newest},
                )
                self._unknown_entities |= {newest}

    async def _probe(self, address: Address) -> Attempt | None:
        """Ask whether anybody is there; gives what keeps us from sending, if anything does.

        It goes the way of a message, and the chat shows 'typing' for a moment.
        """
        try:
            await self._api.call(
                "sendChatAction", {"chat_id": int(address.chat), "action": "typing"}
            )
        except TelegramRefusal as refusal:
            if trouble(refusal) is RefusalKind.PACE:
                return after_refusal(refusal)
            # Somebody is there, and will say what is wrong with the message too.
        except NoAnswer as lost:
            outcome = after_no_answer(lost)
            if isinstance(outcome, Postponed):
                return outcome
            return Postponed(reason=outcome.reason, scope=Scope.CHANNEL)
        return None

    async def _look_for(self, address: Address) -> Attempt:
        """Ask once whether a chat that was 'not found' is really gone."""
        try:
            await self._api.call("getChat", {"chat_id": int(address.chat)})
        except TelegramRefusal:
            return Gone(reason=Reason.CHAT_NOT_FOUND)
        return Postponed(reason=Reason.CHAT_NOT_FOUND_AT_FIRST, counts=True)


def _content(message: TelegramMessage) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "text": message.text,
        "link_preview_options": {"is_disabled": True},
    }
    if message.entities:
        parameters["entities"] = message.entities
    if message.buttons:
        parameters["reply_markup"] = {"inline_keyboard": message.buttons}
    return parameters


def _about(refusal: TelegramRefusal) -> dict[str, object]:
    return {"status": refusal.status, "description": refusal.description}
