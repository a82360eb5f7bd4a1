"""What reaches us from a chat, and what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.cards import Card
from bot.domain.chats import Address, Person
from bot.domain.ids import ActionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A chat in which others read along, but not what a person is answered there.

    Attributes:
        name: as its platform tells it, empty if it does not; of foreign origin.
        can_manage: the person who speaks has a say in what is shown there.
        missing_permissions: rights that our bot needs to show alerts there and does not have, by
            their English names: sentences of the catalogues (`later`).
        invited: false where our bot seems to be with the person only, and not there itself.
    """

    name: str
    can_manage: bool
    missing_permissions: tuple[str, ...] = ()
    invited: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said.

    Attributes:
        shared: only for platforms where each can be answered alone.
        aside: nobody else there has seen it, nor will they see the answer.
    """

    address: Address
    private: bool
    shared: Shared | None = None
    aside: bool = False

    @property
    def answers_privately(self) -> bool:
        """Whether nobody else reads what a person is answered here."""
        return self.private or self.aside or self.shared is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/name arguments`. `public` asks for an answer that everybody there can read; `at` is when it
    was said, where its platform tells; `options` are the arguments by their names, where its
    platform asks for each; `replied_to` is the message that it was said in reply to.
    """

    place: Place
    person: Person
    name: str
    arguments: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    public: bool = False
    at: datetime | None = None
    replied_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button pressed, or a form sent that it opened: then with the words typed there."""

    place: Place
    person: Person
    action: ActionId
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Anything else a person wrote: the six digits, or a question; `at` and `replied_to` as of a
    command.
    """

    place: Place
    person: Person
    text: str
    at: datetime | None = None
    replied_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The person closed the chat to us (blocked the bot, removed it from the group)."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The chat is open to us, be it again. `added` where somebody has just added our bot to it."""

    place: Place
    added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """What our bot may do in a group has been changed by one of its administrators.

    Attributes:
        administrator: it is one itself; elsewhere it is a member like others.
        makes_topics: where the group has topics, whether it may make them.
    """

    place: Place
    administrator: bool
    makes_topics: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The chat goes on under another number, `chat`: all that was agreed there holds."""

    place: Place
    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A post of a channel, `source`, that a person sent on to us in private."""

    place: Place
    person: Person
    source: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordless:
    """Something without words that a person sent: a voice message, a sticker, where they are."""

    place: Place
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A command of somebody whom the platform shows as the group itself, so nobody knows who."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A person put a reaction on a message; who takes one away has seen it all the same.

    Where the platform does not tell in which chat a topic or thread is, that is the `chat` of the
    place's address.
    """

    place: Place
    person: Person
    message: str


OLD_AFTER = timedelta(minutes=1)
"""A command that is answered later than this may not be meant any more."""


AboutChat = Left | Returned | Ranked | Migrated
"""What a platform tells of a chat: each counts as the last of its kind came."""

Incoming = Command | Press | Words | Wordless | Forwarded | Masked | Reaction | AboutChat


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What a chat platform that posts to us is answered: an HTTP status, and JSON that it waits
    for, if it does.
    """

    status: int
    told: Mapping[str, object] | None = None


class OnShown(Protocol):
    """To be called once a card shows."""

    async def __call__(self, message: str, until: datetime | None = None) -> None:
        """
        Args:
            message: the id of the message that shows the card, its last one.
            until: when it is to be changed for the last time; `None` if it can be at any time.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered.

    `replaces` says that it takes the place of the card whose button was pressed. `toast` is a
    sentence shown for a moment by platforms that can (at most 200 characters), a message
    elsewhere, or nothing there if it is `passing`. A reply with neither card nor toast only
    acknowledges. `language` is the one that it is in, `zone` by whose clock its times are.
    """

    card: Card | None = None
    toast: str | None = None
    passing: bool = False
    replaces: bool = False
    shown: OnShown | None = None
    language: str = "en"
    zone: str = ""
