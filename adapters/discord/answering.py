"""What people are answered with on Discord, and how it is shown."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from adapters.chat.exchange import NoAnswer
from adapters.chat.replies import ChatLocks, MaySend, Shown, send_with_retry, typing
from adapters.discord.api import CHOICES, FORM_SHOWN, Answers, DiscordChats
from adapters.discord.commands import choices
from adapters.discord.handles import MessageHandles
from adapters.discord.interactions import Interaction
from adapters.discord.render import FORM, QUESTION, DiscordMessage, rendered
from adapters.discord.transport import DiscordRefusal, RateLimited
from adapters.discord.updates import (
    CommandAsked,
    DiscordUpdate,
    Pressed,
    Reacted,
    Typing,
    Wanted,
    Written,
)
from bot.domain.cards import Card, Question
from bot.domain.chats import Address
from bot.domain.deliveries import Attempt
from bot.domain.incoming import Reply
from bot.ports import Hear, Suggest
from bot.texts import asking as texts
from bot.texts.language import speaking
from bot.texts.linking import form_of_digits

log = logging.getLogger(__name__)

TYPED_LIMIT = 200
"""Characters that may be typed into a form."""

TYPING_AGAIN = timedelta(seconds=8)
"""It shows for ten seconds.

Source: https://docs.discord.com/developers/resources/channel#trigger-typing-indicator
"""


class DiscordAnswering:
    """Shows what there is to answer."""

    def __init__(
        self,
        answers: Answers,
        chats: DiscordChats,
        handles: MessageHandles,
        may_send: MaySend,
        within: timedelta,
    ) -> None:
        """
        Args:
            within: how long a command is left without an answer before it is said that it takes a
                while.
        """
        self._answers = answers
        self._chats = chats
        self._handles = handles
        self._may_send = may_send
        self._within = within
        self._locks = ChatLocks()
        """For answers to what was written in a chat."""

    async def answer(self, found: DiscordUpdate, hear: Hear, suggest: Suggest) -> None:
        """Answer what was heard, in its own way."""
        try:
            match found:
                case CommandAsked():
                    await self._answer_command(found, hear)
                case Pressed():
                    await self._answer_press(found, hear)
                case Typing():
                    await self._complete(found, suggest)
                case Wanted(person=person, handle=handle, question=question):
                    with speaking(person.language):
                        form = _form_of_digits() if question is None else _form_of(question)
                    await self._answers.first(handle, FORM_SHOWN, form)
                case Written():
                    await self._answer_written(found, hear)
                case Reacted(said=reaction):
                    async for _ in hear(reaction):
                        raise AssertionError("a reaction is not answered")
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            # The person sees that it failed, and asks again.
            log.warning("an answer was not shown", extra={"reason": str(error)})

    async def _answer_command(self, asked: CommandAsked, hear: Hear) -> None:
        """Answer a command: at once if it is quick, else under "thinking..."."""
        answer = Interaction(self._answers, asked.handle, private=asked.said.place.private)
        async with asyncio.TaskGroup() as group:
            group.create_task(answer.think_after(self._within), name="discord thinking")
            async for reply in hear(asked.said):
                card = _card_of(reply)
                if card is not None:
                    await self._show(asked, answer, card, reply)
            answer.settle()
        await answer.close()

    async def _answer_press(self, pressed: Pressed, hear: Hear) -> None:
        """Answer a press: the card it was under changes, and what is new comes after it."""
        answer = Interaction(
            self._answers,
            pressed.handle,
            private=pressed.said.place.private,
            ephemeral=pressed.ephemeral,
        )
        await answer.work()
        async for reply in hear(pressed.said):
            card = _card_of(reply)
            if card is not None:
                await self._show(pressed, answer, card, reply)

    async def _show(
        self, heard: CommandAsked | Pressed, answer: Interaction, card: Card, reply: Reply
    ) -> None:
        replaces = reply.replaces and isinstance(heard, Pressed)
        with speaking(reply.language, reply.zone):
            rest = await answer.show(card, replaces=replaces)
            shown = await self._write_instead(heard, rest) if rest else answer.message
        if not shown or reply.shown is None:
            return
        ephemeral = answer.ephemeral and not rest
        until = await self._handles.keep(shown, heard.handle) if ephemeral else None
        await reply.shown(shown, until)

    async def _answer_written(self, written: Written, hear: Hear) -> None:
        """Answer a message in the chat where it was written, one answer shown after the other."""
        address = written.said.place.address
        turn = self._locks.of(address.chat)
        async with typing(partial(self._chats.type, address), TYPING_AGAIN) as stop:
            async for reply in hear(written.said):
                stop()
                card = _card_of(reply)
                if card is not None:
                    with speaking(reply.language, reply.zone):
                        parts = rendered(card)
                    async with turn:
                        shown = await self._write(address, parts)
                    if shown and reply.shown is not None:
                        await reply.shown(shown)

    async def _complete(self, typing: Typing, suggest: Suggest) -> None:
        names = await suggest(
            typing.place, typing.person, typing.command, typing.argument, typing.typed
        )
        await self._answers.first(typing.handle, CHOICES, {"choices": choices(names)})

    async def _write_instead(
        self, asked: CommandAsked | Pressed, rest: Sequence[DiscordMessage]
    ) -> str | None:
        """The interaction is over: a direct chat gets what is left as messages of its own."""
        place = asked.said.place
        if place.private:
            return await self._write(place.address, rest)
        log.warning("an answer came too late to be shown")
        return None

    async def _write(self, address: Address, parts: Sequence[DiscordMessage]) -> str | None:
        """Show parts of a card as messages; gives the id of the last, `None` if it may not show."""
        shown: Shown | None = None
        for part in parts:
            shown = await send_with_retry(partial(self._show_part, part), address, self._may_send)
        return None if shown is None else shown.message

    async def _show_part(self, part: DiscordMessage, address: Address) -> Attempt:
        return await self._chats.show(address, part)


def _card_of(reply: Reply) -> Card | None:
    """What a reply shows here, where nothing shows for a moment only."""
    if reply.card is None and reply.toast and not reply.passing:
        return Card(title=reply.toast)
    return reply.card


def _form_of_digits() -> Mapping[str, Any]:
    title, label = form_of_digits()
    return _form(FORM, title, label, {"min_length": 6, "max_length": 8})


def _form_of(question: Question) -> Mapping[str, Any]:
    title, label, example = texts.question(question.what)
    id = f"{QUESTION}{question.what} {question.action}"
    return _form(id, title, label, {"max_length": TYPED_LIMIT, "placeholder": example})


def _form(id: str, title: str, label: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Source: https://docs.discord.com/developers/components/reference#label"""
    text = {"type": 4, "custom_id": "typed", "style": 1, "required": True, **more}
    return {
        "custom_id": id,
        "title": title,
        "components": [{"type": 18, "label": label, "component": text}],
    }
