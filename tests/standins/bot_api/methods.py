"""The Bot API's methods: what each checks, does and answers.

Source of the checks, their order and their wording: tdlib/telegram-bot-api:
telegram-bot-api/Client.cpp; where it asks TDLib, tdlib/td:td/telegram.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.standins.bot_api.text import Formatted, Refused, check_link, formatted
from tests.standins.bot_api.world import (
    Access,
    Answer,
    Button,
    Chat,
    Json,
    Message,
    Person,
    Rows,
    World,
)

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ANSWER_LIMIT = 200
BUTTON_DATA_LIMIT = 64
BUTTONS_LIMIT = 100
COMMANDS_LIMIT = 100

ASIDE_WITHIN = 15.0
"""Seconds. Source: https://core.telegram.org/bots/api#ephemeral-messages-and-commands"""

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
NO_QUERY = "query is too old and response timeout expired or query ID is invalid"


class ApiError(Exception):
    """A refusal, as it goes over the wire."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(reason: str) -> ApiError:
    """A 400. Source: `fail_query_with_error`, which lowers the first letter of sentences."""
    if not re.match(r".[_A-Z]", reason):
        reason = reason[:1].lower() + reason[1:]
    return ApiError(400, f"Bad Request: {reason}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """A request's parameters: all are texts, nested ones in JSON."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes]

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    def number(self, name: str, default: int = 0) -> int:
        value = self.texts.get(name, "").strip()
        return int(value) if re.fullmatch(r"-?\d+", value) else default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "yes", "1")

    def json(self, name: str, what: str) -> Any:
        """Nested JSON; `None` if the parameter is missing or empty."""
        if not self.text(name):
            return None
        try:
            return json.loads(self.text(name))
        except ValueError:
            raise bad(f"Can't parse {what} JSON object") from None


