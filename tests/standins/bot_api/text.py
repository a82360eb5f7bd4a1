"""What Telegram does to a text: parsing HTML, checking entities, trimming.

Source: `parse_html` and `fix_formatted_text` in tdlib/td:td/telegram/MessageEntity.cpp.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Entity = dict[str, Any]

TAGS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}

ARGUMENTS = {
    "text_link": "url",
    "custom_emoji": "custom_emoji_id",
    "date_time": "unix_time",
    "text_mention": "user",
}
"""What an entity of that type must carry."""

DATE_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
"""Source: https://core.telegram.org/bots/api#date-time-entity-formatting"""

TYPES = frozenset(TAGS.values()) | {"expandable_blockquote", "text_mention"}

FOUND_BY_TELEGRAM = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bank_card_number",
    ]
)
"""Types that Telegram finds by itself, and ignores when a bot gives them."""

REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class Refused(ValueError):
    """Telegram does not take it; the text is its reason, without 'Bad Request'."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as a device shows it, with entities whose offsets count UTF-16 units."""

    text: str
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def formatted(
    text: str,
    *,
    html: bool = False,
    entities: Iterable[Any] = (),
    limit: int,
    empty: bool = False,
) -> Formatted:
    """Turn what a bot sent into what a device shows.

    Args:
        limit: UTF-16 units after parsing.
        empty: whether an empty text is fine (a caption).

    Raises:
        Refused: Telegram would not take it.
    """
    if len(text.encode("utf-8", "surrogatepass")) > 1 << 15:
        raise Refused("Text is too long")
    if html:
        try:
            parsed = _Html(text).parse()
        except Refused as refused:
            raise Refused(f"Can't parse entities: {refused}") from None
    else:
        parsed = Formatted(text, tuple(_checked(entities)))
    shown = _trimmed(_cleaned(parsed))
    if not shown.text and not empty:
        raise Refused("Text must be non-empty")
    if utf16_length(shown.text) > limit:
        raise Refused("Message caption is too long" if empty else "Message is too long")
    return shown


def check_link(url: str) -> None:
    """Refuse what Telegram does not open; note that 'localhost' has no dot.

    Source: `LinkManager::check_link` in tdlib/td:td/telegram/LinkManager.cpp.
    """
    parts = urlsplit(url if re.match(r"[a-zA-Z]+:", url) else f"http://{url}")
    if parts.scheme in ("tg", "ton", "tonsite"):
        return
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        raise Refused(f"URL '{url}' is invalid: Unsupported URL protocol")
    if "." not in host and ":" not in host:
        raise Refused(f"URL '{url}' is invalid: Wrong HTTP URL")


# --- entities -----------------------------------------------------------------------------


def _checked(entities: Iterable[Any]) -> Iterable[Entity]:
    for entity in entities:
        if not isinstance(entity, Mapping):
            raise Refused("Can't parse MessageEntity: expected an Object")
        for name in ("offset", "length"):
            if not _is_integer(entity.get(name)):
                raise Refused(f"Can't parse MessageEntity: Can't find field \"{name}\"")
        type_ = entity.get("type")
        if type_ in FOUND_BY_TELEGRAM:
            continue
        if type_ not in TYPES:
            raise Refused("Can't parse MessageEntity: Unsupported type specified")
        argument = ARGUMENTS.get(type_)
        if argument is not None and argument not in entity:
            raise Refused(f"Can't parse MessageEntity: Can't find field \"{argument}\"")
        _check_value(entity)
        yield {**entity, "offset": int(entity["offset"]), "length": int(entity["length"])}


def _check_value(entity: Mapping[str, Any]) -> None:
    match entity["type"]:
        case "text_link":
            try:
                check_link(entity["url"])
            except Refused as refused:
                raise Refused(f"Entity {refused}") from None
        case "date_time":
            if not DATE_TIME_FORMAT.fullmatch(str(entity.get("date_time_format", ""))):
                raise Refused("Can't parse MessageEntity: Invalid date-time format specified")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) or (
        isinstance(value, str) and re.fullmatch(r"-?\d+", value) is not None
    )


