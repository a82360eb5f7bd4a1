"""Routes of channels, messages, people and commands: what each checks, does and answers.

Source of the routes: discord/discord-api-docs:developers/resources; of the checks' order: what
Discord answers, as issues of client libraries quote it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.standins.discord.commands import check_commands, registered, without_localizations
from tests.standins.discord.errors import (
    DMS_CLOSED,
    INVALID_RECIPIENT,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_MUTUAL_GUILDS,
    NO_REPLY,
    NOT_IN_A_DM,
    NOT_IN_THIS_CHANNEL,
    NOT_THE_AUTHOR,
    THREAD_ARCHIVED,
    UNKNOWN_GUILD,
    UNKNOWN_MEMBER,
    UNKNOWN_MESSAGE,
    UNKNOWN_USER,
    bad_field,
    refusal,
    unauthorized,
)
from tests.standins.discord.limits import (
    COMPONENTS_V2,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    check_message,
)
from tests.standins.discord.mentions import REGULAR
from tests.standins.discord.requests import (
    Asked,
    Json,
    Reply,
    attached,
    attachments,
    checked,
    who_is_pinged,
    written,
)
from tests.standins.discord.world import Channel, ChannelKind, Guild, Message, Permission, World

SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
NONCE_WINDOW = timedelta(minutes=3)
"""The documentation says "the past few minutes"; ours is at the short end."""
HISTORY_LIMIT = 100


class Resources:
    """The routes that need the bot's token."""

    def __init__(self, world: World) -> None:
        self.nonce_window = NONCE_WINDOW
        self._world = world
        self._nonces: dict[str, Message] = {}

    @property
    def by_name(self) -> dict[str, Callable[[Asked], Reply]]:
        return {
            "get_me": lambda _: self._world.bot,
            "get_user": self._user,
            "open_dm": self._open_dm,
            "get_guild": self._get_guild,
            "get_member": self._get_member,
            "get_channel": self._get_channel,
            "get_messages": self._history,
            "start_thread": self._start_thread,
            "modify_channel": self._modify_channel,
            "get_message": self._get_message,
            "create_message": self._create_message,
            "edit_message": self._edit_message,
            "delete_message": self._delete_message,
            "type": self._type,
            "get_commands": self._get_commands,
            "overwrite_commands": self._overwrite_commands,
            "get_guild_commands": self._get_commands,
            "overwrite_guild_commands": self._overwrite_commands,
        }

    # --- who ------------------------------------------------------------------------------

    def application(self) -> Json:
        bot = self._world.bot
        return {
            "id": bot["id"],
            "name": bot["username"],
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "flags": 0,
            "owner": {**bot, "bot": False},
            "team": None,
            "integration_types_config": {"0": {}, "1": {}},
        }

    def _user(self, asked: Asked) -> Json:
        person = self._world.people.get(asked.id("user"))
        if person is None:
            raise refusal(UNKNOWN_USER)
        return person.as_json()

    def _open_dm(self, asked: Asked) -> Json:
        """Opens whatever the person's settings: only a message finds out about those."""
        dm = self._world.dms.get(int(asked.payload.get("recipient_id") or 0))
        if dm is None:
            raise refusal(INVALID_RECIPIENT)
        return dm.as_json()

    def _get_guild(self, asked: Asked) -> Json:
        guild = self._guild(asked, stranger=UNKNOWN_GUILD)
        if asked.query.get("with_counts", "").lower() not in ("1", "true"):
            return guild.as_json()
        counts = {"approximate_member_count": guild.count, "approximate_presence_count": 1}
        return guild.as_json() | counts

    def _guild(self, asked: Asked, stranger: int = MISSING_ACCESS) -> Guild:
        """The server of the path.

        Args:
            stranger: the code if the bot is not in it. Only the server itself is as if it did not
                exist: discord/discord-api-docs issues 5840 and 1716.
        """
        guild = self._world.guilds.get(asked.id("guild"))
        if guild is None:
            raise refusal(UNKNOWN_GUILD)
        if not guild.has_bot:
            raise refusal(stranger)
        return guild

    def _get_member(self, asked: Asked) -> Json:
        """A member, with the roles and without what these allow."""
        guild, id = self._guild(asked), asked.id("user")
        if id == self._world.bot_id:
            return guild.member_json(None)
        if id not in self._world.people:
            raise refusal(UNKNOWN_USER)
        if id not in guild.members:
            raise refusal(UNKNOWN_MEMBER)
        return guild.member_json(guild.members[id])

    # --- messages -------------------------------------------------------------------------

    def _get_channel(self, asked: Asked) -> Json:
        return self._seen(asked).as_json()

    def _seen(self, asked: Asked) -> Channel:
        channel = asked.channel(self._world)
        self._need(channel, Permission.VIEW_CHANNEL)
        return channel

    def _need(self, channel: Channel, permission: Permission) -> None:
        granted = channel.permissions(self._world.bot_id)
        if not granted & Permission.VIEW_CHANNEL:
            raise refusal(MISSING_ACCESS)
        if not granted & permission:
            raise refusal(MISSING_PERMISSIONS)

    def _history(self, asked: Asked) -> list[Json]:
        """Newest first, whichever end the page was asked from."""
        channel = self._seen(asked)
        if not channel.permissions(self._world.bot_id) & Permission.READ_MESSAGE_HISTORY:
            return []
        limit = int(asked.query.get("limit", 50))
        if not 1 <= limit <= HISTORY_LIMIT:
            message = f"int value should be between 1 and {HISTORY_LIMIT}."
            raise bad_field("limit", "NUMBER_TYPE_MAX", message)
        found = [m for m in channel.messages if not m.deleted and not m.ephemeral]
        if "after" in asked.query:
            after = int(asked.query["after"])
            found = [m for m in found if m.id > after][:limit]
        elif "before" in asked.query:
            before = int(asked.query["before"])
            found = [m for m in found if m.id < before]
        return [self._world.as_json(m) for m in reversed(found[-limit:])]

    def _get_message(self, asked: Asked) -> Json:
        channel = self._seen(asked)
        return self._world.as_json(asked.message(channel))

    def _create_message(self, asked: Asked) -> Json:
        world, payload = self._world, asked.payload
        channel = asked.channel(world)
        self._may_write(channel, payload, has_files=bool(asked.files))
        flags = int(payload.get("flags") or 0) & SETTABLE
        checked(payload, flags, has_files=bool(asked.files))
        reply_to = self._reply_to(channel, payload)
        calls = who_is_pinged(world, channel, payload)
        if channel.archived and channel.guild is not None:
            channel.guild.unarchive(channel)
        first = self._said_before(payload)
        if first is not None:
            return world.as_json(first)
        message = Message(
            world.id(),
            channel,
            None,
            world.clock(),
            flags=flags,
            nonce=payload.get("nonce"),
            reply_to=reply_to,
            attachments=attachments(world, payload, asked.files),
            **{"content": "", **written(payload)},
            **calls,
        )
        if message.nonce is not None:
            self._nonces[str(message.nonce)] = message
        return world.as_json(world.place(message))

    def _said_before(self, payload: Json) -> Message | None:
        """The message with that nonce, if it is to be unique and young.

        Raises:
            ApiError: 10008, if it was deleted: Rapptz/discord.py issue 10116.
        """
        first = self._nonces.get(str(payload.get("nonce")))
        if first is None or not payload.get("enforce_nonce"):
            return None
        if self._world.clock() - first.at > self.nonce_window:
            return None
        if first.deleted:
            raise refusal(UNKNOWN_MESSAGE)
        return first

    def _start_thread(self, asked: Asked) -> Json:
        """Source: discord/discord-api-docs:developers/resources/channel.mdx, "Start Thread without
        Message".
        """
        channel = self._seen(asked)
        if channel.guild is None or channel.is_thread:
            raise refusal(NOT_IN_THIS_CHANNEL)
        if asked.payload.get("type") != ChannelKind.PUBLIC_THREAD:
            raise bad_field("type", "BASE_TYPE_CHOICES", "Value must be one of {11}.")
        self._need(channel, Permission.CREATE_PUBLIC_THREADS)
        return channel.guild.thread(channel, _thread_name(asked.payload)).as_json()

    def _modify_channel(self, asked: Asked) -> Json:
        """Only of our own threads, whose owner the bot is: for these it takes no right."""
        thread = self._seen(asked)
        if not thread.is_thread:
            self._need(thread, Permission.MANAGE_CHANNELS)
        elif thread.archived:
            raise refusal(THREAD_ARCHIVED)
        thread.name = _thread_name(asked.payload)
        return thread.as_json()

    def _may_write(self, channel: Channel, payload: Json, *, has_files: bool) -> None:
        if channel.person is not None:
            if not self._world.meets(channel.person):
                raise refusal(NO_MUTUAL_GUILDS)
            if not channel.person.dms_open:
                raise refusal(DMS_CLOSED)
            return
        threads = Permission.SEND_MESSAGES_IN_THREADS
        self._need(channel, threads if channel.is_thread else Permission.SEND_MESSAGES)
        if channel.is_closed_to(self._world.bot_id):
            raise refusal(THREAD_ARCHIVED)
        if payload.get("embeds"):
            self._need(channel, Permission.EMBED_LINKS)
        if has_files:
            self._need(channel, Permission.ATTACH_FILES)

    def _reply_to(self, channel: Channel, payload: Json) -> int | None:
        reference = payload.get("message_reference")
        if not reference:
            return None
        readable = channel.permissions(self._world.bot_id) & Permission.READ_MESSAGE_HISTORY
        if channel.person is None and not readable:
            raise refusal(NO_REPLY)
        id = int(reference["message_id"])
        if channel.find(id) is not None:
            return id
        if reference.get("fail_if_not_exists", True):
            raise bad_field(
                "message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"
            )
        return None

    def _edit_message(self, asked: Asked) -> Json:
        channel = self._seen(asked)
        message = asked.message(channel)
        if message.author is not None:
            raise refusal(NOT_THE_AUTHOR)
        # Source: discord/discord-api-docs:developers/topics/threads.mdx, "Active & Archived
        # Threads": an edit, unlike a message, does not wake what sleeps.
        if channel.archived or channel.is_closed_to(self._world.bot_id):
            raise refusal(THREAD_ARCHIVED)
        return rewrite(self._world, message, asked)

    def _delete_message(self, asked: Asked) -> None:
        channel = self._seen(asked)
        message = asked.message(channel)
        if message.author is not None:
            if channel.guild is None:
                raise refusal(NOT_IN_A_DM)
            self._need(channel, Permission.MANAGE_MESSAGES)
        self._world.delete(message)

    def _type(self, asked: Asked) -> None:
        self._seen(asked)

    # --- commands -------------------------------------------------------------------------

    def _commands_of(self, asked: Asked) -> int | None:
        if asked.id("application") != self._world.bot_id:
            raise unauthorized()
        return self._guild(asked).id if "guild" in asked.parameters else None

    def _get_commands(self, asked: Asked) -> list[Json]:
        kept = self._world.commands.get(self._commands_of(asked), [])
        whole = asked.query.get("with_localizations", "").lower() in ("1", "true")
        return kept if whole else [without_localizations(one) for one in kept]

    def _overwrite_commands(self, asked: Asked) -> list[Json]:
        where = self._commands_of(asked)
        check_commands(asked.payload)
        old = self._world.commands.get(where, [])
        bot = self._world.bot_id
        new = [registered(one, old, bot, self._world.id(), where) for one in asked.payload]
        self._world.commands[where] = new
        self._world.changed()
        return new


def _thread_name(payload: Json) -> str:
    name = payload.get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100:
        raise bad_field("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name.strip()


def rewrite(
    world: World, message: Message, asked: Asked, default: frozenset[str] = REGULAR
) -> Json:
    """Change what a body says of a message; what it leaves out stays.

    Args:
        default: which mentions are parsed if the body says nothing about that.

    Raises:
        ApiError: 50035 or 50006.
    """
    payload = asked.payload
    flags = message.flags
    if payload.get("flags") is not None:
        # What was silent, ephemeral or of the new kind stays so.
        asked_for = int(payload["flags"]) & (SUPPRESS_EMBEDS | COMPONENTS_V2)
        flags = (flags & ~SUPPRESS_EMBEDS) | asked_for
    flags &= ~LOADING
    check_message(payload, flags)
    parts = ("content", "embeds", "components", "attachments")
    changes = written(payload) | attached(world, message, payload, asked.files)
    checked({part: getattr(message, part) for part in parts} | changes, flags)
    if "content" in changes or "components" in changes:
        changes |= who_is_pinged(world, message.channel, payload, default)
    world.edit(message, flags=flags, loading=False, **changes)
    return world.as_json(message)
