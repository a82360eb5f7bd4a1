"""The neutral message: what is said, apart from how any chat platform shows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain import marks
from bot.domain.ids import ActionId
from bot.domain.text import utf16_length


class Severity(StrEnum):
    """How loud a card is. Bad news is loud, the rest quiet; every level has a word of its own."""

    INFO = "info"
    GOOD = "good"
    WARNING = "warning"
    CRITICAL = "critical"


class ButtonStyle(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press. Its meaning stays on the server: `action` is only an id.

    A button with `url` opens a page instead; exactly one of the two is set. `until_seen`: it goes
    once somebody has seen the alert.
    """

    label: str
    action: ActionId | None = None
    url: str | None = None
    style: ButtonStyle = ButtonStyle.PLAIN
    until_seen: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of short texts; every row is as long as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several to choose from. `action` is as a button's; `hint` is what tells it apart."""

    label: str
    action: ActionId
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickList:
    """One of `options` is to be chosen; `prompt` asks for it, in a few words."""

    prompt: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to be typed in a form of its own, where the platform has forms: it follows the
    words of the action. Elsewhere it is typed behind the command `what`, as the card says.
    """

    what: str
    action: ActionId


class Look(StrEnum):
    """What a chat's pictures are drawn for."""

    DARK = "dark"
    LIGHT = "light"


ALT_LIMIT = 1024
"""UTF-16 units that Discord's descriptions and Telegram's captions may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG of so many pixels; `alt` says the same in words, in at most `ALT_LIMIT` units."""

    png: bytes
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One message.

    All texts are plain: an adapter escapes them for its platform. Texts of foreign origin have been
    through `text.clean`. `at` is when the fact happened; `None` for a reply, whose time is now.
    `reference` is the short name of a delivery, the same on every repeat of it.
    """

    title: str
    severity: Severity = Severity.INFO
    lines: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    table: Table | None = None
    details: tuple[str, ...] = ()
    """A long report of what `lines` say in short: folded where the platform can, not on a phone.
    Of foreign origin, so nothing is marked in it.
    """
    picture: Picture | None = None
    pick: PickList | None = None
    question: Question | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    notes: tuple[str, ...] = ()
    """Small print below everything: lateness, a possible repeat, what to do next."""
    at: datetime | None = None
    reference: str | None = None
    private: bool = True
    """Shown only to the person who asked, where the platform can do that."""
    asks_digits: bool = False
    """The answer to it are six digits: a platform that has forms offers one, elsewhere they are
    typed.
    """

    secret: bool = False
    """What it says is stored nowhere: who reads it could be told in the person's place."""
    over: bool = False
    """It asked to be seen, and does so no more: nothing need stand on a phone. Not stored: it is
    found out anew each time that a card is shown.
    """
    follows: str = ""
    """The reference of an earlier one there that it goes on with: on a phone it takes its place."""
    protected: bool = False
    """Nobody who reads it can forward or save it, where the platform sees to that."""
    on_lock_screen: str = ""
    """What a phone shows instead of all the rest; empty: the person has chosen."""
    sound: bool | None = None
    """Whether it arrives with one; `None`: if it is bad."""

    @property
    def silent(self) -> bool:
        """Whether it should arrive without a sound."""
        if self.sound is not None:
            return not self.sound
        return self.severity in (Severity.INFO, Severity.GOOD)


def _texts(card: Card) -> Iterator[str]:
    """All in which something may be marked."""
    yield card.title
    yield from card.lines
    yield from card.notes
    for field in card.fields:
        yield from (field.label, field.value)
    for row in card.buttons:
        yield from (button.label for button in row)
    if card.picture is not None:
        yield card.picture.alt
    if card.pick is not None:
        yield card.pick.prompt
        for option in card.pick.options:
            yield from (option.label, option.hint)


def as_shown(
    card: Card,
    command_as: Callable[[str], str] = "/{}".format,
    *,
    keeps_instants: bool = False,
) -> Card:
    """The card with all that is marked in it as a platform shows that.

    Args:
        command_as: how a command of that name is called there.
        keeps_instants: they stay marked in title, lines, fields and notes.
    """

    if not marks.has_any(_texts(card)):
        return card  # as most are

    def words(text: str) -> str:
        return marks.shown(text, command_as)

    def rich(text: str) -> str:
        return marks.shown(text, command_as, keeps_instants=keeps_instants)

    picture, pick = card.picture, card.pick
    return replace(
        card,
        title=rich(card.title),
        lines=tuple(map(rich, card.lines)),
        fields=tuple(Field(rich(one.label), rich(one.value)) for one in card.fields),
        picture=picture and replace(picture, alt=words(picture.alt)),
        pick=pick
        and replace(
            pick,
            prompt=words(pick.prompt),
            options=tuple(
                replace(one, label=words(one.label), hint=words(one.hint)) for one in pick.options
            ),
        ),
        buttons=tuple(
            tuple(replace(button, label=words(button.label)) for button in row)
            for row in card.buttons
        ),
        notes=tuple(map(rich, card.notes)),
    )


ROOM = 3000
"""UTF-16 units of a card's lines that fit into one message of any chat platform, with all that is
around them. Telegram's messages have 4096.
"""


def in_parts(card: Card) -> tuple[Card, ...]:
    """A card as so many that each fits into one message; only its lines make one too long.

    Each part is told for itself: what is cut short goes on where it was. Their titles have numbers,
    and what stands below the lines is on the last.
    """
    pages: list[list[str]] = [[]]
    used = 0
    for line in card.lines:
        length = utf16_length(line) + 1
        if pages[-1] and used + length > ROOM:
            pages.append([])
            used = 0
        pages[-1].append(line)
        used += length
    if len(pages) == 1:
        return (card,)
    below = replace(card, fields=(), table=None, details=(), picture=None)
    bare = replace(below, pick=None, question=None, buttons=())
    return tuple(
        replace(
            card if number == len(pages) else bare,
            title=f"{card.title} ({number}/{len(pages)})",
            lines=tuple(page),
        )
        for number, page in enumerate(pages, 1)
    )


LATE_AFTER = timedelta(minutes=2)
"""A message that is older than this says so; younger ones look live to a reader anyway."""


def with_note(card: Card, note: str) -> Card:
    return replace(card, notes=(*card.notes, note))


def seen(card: Card, note: str) -> Card:
    """The card once somebody has seen it, and who. Where it comes late, it wakes nobody."""
    rows = (tuple(button for button in row if not button.until_seen) for row in card.buttons)
    left = tuple(filter(None, rows))
    return with_note(replace(card, buttons=left, sound=False, over=True), note)


def is_to_be_seen(card: Card) -> bool:
    """Whether it asks whoever sees it to say so."""
    return any(button.until_seen for row in card.buttons for button in row)


def answered(card: Card, note: str) -> Card:
    """The card with nothing left to press, and why: what it offered has come to an end."""
    rows = (tuple(button for button in row if button.url) for row in card.buttons)
    done = replace(
        card,
        pick=None,
        question=None,
        buttons=tuple(filter(None, rows)),
        asks_digits=False,
        over=card.over or is_to_be_seen(card),
    )
    return with_note(done, note)