class Methods:
    """The methods that act at once; `getUpdates` and `setWebhook` are the server's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_name: dict[str, Callable[[Parameters], Any]] = {
            "getMe": self._get_me,
            "setMyCommands": self._set_my_commands,
            "getMyCommands": self._get_my_commands,
            "deleteMyCommands": self._delete_my_commands,
            "setMyDescription": partial(self._describe, "description", 512),
            "getMyDescription": partial(self._description, "description"),
            "setMyShortDescription": partial(self._describe, "short_description", 120),
            "getMyShortDescription": partial(self._description, "short_description"),
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_chat_action,
            "editMessageText": self._edit_message_text,
            "editEphemeralMessageText": self._edit_aside,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "deleteMessage": self._delete_message,
            "answerCallbackQuery": self._answer_callback_query,
            "createForumTopic": self._create_forum_topic,
            "editForumTopic": self._edit_forum_topic,
            "getChat": self._get_chat,
            "getChatMember": self._get_chat_member,
            "getChatMemberCount": lambda asked: len(self._open(asked).members) + 1,
            "getChatAdministrators": self._get_chat_administrators,
        }

    # --- the bot itself -------------------------------------------------------------------

    def _get_me(self, _: Parameters) -> Json:
        return {
            **self._world.bot,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _set_my_commands(self, asked: Parameters) -> bool:
        commands = asked.json("commands", "commands")
        if not isinstance(commands, list):
            raise bad("Expected an Array of BotCommand")
        if len(commands) > COMMANDS_LIMIT:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        kept = [_command(command, asides=self._world.knows_asides) for command in commands]
        self._world.commands[self._scope(asked)] = kept
        return True

    def _get_my_commands(self, asked: Parameters) -> list[Json]:
        return self._world.commands.get(self._scope(asked), [])

    def _delete_my_commands(self, asked: Parameters) -> bool:
        self._world.commands.pop(self._scope(asked), None)
        return True

    def _describe(self, name: str, limit: int, asked: Parameters) -> bool:
        text = asked.text(name).strip()
        if len(text) > limit:
            raise bad(f"BOT_{'ABOUT' if name.startswith('short') else 'DESCRIPTION'}_TOO_LONG")
        self._world.described[name, asked.text("language_code")] = text
        return True

    def _description(self, name: str, asked: Parameters) -> Json:
        language = asked.text("language_code")
        said = self._world.described
        return {name: said.get((name, language)) or said.get((name, ""), "")}

    def _scope(self, asked: Parameters) -> tuple[str, str]:
        scope = asked.json("scope", "BotCommandScope") or {"type": "default"}
        return json.dumps(scope, sort_keys=True), asked.text("language_code")

    # --- messages -------------------------------------------------------------------------

    def _send_message(self, asked: Parameters) -> Json:
        shown = _text(asked)
        markup, buttons = _reply_markup(asked)
        chat, thread = self._writable(asked)
        reader = self._reader(asked, chat)
        if reader is not None:
            message = self._world.place_aside(
                chat, self._world.bot["id"], shown, reader, buttons=buttons, markup=markup
            )
            return self._world.as_json(message)
        return self._place(asked, chat, thread, shown, markup, buttons)

    def _reader(self, asked: Parameters, chat: Chat) -> int | None:
        """Who alone is to see a message; `None` for all.

        The shape is that of 10.3; an older server reads nothing of it. No server refuses what it
        does not know.
        """
        told = asked.json("ephemeral_message_parameters", "ephemeral message parameters")
        if told is None or not self._world.knows_asides:
            return None
        reader = int(told.get("receiver_user_id", 0))
        if chat.type == "private" or reader not in chat.members:
            raise bad("USER_NOT_PARTICIPANT")
        if not chat.bot_is_admin and not self._is_asked(asked, chat, told, reader):
            raise bad("EPHEMERAL_MESSAGE_NOT_ALLOWED")
        return reader

    def _is_asked(self, asked: Parameters, chat: Chat, told: Json, reader: int) -> bool:
        """Whether they have asked for it within the last 15 seconds."""
        reply = asked.json("reply_parameters", "reply parameters") or {}
        press = self._world.presses.get(str(told.get("callback_query_id", "")))
        began = chat.find_aside(int(reply.get("ephemeral_message_id", 0)), reader)
        times = [press.at] if press is not None and press.person.id == reader else []
        times += [began.at] if began is not None and began.sender == reader else []
        return any(time.monotonic() - at < ASIDE_WITHIN for at in times)

    def _edit_aside(self, asked: Parameters) -> Json | bool:
        if not self._world.knows_asides:
            raise ApiError(404, "Not Found: method not found")
        shown = _text(asked)
        markup, buttons = _reply_markup(asked)
        chat = self._open(asked)
        number, reader = asked.number("ephemeral_message_id"), asked.number("receiver_user_id")
        message = chat.find_aside(number, reader)
        if message is None or message.sender != self._world.bot["id"]:
            raise bad("message to edit not found")
        if shown == message.shown and markup == message.markup:
            raise bad(NOT_MODIFIED)
        self._edit(message, shown, markup, buttons)
        return True

    def _send_photo(self, asked: Parameters) -> Json:
        photo = asked.files.get("photo")
        if photo is None:
            attached = asked.text("photo").removeprefix("attach://")
            photo = asked.files.get(attached) or attached.encode()
        if not photo:
            raise bad("There is no photo in the request")
        shown = _formatted(asked, "caption", "caption_entities", CAPTION_LIMIT)
        markup, buttons = _reply_markup(asked)
        chat, thread = self._writable(asked)
        return self._place(asked, chat, thread, shown, markup, buttons, photo=photo)

    def _place(
        self,
        asked: Parameters,
        chat: Chat,
        thread: int | None,
        shown: Formatted,
        markup: Json | None,
        buttons: Rows,
        photo: bytes | None = None,
    ) -> Json:
        preview = asked.json("link_preview_options", "link preview options") or {}
        message = self._world.place(
            chat,
            self._world.bot["id"],
            shown,
            thread=thread,
            buttons=buttons,
            markup=markup,
            photo=photo,
            silent=asked.flag("disable_notification"),
            protected=asked.flag("protect_content"),
            preview=not preview.get("is_disabled", False),
            reply_to=self._replied(asked, chat),
        )
        return self._world.as_json(message, with_reply=True)

    def _replied(self, asked: Parameters, chat: Chat) -> int | None:
        reply = asked.json("reply_parameters", "reply parameters") or {}
        number = reply.get("message_id") or asked.number("reply_to_message_id")
        if not number:
            return None
        if chat.find(int(number)) is not None:
            return int(number)
        lenient = reply.get("allow_sending_without_reply") or asked.flag(
            "allow_sending_without_reply"
        )
        if lenient:
            return None
        raise bad("message to be replied not found")

    def _send_chat_action(self, asked: Parameters) -> bool:
        self._writable(asked)
        return True

    def _edit_message_text(self, asked: Parameters) -> Json:
        shown = _text(asked)
        markup, buttons = _reply_markup(asked)
        message = self._editable(asked, "edit")
        if message.photo is not None:
            raise bad("there is no text in the message to edit")
        if shown == message.shown and markup == message.markup:
            raise bad(NOT_MODIFIED)
        self._edit(message, shown, markup, buttons)
        return self._world.as_json(message, with_reply=True)

    def _edit_message_reply_markup(self, asked: Parameters) -> Json:
        markup, buttons = _reply_markup(asked)
        message = self._editable(asked, "edit")
        if markup == message.markup:
            raise bad(NOT_MODIFIED)
        message.markup, message.buttons = markup, buttons
        self._world.changed()
        return self._world.as_json(message, with_reply=True)

    def _edit(self, message: Message, shown: Formatted, markup: Json | None, rows: Rows) -> None:
        message.earlier.append(message.text)
        message.shown, message.markup, message.buttons = shown, markup, rows
        self._world.changed()

    def _delete_message(self, asked: Parameters) -> bool:
        if not asked.text("chat_id"):
            raise bad("Chat identifier is not specified")
        if not asked.number("message_id"):
            raise bad("Message identifier is not specified")
        message = self._addressed(asked, "delete")
        message.deleted = True
        self._world.changed()
        return True

    def _editable(self, asked: Parameters, what: str) -> Message:
        if not asked.text("chat_id") and not asked.number("message_id"):
            raise bad("Message identifier is not specified")
        message = self._addressed(asked, what)
        if message.sender != self._world.bot["id"]:
            raise bad("message can't be edited")
        if message.is_too_old:
            raise bad("message can't be edited")
        return message

    def _addressed(self, asked: Parameters, what: str) -> Message:
        message = self._open(asked).find(asked.number("message_id"))
        if message is None:
            raise bad(f"message to {what} not found")
        return message

    def _answer_callback_query(self, asked: Parameters) -> bool:
        press = self._world.presses.get(asked.text("callback_query_id"))
        if press is None or press.answer is not None:
            raise bad(NO_QUERY)
        if len(asked.text("text")) > ANSWER_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        press.answer = Answer(asked.text("text"), asked.flag("show_alert"), time.monotonic())
        self._world.changed()
        return True

    # --- chats ----------------------------------------------------------------------------

    def _get_chat(self, asked: Parameters) -> Json:
        chat = self._chat(asked)
        gifts = {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        }
        return {
            **chat.as_json(),
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": gifts,
        }

    def _get_chat_member(self, asked: Parameters) -> Json:
        chat = self._open(asked)
        person = self._world.people.get(asked.number("user_id"))
        if person is None:
            raise bad("user not found")
        return _member(chat, person)

    def _get_chat_administrators(self, asked: Parameters) -> list[Json]:
        """Bots are not among them, but for the one that asks."""
        chat = self._open(asked)
        if chat.type == "private":
            raise bad("there are no administrators in the private chat")
        people = [_member(chat, chat.members[one]) for one in sorted(chat.admins)]
        return [*people, self._world.membership(chat)] if chat.bot_is_admin else people

    def _create_forum_topic(self, asked: Parameters) -> Json:
        """Source: tdlib/td:td/telegram/ForumTopicManager.cpp, `create_forum_topic`"""
        chat = self._open(asked)
        if not chat.is_forum:
            raise bad("the chat is not a forum")
        if chat.type != "private" and not chat.bot_may_manage_topics:
            raise bad("not enough rights to create a topic")
        name = asked.text("name").strip()
        if not name:
            raise bad("title can't be empty")
        thread = self._world.topic(chat, name)
        return {"message_thread_id": thread, "name": name, "icon_color": 7322096}

    def _edit_forum_topic(self, asked: Parameters) -> bool:
        chat = self._open(asked)
        topic = chat.topics.get(asked.number("message_thread_id"))
        if topic is None:
            raise bad("TOPIC_ID_INVALID")
        name = asked.text("name").strip()
        if name == topic.name:
            raise bad("TOPIC_NOT_MODIFIED")
        topic.name = name
        return True

    def _writable(self, asked: Parameters) -> tuple[Chat, int | None]:
        chat = self._open(asked)
        if chat.access is Access.MUTED:
            raise _closed(chat)
        if chat.type == "channel" and not chat.bot_is_admin:
            raise bad("need administrator rights in the channel chat")
        thread = asked.number("message_thread_id") or None
        if thread is None:
            return chat, None
        topic = chat.topics.get(thread)
        if topic is None:
            raise bad("message thread not found")
        if topic.closed:
            raise bad("TOPIC_CLOSED")
        return chat, thread

    def _open(self, asked: Parameters) -> Chat:
        """Find a chat whose messages the bot may change."""
        chat = self._chat(asked)
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to.id,
            )
        if chat.access not in (Access.OPEN, Access.MUTED):
            raise _closed(chat)
        return chat

    def _chat(self, asked: Parameters) -> Chat:
        """Find a chat that the bot knows."""
        if not asked.text("chat_id"):
            raise bad("chat_id is empty")
        chat = self._world.chats.get(asked.number("chat_id"))
        if chat is None or chat.access is Access.NEVER_STARTED:
            raise bad("chat not found")
        return chat


def _member(chat: Chat, person: Person) -> Json:
    """Who began a group is its creator here."""
    if person.id not in chat.members:
        return {"user": person.as_json(), "status": "left"}
    if person.id not in chat.admins:
        return {"user": person.as_json(), "status": "member"}
    status = "creator" if person.id == next(iter(chat.members)) else "administrator"
    return {"user": person.as_json(), "status": status, "is_anonymous": False}


def _closed(chat: Chat) -> ApiError:
    code, description = chat.access.value
    return ApiError(code, description.format(type=chat.type))


# --- reading parameters -------------------------------------------------------------------


def _text(asked: Parameters) -> Formatted:
    if not asked.text("text"):
        raise bad("Message text is empty")
    return _formatted(asked, "text", "entities", TEXT_LIMIT)


def _formatted(asked: Parameters, name: str, entities: str, limit: int) -> Formatted:
    mode = asked.text("parse_mode").lower()
    if mode in ("markdown", "markdownv2"):
        raise NotImplementedError("This stand-in reads HTML and entities only.")
    if mode not in ("", "none", "html"):
        raise bad("Unsupported parse_mode")
    # Source: `get_input_entities`, which ignores what it cannot read.
    try:
        given = json.loads(asked.text(entities) or "[]")
    except ValueError:
        given = []
    try:
        return formatted(
            asked.text(name),
            html=mode == "html",
            entities=given if isinstance(given, list) else [],
            limit=limit,
            empty=name == "caption",
        )
    except Refused as refused:
        raise bad(str(refused)) from None


def _reply_markup(asked: Parameters) -> tuple[Json | None, Rows]:
    markup = asked.json("reply_markup", "reply keyboard markup")
    if markup is None:
        return None, ()
    if not isinstance(markup, dict):
        raise bad("Object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list):
        raise bad('Field "inline_keyboard" must be of type Array')
    kept = []
    for row in rows:
        if not isinstance(row, list):
            raise bad(
                'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
            )
        buttons = [_button(button) for button in row]
        if shown := tuple(button for button in buttons if button.text):
            kept.append(shown)
    if sum(len(row) for row in kept) > BUTTONS_LIMIT:
        raise bad("reply markup is too long")
    if not kept:
        return None, ()
    return {"inline_keyboard": rows}, tuple(kept)


def _button(button: object) -> Button:
    cannot = "Can't parse inline keyboard button:"
    if not isinstance(button, dict):
        raise bad(f"{cannot} InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad(f'{cannot} Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise bad(f'{cannot} Field "text" must be of type String')
    if button.get("style") not in (None, "", "danger", "success", "primary"):
        raise bad(f"{cannot} Invalid button style specified")
    if url := button.get("url"):
        try:
            check_link(url)
        except Refused as refused:
            raise bad(f"Inline keyboard button {refused}") from None
        return Button(button["text"], url=url)
    if data := button.get("callback_data"):
        if len(str(data).encode()) > BUTTON_DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")
        return Button(button["text"], data=str(data))
    raise bad(f"{cannot} Text buttons are unallowed in the inline keyboard")


def _command(command: object, *, asides: bool) -> Json:
    cannot = "Can't parse BotCommand:"
    if not isinstance(command, dict):
        raise bad(f"{cannot} expected an Object")
    for name in ("command", "description"):
        if not isinstance(command.get(name), str):
            raise bad(f'{cannot} Can\'t find field "{name}"')
    name = command["command"].strip().removeprefix("/")
    description = command["description"].strip()
    if not name:
        raise bad("Command must be non-empty")
    if not description:
        raise bad("Command description must be non-empty")
    if len(description) > 256:
        raise bad("Command description length must not exceed 256")
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad("BOT_COMMAND_INVALID")
    ephemeral = {"is_ephemeral": True} if asides and command.get("is_ephemeral") is True else {}
    return {"command": name, "description": description, **ephemeral}
