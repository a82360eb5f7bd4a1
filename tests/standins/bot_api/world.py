"""People, their chats and what their devices show, with the log of what the bot asked for."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from tests.standins.bot_api.text import Entity, Formatted, spans, utf16_length

Json = dict[str, Any]
Found = TypeVar("Found")

ANONYMOUS_ADMIN = 1087968824
"""The user that posts for anonymous group admins (`@GroupAnonymousBot`)."""

FIRST_PERSON = 5_000_000_001

_FREEDOMS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_edit_tag",
    "can_react_to_messages",
)
"""Of somebody restricted. Source: https://core.telegram.org/bots/api#chatmemberrestricted"""

_RIGHTS = (
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)
"""Of an administrator. Source: https://core.telegram.org/bots/api#chatmemberadministrator"""
"""Ids are above 32 bits, as Telegram's may be."""


class Access(Enum):
    """Whether the bot may write to a chat, and if not, what Telegram answers.

    Source: `check_chat_access` in tdlib/telegram-bot-api:telegram-bot-api/Client.cpp.
    """

    OPEN = (200, "")
    NEVER_STARTED = (400, "Bad Request: chat not found")
    BLOCKED = (403, "Forbidden: bot was blocked by the user")
    DEACTIVATED = (403, "Forbidden: user is deactivated")
    KICKED = (403, "Forbidden: bot was kicked from the {type} chat")
    LEFT = (403, "Forbidden: bot is not a member of the {type} chat")
    DELETED = (403, "Forbidden: the group chat was deleted")
    MUTED = (400, "Bad Request: not enough rights to send text messages to the chat")


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: str | None = None
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(slots=True, eq=False)
class Message:
    """One message as a device shows it now.

    `at` is when it arrived (`time.monotonic`), `earlier` what it said before each edit,
    `markup` its buttons as the bot sent them, `extra` what only service messages have.
    """

    chat: "Chat"
    id: int
    sender: int
    shown: Formatted
    at: float
    date: int
    buttons: Rows = ()
    silent: bool = False
    protected: bool = False
    preview: bool = True
    thread: int | None = None
    reply_to: int | None = None
    photo: bytes | None = None
    earlier: list[str] = field(default_factory=list)
    deleted: bool = False
    reader: int | None = None
    """Of an ephemeral message: who alone sees it, beside the bot."""
    is_too_old: bool = False
    """To be edited: some kinds of messages are after 48 hours."""
    markup: Json | None = None
    extra: Json = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.shown.text

    @property
    def entities(self) -> tuple[Entity, ...]:
        return self.shown.entities

    @property
    def edited(self) -> bool:
        return bool(self.earlier)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(button.text for row in self.buttons for button in row)

    def parts(self, type_: str) -> Sequence[str]:
        """The pieces of the text that are bold, italic, ..."""
        return spans(self.shown, type_)

    def button(self, label: str) -> Button:
        for row in self.buttons:
            for button in row:
                if button.text == label:
                    return button
        raise AssertionError(f"no button {label!r} under {self}")

    def __str__(self) -> str:
        state = " (deleted)" if self.deleted else " (edited)" if self.edited else ""
        return f"[{self.chat.id}/{self.id}]{state} {self.text!r} {list(self.labels)}"


@dataclass(slots=True, eq=False)
class Topic:
    name: str
    closed: bool = False


@dataclass(slots=True, eq=False)
class Chat:
    id: int
    type: str
    title: str
    access: Access = Access.OPEN
    members: dict[int, "Person"] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    topics: dict[int, Topic] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    """By their ids; of a group those who may change it."""
    username: str = ""
    """Of a public group."""
    bot_is_admin: bool = False
    forum: bool = False
    """Topics are turned on."""
    bot_may_manage_topics: bool = False
    migrated_to: "Chat | None" = None
    # Counted for each chat, so that an id alone never identifies a message.
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    asides: list[Message] = field(default_factory=list)
    """Ephemeral messages, of whoever may see them."""

    @property
    def shown(self) -> list[Message]:
        """What a device shows, oldest first."""
        return [message for message in self.messages if not message.deleted]

    def find_aside(self, message: int, reader: int) -> Message | None:
        of_theirs = (m for m in self.asides if m.reader == reader and m.id == message)
        return next(of_theirs, None)

    def find(self, message: int) -> Message | None:
        return next((m for m in self.shown if m.id == message), None)

    @property
    def is_forum(self) -> bool:
        return self.forum or bool(self.topics)

    def as_json(self) -> Json:
        forum = {"is_forum": True} if self.is_forum else {}
        if self.type == "private":
            return {"id": self.id, "type": self.type, "first_name": self.title, **forum}
        public = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.type, "title": self.title, **public, **forum}


