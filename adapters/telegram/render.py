"""Cards as Telegram messages: text with entities, so that no payload can break or forge markup."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from adapters.chat.severities import mark
from bot.domain.cards import Button, ButtonStyle, Card, Option, PickList, Picture, Table, as_shown
from bot.domain.columns import columns_of, in_columns
from bot.domain.marks import MarkedInstant, Shape, in_pieces
from bot.domain.text import utf16_length
from bot.texts.times import clock, dated, on_day_of

Json = Mapping[str, Any]

TEXT_LIMIT = 4096
"""UTF-16 units. Source: https://core.telegram.org/bots/api#sendmessage"""

CAPTION_LIMIT = 1024
"""UTF-16 units. Source: https://core.telegram.org/bots/api#sendphoto"""

ROW_LIMIT = 3
"""Buttons side by side."""

WIDTH = 32
"""Columns of fixed-width text on a phone, and what all the labels side by side may take: each
button is as wide as the widest, and a phone cuts what has no room.
"""


class Style(StrEnum):
    """The entity types that we use. Source: https://core.telegram.org/bots/api#messageentity"""

    BOLD = "bold"
    ITALIC = "italic"
    PRE = "pre"
    FOLDED = "expandable_blockquote"


DATE_TIME = "date_time"
"""An entity that a client replaces by that instant, by the clock of who reads it. Where it knows no
such entity, its words stay. It may be within another one, and holds none.

Source: https://core.telegram.org/bots/api#date-time-entity-formatting
"""

NEWER_ENTITIES = (DATE_TIME, Style.FOLDED)
"""What older servers do not know, the newest first.

Source: https://core.telegram.org/bots/api-changelog (9.5, 7.4)
"""

_SHAPES = {Shape.CLOCK: "t", Shape.MOMENT: "dt", Shape.DATED: "Dt", Shape.SECOND: "dT"}


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of one line. `at`: its text is the words for an instant."""

    text: str
    style: Style | None = None
    at: MarkedInstant | None = None


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramMessage:
    """One message to send. `entities` and `buttons` are as the Bot API takes them."""

    text: str
    entities: tuple[Json, ...] = ()
    buttons: tuple[tuple[Json, ...], ...] = ()
    silent: bool = False
    protected: bool = False

    @property
    def newest_entity(self) -> str | None:
        """What of it an older server might not know."""
        types = {entity["type"] for entity in self.entities}
        return next((one for one in NEWER_ENTITIES if one in types), None)

    def without(self, types: Collection[str]) -> "TelegramMessage":
        """The same without entities of these types: their words stay."""
        kept = tuple(entity for entity in self.entities if entity["type"] not in types)
        return self if len(kept) == len(self.entities) else replace(self, entities=kept)

    @property
    def plain(self) -> "TelegramMessage":
        """The same words and nothing that could be refused."""
        return TelegramMessage(text=self.text, silent=self.silent, protected=self.protected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture to send after the words. Telegram has no text for who does not see it: the caption
    is for all.
    """

    png: bytes
    caption: str


def photo(picture: Picture) -> Photo:
    return Photo(png=picture.png, caption=_head(picture.alt, CAPTION_LIMIT))


def rendered(card: Card, now: datetime) -> tuple[TelegramMessage, ...]:
    """Lay a card out. One message unless it is longer than one can be.

    A card that does not fit is cut at line ends into numbered parts, the buttons under the last.
    """
    card = as_shown(card, keeps_instants=True)
    lines = tuple(_lines(card, now))
    buttons = (*_options(card.pick), *_rows(card.buttons))
    text, entities = joined(lines)
    if _units(text) <= TEXT_LIMIT:
        return (
            TelegramMessage(
                text=text,
                entities=entities,
                buttons=buttons,
                silent=card.silent,
                protected=card.protected,
            ),
        )
    parts = split(lines, TEXT_LIMIT)
    messages = [joined(part) for part in parts]
    return tuple(
        TelegramMessage(
            text=text,
            entities=entities,
            buttons=buttons if number == len(parts) else (),
            silent=card.silent,
            protected=card.protected,
        )
        for number, (text, entities) in enumerate(messages, 1)
    )


# --- the lines of a card ------------------------------------------------------------------


def _lines(card: Card, now: datetime) -> Iterator[Line]:
    yield _runs(f"{mark(card.severity)}{card.title}", Style.BOLD)
    for line in card.lines:
        yield _runs(line)
    for field in card.fields:
        yield (*_runs(f"{field.label}:", Style.BOLD), *_runs(f" {field.value}"))
    if card.table is not None:
        yield from _table(card.table)
    for line in card.details:
        yield (Run(line, Style.FOLDED),)
    if card.pick is not None and card.pick.options:
        yield from _pick(card.pick)
    stamp = [moment(card.at, now)] if card.at else []
    if card.reference:
        stamp.append(f"ref {card.reference}")
    for note in (*([" · ".join(stamp)] if stamp else []), *card.notes):
        yield _runs(note, Style.ITALIC)


def _runs(text: str, style: Style | None = None) -> Line:
    return tuple(
        Run(piece.words, style, piece) if isinstance(piece, MarkedInstant) else Run(piece, style)
        for piece in in_pieces(text)
    )


def moment(at: datetime, now: datetime) -> str:
    """'12:04 UTC', or '13:04' by the clock of who reads it, with the date unless it is today."""
    if on_day_of(at, now):
        return clock(at)
    return dated(at)