def _cleaned(parsed: Formatted) -> Formatted:
    """Replace control characters as Telegram does, keeping entities on their characters."""
    try:
        units = parsed.text.encode("utf-16-le")
    except UnicodeEncodeError:
        raise Refused("Strings must be encoded in UTF-8") from None
    entities = []
    for entity in parsed.entities:
        _check_place(entity, units)
        start = _shown_length(units, entity["offset"])
        end = _shown_length(units, entity["offset"] + entity["length"])
        if end > start:
            entities.append({**entity, "offset": start, "length": end - start})
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(_without_controls(parsed.text), tuple(entities))


def _check_place(entity: Entity, units: bytes) -> None:
    """Refuse an entity outside the text, or that begins or ends inside a character."""
    offset, length = entity["offset"], entity["length"]
    if not 0 <= offset <= 1_000_000:
        raise Refused(f"Receive an entity with incorrect offset {offset}")
    if not 0 <= length <= 1_000_000:
        raise Refused(f"Receive an entity with incorrect length {length}")
    end, last = offset + length, len(units) // 2
    if offset > last:
        raise Refused(f"Entity begins after the end of the text at UTF-16 offset {offset}")
    if _is_inside(units, offset):
        at = _octets(units, offset + 1)
        raise Refused(f"Entity begins in a middle of a UTF-16 symbol at byte offset {at}")
    beginning = f"Entity beginning at UTF-16 offset {offset} ends"
    if end > last:
        raise Refused(f"{beginning} after the end of the text at UTF-16 offset {end}")
    if _is_inside(units, end):
        at = _octets(units, end + 1)
        raise Refused(f"{beginning} in a middle of a UTF-16 symbol at byte offset {at}")


def _is_inside(units: bytes, offset: int) -> bool:
    """Whether the unit there is the second half of a surrogate pair."""
    return 0xDC <= int.from_bytes(units[2 * offset + 1 : 2 * offset + 2]) <= 0xDF


def _octets(units: bytes, offset: int) -> int:
    return len(units[: 2 * offset].decode("utf-16-le").encode())


def _shown_length(units: bytes, offset: int) -> int:
    prefix = units[: 2 * offset].decode("utf-16-le")
    return utf16_length(_without_controls(prefix))


def _without_controls(text: str) -> str:
    # Source: `clean_input_string` in tdlib/td:td/telegram/misc.cpp.
    text = re.sub("[\r\u2028-\u202e\u0333\u033f\u030a]", "", text)
    return re.sub(r"[\x00-\x09\x0b-\x1f]", " ", text)


def _trimmed(shown: Formatted) -> Formatted:
    text = shown.text.rstrip()
    end = utf16_length(text)
    entities = [
        {**entity, "length": min(entity["length"], end - entity["offset"])}
        for entity in shown.entities
        if entity["offset"] < end
    ]
    # White space that an entity covers stays.
    first = min((entity["offset"] for entity in entities), default=len(text))
    lead = 0
    while lead < min(first, len(text)) and text[lead] in " \n":
        lead += 1
    return Formatted(
        text[lead:],
        tuple({**entity, "offset": entity["offset"] - lead} for entity in entities),
    )


# --- HTML ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    begin: int