@dataclass(slots=True, eq=False)
class Press:
    """A press on a button; `answer` is what the bot answered, once it has."""

    id: str
    person: "Person"
    message: Message
    button: Button
    world: "World"
    at: float
    answer: "Answer | None" = None

    async def answered(self, *, within: float = 20.0) -> "Answer":
        return await self.world.until(lambda: self.answer, within=within)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a pressing person sees: nothing (empty text), a toast or an alert."""

    text: str
    alert: bool
    at: float


@dataclass(slots=True, eq=False)
class Person:
    """Somebody with a phone."""

    id: int
    name: str
    world: "World"
    language: str = "en"

    @property
    def chat(self) -> Chat:
        """Their private chat with the bot."""
        return self.world.chats[self.id]

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            "language_code": self.language,
        }

    def types(self, text: str, chat: Chat | None = None, thread: int | None = None) -> Message:
        """Write a message; gives it as it stands in the chat.

        In a group the bot hears only what privacy mode lets through: commands that name it
        or nobody, and replies (`replies`).
        """
        where = chat or self.chat
        if where.type == "private":
            assert where.access is not Access.BLOCKED, f"{self.name} blocks the bot"
            where.access = Access.OPEN
        return self.world.heard(self, where, text, thread=thread)

    def asks_alone(self, text: str, chat: Chat) -> Message:
        """Send an ephemeral command in a group: nobody else there sees it."""
        return self.world.asked_alone(self, chat, text)

    def forwards(self, post: Message) -> Message:
        """Send a post of a channel on to the bot, in private."""
        origin = {
            "type": "channel",
            "chat": post.chat.as_json(),
            "message_id": post.id,
            "date": post.date,
        }
        return self.world.heard(self, self.chat, post.text, forward_origin=origin)

    def sends(self, kind: str, chat: Chat | None = None, caption: str = "") -> Message:
        """Send something that is no text, such as a `voice` or a `photo`."""
        content: Json = {kind: [{"file_id": kind}] if kind == "photo" else {"file_id": kind}}
        if caption:
            content["caption"] = caption
        return self.world.heard(self, chat or self.chat, "", **content)

    def replies(self, message: Message, text: str) -> Message:
        return self.world.heard(self, message.chat, text, reply_to=message)

    def presses(self, message: Message, label: str) -> Press:
        """Press a button by what stands on it.

        A button keeps working for who has an old copy of the message on the screen, so a
        message that was changed meanwhile can be pressed with `Message.button` of before.
        """
        return self.presses_button(message, message.button(label))

    def presses_button(self, message: Message, button: Button) -> Press:
        return self.world.pressed(self, message, button)

    def reacts(self, message: Message, emoji: str = "\U0001f44d", *, before: str = "") -> None:
        """Put a reaction on a message in place of the one before, or take that away (no emoji)."""
        self.world.reacted({"user": self.as_json()}, message, emoji, before)

    def reacts_anonymously(self, message: Message) -> None:
        """As the group itself, which its admins may."""
        self.world.reacted({"actor_chat": message.chat.as_json()}, message, "\U0001f44d", "")

    def blocks(self) -> None:
        self.world.member_changed(self.chat, self, Access.BLOCKED)

    def unblocks(self) -> None:
        self.world.member_changed(self.chat, self, Access.OPEN)

    def kicks_bot(self, chat: Chat) -> None:
        self.world.member_changed(chat, self, Access.KICKED)

    def adds_bot(self, chat: Chat) -> None:
        self.world.member_changed(chat, self, Access.OPEN)

    def mutes_bot(self, chat: Chat) -> None:
        self.world.member_changed(chat, self, Access.MUTED)

    def ranks_bot(self, chat: Chat, *, administrator: bool, topics: bool = False) -> None:
        """Make the bot an administrator of a group, who may manage topics, or a member again."""
        self.world.member_changed(
            chat, self, Access.OPEN, administrator=administrator, topics=topics
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the bot. `at` is when it arrived (`time.monotonic`)."""

    number: int
    method: str
    parameters: Mapping[str, str]
    at: float

    @property
    def chat(self) -> int | None:
        value = self.parameters.get("chat_id", "")
        return int(value) if value.lstrip("-").isdigit() else None


