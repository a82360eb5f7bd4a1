"""People, their servers and what their devices show, with the log of what the bot asked for."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

from tests.standins.discord.asks import Asks, Interaction
from tests.standins.discord.limits import (
    BUTTON,
    EPHEMERAL,
    SUPPRESS_NOTIFICATIONS,
    embed_texts,
    walk,
)
from tests.standins.discord.modals import Modal

Json = dict[str, Any]
Found = TypeVar("Found")

PNG = b"\x89PNG"

EPOCH = 1_420_070_400_000
"""Milliseconds of 2015-01-01, where snowflakes begin."""


class Permission(IntFlag):
    """Source: discord/discord-api-docs:developers/topics/permissions.mdx."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


ALL = Permission(sum(Permission))
USUAL = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)
"""What `@everyone` may do in a new server, and what an invited bot asks for."""


IN_ANSWERS = (
    Permission.ATTACH_FILES
    | Permission.EMBED_LINKS
    | Permission.MENTION_EVERYONE
    | Permission.USE_EXTERNAL_EMOJIS
)
"""What an answer to an interaction may contain, where the bot is no member.

Source: discord/discord-api-docs:developers/interactions/receiving-and-responding.mdx, "Interaction
Structure".
"""


class Clock:
    """Real time, which a test can move on: `clock.advance(minutes=15)`."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead  # noqa: TID251 - its clients live in real time

    def advance(self, **by: float) -> None:
        self._ahead += timedelta(**by)


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


@dataclass(frozen=True, slots=True)
class Picture:
    """As one has it who sees it, and one who is read `alt` instead."""

    name: str
    data: bytes
    alt: str


@dataclass(slots=True, eq=False)
class Message:
    """One message as devices show it now.

    Attributes:
        author: `None` for the bot.
        audience: who could see the channel when it arrived; of an ephemeral one, one person.
        pinged: whom its mentions called by name, by role or as everyone.
        rang: whose device notified: nobody's if silent or ephemeral, in a DM the other
            person's, elsewhere and for answers (whoever asked is looking) the pinged ones'.
        earlier: its text before each edit.
        loading: still "thinking...".
        answers: the interaction that it answers.
    """

    id: int
    channel: Channel
    author: Person | None
    at: datetime
    content: str
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    audience: tuple[Person, ...] = ()
    pinged: tuple[Person, ...] = ()
    rang: tuple[Person, ...] = ()
    everyone: bool = False
    reply_to: int | None = None
    answers: Interaction | None = None
    loading: bool = False
    edited_at: datetime | None = None
    earlier: list[str] = field(default_factory=list)
    deleted: bool = False

    @property
    def silent(self) -> bool:
        return bool(self.flags & SUPPRESS_NOTIFICATIONS)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def edited(self) -> bool:
        return bool(self.earlier)

    @property
    def text(self) -> str:
        """All that can be read: the content, the embeds' texts, the new components' texts."""
        embeds = itertools.chain.from_iterable(embed_texts(embed) for embed in self.embeds)
        shown = (one.get("content") or "" for one in walk(self.components))
        return "\n".join(part for part in (self.content, *embeds, *shown) if part)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All that show, inside an embed or below it; a picture that was not attached does not."""
        found = [
            Picture(
                one["filename"],
                self.channel.world.files[int(one["id"])],
                one.get("description") or "",
            )
            for one in self.attachments
        ]
        return tuple(one for one in found if one.data.startswith(PNG))

    @property
    def pictures_in_embeds(self) -> tuple[Picture, ...]:
        """Those that stand inside, and so not once more below."""
        urls = {(embed.get("image") or {}).get("url") for embed in self.embeds}
        return tuple(one for one in self.pictures if f"attachment://{one.name}" in urls)

    @property
    def labels(self) -> tuple[str, ...]:
        """What stands on its buttons."""
        return tuple(
            one.get("label") or "" for one in walk(self.components) if one["type"] == BUTTON
        )

    def part(self, name: str) -> Json:
        """The component with that label, placeholder or custom id."""
        for one in walk(self.components):
            if name in (one.get("label"), one.get("placeholder"), one.get("custom_id")):
                return one
        raise AssertionError(f"no component {name!r} under {self}")

    def __str__(self) -> str:
        state = " (deleted)" if self.deleted else " (edited)" if self.edited else ""
        seen = " (ephemeral)" if self.ephemeral else ""
        alts = "".join(f" [picture: {one.alt}]" for one in self.pictures)
        shown = f"{self.text!r}{alts} {list(self.labels)}"
        return f"[{self.channel.name}/{self.id}]{state}{seen} {shown}"


