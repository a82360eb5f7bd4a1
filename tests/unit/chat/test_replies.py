"""Replies, shown with patience."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.chat.replies import REPLY_TRIES, ChatLocks, Shown, send_with_retry, typing
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Declined, Moved, Postponed, Sent, Unknown

HERE = Address(channel=Channel.TELEGRAM, bot="1", chat="7")
SLOW_DOWN = Postponed(reason="slow_down", retry_after=timedelta(seconds=7))
AWAY = Postponed(reason="no_connection")
LOST = Unknown(reason="no_answer_in_time")
SHOWN = Sent(message="5")


class Chat:
    """Shows by script, and remembers where and when it was asked to."""

    def __init__(self, *outcomes: Attempt) -> None:
        self._outcomes = list(outcomes)
        self.asked: list[tuple[str, float]] = []
        self.allowed: list[str] = []

    async def show(self, address: Address) -> Attempt:
        self.asked.append((address.chat, asyncio.get_running_loop().time()))
        return self._outcomes.pop(0)

    async def may_send(self, address: Address) -> None:
        self.allowed.append(address.chat)

    @property
    def waits(self) -> Sequence[float]:
        times = [at for _, at in self.asked]
        return [later - at for at, later in itertools.pairwise(times)]


async def test_a_reply_is_shown_once_it_may_be_sent():
    chat = Chat(SHOWN)

    assert await send_with_retry(chat.show, HERE, chat.may_send) == Shown(HERE, "5")
    assert chat.allowed == ["7"]


async def test_what_was_certainly_not_shown_is_tried_again_when_it_may_be():
    chat = Chat(SLOW_DOWN, AWAY, AWAY, SHOWN)

    assert await send_with_retry(chat.show, HERE, chat.may_send) == Shown(HERE, "5")
    assert chat.waits == [7, 2, 4]
    assert len(chat.allowed) == 4


async def test_nobody_waits_longer_than_a_minute_or_for_ever(caplog: pytest.LogCaptureFixture):
    chat = Chat(*[Postponed(reason="x", retry_after=timedelta(hours=1))] * REPLY_TRIES)

    assert await send_with_retry(chat.show, HERE, chat.may_send) is None
    assert chat.waits == [60] * (REPLY_TRIES - 1)
    assert caplog.messages == ["a reply was not shown"]


async def test_a_reply_follows_its_chat():
    chat = Chat(Moved(chat="8"), SHOWN)

    shown = await send_with_retry(chat.show, HERE, chat.may_send)

    assert shown is not None
    assert (shown.address.chat, chat.allowed) == ("8", ["7", "8"])


@pytest.mark.parametrize("outcome", [LOST, Declined(reason="refused")])
async def test_what_may_show_already_or_never_will_is_not_repeated(outcome: Attempt):
    chat = Chat(outcome)

    assert await send_with_retry(chat.show, HERE, chat.may_send) is None


async def test_what_does_no_harm_is_repeated_freely():
    chat = Chat(LOST, SHOWN)

    assert await send_with_retry(chat.show, HERE, chat.may_send, freely=True) == Shown(HERE, "5")
    assert chat.waits == [1]


async def test_one_shows_after_the_other_in_a_chat_and_chats_side_by_side():
    turns, shown = ChatLocks(), list[str]()

    async def show(chat: str, words: str) -> None:
        async with turns.of(chat):
            await asyncio.sleep(1)
            shown.append(words)

    async with asyncio.TaskGroup() as group:
        for chat, words in [("a", "1"), ("a", "2"), ("b", "3")]:
            group.create_task(show(chat, words))

    assert shown == ["1", "3", "2"]
    assert asyncio.get_running_loop().time() == pytest.approx(2)


async def test_typing_shows_after_a_second_and_again_until_the_answer_is_there():
    shown: list[float] = []

    async def show() -> None:
        shown.append(asyncio.get_running_loop().time())

    async with typing(show, timedelta(seconds=4)) as stop:
        await asyncio.sleep(6)
        stop()
        await asyncio.sleep(10)
    async with typing(show, timedelta(seconds=4)):
        await asyncio.sleep(0.9)

    assert shown == [1, 5]