class World:
    """Everything that stands behind the Bot API, and the ledger of it.

    `messages` are the bot's, in the order in which they reached a device; `calls` is every
    request, whatever became of it.
    """

    def __init__(self, bot: Json) -> None:
        self.bot = bot
        self.chats: dict[int, Chat] = {}
        self.people: dict[int, Person] = {}
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self.presses: dict[str, Press] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.described: dict[tuple[str, str], str] = {}
        """By the field's name and a language."""
        self.updates: list[Json] = []
        self.allowed: frozenset[str] | None = None
        self.knows_asides = False
        """Ephemeral messages, as servers of version 10.3 do."""
        self._ids = itertools.count(FIRST_PERSON)
        self._groups = itertools.count(1)
        self._updates = itertools.count(700_000_001)
        self._presses = itertools.count(4_382_740_000_000_001)
        self._waiting: set[asyncio.Future[None]] = set()

    # --- who is there ---------------------------------------------------------------------

    def person(self, name: str, *, started: bool = True, id: int | None = None) -> Person:
        """Somebody new; `started` says that the bot may already write to them."""
        person = Person(id if id is not None else next(self._ids), name, self)
        self.people[person.id] = person
        access = Access.OPEN if started else Access.NEVER_STARTED
        self.chats[person.id] = Chat(
            person.id, "private", name, access, members={person.id: person}
        )
        return person

    def group(self, title: str, *members: Person, basic: bool = False) -> Chat:
        """A group that the bot is in. Unless `basic`, it is a supergroup, as new ones become."""
        number = next(self._groups)
        id = -4_000_000_000 - number if basic else -1_002_000_000_000 - number
        chat = Chat(
            id,
            "group" if basic else "supergroup",
            title,
            members={person.id: person for person in members},
        )
        self.chats[id] = chat
        return chat

    def topic(self, chat: Chat, name: str) -> int:
        """Open a topic; gives its thread id."""
        thread = next(chat.numbers)
        chat.topics[thread] = Topic(name)
        return thread

    def upgrade(self, chat: Chat) -> Chat:
        """Turn a basic group into a supergroup, which has another id."""
        new = self.group(chat.title, *chat.members.values())
        chat.migrated_to = new
        owner = next(iter(chat.members.values()))
        self.heard(owner, chat, "", migrate_to_chat_id=new.id)
        self.heard(owner, new, "", migrate_from_chat_id=chat.id)
        return new

    # --- what people do -------------------------------------------------------------------

    def heard(
        self,
        person: Person,
        chat: Chat,
        text: str,
        *,
        thread: int | None = None,
        reply_to: Message | None = None,
        sender_chat: Chat | None = None,
        **extra: Any,
    ) -> Message:
        message = self.place(
            chat,
            person.id,
            Formatted(text, tuple(_found(text))),
            thread=thread,
            reply_to=reply_to.id if reply_to else None,
            extra={**extra, **({"sender_chat": sender_chat.as_json()} if sender_chat else {})},
        )
        if extra or chat.type == "private" or self._passes_privacy(text, reply_to):
            self.post("message", self.as_json(message, with_reply=True))
        return message

    def types_anonymously(self, chat: Chat, text: str) -> Message:
        """A group's admin who posts as the group itself."""
        mask = Person(ANONYMOUS_ADMIN, "Group", self)
        self.people.setdefault(mask.id, mask)
        return self.heard(mask, chat, text, sender_chat=chat)

    def asked_alone(self, person: Person, chat: Chat, text: str) -> Message:
        """Clients send so what the bot has listed as ephemeral in its menu.

        Source: https://core.telegram.org/bots/api#ephemeral-messages-and-commands
        """
        word = text.split(maxsplit=1)[0].removeprefix("/").partition("@")[0]
        lists = [each for kept in self.commands.values() for each in kept]
        assert {"command": word, "is_ephemeral": True}.items() <= next(
            (one for one in lists if one["command"] == word and "is_ephemeral" in one), {}
        ).items(), f"/{word} is no ephemeral command"
        shown = Formatted(text, tuple(_found(text)))
        message = self.place_aside(chat, person.id, shown, person.id)
        self.post("message", self.as_json(message))
        return message

    def place_aside(
        self, chat: Chat, sender: int, shown: Formatted, reader: int, **rest: Any
    ) -> Message:
        """Put an ephemeral message on one person's devices; its numbers are of their own."""
        message = Message(
            chat=chat,
            id=next(chat.numbers),
            sender=sender,
            shown=shown,
            at=time.monotonic(),
            date=_unix_now(),
            reader=reader,
            **rest,
        )
        chat.asides.append(message)
        if sender == self.bot["id"]:
            self.messages.append(message)
        self.changed()
        return message

    def pressed(self, person: Person, message: Message, button: Button) -> Press:
        press = Press(str(next(self._presses)), person, message, button, self, time.monotonic())
        self.presses[press.id] = press
        self.post(
            "callback_query",
            {
                "id": press.id,
                "from": person.as_json(),
                "message": self.as_json(message),
                "chat_instance": str(message.chat.id),
                "data": button.data,
            },
        )
        return press

    def reacted(self, who: Json, message: Message, emoji: str, before: str) -> None:
        """Told only to a bot that names that kind of update, from a group only to its admins.

        Source: https://core.telegram.org/bots/api#update (`message_reaction`)
        """
        if self.allowed is None or not (
            message.chat.type == "private" or message.chat.bot_is_admin
        ):
            return
        old, new = ([{"type": "emoji", "emoji": one}] if one else [] for one in (before, emoji))
        self.post(
            "message_reaction",
            {
                "chat": message.chat.as_json(),
                "message_id": message.id,
                "date": _unix_now(),
                "old_reaction": old,
                "new_reaction": new,
                **who,
            },
        )

    def member_changed(
        self,
        chat: Chat,
        person: Person,
        access: Access,
        *,
        administrator: bool = False,
        topics: bool = False,
    ) -> None:
        old = self.membership(chat)
        chat.access, chat.bot_is_admin, chat.bot_may_manage_topics = access, administrator, topics
        self.post(
            "my_chat_member",
            {
                "chat": chat.as_json(),
                "from": person.as_json(),
                "date": _unix_now(),
                "old_chat_member": old,
                "new_chat_member": self.membership(chat),
            },
        )

    def membership(self, chat: Chat) -> Json:
        """Source: https://core.telegram.org/bots/api#chatmember"""
        match chat.access:
            case Access.BLOCKED | Access.KICKED:
                return {"user": self.bot, "status": "kicked", "until_date": 0}
            case Access.LEFT:
                return {"user": self.bot, "status": "left"}
            case Access.MUTED:
                muted = {**dict.fromkeys(_FREEDOMS, False), "until_date": 0}
                return {"user": self.bot, "status": "restricted", "is_member": True, **muted}
        if not chat.bot_is_admin:
            return {"user": self.bot, "status": "member"}
        rights = dict.fromkeys(_RIGHTS, False)
        if chat.type == "channel":
            rights["can_post_messages"] = True
        rights["can_manage_topics"] = chat.bot_may_manage_topics
        return {"user": self.bot, "status": "administrator", "can_be_edited": False, **rights}

    def _passes_privacy(self, text: str, reply_to: Message | None) -> bool:
        if reply_to is not None and reply_to.sender == self.bot["id"]:
            return True
        word = text.split(maxsplit=1)[0] if text.startswith("/") else ""
        _, at, name = word.partition("@")
        return bool(word) and (not at or name.lower() == self.bot["username"].lower())

    # --- what the bot does ----------------------------------------------------------------

    def place(self, chat: Chat, sender: int, shown: Formatted, **rest: Any) -> Message:
        """Put a message on the devices of a chat."""
        message = Message(
            chat=chat,
            id=next(chat.numbers),
            sender=sender,
            shown=shown,
            at=time.monotonic(),
            date=_unix_now(),
            **rest,
        )
        chat.messages.append(message)
        if sender == self.bot["id"]:
            self.messages.append(message)
        self.changed()
        return message

    def channel(self, title: str, owner: Person, username: str = "") -> Chat:
        """Nobody but its administrators writes there."""
        chat = self.group(title, owner)
        chat.type, chat.username, chat.admins = "channel", username, {owner.id}
        return chat

    def as_json(self, message: Message, *, with_reply: bool = False) -> Json:
        sender = self.people.get(message.sender)
        found: Json = {
            "message_id": message.id,
            "from": sender.as_json() if sender else self.bot,
            "chat": message.chat.as_json(),
            "date": message.date,
            **message.extra,
        }
        if message.reader is not None:
            reader = self.people[message.reader].as_json()
            found |= {"message_id": 0, "ephemeral_message_id": message.id, "receiver_user": reader}
        if message.sender == ANONYMOUS_ADMIN:
            found["from"] |= {"is_bot": True, "username": "GroupAnonymousBot"}
        if message.edited:
            found["edit_date"] = _unix_now()
        if message.thread is not None:
            found |= {"message_thread_id": message.thread, "is_topic_message": True}
        replied = message.chat.find(message.reply_to) if message.reply_to else None
        if with_reply and replied is not None:
            found["reply_to_message"] = self.as_json(replied)
        found |= _content(message)
        if message.markup is not None:
            found["reply_markup"] = message.markup
        return found

    # --- updates --------------------------------------------------------------------------

    def post(self, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot asked not to hear of its kind."""
        if self.allowed is None or kind in self.allowed:
            self.updates.append({"update_id": next(self._updates), kind: payload})
        self.changed()

    def confirm(self, before: int) -> None:
        """Forget the updates that the bot has confirmed by asking for later ones."""
        self.updates = [u for u in self.updates if u["update_id"] >= before]
        self.changed()

    # --- waiting --------------------------------------------------------------------------

    def changed(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def change(self) -> None:
        """Return at the next change of anything here."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    async def until(self, condition: Callable[[], Found | None], *, within: float = 20.0) -> Found:
        """Wait until a condition gives something true, and give that."""
        try:
            async with asyncio.timeout(within):
                while not (found := condition()):
                    await self.change()
                return found
        except TimeoutError:
            shown = "\n".join(f"  {message}" for message in self.messages) or "  nothing"
            asked = ", ".join(call.method for call in self.calls[-20:])
            raise AssertionError(
                f"not within {within} s; the devices show:\n{shown}\nlast calls: {asked}"
            ) from None

    async def message_where(
        self, condition: Callable[[Message], object], *, within: float = 20.0
    ) -> Message:
        """The bot's first message, sent already or yet to come, that meets a condition."""

        def found() -> Message | None:
            return next((m for m in self.messages if not m.deleted and condition(m)), None)

        return await self.until(found, within=within)

    async def call_where(
        self, condition: Callable[[Call], object], *, within: float = 20.0
    ) -> Call:
        """The first request, made already or yet to come, that meets a condition."""
        return await self.until(
            lambda: next((c for c in self.calls if condition(c)), None), within=within
        )

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


def _content(message: Message) -> Json:
    named, found = ("text", "entities"), {}
    if message.photo is not None:
        named = ("caption", "caption_entities")
        found["photo"] = [_photo(message)]
    told = (message.text, list(message.entities))
    return found | {name: value for name, value in zip(named, told, strict=True) if value}


def _unix_now() -> int:
    return int(time.time())  # noqa: TID251 - its clients live in real time


def _found(text: str) -> list[Entity]:
    """The entity that Telegram finds in a command."""
    if not text.startswith("/"):
        return []
    word = text.split(maxsplit=1)[0]
    return [{"type": "bot_command", "offset": 0, "length": utf16_length(word)}]


def _photo(message: Message) -> Json:
    name = f"photo-{message.chat.id}-{message.id}"
    size = len(message.photo or b"")
    return {
        "file_id": name,
        "file_unique_id": name,
        "width": 90,
        "height": 90,
        "file_size": size,
    }
