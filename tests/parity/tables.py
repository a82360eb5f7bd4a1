"""The tables in docs/how-it-works.md, as the code makes them now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.domain.cards import Button, Card, as_shown
from bot.domain.ids import ActionId
from tests.parity import commands
from tests.parity.examples import EVERYTHING, QUIET, RINGING, SILENCED, WIDE, examples
from tests.parity.parts import FIELDS, Screen, found
from tests.parity.screens import PHONES, SCREENS

DOCS = Path(__file__).parents[2] / "docs" / "how-it-works.md"
MARKED = "<!-- {name}: written by `make golden`, checked by a test -->\n"
END = "<!-- end of {name} -->\n"

NAMES = {
    "line": "lines",
    "field label": "fields",
    "field value": "fields",
    "table cell": "table",
    "picture in words": "picture",
    "prompt": "pick list",
    "option": "pick list",
    "hint": "pick list",
    "button": "buttons",
    "link": "buttons",
    "note": "notes",
}
"""How kinds of part are called together in the table of cards."""

SEEN = Button(label="Seen", action=ActionId("s1"), until_seen=True)

EVERYTHING_OFFERED = "Night Owl"
"""What stands in the text where an option cannot be chosen."""

COMMON = frozenset({"title", "sound", "silence"})
"""What every card has, and that table does not repeat."""

KINDS = [kind for kinds in FIELDS.values() for kind in kinds.split(", ") if kind]


def table(name: str) -> str:
    """What stands in the docs under a name, between its markers."""
    return "\n".join(TABLES[name]()) + "\n"


def written(name: str) -> str:
    """What stands there now."""
    return _around(name)[1]


def write() -> None:
    for name in TABLES:
        before, _, after = _around(name)
        DOCS.write_text(before + table(name) + after, encoding="utf-8")


def _around(name: str) -> tuple[str, str, str]:
    """The docs up to a table, the table, and the rest."""
    begin, end = MARKED.format(name=name), END.format(name=name)
    before, found, rest = DOCS.read_text(encoding="utf-8").partition(begin)
    there, ended, after = rest.partition(end)
    assert found, f"no {begin!r} in {DOCS}"
    assert ended, f"no {end!r} in {DOCS}"
    return before + begin, there, end + after


def missing(card: Card, platform: str) -> list[str]:
    """The parts of a card that a platform does not show."""
    shown = found(as_shown(card), SCREENS[platform](card))
    return [f"{part.kind} {' or '.join(part.words)!r}" for part, place in shown if place is None]


# --- commands ---------------------------------------------------------------------------------


def commands_table() -> Iterator[str]:
    heading, *others = commands.rows()
    yield from _head(*heading)
    yield from (_row(*cells) for cells in others)


# --- how each part is shown -------------------------------------------------------------------


def parts_table() -> Iterator[str]:
    yield from _head("part", *SCREENS)
    for kind in KINDS:
        yield _row(kind, *(_places(kind, SCREENS, platform) for platform in SCREENS))


def _places(kind: str, screens: Mapping[str, Callable[[Card], Screen]], platform: str) -> str:
    places = []
    for card in (EVERYTHING, QUIET, RINGING, SILENCED, WIDE):
        screen = screens[platform](card)
        said = any(EVERYTHING_OFFERED in text for _, text in screen.texts)
        for part, place in found(card, screen):
            if part.kind == kind:
                places.append(place or ("its words" if said and kind == "option" else "not shown"))
    return " or ".join(dict.fromkeys(places))


PHONES_SAY = (
    "A phone shows what a lock screen has room for, and that only if its person wants details;"
    " else one of three sentences. How bad it is\nstands there of bad news. Nothing is asked there,"
    " and of buttons only *Seen* is pressed there (on ntfy *I have it 2 h*, too).\n"
    "By Apprise it is words alone, and how they sound is up to the service. The card is whole"
    " in the chats.",
)


def phones_table() -> Iterator[str]:
    """The same of what rings on phones, and of a button that says that something was seen."""
    yield from _head("part", *PHONES)
    for kind in KINDS:
        yield _row(kind, *(_places(kind, PHONES, platform) for platform in PHONES))
    asking = replace(EVERYTHING, buttons=((SEEN,),))
    shown = {name: dict(_named(asking, screen)) for name, screen in PHONES.items()}
    yield _row("*Seen*", *(one.get(SEEN.label, "not shown") for one in shown.values()))


def _named(card: Card, screen: Callable[[Card], Screen]) -> Iterator[tuple[str, str]]:
    for part, place in found(card, screen(card)):
        if part.kind == "button" and place is not None:
            yield part.words[0], place


# --- that each card is shown whole ------------------------------------------------------------


def all_of_cards() -> Iterator[str]:
    yield from (*parts_table(), "", *PHONES_SAY, "", *phones_table(), "", *cards_tables())


def cards_tables() -> Iterator[str]:
    for heading, makers in examples().items():
        yield f"<details><summary>{heading}: {len(makers)}</summary>"
        yield ""
        yield from _head("cards", "parts besides a title", *SCREENS)
        for (parts, *shown), names in _alike(makers).items():
            called = ", ".join(f"`{name.partition('.')[2]}`" for name in names)
            yield _row(called, parts or "none", *shown)
        yield ""
        yield "</details>"
        yield ""


def _alike(makers: Mapping[str, Sequence[Card]]) -> Mapping[tuple[str, ...], Sequence[str]]:
    """Makers whose cards have the same parts and are shown in the same manner."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, cards in makers.items():
        shown = (_manner(platform, cards) for platform in SCREENS)
        alike.setdefault((_parts_of(cards), *shown), []).append(name)
    return alike


def _parts_of(cards: Iterable[Card]) -> str:
    kinds = {
        part.kind for card in cards for part, _ in found(card, Screen()) if part.kind not in COMMON
    }
    return ", ".join(dict.fromkeys(NAMES.get(kind, kind) for kind in KINDS if kind in kinds))


def _manner(platform: str, cards: Sequence[Card]) -> str:
    gaps = [gap for card in cards for gap in missing(card, platform)]
    if gaps:
        return f"not shown: {', '.join(dict.fromkeys(gaps))}"
    ways = dict.fromkeys(way for card in cards for way in _ways(platform, SCREENS[platform](card)))
    return f"all: {', '.join(ways)}"


def _ways(platform: str, screen: Screen) -> Iterator[str]:
    yield {"Telegram": "text", "Discord": "embed"}.get(platform, "bubble")
    for place, *_ in screen.pictures:
        yield "photo" if place.startswith("photo") else "picture"
    for place, *_ in screen.pressed:
        yield {"entry of the menu": "menu", "button in a list": "list"}.get(place, "buttons")


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "parity": commands_table,
    "cards": all_of_cards,
}


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
