"""What a card is made of, and where a screen shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.cards import Card, PickList, Severity
from bot.texts.severities import word

FIELDS = {
    "title": "title",
    "severity": "severity",
    "sound": "sound, silence",
    "lines": "line",
    "fields": "field label, field value",
    "table": "table cell",
    "details": "line of a report",
    "picture": "picture, picture in words",
    "pick": "prompt, option, hint",
    "buttons": "button, link",
    "notes": "note",
    "at": "time",
    "reference": "reference",
    "private": "",  # who sees it is no part of it
    "question": "",  # where there is no form it is typed, as a line of the card says
    "protected": "",  # what can be done with it is no part of it
    "secret": "",  # where it is stored is no part of it
    "over": "",  # of phones only
    "follows": "",  # of phones only
    "on_lock_screen": "",  # of cards for phones only
    "asks_digits": "",  # where there is no form they are typed, as a line of the card says
}
"""Each field of a card, and the kinds of part that stand for it below."""

SIGNS: Mapping[Severity, Sequence[str]] = {
    Severity.GOOD: ("🟢",),
    Severity.WARNING: (),
    Severity.CRITICAL: (),
}
"""What says how loud a card is to who sees no colours, besides a word; an ordinary one needs
nothing.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Any of `words` is to be read. `leads`: where pressing it leads. `png`: a picture's bytes."""

    kind: str
    words: tuple[str, ...]
    leads: str | None = None
    png: bytes | None = None


@dataclass(slots=True)
class Screen:
    """What a person is shown of one card. Places are named as the tables in the docs do.

    `pressed` has label and target of what can be pressed or chosen, `pictures` each with the place
    of its words and these. `silence` is how it is silent, `sound` how not.
    """

    texts: list[tuple[str, str]] = field(default_factory=list)
    pressed: list[tuple[str, str, str]] = field(default_factory=list)
    pictures: list[tuple[str, bytes, str, str]] = field(default_factory=list)
    silent: bool = False
    silence: str = "arrives silently"
    sound: str = "arrives with a sound"

    def reads(self, place: str, text: str) -> None:
        if text:
            self.texts.append((place, text))


def parts(card: Card) -> Iterator[Part]:
    yield Part("title", (card.title,))
    if card.severity in SIGNS:
        yield Part("severity", (word(card.severity), *SIGNS[card.severity]))
    yield from (Part("line", (line,)) for line in card.lines)
    for one in card.fields:
        yield Part("field label", (one.label,))
        yield Part("field value", (one.value,))
    for row in card.table.rows if card.table is not None else ():
        yield from (Part("table cell", (cell,)) for cell in row)
    yield from (Part("line of a report", (line,)) for line in card.details)
    if card.picture is not None:
        yield Part("picture", (card.picture.alt,), png=card.picture.png)
        yield Part("picture in words", (card.picture.alt,))
    yield from _choice(card.pick) if card.pick is not None else ()
    for button in (button for row in card.buttons for button in row):
        kind = "button" if button.url is None else "link"
        yield Part(kind, (button.label,), leads=button.url or button.action)
    yield from (Part("note", (note,)) for note in card.notes)
    if card.at is not None:
        yield Part("time", (f"{card.at:%H:%M} UTC",))
    if card.reference is not None:
        yield Part("reference", (card.reference,))
    if card.silent:
        yield Part("silence", ("",))
    elif card.at is not None or card.reference is not None:
        # Who has just asked for it and waits needs no sound.
        yield Part("sound", ("",))


def _choice(pick: PickList) -> Iterator[Part]:
    if pick.options:
        yield Part("prompt", (pick.prompt,))
    for option in pick.options:
        yield Part("option", (option.label,), leads=option.action)
        if option.hint:
            yield Part("hint", (option.hint,))


def found(card: Card, screen: Screen) -> list[tuple[Part, str | None]]:
    """Each part, and at which place it is shown: each at one of its own. `None` for nowhere."""
    left = _Left(screen)
    wanted = list(parts(card))
    # What is long comes first: a short text might be found inside of it.
    places = {
        id(part): left.take(part)
        for part in sorted(wanted, key=lambda part: max(map(len, part.words)), reverse=True)
    }
    return [(part, places[id(part)]) for part in wanted]


class _Left:
    """What of a screen has not been found yet."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._texts = list(screen.texts)
        self._pressed = list(screen.pressed)
        self._described = [described for _, _, *described in screen.pictures]

    def take(self, part: Part) -> str | None:
        if part.kind == "silence":
            return self._screen.silence if self._screen.silent else None
        if part.kind == "sound":
            return None if self._screen.silent else self._screen.sound
        if part.png is not None:
            shown = (place for place, png, *_ in self._screen.pictures if png == part.png)
            return next(shown, None)
        if part.kind == "picture in words":
            return next((place for place, alt in self._described if alt in part.words), None)
        if part.leads is not None:
            return self._press(part.words[0], part.leads)
        return self._read(part.words)

    def _press(self, label: str, leads: str) -> str | None:
        for at, (place, *shown) in enumerate(self._pressed):
            if shown == [label, leads]:
                del self._pressed[at]
                return place
        return None

    def _read(self, words: Sequence[str]) -> str | None:
        for at, (place, text) in enumerate(self._texts):
            for one in words:
                if one in text:
                    self._texts[at] = (place, text.replace(one, "\0", 1))
                    return place
        return None
