"""Cards as Discord messages: an embed each, within every limit, with all foreign markup inert."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from adapters.chat.severities import mark
from bot.domain import marks
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Option,
    PickList,
    Picture,
    Question,
    Severity,
    Table,
    as_shown,
)
from bot.domain.columns import in_columns
from bot.domain.ids import ActionId
from bot.domain.marks import MarkedInstant, Shape, has_instant, in_pieces
from bot.domain.text import utf16_length
from bot.services.commands.registry import find
from bot.texts import asking
from bot.texts.linking import type_digits

Json = Mapping[str, Any]

GROUP = "bell"
"""The slash command that all of ours are under that are of no family, so that what is asked most
clashes with no other bot's."""

PUBLIC = "public"
"""The option by which a person asks for an answer that everybody in the channel can read."""

CONTENT_LIMIT = 2000
HEADLINE_LIMIT = 300
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FIELDS_LIMIT = 25
NAME_LIMIT = 256
VALUE_LIMIT = 1024
FOOTER_LIMIT = 2048
EMBED_LIMIT = 6000
"""Of all texts of a message's embeds together. Discord does not say what it counts as one
character; UTF-16 units are never fewer.

Source: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

ROWS_LIMIT = 5
ROW_LIMIT = 5
LABEL_LIMIT = 80
URL_LIMIT = 512
"""Source: https://docs.discord.com/developers/components/reference#button"""

OPTIONS_LIMIT = 25
OPTION_LIMIT = 100
"""Of an option's label and its description."""
PROMPT_LIMIT = 150
"""Source: https://docs.discord.com/developers/components/reference#string-select"""

FORM = "digits form"
"""The custom id of the button that opens the form for the six digits, and of the form. A blank
keeps it apart from every action's."""

QUESTION = "question "
"""What the custom ids of buttons begin with that open another form, and of that form: what it asks
for and the action that takes it follow.
"""

PICK = "pick "
"""What the custom ids of lists to choose from begin with. The blank keeps them apart from every
action's: what is chosen tells the action.
"""

ALT_LIMIT = 1024
"""Source: https://docs.discord.com/developers/resources/message#attachment-object"""

PICTURE = "picture.png"
"""What the file is called by which a picture comes.

Source: https://docs.discord.com/developers/reference#uploading-files
"""

TABLE_WIDTH = 30
"""Columns of fixed-width text in an embed on a phone."""

COLOURS = {
    Severity.INFO: 0x5C6B7A,
    Severity.GOOD: 0x2E9E5B,
    Severity.WARNING: 0xE08A1E,
    Severity.CRITICAL: 0xD13438,
}

SUPPRESS_NOTIFICATIONS = 1 << 12
"""Source: https://docs.discord.com/developers/resources/message#message-object-message-flags"""

BUTTON_STYLES = {ButtonStyle.PLAIN: 2, ButtonStyle.PRIMARY: 1, ButtonStyle.DANGER: 4}
LINK_STYLE = 5
"""Source: https://docs.discord.com/developers/components/reference#button-button-styles"""

EMPTY = "\u200b"
"""Stands where Discord wants some text and there is none."""

