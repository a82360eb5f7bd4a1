"""What people ask of the bot, as Discord tells it; and what they get to see for it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from tests.standins.discord.commands import (
    GUILD_INSTALL,
    USER_INSTALL,
    Chosen,
    Context,
    Type,
    fill,
    pick,
)
from tests.standins.discord.limits import BUTTON, LINK_BUTTON, STRING_SELECT
from tests.standins.discord.modals import Modal, chosen_value

if TYPE_CHECKING:
    from tests.standins.discord.world import Channel, Guild, Message, Person, World

Json = dict[str, Any]

FIRST_ANSWER = timedelta(seconds=3)
TOKEN_LIFE = timedelta(minutes=15)
"""Source of both: discord/discord-api-docs:
developers/interactions/receiving-and-responding.mdx, "Followup Messages"."""

USER_SELECT, CHANNEL_SELECT = 5, 8


class Kind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """An offered completion."""

    name: str
    value: str | int | float


@dataclass(slots=True, eq=False)
class Interaction:
    """Something that a person asked, and what came back.

    Attributes:
        channel: where it was asked.
        message: the message whose button was pressed, or from which a modal was opened.
        acknowledged: the type of the first answer, once there is one.
        original: what `@original` means: the answer, "thinking..." too, or the pressed message.
        shown: what the person sees as the answer: `original`, once it says something.
        followups: further answers.
    """

    id: int
    token: str
    kind: Kind
    person: Person
    channel: Channel
    at: datetime
    world: World
    owners: dict[str, str]
    message: Message | None = None
    acknowledged: int | None = None
    original: Message | None = None
    shown: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: tuple[Choice, ...] | None = None

    @property
    def failed(self) -> bool:
        """Whether the person reads "The application did not respond"."""
        return self.acknowledged is None and self.is_late

    @property
    def is_late(self) -> bool:
        """Whether it can no longer be answered for the first time."""
        return self.world.clock() - self.at > FIRST_ANSWER

    @property
    def is_over(self) -> bool:
        """Whether the token has ended."""
        return self.world.clock() - self.at > TOKEN_LIFE

    @property
    def thinking(self) -> bool:
        """Whether the person reads "thinking..."."""
        return self.original is not None and self.original.loading

    async def answered(self, *, within: float = 20.0) -> Message:
        """Give the answer, or the pressed message once it was changed."""
        return await self.world.until(lambda: self.shown, within=within)

    async def deferred(self, *, within: float = 20.0) -> None:
        """Return once the bot has taken notice, with an answer or without one."""
        await self.world.until(lambda: self.acknowledged is not None, within=within)

    async def followed_up(self, number: int = 1, *, within: float = 20.0) -> Message:
        """Give the first answer after the first, or a later one."""
        await self.world.until(lambda: len(self.followups) >= number, within=within)
        return self.followups[number - 1]

    async def opened(self, *, within: float = 20.0) -> Modal:
        return await self.world.until(lambda: self.modal, within=within)

    async def completed(self, *, within: float = 20.0) -> tuple[Choice, ...]:
        """Give what autocompletion offers, which may be nothing."""
        await self.world.until(lambda: self.choices is not None, within=within)
        return self.choices or ()

    def metadata(self) -> Json:
        return {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.person.as_json(),
            "authorizing_integration_owners": self.owners,
        }


class Asks:
    """Turns what a person does into an interaction and tells the bot of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def runs(
        self, person: Person, line: str, channel: Channel, options: Mapping[str, Any]
    ) -> Interaction:
        chosen = pick(self.offered(person, channel), line)
        values = fill(chosen, options)
        data = {**_named(chosen), "options": chosen.nested(values)}
        resolved = _resolved(person, chosen, options)
        if resolved:
            data["resolved"] = resolved
        return self._uses(person, channel, Kind.COMMAND, data, chosen)

    def completes(
        self,
        person: Person,
        line: str,
        channel: Channel,
        name: str,
        typed: str,
        filled: Mapping[str, Any],
    ) -> Interaction:
        chosen = pick(self.offered(person, channel), line)
        option = chosen.option(name)
        assert option.get("autocomplete"), f"{name} of /{line} is not completed"
        values = [
            {"name": other, "type": chosen.option(other)["type"], "value": value}
            for other, value in filled.items()
        ]
        values.append({"name": name, "type": option["type"], "value": typed, "focused": True})
        data = {**_named(chosen), "options": chosen.nested(values)}
        return self._uses(person, channel, Kind.AUTOCOMPLETE, data, chosen)

    def presses(self, person: Person, message: Message, button: Json) -> Interaction:
        assert button["type"] == BUTTON, f"no button: {button}"
        assert button["style"] != LINK_BUTTON, "a link opens in the browser"
        return self._touches(person, message, button, {})

    def selects(
        self,
        person: Person,
        message: Message,
        select: Json,
        chosen: Sequence[str | Person | Channel],
    ) -> Interaction:
        least, most = select.get("min_values", 1), select.get("max_values") or 1
        assert least <= len(chosen) <= most, f"{least} to {most} can be chosen"
        if select["type"] == STRING_SELECT:
            values = [chosen_value(select, str(one)) for one in chosen]
            return self._touches(person, message, select, {"values": values})
        resolved: Json = {}
        ids = []
        for one in chosen:
            assert not isinstance(one, str), "people and channels are chosen as such"
            ids.append(str(one.id))
            resolved.setdefault(_RESOLVED[select["type"]], {})[str(one.id)] = one.as_json()
        return self._touches(person, message, select, {"values": ids, "resolved": resolved})

    def submits(self, person: Person, modal: Modal, filled: Mapping[str, Any]) -> Interaction:
        opener = modal.opened_by
        assert opener.person is person, f"the modal is on {opener.person.name}'s screen"
        data = {"custom_id": modal.custom_id, "components": modal.filled(filled)}
        return self._ask(person, opener.channel, Kind.MODAL, data, opener.message)

    def offered(self, person: Person, channel: Channel) -> list[Json]:
        """The commands that somebody's client offers in a channel."""
        guild = channel.guild
        context = Context.BOT_DM if guild is None else Context.GUILD
        found = list(self._world.commands[None])
        if guild is not None:
            own = self._world.commands.get(guild.id, [])
            names = {one["name"] for one in own}
            found = [*own, *(one for one in found if one["name"] not in names)]
        return [one for one in found if self._offers(one, person, guild, context)]

    def _offers(self, command: Json, person: Person, guild: Guild | None, context: Context) -> bool:
        if command["contexts"] is not None and context not in command["contexts"]:
            return False
        types = command.get("integration_types") or [GUILD_INSTALL]
        of_person = person.installed and USER_INSTALL in types
        if guild is None:
            return of_person or (self._world.shares(person) and GUILD_INSTALL in types)
        of_guild = guild.has_bot and GUILD_INSTALL in types
        needed = command["default_member_permissions"]
        granted = guild.permissions.get(person.id, 0)
        if of_guild and needed is not None and person is not guild.owner:
            # Zero means: for administrators only.
            of_guild = bool(int(needed)) and int(needed) & granted == int(needed)
        return of_person or of_guild

    # --- telling the bot ------------------------------------------------------------------

    def _uses(
        self, person: Person, channel: Channel, kind: Kind, data: Json, chosen: Chosen
    ) -> Interaction:
        # Source: discord/discord-api-docs:developers/topics/threads.mdx, "Active & Archived
        # Threads".
        assert not channel.archived, f"{channel.name} sleeps: nobody uses commands there"
        types = chosen.command.get("integration_types") or [GUILD_INSTALL]
        return self._ask(person, channel, kind, data, types=types)

    def _owners(
        self, person: Person, guild: Guild | None, message: Message | None, types: Sequence[int]
    ) -> dict[str, str]:
        """Who installed the bot that is asked: a server, a person or both.

        Under an answer that is whoever asked for it, not who presses.
        Source: "Authorizing Integration Owners Object" in
        discord/discord-api-docs:developers/interactions/receiving-and-responding.mdx.
        """
        if message is not None and message.answers is not None:
            return message.answers.owners
        owners = {}
        of_server = self._world.shares(person) if guild is None else guild.has_bot
        if of_server and GUILD_INSTALL in types:
            owners["0"] = str(guild.id) if guild else "0"
        if person.installed and USER_INSTALL in types:
            owners["1"] = str(person.id)
        return owners

    def _touches(self, person: Person, message: Message, part: Json, more: Json) -> Interaction:
        assert not part.get("disabled"), f"{part} is disabled"
        assert person in message.audience, f"{person.name} does not see {message}"
        assert message.author is None, f"nobody listens under {message}"
        data = {"custom_id": part["custom_id"], "component_type": part["type"], **more}
        return self._ask(person, message.channel, Kind.COMPONENT, data, message)

    def _ask(
        self,
        person: Person,
        channel: Channel,
        kind: Kind,
        data: Json,
        message: Message | None = None,
        types: Sequence[int] = (GUILD_INSTALL, USER_INSTALL),
    ) -> Interaction:
        """Tell the bot. `types`: by which installations this is possible."""
        world, guild = self._world, channel.guild
        owners = self._owners(person, guild, message, types)
        asked = Interaction(
            world.id(),
            secrets.token_urlsafe(48),
            kind,
            person,
            channel,
            world.clock(),
            world,
            owners,
            message,
        )
        world.interactions[asked.id] = asked
        told: Json = {
            "id": str(asked.id),
            "application_id": str(world.bot_id),
            "type": int(kind),
            "token": asked.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.as_json(),
            "locale": person.locale,
            "entitlements": [],
            "authorizing_integration_owners": owners,
            "context": int(Context.BOT_DM if guild is None else Context.GUILD),
            "attachment_size_limit": 10 << 20,
            "app_permissions": str(int(channel.app_permissions(person.id))),
        }
        if message is not None:
            told["message"] = world.as_json(message)
        told |= {"user": person.as_json()} if guild is None else _in_guild(person, guild, channel)
        world.post("INTERACTION_CREATE", told, guild)
        return asked


_RESOLVED: dict[int, str] = {USER_SELECT: "users", CHANNEL_SELECT: "channels"}


def _named(chosen: Chosen) -> Json:
    command = chosen.command
    of_guild = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return {"id": command["id"], "name": command["name"], "type": 1, **of_guild}


def _resolved(person: Person, chosen: Chosen, values: Mapping[str, Any]) -> Json:
    """People and channels among the options, in full."""
    found: Json = {}
    for name, value in values.items():
        match chosen.option(name)["type"]:
            case Type.USER:
                found.setdefault("users", {})[str(value.id)] = value.as_json()
            case Type.CHANNEL:
                found.setdefault("channels", {})[str(value.id)] = _seen_by(person, value)
    return found


def _seen_by(person: Person, channel: Channel) -> Json:
    """A channel with what the person and the bot may do there."""
    ours = channel.permissions(channel.world.bot_id)
    theirs = channel.permissions(person.id)
    return {
        **channel.as_json(),
        "permissions": str(int(theirs)),
        "app_permissions": str(int(ours)),
    }


def _in_guild(person: Person, guild: Guild, channel: Channel) -> Json:
    permissions = str(int(channel.permissions(person.id)))
    return {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": {**guild.member_json(person), "permissions": permissions},
    }