@dataclass(slots=True, eq=False)
class Channel:
    """A DM, a server's channel or a thread.

    Attributes:
        denied: permissions taken away here, by id.
        invited: who is in a private thread, by id; a moderator sees it all the same.
        archived_at: when a thread was made, put to sleep or woken.
    """

    id: int
    kind: ChannelKind
    name: str
    world: World
    guild: Guild | None = None
    person: Person | None = None
    parent: Channel | None = None
    denied: dict[int, Permission] = field(default_factory=dict)
    invited: set[int] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    archived_at: datetime | None = None
    deleted: bool = False

    @property
    def is_thread(self) -> bool:
        return self.parent is not None

    def permissions(self, id: int) -> Permission:
        """What somebody, or the bot, may do here."""
        if self.guild is None:
            return ALL & ~Permission.MANAGE_MESSAGES
        if self.guild.owner.id == id:
            return ALL
        granted = self.guild.permissions.get(id, Permission(0))
        if granted & Permission.ADMINISTRATOR:
            return ALL
        if self.parent is not None:
            granted &= ~self.parent.denied.get(id, Permission(0))
        granted &= ~self.denied.get(id, Permission(0))
        if self.kind is ChannelKind.PRIVATE_THREAD and id not in self.invited:
            return granted if granted & Permission.MANAGE_THREADS else Permission(0)
        return granted

    def app_permissions(self, asker: int) -> Permission:
        """What the bot may do in its answer to somebody's interaction here.

        In a server that it is not in, it borrows from who asks: discord/discord-api-docs issue
        7251.
        """
        if self.guild is None:
            return IN_ANSWERS
        if not self.guild.has_bot:
            return IN_ANSWERS & self.permissions(asker)
        return self.permissions(self.world.bot_id)

    def hides_answers(self, asker: int) -> bool:
        """Whether the bot's answers to somebody here show to nobody else, whatever it wants.

        So it is where the bot is only the asker's own, and they may not show it around or not
        write: discord/discord-api-docs:developers/resources/application.mdx, "User Context".
        """
        if self.guild is None or self.guild.has_bot:
            return False
        threads, elsewhere = Permission.SEND_MESSAGES_IN_THREADS, Permission.SEND_MESSAGES
        needed = Permission.USE_EXTERNAL_APPS | (threads if self.is_thread else elsewhere)
        return self.permissions(asker) & needed != needed

    @property
    def told(self) -> bool:
        """Whether the bot is told of it: of every channel, of threads only if it may see them."""
        granted = self.permissions(self.world.bot_id)
        return not self.is_thread or bool(granted & Permission.VIEW_CHANNEL)

    def is_closed_to(self, id: int) -> bool:
        """Whether somebody can write nothing here, nor wake it by writing."""
        return self.locked and not self.permissions(id) & Permission.MANAGE_THREADS

    @property
    def audience(self) -> tuple[Person, ...]:
        if self.guild is None:
            return (self.person,) if self.person else ()
        return tuple(
            person
            for person in self.guild.members.values()
            if self.permissions(person.id) & Permission.VIEW_CHANNEL
        )

    def find(self, message: int) -> Message | None:
        return next((m for m in self.messages if m.id == message and not m.deleted), None)

    def as_json(self) -> Json:
        last = str(self.messages[-1].id) if self.messages else None
        found: Json = {
            "id": str(self.id),
            "type": int(self.kind),
            "last_message_id": last,
            "flags": 0,
        }
        if self.guild is None:
            recipients = [self.person.as_json()] if self.person else []
            return {**found, "recipients": recipients}
        found |= {"guild_id": str(self.guild.id), "name": self.name, "nsfw": False, "position": 0}
        found |= {"permission_overwrites": self._overwrites(), "topic": None, "parent_id": None}
        found |= {"rate_limit_per_user": 0}
        if self.parent is not None:
            found |= self._thread_json(self.parent, self.guild)
        return found

    def _overwrites(self) -> list[Json]:
        return [
            {"id": str(id), "type": 1, "allow": "0", "deny": str(int(denied))}
            for id, denied in self.denied.items()
        ]

    def _thread_json(self, parent: Channel, guild: Guild) -> Json:
        return {
            "parent_id": str(parent.id),
            "owner_id": str(guild.owner.id),
            "message_count": len(self.messages),
            "member_count": len(self.audience),
            "total_message_sent": len(self.messages),
            "thread_metadata": {
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": (self.archived_at or self.world.clock()).isoformat(),
                "locked": self.locked,
            },
        }


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    members: tuple[Person, ...]
    mentionable: bool = False