NO_MENTIONS: Json = {"parse": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordMessage:
    """One message to send. `embed` and `components` are as the API takes them.

    `mark` is what its footer is known by later; empty without a reference. `content` stands above
    the embed, and is all that a phone's notification shows; `picture` is inside the embed.
    """

    embed: Json
    components: tuple[Json, ...] = ()
    silent: bool = False
    mark: str = ""
    content: str = ""
    picture: Picture | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What the message holds, however it is sent. Nobody is ever mentioned by it."""
        held: dict[str, Any] = {
            "embeds": [self.embed],
            "components": list(self.components),
            "allowed_mentions": NO_MENTIONS,
        }
        if self.content:
            held["content"] = self.content
        if self.picture is not None:
            alt = _short(self.picture.alt, ALT_LIMIT)
            held["attachments"] = [{"id": 0, "filename": PICTURE, "description": alt}]
        return held

    @property
    def replacing(self) -> dict[str, Any]:
        """The body by which it takes the place of another: what it left out would stay."""
        return {"content": "", "attachments": [], **self.body}

    @property
    def files(self) -> Sequence[tuple[str, bytes]]:
        """Names and contents, in the order of the body's `attachments`."""
        return () if self.picture is None else ((PICTURE, self.picture.png),)

    @property
    def plain(self) -> "DiscordMessage":
        """The same words, and nothing that could be refused."""
        told = [self.picture.alt] if self.picture is not None else []
        words = _in_words([*told, *_choices(self.components)], CONTENT_LIMIT - HEADLINE_LIMIT - 1)
        content = "\n".join(filter(None, (self.content, words)))
        bare = {name: value for name, value in self.embed.items() if name != "image"}
        return replace(self, embed=bare, components=(), content=content, picture=None)

    @property
    def is_plain(self) -> bool:
        return not self.components and self.picture is None


def rendered(card: Card) -> tuple[DiscordMessage, ...]:
    """Lay a card out. One message unless it is more than one can hold.

    A card that does not fit goes on in numbered parts, what can be pressed under the last; should
    there be more of that than fits there, more parts hold it.
    """
    card = as_shown(card, called, keeps_instants=True)
    # In a title no markup is read.
    card = replace(card, title=marks.shown(card.title))
    embeds = _packed(_pieces(card))
    buttons = (*card.buttons, (_opens_form(),)) if card.asks_digits else card.buttons
    if card.question is not None:
        buttons = ((_opens_question(card.question),), *buttons)
    groups = _grouped([*_selects(card.pick), *_button_rows(buttons)]) or [()]
    embeds += [_Embed() for _ in groups[1:]]
    first = len(embeds) - len(groups)
    many = len(embeds) > 1
    messages = []
    for number, embed in enumerate(embeds):
        known_by = _mark(card.reference, number + 1 if many else None)
        footer = " · ".join(filter(None, (known_by, f"{number + 1}/{len(embeds)}" if many else "")))
        shown = embed.json(COLOURS[card.severity], footer)
        picture = card.picture if number == first else None
        if picture is not None:
            shown = {**shown, "image": {"url": f"attachment://{PICTURE}"}}
        messages.append(
            DiscordMessage(
                embed=shown,
                components=groups[number - first] if number >= first else (),
                silent=card.silent,
                mark=known_by,
                content=_headline(card) if card.reference and number == 0 else "",
                picture=picture,
            )
        )
    return tuple(messages)


def _mark(reference: str | None, part: int | None) -> str:
    """How a message is found again, whatever the number of its parts was."""
    if not reference:
        return ""
    # A reference is short; what is not one must not break a limit either.
    shown = reference[:_REFERENCE_LIMIT]
    return f"ref {shown}" if part is None else f"ref {shown} part {part}"


_REFERENCE_LIMIT = 40

_FOOTER_RESERVE = utf16_length(" · ".join(("ref  part 999", "999/999"))) + 2 * _REFERENCE_LIMIT + 1
"""Room for the reference and the part's number."""


# --- pieces of a card ---------------------------------------------------------------------


class _Place(IntEnum):
    """Where in an embed a piece is shown, in the order of reading."""

    TITLE = 0
    TEXT = 1
    FIELD = 2
    SMALL = 3


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece that fits into an empty embed. `name` is only a field's."""

    place: _Place
    text: str
    name: str = ""

    @property
    def length(self) -> int:
        return utf16_length(self.text) + utf16_length(self.name)


def _pieces(card: Card) -> Iterator[_Piece]:
    head, *rest = _escaped(f"{mark(card.severity)}{card.title}", TITLE_LIMIT) or [""]
    if head:
        yield _Piece(_Place.TITLE, head)
    for line in rest:
        yield _Piece(_Place.TEXT, line)
    for line in card.lines:
        for text in _escaped(line, DESCRIPTION_LIMIT) or [""]:
            yield _Piece(_Place.TEXT, text)
    if card.at is not None:
        second = int(card.at.timestamp())
        yield _Piece(_Place.TEXT, f"<t:{second}:f> (<t:{second}:R>)")
    for one in card.fields:
        yield from _field(one.label, one.value)
    if card.table is not None:
        yield from _table(card.table)
    if card.details:
        yield from _report(card.details)
    yield from _notes(card.notes)


def _notes(notes: Sequence[str]) -> Iterator[_Piece]:
    """A footer shows no markup at all: there is nothing to escape, and no instant can be told.
    Where one note tells an instant all are fields, so that they stay together and in their order.
    """
    fields = any(map(has_instant, notes))
    for note in notes:
        if fields:
            yield from (_Piece(_Place.FIELD, text, EMPTY) for text in _escaped(note, VALUE_LIMIT))
        else:
            bits = _cut(note, FOOTER_LIMIT - _FOOTER_RESERVE)
            yield from (_Piece(_Place.SMALL, text) for text in bits)


def _field(label: str, value: str) -> Iterator[_Piece]:
    """A field, and more of them for what is too long for one. Its name cannot tell an instant."""
    if has_instant(label):
        bits = ("**", *_units_of(label), "**\n", *_units_of(value))
        yield from (_Piece(_Place.FIELD, text, EMPTY) for text in _whole(bits, VALUE_LIMIT))
        return
    names = _escaped(label, NAME_LIMIT) or [EMPTY]
    values = _escaped(value, VALUE_LIMIT) or [EMPTY]
    for number in range(max(len(names), len(values))):
        name = names[number] if number < len(names) else EMPTY
        text = values[number] if number < len(values) else EMPTY
        yield _Piece(_Place.FIELD, _filled(text), _filled(name))


def _table(table: Table) -> Iterator[_Piece]:
    lines = in_columns(table, TABLE_WIDTH)
    cells = [cell for row in (table.columns, *table.rows) for cell in row]
    if lines is None or not all(map(_fits_block, cells)):
        yield from _list(table)
        return
    yield from _blocks(lines)


def _report(lines: Sequence[str]) -> Iterator[_Piece]:
    """A long report, which Discord folds nowhere: a block is at least passed over at a glance."""
    if all(map(_fits_block, lines)):
        yield from _blocks([bit for line in lines for bit in _cut(line, BLOCK_LIMIT) or [""]])
        return
    for text in _escaped("\n".join(lines), VALUE_LIMIT):
        yield _Piece(_Place.FIELD, text, EMPTY)


def _fits_block(text: str) -> bool:
    """In a block nothing can be escaped, so what would end it must not be in it."""
    return "`" not in text and "\n" not in text


BLOCK_LIMIT = VALUE_LIMIT - len("```\n\n```")


def _blocks(lines: Sequence[str]) -> Iterator[_Piece]:
    """Lines of fixed width, as blocks that each fit into a field."""
    block: list[str] = []
    used = 0
    for line in lines:
        length = utf16_length(line) + 1
        if block and used + length > BLOCK_LIMIT:
            yield _Piece(_Place.FIELD, _fenced(block), EMPTY)
            block, used = [], 0
        block.append(line)
        used += length
    yield _Piece(_Place.FIELD, _fenced(block), EMPTY)


def _fenced(lines: Sequence[str]) -> str:
    return "\n".join(("```", *lines, "```"))


def _list(table: Table) -> Iterator[_Piece]:
    """A table that is too wide for a phone: each row a field that names its columns."""
    for first, *others in table.rows:
        named = [
            f"{column} {cell}"
            for column, cell in zip(table.columns[1:], others, strict=True)
            if cell
        ]
        yield from _field(first, " · ".join(named))


# --- embeds -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Embed:
    """An embed that is being filled."""

    title: str = ""
    texts: list[str] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    last: _Place = _Place.TITLE
    used: int = _FOOTER_RESERVE
    used_here: int = 0
    """Of the place that was filled last."""

    def takes(self, piece: _Piece) -> bool:
        """Whether there is room, and nothing that is read after it is there already."""
        if piece.place < self.last or self.used + piece.length + 1 > EMBED_LIMIT:
            return False
        here = (self.used_here if piece.place is self.last else 0) + piece.length + 1
        match piece.place:
            case _Place.TITLE:
                return not self.title and not self.texts
            case _Place.TEXT:
                return here <= DESCRIPTION_LIMIT + 1
            case _Place.FIELD:
                return len(self.fields) < FIELDS_LIMIT
            case _Place.SMALL:
                return here <= FOOTER_LIMIT - _FOOTER_RESERVE + 1

    def put(self, piece: _Piece) -> None:
        if piece.place is not self.last:
            self.last, self.used_here = piece.place, 0
        self.used += piece.length + 1
        self.used_here += piece.length + 1
        match piece.place:
            case _Place.TITLE:
                self.title = piece.text
            case _Place.TEXT:
                self.texts.append(piece.text)
            case _Place.FIELD:
                self.fields.append((piece.name, piece.text))
            case _Place.SMALL:
                self.small.append(piece.text)

    def json(self, colour: int, footer: str) -> Json:
        shown: dict[str, Any] = {"color": colour}
        if self.title.strip():
            shown["title"] = self.title
        description = "\n".join(self.texts)
        if description.strip():
            shown["description"] = description
        if self.fields:
            shown["fields"] = [{"name": name, "value": value} for name, value in self.fields]
        small = "\n".join(filter(None, (footer, *self.small)))
        if small.strip():
            shown["footer"] = {"text": small}
        if not shown.keys() & {"title", "description", "fields"}:
            shown["description"] = EMPTY
        return shown


def _packed(pieces: Iterable[_Piece]) -> list[_Embed]:
    """Spread pieces over embeds, as many in each as fit."""
    embeds = [_Embed()]
    for piece in pieces:
        if not embeds[-1].takes(piece):
            embeds.append(_Embed())
        embeds[-1].put(piece)
    return embeds


# --- text ---------------------------------------------------------------------------------

_MARKUP = frozenset("\\*_~`|<>[]@#")
"""What begins markup or a mention anywhere in a line. Any sign may be escaped.

Source: https://support.discord.com/hc/articles/210298617
"""

SHAPES = {
    Shape.CLOCK: "<t:{unix}:t>",
    Shape.MOMENT: "<t:{unix}:f>",
    Shape.DATED: "<t:{unix}:f>",
    Shape.SECOND: "<t:{unix}:d> <t:{unix}:T>",
}
"""How an instant is told, which each client shows by the clock of who reads it: where markup is
read, so neither in titles, names of fields and footers, nor on buttons and in lists.

Source: https://docs.discord.com/developers/reference#message-formatting-timestamp-styles
"""

_AT_LINE_START = re.compile(r"(?m)^[^\S\n]*(?:([-+])|\d+(\.))(?=\s|$)")
"""What begins a list there."""

_ADDRESS = re.compile(r"https?://[^\s<>\\]+")
"""Discord makes a link of it by itself, and reads no markup in it: an escape would break it."""


def called(command: str) -> str:
    """'/bell status', '/alerts mute'."""
    found = find(command)
    if found is None:
        return f"/{GROUP} {command}"
    family = found.spec.family
    return f"/{family.name if family else GROUP} {found.spec.name}"


def _escaped(text: str, limit: int) -> list[str]:
    """Text that shows exactly as it is, in pieces of at most so many UTF-16 units."""
    return _whole(_units_of(text), limit)


def _whole(bits: Iterable[str], limit: int) -> list[str]:
    pieces = _joined(bits, limit - 2)
    # Where a line is cut, one ends and another one begins.
    ended = [*map(_ended, pieces[:-1]), *pieces[-1:]]
    return [*ended[:1], *map(_begun, ended[1:])]


def _begun(piece: str) -> str:
    found = _AT_LINE_START.match(piece)
    if found is None:
        return piece
    at = found.start(found.lastindex or 0)
    return f"{piece[:at]}\\{piece[at:]}"


def _ended(piece: str) -> str:
    """The piece with its last line as if it were all of it: '-1' may have been cut to '-'."""
    lines, newline, last = piece.rpartition("\n")
    return f"{lines}{newline}{_begun(last)}" if newline else piece


def _units_of(text: str) -> Iterator[str]:
    """The text escaped, in bits that must not be cut."""
    for piece in in_pieces(text):
        if isinstance(piece, MarkedInstant):
            yield SHAPES[piece.shape].format(unix=piece.unix)
        else:
            yield from _units_of_words(piece)


def _units_of_words(text: str) -> Iterator[str]:
    lists = {found.start(found.lastindex or 0) for found in _AT_LINE_START.finditer(text)}
    at = 0
    for address in _ADDRESS.finditer(text):
        # One that is too long for a piece is nobody's to follow.
        if len(address[0]) <= URL_LIMIT // 2:
            yield from _signs(text, at, address.start(), lists)
            yield address[0]
            at = address.end()
    yield from _signs(text, at, len(text), lists)


def _signs(text: str, start: int, end: int, lists: Set[int]) -> Iterator[str]:
    for at in range(start, end):
        sign = text[at]
        yield f"\\{sign}" if sign in _MARKUP or at in lists else sign


def _cut(text: str, limit: int) -> list[str]:
    """Pieces of at most so many UTF-16 units, never cut inside a character."""
    return _joined(text, limit)


def _joined(bits: Iterable[str], limit: int) -> list[str]:
    pieces: list[str] = []
    piece: list[str] = []
    used = 0
    for bit in bits:
        length = utf16_length(bit)
        if piece and used + length > limit:
            pieces.append("".join(piece))
            piece, used = [], 0
        piece.append(bit)
        used += length
    return [*pieces, "".join(piece)] if piece else pieces


def _filled(text: str) -> str:
    return text if text.strip() else EMPTY


# --- what can be pressed ------------------------------------------------------------------


def _grouped(rows: Sequence[Sequence[Json]]) -> list[tuple[Json, ...]]:
    """Rows, as many in each group as one message may have."""
    shown = [{"type": 1, "components": list(row)} for row in rows]
    return [tuple(shown[at : at + ROWS_LIMIT]) for at in range(0, len(shown), ROWS_LIMIT)]


def _selects(pick: PickList | None) -> Iterator[Sequence[Json]]:
    """A list to choose from, and more of them for what is too long for one; each fills a row."""
    if pick is None:
        return
    options = [_option(option) for option in pick.options]
    lists = [options[at : at + OPTIONS_LIMIT] for at in range(0, len(options), OPTIONS_LIMIT)]
    for number, shown in enumerate(lists, 1):
        which = f" ({number}/{len(lists)})" if len(lists) > 1 else ""
        select = {
            "type": 3,
            "custom_id": f"{PICK}{number}",
            "placeholder": f"{_short(pick.prompt, PROMPT_LIMIT - len(which))}{which}",
            "options": shown,
        }
        yield (select,)


def _in_words(lines: Iterable[str], limit: int) -> str:
    """As much of them as there is room for."""
    head, *_ = [*_escaped("\n".join(lines), limit), ""]
    return head


def _headline(card: Card) -> str:
    """What a phone shows of an alert before it is opened: of an embed it shows nothing.

    Discord would fetch an address in it, and show what is there.
    """
    title = card.title.replace("://", " ")
    return _in_words([f"{mark(card.severity)}{title}"], HEADLINE_LIMIT)


def _choices(rows: Iterable[Json]) -> Iterator[str]:
    """What lists offer to choose from."""
    for row in rows:
        for part in row["components"]:
            for option in part.get("options", ()):
                yield ": ".join(filter(None, (option["label"], option.get("description"))))


def _option(option: Option) -> Json:
    shown = {"label": _short(option.label, OPTION_LIMIT), "value": option.action}
    if not option.hint.strip():
        return shown
    return {**shown, "description": _short(option.hint, OPTION_LIMIT)}


def _button_rows(rows: Sequence[Sequence[Button]]) -> list[Sequence[Json]]:
    """Rows of buttons, filled up where one message would not hold them otherwise."""
    shown = [[json for one in row if (json := _button(one)) is not None] for row in rows]
    laid = [row[at : at + ROW_LIMIT] for row in shown for at in range(0, len(row), ROW_LIMIT)]
    if len(laid) <= ROWS_LIMIT:
        return list(laid)
    buttons = [button for row in laid for button in row]
    return [buttons[at : at + ROW_LIMIT] for at in range(0, len(buttons), ROW_LIMIT)]


def _opens_form() -> Button:
    return Button(label=type_digits(), action=ActionId(FORM), style=ButtonStyle.PRIMARY)


def _opens_question(question: Question) -> Button:
    label, *_ = asking.question(question.what)
    return Button(label=label, action=ActionId(f"{QUESTION}{question.what} {question.action}"))


def _button(button: Button) -> Json | None:
    shown: dict[str, Any] = {"type": 2, "label": _short(button.label, LABEL_LIMIT)}
    if button.url is None:
        return {
            **shown,
            "style": BUTTON_STYLES[button.style],
            "custom_id": button.action,
        }
    if not _opens(button.url):
        return None
    return {**shown, "style": LINK_STYLE, "url": button.url}


def _short(text: str, limit: int) -> str:
    if utf16_length(text) <= limit:
        return _filled(text)
    head, *_ = _cut(text, limit - 1)
    return f"{head}…"


def _opens(url: str) -> bool:
    """Whether Discord takes it for a button; it wants a dot in the host, so not 'localhost'."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    whole = len(url) <= URL_LIMIT and parts.scheme in ("http", "https")
    return whole and ("." in host or ":" in host)
