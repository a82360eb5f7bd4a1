"""Cards, shown on Discord."""

from datetime import datetime, timedelta

from adapters.chat.exchange import NoAnswer
from adapters.chat.faults import after_part
from adapters.discord.api import Answers, DiscordChats, HistoryUnreadable, key_of
from adapters.discord.faults import MESSAGE_GONE, after_failure
from adapters.discord.handles import MessageHandles
from adapters.discord.render import DiscordMessage, rendered
from adapters.discord.transport import DiscordRefusal, RateLimited
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Attempt, Declined, Gone, Repeats, Sent, TopicGone, Unknown
from bot.domain.ids import Now
from bot.domain.reasons import Reason

KEY_LIFE = timedelta(minutes=2)
"""How long a key against repeats is relied on: Discord says "a few minutes"."""

_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 2, 5, 15, 30, 60, 300, 300, 600, 900, 900, 900, 1800, 1800)
)

UNMARKED_REPEATS = Repeats(waits=_WAITS, urgent_waits=_WAITS, marked=False)
"""A repeat is dropped by its key, later on it is looked for in the chat: it costs nothing, so it
goes on for as long as an outage may last."""


class DiscordMessenger:
    """Implements `ports.Messenger`."""

    channel = Channel.DISCORD

    def __init__(
        self, chats: DiscordChats, answers: Answers, handles: MessageHandles, bot: str, now: Now
    ) -> None:
        self._chats = chats
        self._answers = answers
        self._handles = handles
        self._now = now
        self.bot = bot
        self.repeats = UNMARKED_REPEATS

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card.

        One that needs several messages is Sent once all are; when a later one fails the card
        is Unknown, since some of it shows already.
        """
        parts = rendered(card)
        forgotten = tried_since is not None and self._now() - tried_since > KEY_LIFE
        before = replies_to if replies_to is not None and replies_to.isdecimal() else None
        attempt: Attempt = Sent(message="")
        for number, part in enumerate(parts):
            found = None
            if tried_since is not None and forgotten and part.mark:
                found = await self._look_for(address, part, tried_since)
            key = key_of(address, card.reference, number)
            attempt = found or await self._chats.show(
                address, part, key, before if number == 0 else None
            )
            if isinstance(attempt, Gone) and address.topic and number == 0:
                return TopicGone(reason=attempt.reason)
            if not isinstance(attempt, Sent):
                return after_part(attempt, number, len(parts))
        return attempt

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        if not message.isdecimal():
            return Declined(reason=MESSAGE_GONE)
        part = rendered(card)[-1]
        handle = await self._handles.find(message)
        if handle is None:
            return await self._chats.amend(address, message, part)
        try:
            await self._answers.rewrite(handle, part, message)
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            if isinstance(error, DiscordRefusal):
                return Declined(reason=MESSAGE_GONE)
            return after_failure(error)
        return Sent(message=message)

    async def _look_for(
        self, address: Address, part: DiscordMessage, since: datetime
    ) -> Attempt | None:
        """The outcome of an earlier attempt, by what the chat shows; `None` if it was not shown."""
        try:
            found = await self._chats.find(address, part.mark, since)
        except HistoryUnreadable:
            return Unknown(reason=Reason.HISTORY_UNREADABLE)
        except (DiscordRefusal, RateLimited, NoAnswer) as error:
            # Whatever becomes of a look: the message itself is as unclear as before.
            return _unsettled(after_failure(error))
        return None if found is None else Sent(message=found)


def _unsettled(outcome: Attempt) -> Attempt:
    """A look at the history is no attempt at the message: it can postpone it, and not end it."""
    match outcome:
        case Sent() | Unknown() | Declined():
            return Unknown(reason=Reason.HISTORY_UNREADABLE)
        case _:
            return outcome