@dataclass(slots=True, eq=False)
class Guild:
    """A server. `permissions` are by person's id, and the bot's by the bot's, if it is in."""

    id: int
    name: str
    owner: Person
    world: World
    members: dict[int, Person] = field(default_factory=dict)
    permissions: dict[int, Permission] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)

    @property
    def has_bot(self) -> bool:
        return self.world.bot_id in self.permissions

    def channel(self, name: str) -> Channel:
        """Open a channel."""
        opened = self.world.open(Channel(self.world.id(), ChannelKind.TEXT, name, self.world, self))
        self.world.post("CHANNEL_CREATE", opened.as_json(), self)
        return opened

    def thread(self, parent: Channel, name: str) -> Channel:
        """Open a public thread."""
        return self._thread(ChannelKind.PUBLIC_THREAD, parent, name, set())

    def private_thread(
        self, parent: Channel, name: str, *invited: Person, with_bot: bool = True
    ) -> Channel:
        """Open a thread that only who is invited sees, and who may manage threads."""
        ids = {person.id for person in invited} | ({self.world.bot_id} if with_bot else set())
        return self._thread(ChannelKind.PRIVATE_THREAD, parent, name, ids)

    def _thread(self, kind: ChannelKind, parent: Channel, name: str, invited: set[int]) -> Channel:
        world = self.world
        opened = Channel(world.id(), kind, name, world, self, parent=parent, invited=invited)
        opened.archived_at = world.clock()
        world.open(opened)
        self._tell_of(opened, "THREAD_CREATE")
        return opened

    def archive(self, thread: Channel, *, lock: bool = False) -> None:
        """Put a thread to sleep, with `lock` so that only a moderator can wake it."""
        thread.archived, thread.locked = True, thread.locked or lock
        self._changed(thread)

    def unarchive(self, thread: Channel, *, unlock: bool = False) -> None:
        """Wake a thread; a lock stays on it unless it is taken off."""
        thread.archived, thread.locked = False, thread.locked and not unlock
        self._changed(thread)

    def _changed(self, thread: Channel) -> None:
        thread.archived_at = self.world.clock()
        self._tell_of(thread, "THREAD_UPDATE")

    def _tell_of(self, channel: Channel, event: str) -> None:
        if channel.told:
            self.world.post(event, channel.as_json(), self)

    def role(self, name: str, *members: Person, mentionable: bool = False) -> Role:
        role = Role(self.world.id(), name, members, mentionable)
        self.roles.append(role)
        self.world.post(
            "GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": _role_json(role, 0)}, self
        )
        return role

    def delete(self, channel: Channel) -> None:
        """Delete a channel, with its threads, or a thread."""
        for one in [c for c in self.channels if channel in (c, c.parent)]:
            one.deleted = True
            self.channels.remove(one)
        self._tell_of(channel, "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE")

    def add_bot(self, permissions: Permission = USUAL) -> None:
        self.permissions[self.world.bot_id] = permissions
        self.world.post("GUILD_CREATE", self.created_json(), self)

    def remove_bot(self) -> None:
        """Kick it."""
        self.world.post("GUILD_DELETE", {"id": str(self.id)}, self)
        del self.permissions[self.world.bot_id]
        self.world.changed()

    def add(self, person: Person, permissions: Permission = USUAL) -> None:
        """Somebody joins."""
        self.members[person.id], self.permissions[person.id] = person, permissions
        self.world.changed()

    def remove(self, person: Person) -> None:
        """Somebody leaves, or is kicked."""
        del self.members[person.id], self.permissions[person.id]
        self.world.changed()

    def member_json(self, person: Person | None) -> Json:
        """A member; `None` for the bot."""
        roles = [str(role.id) for role in self.roles if person in role.members]
        return {
            "user": person.as_json() if person else self.world.bot,
            "nick": None,
            "avatar": None,
            "roles": roles,
            "joined_at": "2025-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }

    @property
    def count(self) -> int:
        """How many members there are, the bot too."""
        return len(self.members) + self.has_bot

    def as_json(self) -> Json:
        """The server as it is answered to a request: who and what is in it is asked for apart."""
        everyone = Role(self.id, "@everyone", ())
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "roles": [
                _role_json(everyone, USUAL),
                *(_role_json(role, Permission(0)) for role in self.roles),
            ],
            "emojis": [],
            "stickers": [],
            "features": [],
            "preferred_locale": "en-US",
            "premium_tier": 0,
        }

    def created_json(self) -> Json:
        """The server as GUILD_CREATE tells it, with the threads that sleep left out.

        Source: discord/discord-api-docs:developers/events/gateway-events.mdx, "Guild Create".
        """
        return {
            **self.as_json(),
            "unavailable": False,
            "member_count": self.count,
            "channels": [c.as_json() for c in self.channels if not c.is_thread],
            "threads": [
                c.as_json() for c in self.channels if c.is_thread and c.told and not c.archived
            ],
            "members": [self.member_json(None)] if self.has_bot else [],
            "large": False,
            "joined_at": "2025-01-01T00:00:00+00:00",
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


@dataclass(slots=True, eq=False)
class Person:
    """Somebody with a phone. What they ask of the bot is an `Interaction`, to be awaited.

    Attributes:
        dms_open: whether the bot's messages to their DM are accepted.
        installed: whether they installed the bot for themselves.
    """

    id: int
    name: str
    world: World
    dms_open: bool = True
    installed: bool = True
    locale: str = "en-US"

    @property
    def dm(self) -> Channel:
        """Their direct messages with the bot."""
        return self.world.dms[self.id]

    def as_json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
        }

    def screen(self, channel: Channel | None = None) -> list[Message]:
        """What their device shows of a channel, their DM if none is named; oldest first."""
        where = channel or self.dm
        return [m for m in where.messages if not m.deleted and (m.author is self or self._sees(m))]

    def _sees(self, message: Message) -> bool:
        return self in message.audience

    def types(self, text: str, channel: Channel | None = None) -> Message:
        """Write a message, in their DM if no channel is named."""
        return self.world.heard(self, channel or self.dm, text)

    def replies(self, message: Message, text: str) -> Message:
        return self.world.heard(self, message.channel, text, reply_to=message.id)

    def reacts(self, message: Message, emoji: str = "\U0001f44d") -> None:
        self.world.reacted(self, message, emoji, "MESSAGE_REACTION_ADD")

    def takes_back(self, message: Message, emoji: str = "\U0001f44d") -> None:
        """Their reaction."""
        self.world.reacted(self, message, emoji, "MESSAGE_REACTION_REMOVE")

    def deletes(self, message: Message) -> None:
        """Delete a message: their own, as a moderator anybody's; or dismiss an ephemeral one."""
        allowed = (
            message.author is self
            or message.ephemeral
            or message.channel.permissions(self.id) & Permission.MANAGE_MESSAGES
        )
        assert allowed, f"{self.name} may not delete {message}"
        self.world.delete(message)

    def runs(self, line: str, channel: Channel | None = None, /, **options: Any) -> Interaction:
        """Run a slash command: `ann.runs("bell pause", bot="grid", hours=3)`.

        Like Discord's client it offers only what is registered and allowed here, checks the
        options' types, bounds and choices, and takes a choice by its name or its value.
        """
        return self.world.asks.runs(self, line, channel or self.dm, options)

    def types_into_autocomplete(
        self,
        line: str,
        option: str,
        typed: str,
        channel: Channel | None = None,
        /,
        **filled: Any,
    ) -> Interaction:
        """Type into an option of a slash command; `completed()` gives the offered choices."""
        return self.world.asks.completes(self, line, channel or self.dm, option, typed, filled)

    def presses(self, message: Message, label: str) -> Interaction:
        """Press a button by what stands on it, or by its custom id."""
        return self.world.asks.presses(self, message, message.part(label))

    def selects(self, message: Message, name: str, *chosen: str | Person | Channel) -> Interaction:
        """Choose from a select, named by its placeholder or custom id, by labels or values."""
        return self.world.asks.selects(self, message, message.part(name), chosen)

    def submits(self, modal: Modal, filled: Mapping[str, Any]) -> Interaction:
        """Fill in a modal, by labels or custom ids, and send it."""
        return self.world.asks.submits(self, modal, filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the bot. `route` is its name in `DiscordApi`'s table."""

    number: int
    route: str
    path: str
    parameters: Mapping[str, str]
    payload: Json
    at: datetime

    @property
    def channel(self) -> int | None:
        value = self.parameters.get("channel", "")
        return int(value) if value.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that the gateway tells. `guild` is `None` for what happens in DMs."""

    name: str
    data: Json
    guild: Guild | None


class World:
    """Everything that stands behind the API, and the ledger of it.

    `messages` are the bot's, in the order in which they reached a device; `calls` is every
    request, whatever became of it; `interactions` is all that people asked.
    """

    def __init__(self, bot: Json, clock: Clock) -> None:
        self.bot = bot
        self.bot_id = int(bot["id"])
        self.clock = clock
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.dms: dict[int, Channel] = {}
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self.interactions: dict[int, Interaction] = {}
        self.commands: dict[int | None, list[Json]] = {None: []}
        """Registered commands: of a server by its id, the global ones under `None`."""
        self.files: dict[int, bytes] = {}
        """What was attached, by the attachment's id."""
        self.hears: list[Callable[[Event], None]] = []
        self.endpoint: Callable[[Json], None] | None = None
        """Gets interactions instead of the gateway."""
        self.asks = Asks(self)
        self._last_id = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def id(self) -> int:
        """A new snowflake, greater than all before."""
        milliseconds = int(self.clock().timestamp() * 1000) - EPOCH
        self._last_id = max(self._last_id + 1, milliseconds << 22)
        return self._last_id

    # --- who is there ---------------------------------------------------------------------

    def person(self, name: str, *, installed: bool = True, locale: str = "en-US") -> Person:
        """Somebody new, with a DM channel."""
        person = Person(self.id(), name, self, installed=installed, locale=locale)
        self.people[person.id] = person
        dm = Channel(self.id(), ChannelKind.DM, f"DM {name}", self, person=person)
        self.dms[person.id] = self.channels[dm.id] = dm
        return person

    def guild(self, name: str, owner: Person, *members: Person, with_bot: bool = True) -> Guild:
        """A server, in which everybody may do the usual."""
        guild = Guild(self.id(), name, owner, self)
        for person in (owner, *members):
            guild.add(person)
        self.guilds[guild.id] = guild
        if with_bot:
            guild.add_bot()
        return guild

    def open(self, channel: Channel) -> Channel:
        assert channel.guild is not None
        channel.guild.channels.append(channel)
        self.channels[channel.id] = channel
        return channel

    def shares(self, person: Person) -> bool:
        """Whether somebody shares a server with the bot."""
        return any(g.has_bot and person.id in g.members for g in self.guilds.values())

    def meets(self, person: Person) -> bool:
        """Whether somebody shares a server with the bot, or has it installed."""
        return person.installed or self.shares(person)

    # --- messages -------------------------------------------------------------------------

    def heard(
        self, person: Person, channel: Channel, text: str, reply_to: int | None = None
    ) -> Message:
        message = Message(self.id(), channel, person, self.clock(), text, reply_to=reply_to)
        message.audience = channel.audience
        channel.messages.append(message)
        self._tell("MESSAGE_CREATE", message)
        return message

    def place(self, message: Message) -> Message:
        """Put a message of the bot on the devices that are to show it."""
        one = message.answers.person if message.answers else None
        message.audience = (one,) if message.ephemeral and one else message.channel.audience
        if not message.silent and not message.ephemeral:
            to_one = message.channel.guild is None and message.answers is None
            called = message.audience if to_one else message.pinged
            message.rang = tuple(person for person in called if person in message.audience)
        message.channel.messages.append(message)
        self.messages.append(message)
        self._tell("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, **changes: Any) -> None:
        message.earlier.append(message.text)
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited_at = self.clock()
        self._tell("MESSAGE_UPDATE", message)

    def reacted(self, person: Person, message: Message, emoji: str, event: str) -> None:
        """Source: discord/discord-api-docs:developers/events/gateway-events.mdx, "Message Reaction
        Add Event Fields".
        """
        assert person in message.channel.audience, f"{person.name} does not see {message}"
        guild = message.channel.guild
        told: Json = {
            "user_id": str(person.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **_guild_id(guild),
        }
        if event == "MESSAGE_REACTION_ADD":
            told["message_author_id"] = str(message.author.id if message.author else self.bot_id)
            if guild is not None:
                told["member"] = guild.member_json(person)
        self.post(event, told, guild)

    def delete(self, message: Message) -> None:
        message.deleted = True
        guild = message.channel.guild
        where = {"id": str(message.id), "channel_id": str(message.channel.id)}
        self.post("MESSAGE_DELETE", {**where, **_guild_id(guild)}, guild)

    def _tell(self, event: str, message: Message) -> None:
        guild = message.channel.guild
        if message.ephemeral:
            self.changed()  # which the gateway tells nobody
            return
        member = guild.member_json(message.author) if guild is not None else None
        told = self.as_json(message) | _guild_id(guild) | ({"member": member} if member else {})
        self.post(event, told, guild)

    def as_json(self, message: Message) -> Json:
        """A message as the bot gets it: other people's words only in DMs and if it is mentioned.

        Source: discord/discord-api-docs:developers/events/gateway.mdx, "Message Content Intent".
        """
        readable = (
            message.author is None
            or message.channel.guild is None
            or f"<@{self.bot_id}>" in message.content
        )
        found: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel.id),
            "author": message.author.as_json() if message.author else self.bot,
            "content": message.content if readable else "",
            "timestamp": message.at.isoformat(),
            "edited_timestamp": message.edited_at.isoformat() if message.edited_at else None,
            "tts": False,
            "mention_everyone": message.everyone,
            "mentions": [person.as_json() for person in message.pinged],
            "mention_roles": [],
            "attachments": message.attachments,
            "embeds": [{"type": "rich", **embed} for embed in message.embeds],
            "components": message.components,
            "pinned": False,
            "flags": message.flags,
            "type": 20 if message.answers else 19 if message.reply_to else 0,
        }
        if message.nonce is not None:
            found["nonce"] = message.nonce
        if message.reply_to is not None:
            reference = {"channel_id": found["channel_id"], "message_id": str(message.reply_to)}
            found["message_reference"] = reference
        if message.answers is not None:
            application = {"application_id": str(self.bot_id), "webhook_id": str(self.bot_id)}
            found |= {**application, "interaction_metadata": message.answers.metadata()}
        return found

    # --- events ---------------------------------------------------------------------------

    def post(self, name: str, data: Json, guild: Guild | None) -> None:
        """Tell the gateway, unless it happened in a server that the bot is not in."""
        if name == "INTERACTION_CREATE" and self.endpoint is not None:
            self.endpoint(data)
        elif guild is None or guild.has_bot or name == "INTERACTION_CREATE":
            for hear in self.hears:
                hear(Event(name=name, data=data, guild=guild))
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
            asked = ", ".join(call.route for call in self.calls[-20:])
            raise AssertionError(
                f"not within {within} s; the devices show:\n{shown}\nlast calls: {asked}"
            ) from None

    async def message_where(
        self, condition: Callable[[Message], object], *, within: float = 20.0
    ) -> Message:
        """The bot's first message, sent already or yet to come, that meets a condition."""

        def found() -> Message | None:
            return next((m for m in self.shown() if condition(m)), None)

        return await self.until(found, within=within)

    async def call_where(
        self, condition: Callable[[Call], object], *, within: float = 20.0
    ) -> Call:
        """The first request, made already or yet to come, that meets a condition."""
        return await self.until(
            lambda: next((c for c in self.calls if condition(c)), None), within=within
        )

    def calls_of(self, route: str) -> list[Call]:
        return [call for call in self.calls if call.route == route]

    def shown(self) -> Iterator[Message]:
        """The bot's messages that devices show now, "thinking..." left out."""
        return (m for m in self.messages if not m.deleted and not m.loading)


def _guild_id(guild: Guild | None) -> Json:
    return {} if guild is None else {"guild_id": str(guild.id)}


def _role_json(role: Role, permissions: int) -> Json:
    return {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str(int(permissions)),
        "managed": False,
        "mentionable": role.mentionable,
        "flags": 0,
    }
