"""What a chat platform brings: a bot that shows cards at its own pace, and hears what is said.

Those that there are stand in two tables: `bot.settings.CHATS` and `bot.app.chat_platforms`.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeVar

from bot.domain.chats import Address
from bot.domain.deliveries import Priority
from bot.domain.ids import Now
from bot.ports import (
    Handles,
    Hear,
    Journal,
    MakeTopics,
    Messenger,
    Meter,
    Readership,
    ShowMenu,
    Suggest,
    Webhook,
)
from bot.services.pace import Pace

T = TypeVar("T")


class ChatSettings(Protocol):
    """What every chat platform's settings have: our bot's token, and where its API is.

    `needs_https` says that the platform comes to our own pages with what people say, and only to
    an address with https.
    """

    @property
    def token(self) -> str: ...

    @property
    def api_url(self) -> str: ...

    @property
    def needs_https(self) -> bool: ...


class SettingsReader(Protocol):
    """Takes settings out of the environment or a file, and notes what is wrong with them."""

    def value(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """A setting as the type that it stands for, or the default if it is not set or is wrong.

        Args:
            name: without the prefix.
            parse: raises `ValueError` with a sentence that names the setting and the cure.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsBlock:
    """A chat platform's settings, by their names without the prefix.

    In a file, `numbers` and `switches` may be such. `read` is called without a token too, so that
    a mistake in any of them is told; it gives settings with an empty one then.
    """

    texts: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    read: Callable[[SettingsReader], ChatSettings]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.texts, *self.numbers, *self.switches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a bot is given to live with. `public_url` is where our pages are reached."""

    meter: Meter
    public_url: str
    now: Now
    chance: random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBot:
    """A bot of a chat platform: what sends, how fast, and what listens.

    `begin` comes before both: it introduces the bot, even if the platform is not there yet, and
    raises `Misconfigured` if the token is refused. `webhooks` are by path; `trouble` gives a
    sentence while people are not heard; `None` where nobody can tell.
    """

    messenger: Messenger
    pace: Pace
    begin: Callable[[], Coroutine[Any, Any, None]]
    listen: Callable[[Hear, Suggest], Coroutine[Any, Any, NoReturn]]
    readership: Readership | None = None
    show_menu: ShowMenu | None = None
    topics: MakeTopics | None = None
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    trouble: Callable[[], str | None] | None = None


class ChatPlatform(Protocol):
    """A chat platform that is set up.

    `reasons` are all that an attempt there can come to; `exposed` is a sentence for the operator
    if the bot's token crosses a network unencrypted.
    """

    @property
    def reasons(self) -> frozenset[str]: ...

    @property
    def exposed(self) -> str | None: ...

    def open(
        self, around: Around, journal: Journal, handles: Handles
    ) -> AbstractAsyncContextManager[ChatBot]:
        """Our bot; the platform is not asked yet.

        Args:
            journal: for what people say, where the platform does not keep it until it is answered.
            handles: for what changes a message later, where our bot cannot by itself.
        """

    async def look(self, around: Around) -> str:
        """See whether the bot can be used now, and serve nobody; gives what there is to be told.

        Raises:
            Misconfigured: the token is refused.
            Refused: it cannot; the text says why, and what to do.
        """


def pace(rate: float, chat_rate: Callable[[Address], float]) -> Pace:
    """A bot's pace, by the event loop's clock; see `Pace`."""
    return Pace(rate=rate, chat_rate=chat_rate, clock=asyncio.get_running_loop().time)


async def wait_for_rate(pace: Pace, address: Address) -> None:
    """Wait until a reply may leave; who has asked comes before what nobody waits for.

    The platform has just brought what is answered here, so it is not away.
    """
    pace.reached()
    while (wait := pace.chat_wait(address)) > 0:  # noqa: ASYNC110 it is time that we wait for
        await asyncio.sleep(wait)
    pace.sent_to(address)
    await wait_for_rate_of_bot(pace)


async def wait_for_rate_of_bot(pace: Pace) -> None:
    """Wait until the bot as a whole may make one more request."""
    wait, _ = pace.take_place(Priority.NORMAL)
    await asyncio.sleep(wait)