@dataclass(slots=True)
class _Html:
    source: str
    at: int = 0
    shown: str = ""
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def parse(self) -> Formatted:
        while self.at < len(self.source):
            character = self.source[self.at]
            if character == "<":
                if self.source.startswith("</", self.at):
                    self._end_tag()
                else:
                    self._start_tag()
            elif character == "&":
                self.shown += self._reference()
            else:
                self.shown += character
                self.at += 1
        if self.open:
            raise Refused(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return Formatted(self.shown, tuple(self.entities))

    def _reference(self) -> str:
        """Decode `&name;` or `&#number;`; what is neither stays as it is."""
        match = re.compile(r"&(?:#x([0-9a-fA-F]+)|#(\d+)|([A-Za-z]+));?").match(
            self.source, self.at
        )
        decoded = _decoded(match) if match else None
        if match is None or decoded is None:
            self.at += 1
            return "&"
        self.at = match.end()
        return decoded

    def _start_tag(self) -> None:
        begin = self.at
        name = self._run(r"[^\s>]*", begin + 1)
        tag = name.lower()
        if self.at >= len(self.source):
            raise Refused(f"Unclosed start tag at byte offset {self._octets(begin)}")
        if tag not in TAGS:
            raise Refused(f'Unsupported start tag "{tag}" at byte offset {self._octets(begin)}')
        argument = ""
        while True:
            self._run(r"\s*", self.at)
            if self._peek() == ">":
                break
            argument = self._attribute(tag, begin) or argument
        self.at += 1
        if tag == "span" and argument != "spoiler":
            raise Refused(
                f'Tag "span" must have class "tg-spoiler" at byte offset {self._octets(begin)}'
            )
        self.open.append(_Open(tag, argument, utf16_length(self.shown), len(self.shown)))

    def _attribute(self, tag: str, begin: int) -> str:
        name = self._run(r"[^\s=>/\"']*", self.at)
        if not name:
            raise Refused(
                f'Empty attribute name in the tag "{tag}" at byte offset {self._octets(begin)}'
            )
        self._run(r"\s*", self.at)
        value = ""
        if self._peek() == "=":
            self._run(r"\s*", self.at + 1)
            value = self._value()
        if self.at >= len(self.source):
            raise Refused(f"Unclosed start tag at byte offset {self._octets(begin)}")
        return _argument(tag, name, value)

    def _value(self) -> str:
        quote = self._peek()
        if quote not in ("'", '"'):
            begin = self.at
            token = self._run(r"[A-Za-z0-9.\-]*", self.at)
            if self._peek() and not self._peek().isspace() and self._peek() != ">":
                raise Refused(f"Unexpected end of name token at byte offset {self._octets(begin)}")
            return token.lower()
        self.at += 1
        value = ""
        while self._peek() not in ("", quote):
            if self._peek() == "&":
                value += self._reference()
            else:
                value += self._peek()
                self.at += 1
        self.at += 1
        return value

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise Refused(f"Unexpected end tag at byte offset {self._octets(begin)}")
        name = self._run(r"[^\s>]*", begin + 2).lower()
        self._run(r"\s*", self.at)
        if self._peek() != ">":
            raise Refused(f"Unclosed end tag at byte offset {self._octets(begin)}")
        opened = self.open[-1]
        if name and name != opened.tag:
            raise Refused(
                f"Unmatched end tag at byte offset {self._octets(begin)},"
                f' expected "</{opened.tag}>", found "</{name}>"'
            )
        self.at += 1
        self.open.pop()
        length = utf16_length(self.shown) - opened.offset
        if length:
            self._close(opened, length)

    def _close(self, opened: _Open, length: int) -> None:
        type_ = TAGS[opened.tag]
        entity: Entity = {"type": type_, "offset": opened.offset, "length": length}
        argument = opened.argument
        match type_:
            case "text_link":
                entity["url"] = argument or self.shown[opened.begin :]
                try:
                    check_link(entity["url"])
                except Refused:
                    return  # Telegram shows the words without the link
            case "custom_emoji":
                if not argument.isdigit():
                    raise Refused("Invalid custom emoji identifier specified")
                entity["custom_emoji_id"] = argument
            case "date_time":
                entity["unix_time"] = int(argument or 0)
            case "blockquote" if argument:
                entity["type"] = "expandable_blockquote"
        self.entities.append(entity)

    def _run(self, pattern: str, start: int) -> str:
        match = re.compile(pattern).match(self.source, start)
        assert match is not None, "the patterns here match the empty string"
        self.at = match.end()
        return match.group()

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _octets(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))


def _decoded(match: re.Match[str]) -> str | None:
    hexadecimal, decimal, name = match.groups()
    if name:
        return REFERENCES.get(name)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    too_long = len(match.group().rstrip(";")) >= 10
    return None if code == 0 or code >= 0x10FFFF or too_long else chr(code)


def _argument(tag: str, name: str, value: str) -> str:
    """What an attribute means for its tag; empty if nothing."""
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("tg-time", "unix"):
            return value
        case "span", "class":
            return value.removeprefix("tg-") if value.startswith("tg-") else ""
        case "blockquote", "expandable":
            return "1"
        case _:
            return ""


def spans(shown: Formatted, type_: str) -> Sequence[str]:
    """The pieces of the text under entities of one type, for assertions."""
    units = shown.text.encode("utf-16-le")
    return [
        units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in shown.entities
        if e["type"] == type_
    ]