def _table(table: Table) -> Iterator[Line]:
    lines = in_columns(table, WIDTH)
    if lines is None:
        yield from _list(table)
        return
    for line in lines:
        yield (Run(line, Style.PRE),)


def _list(table: Table) -> Iterator[Line]:
    """A table that is too wide for a phone: each row a line that names its columns."""
    for first, *others in table.rows:
        named = [
            f"{column} {cell}"
            for column, cell in zip(table.columns[1:], others, strict=True)
            if cell
        ]
        yield (Run(first, Style.BOLD), *([Run(" — " + " · ".join(named))] if named else []))


def _pick(pick: PickList) -> Iterator[Line]:
    """What a button has no room for."""
    yield (Run(f"{pick.prompt}:", Style.BOLD),)
    for option in pick.options:
        if option.hint:
            yield (Run(f"{option.label}:", Style.BOLD), Run(f" {option.hint}"))


# --- messages -----------------------------------------------------------------------------


def split(lines: Iterable[Line], limit: int) -> list[list[Line]]:
    """Spread lines over messages of at most `limit` UTF-16 units, as many lines on each as fit.

    Each message ends in a line of its number, '(2/3)'.
    """
    room = limit - _units("\n(999/999)")
    parts: list[list[Line]] = [[]]
    used = 0
    for piece in (piece for line in lines for piece in _cut(line, room)):
        length = sum(_units(run.text) for run in piece) + 1
        if parts[-1] and used + length > room:
            parts.append([])
            used = 0
        parts[-1].append(piece)
        used += length
    for number, part in enumerate(parts, 1):
        part.append((Run(f"({number}/{len(parts)})", Style.ITALIC),))
    return parts


def _cut(line: Line, limit: int) -> Iterator[Line]:
    """Cut a line that is longer than a whole message, never inside a character."""
    kept: list[Run] = []
    used = 0
    for run in line:
        rest = run.text
        while rest:
            piece = _head(rest, limit - used)
            if not piece:
                yield tuple(kept)
                kept, used = [], 0
                continue
            # Words that are cut are only words.
            kept.append(Run(piece, run.style, run.at if piece == run.text else None))
            used += _units(piece)
            rest = rest[len(piece) :]
    yield tuple(kept)


def _head(text: str, units: int) -> str:
    """The longest beginning of at most so many UTF-16 units."""
    head = text[:units]
    over = _units(head) - units
    while over > 0:
        # Each character dropped is worth one unit or two.
        head = head[: -max(1, over // 2)]
        over = _units(head) - units
    return head


def joined(lines: Sequence[Line]) -> tuple[str, tuple[Json, ...]]:
    """Lines as one text, and entities over it whose offsets count UTF-16 units."""
    text: list[str] = []
    entities: list[dict[str, Any]] = []
    styled: dict[str, Any] | None = None
    at = 0
    for number, line in enumerate(lines):
        if number:
            text.append("\n")
            at += 1
        for run in line:
            length = _units(run.text)
            if run.style is not None and styled is not None and _goes_on(styled, run.style, at):
                styled["length"] = at + length - styled["offset"]
            elif run.style is not None and length:
                styled = {"type": run.style.value, "offset": at, "length": length}
                entities.append(styled)
            if run.at is not None and length:
                shown = {"unix_time": run.at.unix, "date_time_format": _SHAPES[run.at.shape]}
                entities.append({"type": DATE_TIME, "offset": at, "length": length, **shown})
            text.append(run.text)
            at += length
    return "".join(text), tuple(entities)


def _units(text: str) -> int:
    return len(text) if text.isascii() else utf16_length(text)


def _goes_on(styled: Json, style: Style, at: int) -> bool:
    """Whether more in the same style follows; lines of a block are one."""
    end: int = styled["offset"] + styled["length"]
    return bool(styled["type"] == style) and (end == at or (style in _BLOCKS and end + 1 == at))


_BLOCKS = (Style.PRE, Style.FOLDED)


# --- buttons ------------------------------------------------------------------------------


def _options(pick: PickList | None) -> Iterator[tuple[Json, ...]]:
    """A row each, so that a phone shows whole names."""
    for option in pick.options if pick is not None else ():
        yield (_option(option),)


def _option(option: Option) -> Json:
    return {"text": option.label, "callback_data": option.action}


def _rows(rows: Iterable[Iterable[Button]]) -> Iterator[tuple[Json, ...]]:
    for row in rows:
        buttons = [button for one in row if (button := _button(one)) is not None]
        widest = max((columns_of(button["text"]) for button in buttons), default=0)
        together = max(1, min(ROW_LIMIT, WIDTH // max(1, widest)))
        for start in range(0, len(buttons), together):
            yield tuple(buttons[start : start + together])


def _button(button: Button) -> Json | None:
    shown: dict[str, Any] = {"text": button.label}
    if button.url is not None:
        if not _opens(button.url):
            return None
        shown["url"] = button.url
    else:
        shown["callback_data"] = button.action
    if button.style is not ButtonStyle.PLAIN:
        shown["style"] = button.style.value
    return shown


def _opens(url: str) -> bool:
    """Whether Telegram takes it for a button; it wants a dot in the host, so not 'localhost'.

    Source: `LinkManager::check_link` in tdlib/td:td/telegram/LinkManager.cpp
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and ("." in host or ":" in host)
