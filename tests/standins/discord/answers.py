"""The bot's answers to interactions: the first one, and what the token allows afterwards.

These routes take no bot token: who knows the interaction's own may answer.
Source: discord/discord-api-docs:developers/interactions/receiving-and-responding.mdx.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from tests.standins.discord.asks import Choice, Interaction, Kind
from tests.standins.discord.errors import (
    ALREADY_ACKNOWLEDGED,
    INVALID_WEBHOOK_TOKEN,
    MISSING_ACCESS,
    THREAD_ARCHIVED,
    TOO_MANY_FOLLOWUPS,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    bad_field,
    refusal,
)
from tests.standins.discord.limits import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    check_choices,
    check_modal,
)
from tests.standins.discord.mentions import IN_ANSWERS
from tests.standins.discord.modals import Modal
from tests.standins.discord.requests import (
    Asked,
    File,
    Json,
    Reply,
    attachments,
    checked,
    who_is_pinged,
    written,
)
from tests.standins.discord.resources import rewrite
from tests.standins.discord.world import Message, World

SETTABLE = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
FOLLOWUPS_OF_USER_INSTALLS = 5


class First(IntEnum):
    """What the first answer can be."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class Answers:
    """The routes under /interactions and /webhooks."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def by_name(self) -> dict[str, Callable[[Asked], Reply]]:
        return {
            "answer": self._answer,
            "follow_up": self._follow_up,
            "get_answer": self._get,
            "edit_answer": self._edit,
            "delete_answer": self._delete,
        }

    # --- the first answer -----------------------------------------------------------------

    def _answer(self, asked: Asked) -> Reply:
        interaction = self._world.interactions.get(asked.id("interaction"))
        known = interaction is not None and interaction.token == asked.parameters["token"]
        if interaction is None or not known or interaction.failed:
            raise refusal(UNKNOWN_INTERACTION)
        if interaction.acknowledged is not None:
            raise refusal(ALREADY_ACKNOWLEDGED)
        type_ = _first(interaction, asked.payload.get("type"))
        if type_ not in (First.CHOICES, First.MODAL):
            _need_open(interaction)
        data = asked.payload.get("data") or {}
        match type_:
            case First.MESSAGE:
                interaction.original = self._say(interaction, data, asked.files)
                interaction.shown = interaction.original
            case First.DEFERRED_MESSAGE:
                interaction.original = self._think(interaction, data)
            case First.DEFERRED_UPDATE:
                interaction.original = interaction.message
            case First.UPDATE:
                assert interaction.message is not None
                inner = Asked({}, {}, data, asked.files)
                rewrite(self._world, interaction.message, inner, IN_ANSWERS)
                interaction.original = interaction.shown = interaction.message
            case First.CHOICES:
                check_choices(data.get("choices") or [])
                interaction.choices = tuple(
                    Choice(one["name"], one["value"]) for one in data.get("choices") or []
                )
            case First.MODAL:
                check_modal(data)
                interaction.modal = Modal(
                    data["custom_id"], data["title"], data["components"], interaction
                )
        interaction.acknowledged = type_
        self._world.changed()
        wanted = asked.query.get("with_response", "").lower() in ("1", "true")
        return self._told(interaction, type_) if wanted else None

    def _say(self, interaction: Interaction, data: Json, files: Mapping[int, File]) -> Message:
        world = self._world
        flags = int(data.get("flags") or 0) & SETTABLE
        checked(data, flags, has_files=bool(files))
        message = Message(
            world.id(),
            interaction.channel,
            None,
            world.clock(),
            flags=flags,
            answers=interaction,
            attachments=attachments(world, data, files),
            **{"content": "", **written(data)},
            **who_is_pinged(world, interaction.channel, data, IN_ANSWERS),
        )
        return world.place(message)

    def _think(self, interaction: Interaction, data: Json) -> Message:
        world = self._world
        flags = int(data.get("flags") or 0) & EPHEMERAL | LOADING
        message = Message(
            world.id(),
            interaction.channel,
            None,
            world.clock(),
            "",
            flags=flags,
            answers=interaction,
            loading=True,
        )
        return world.place(message)

    def _told(self, interaction: Interaction, type_: First) -> Json:
        """Source: "Interaction Callback Response" in the same document."""
        original = interaction.original
        told: Json = {
            "id": str(interaction.id),
            "type": int(interaction.kind),
            "channel_id": str(interaction.channel.id),
        }
        answer: Json = {"interaction": told}
        if original is not None:
            told |= {
                "response_message_id": str(original.id),
                "response_message_loading": original.loading,
                "response_message_ephemeral": original.ephemeral,
            }
            answer["resource"] = {"type": int(type_), "message": self._world.as_json(original)}
        return answer

    # --- later answers --------------------------------------------------------------------

    def _of_token(self, asked: Asked) -> Interaction:
        token = asked.parameters["token"]
        for interaction in self._world.interactions.values():
            if interaction.token == token:
                break
        else:
            raise refusal(UNKNOWN_WEBHOOK)
        if asked.id("application") != self._world.bot_id or interaction.acknowledged is None:
            raise refusal(UNKNOWN_WEBHOOK)
        if interaction.is_over:
            raise refusal(INVALID_WEBHOOK_TOKEN)
        return interaction

    def _follow_up(self, asked: Asked) -> Json:
        interaction = self._of_token(asked)
        _need_open(interaction)
        if interaction.thinking:
            # Source: "Create Followup Message": it functions as an edit of the deferred one.
            return self._fill(interaction, asked)
        on_server = "0" in interaction.owners
        if not on_server and len(interaction.followups) >= FOLLOWUPS_OF_USER_INSTALLS:
            raise refusal(TOO_MANY_FOLLOWUPS)
        message = self._say(interaction, asked.payload, asked.files)
        interaction.followups.append(message)
        self._world.changed()
        return self._world.as_json(message)

    def _get(self, asked: Asked) -> Json:
        return self._world.as_json(self._message(asked, self._of_token(asked)))

    def _edit(self, asked: Asked) -> Json:
        interaction = self._of_token(asked)
        message = self._message(asked, interaction)
        _need_open(interaction)
        if message is interaction.original:
            return self._fill(interaction, asked)
        return rewrite(self._world, message, asked, IN_ANSWERS)

    def _fill(self, interaction: Interaction, asked: Asked) -> Json:
        """Write what `@original` is to say, be it "thinking..." yet or not."""
        message = interaction.original
        assert message is not None
        told = rewrite(self._world, message, asked, IN_ANSWERS)
        interaction.shown = message
        self._world.changed()
        return told

    def _delete(self, asked: Asked) -> None:
        self._world.delete(self._message(asked, self._of_token(asked)))

    def _message(self, asked: Asked, interaction: Interaction) -> Message:
        if asked.parameters["message"] == "@original":
            message = interaction.original
        else:
            own = [m for m in (interaction.original, *interaction.followups) if m]
            message = next((m for m in own if m.id == asked.id("message")), None)
        if message is None or message.deleted:
            raise refusal(UNKNOWN_MESSAGE)
        return message


def _need_open(interaction: Interaction) -> None:
    """Refuse what would be said in a thread that was locked meanwhile.

    Raises:
        ApiError: 50083, or 50001 where the bot is no member: discord/discord-api-docs issue 6884.
    """
    channel = interaction.channel
    if channel.guild is None or not channel.locked:
        return
    if not channel.guild.has_bot:
        raise refusal(MISSING_ACCESS)
    if channel.is_closed_to(channel.world.bot_id):
        raise refusal(THREAD_ARCHIVED)


def _first(interaction: Interaction, type_: object) -> First:
    """Refuse what does not fit to what was asked.

    Raises:
        ApiError: 50035.
    """
    fitting = {First.MESSAGE, First.DEFERRED_MESSAGE}
    if interaction.kind is Kind.AUTOCOMPLETE:
        fitting = {First.CHOICES}
    elif interaction.message is not None:
        fitting |= {First.DEFERRED_UPDATE, First.UPDATE}
    if interaction.kind in (Kind.COMMAND, Kind.COMPONENT):
        fitting.add(First.MODAL)
    for one in fitting:
        if one == type_:
            return one
    known = ", ".join(str(int(one)) for one in sorted(fitting))
    raise bad_field("type", "BASE_TYPE_CHOICES", f"Value must be one of ({known}).")
