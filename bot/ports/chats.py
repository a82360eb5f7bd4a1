"""What the core needs of chat platforms, and they of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.cards import Card, Look, Picture
from bot.domain.charts import (
    Chart,
)
from bot.domain.chats import Address, Channel, Person
from bot.domain.commands import Spec
from bot.domain.deliveries import Attempt, Repeats
from bot.domain.incoming import HookAnswer, Incoming, Place, Reply
from bot.domain.linking import Audience


class Messenger(Protocol):
    """Shows cards in the chats of one bot of one platform."""

    @property
    def channel(self) -> Channel: ...

    @property
    def bot(self) -> str:
        """The numeric id of our bot there."""

    @property
    def repeats(self) -> Repeats:
        """How an attempt of unknown outcome may be repeated here."""

    async def send(
        self,
        address: Address,
        card: Card,
        tried_since: datetime | None = None,
        replies_to: str | None = None,
    ) -> Attempt:
        """Show a card. Never raises for anything that the other side does: the outcome says it all.

        Where the platform has a key against repeats, it is made from `card.reference`.

        Args:
            tried_since: an attempt at this card may have shown it already, and none was made before
                this instant. Where repeats are not marked, it is not shown twice for all that.
            replies_to: a message of ours there, by its id, that it goes on with. Where that is
                gone, or nothing may reply to it, it is shown all the same.
        """

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """Change a message of ours to show this card instead; where a card took several, the last
        of them. It may be repeated freely, and never shows anything anew or with a sound.

        Sent also if the message shows the card already; Declined if it is gone, or cannot be
        changed any more. Never raises for anything that the other side does.

        Args:
            message: what `Sent` said.
        """


class Readership(Protocol):
    """Those who read along in shared chats; adapters of platforms that have them implement it."""

    async def of(self, address: Address) -> Audience | None:
        """Who will see what is shown in a chat; `None` if our bot is not there.

        Raises:
            TryLater: nobody can tell now.
        """

    async def has_left(self, address: Address, person: str) -> bool:
        """Whether a person is not there any more; true at the latest a minute after they left.

        Raises:
            Unreachable: the platform is away.
            TryLater: nobody can tell now.
            Refused: nobody tells us, since our bot is not there itself.
        """


class ShowMenu(Protocol):
    """Lists commands where a person begins to type; adapters of platforms that can do so for a
    single chat implement it.
    """

    async def __call__(self, address: Address, specs: Sequence[Spec] | None) -> None:
        """Have a private chat list these, in the language that is spoken; `None` for what it lists
        everywhere. It may be repeated freely.

        Raises:
            TryLater: nobody knows whether it does now.
            Refused: it does not, and will not.
        """


class Draw(Protocol):
    """Draws charts."""

    async def __call__(self, chart: Chart, look: Look) -> Picture:
        """The chart as a picture, its words as they are. The same chart gives the same bytes.

        It may raise anything, also that it takes too long: whoever asks goes on without a picture.
        """


class Suggest(Protocol):
    """Completes what a person types; the router implements it, chat adapters call it."""

    async def __call__(
        self, place: Place, person: Person, command: str, argument: str, typed: str
    ) -> Sequence[str]:
        """What an argument of the command may become, likeliest first; from the last known state,
        never waiting for the platform. Nothing for whom the command is not. Never raises.

        Args:
            argument: empty where all are typed in one line: then what that may become.
        """


class Hear(Protocol):
    """Answers what a person said; the router implements it, chat adapters call it."""

    def __call__(self, said: Incoming) -> AsyncIterator[Reply]:
        """Zero or more replies, the last one final. Never raises."""


class Webhook(Protocol):
    """Takes what a chat platform posts to us."""

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Check it and see to it, or refuse it."""


class Handles(Protocol):
    """Secrets by which single messages of a chat platform can be changed for a while."""

    async def keep(
        self, channel: Channel, bot: str, message: str, handle: str, until: datetime
    ) -> None:
        """Keep what changes a message; what was kept of it before is forgotten."""

    async def find(self, channel: Channel, bot: str, message: str) -> str | None:
        """What changes the message now; `None` if nothing does any more."""


class Journal(Protocol):
    """Updates of a chat platform, stored before they are confirmed to it.

    `done` ones are kept a while, so that a replayed update is recognised.
    """

    async def keep(self, channel: Channel, bot: str, updates: Mapping[int, str]) -> Sequence[int]:
        """Store updates by their number; gives the numbers that are new, in ascending order."""

    async def open(self, channel: Channel, bot: str) -> Mapping[int, str]:
        """Updates stored but not done, in ascending order: what a crash left."""

    async def done(self, channel: Channel, bot: str, update: int) -> None:
        """Mark as answered; its text is erased."""
