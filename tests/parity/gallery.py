"""docs/gallery.md: what Tradebell says, a card of each sort as a phone shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from adapters.telegram import render as telegram
from bot.domain.cards import Card
from bot.texts.severities import word
from tests.harness.extraction import ROOT
from tests.parity.examples import TEXTS, examples
from tests.parity.parts import parts
from tests.parity.screens import later

PAGE = ROOT / "docs" / "gallery.md"

WIDTH = 80

HEAD = """\
# Gallery

What Tradebell says: of each sort of card the fullest example, as Telegram shows it, in English.
Above each stands how severe it is, and whether it makes a sound; what stands in brackets is a
button. All examples, as each chat platform and phone gets them, are in
[tests/golden](../tests/golden); how pictures look is in [pictures and reports](charts.md), what can
be asked in the [README](../README.md).

This page is written by `make golden`, and checked by a test.
"""

ORDER = (
    "Alerts",
    "Digests",
    "Notices of Tradebell itself",
    "What a pressed button comes to",
    "Answers",
)


def gallery() -> str:
    return "\n".join([HEAD, *(line for heading in ORDER for line in _chapter(heading))])


def write() -> None:
    PAGE.write_text(gallery(), encoding="utf-8")


def _chapter(heading: str) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    subjects: dict[str, list[Card]] = {}
    for maker, cards in examples()[heading].items():
        subjects.setdefault(maker.partition(".")[0], []).append(fullest(cards))
    for subject, shown in subjects.items():
        yield f"<details><summary>{_about(subject)}</summary>"
        yield ""
        yield "```text"
        yield from (line for card in shown for line in _as_read(card))
        yield "```"
        yield ""
        yield "</details>"
        yield ""


def _about(subject: str) -> str:
    """What a module of texts says of itself."""
    about, *_ = str(TEXTS[subject].__doc__).partition("\n")
    return about.rstrip(".")


def fullest(cards: Sequence[Card]) -> Card:
    """The one with most sorts of parts, and of these the shortest."""
    return max(cards, key=lambda card: (len({part.kind for part in parts(card)}), -_length(card)))


def _length(card: Card) -> int:
    return sum(len(part.words[0]) for part in parts(card))


def _as_read(card: Card) -> Iterator[str]:
    loud = "" if card.silent else ", with a sound"
    yield f"── {word(card.severity)}{loud} ".ljust(WIDTH, "─")
    for message in telegram.rendered(card, later(card)):
        yield from _wrapped(message.text.split("\n"))
        yield from (" ".join(f"[{one['text']}]" for one in row) for row in message.buttons)
    if card.picture is not None:
        yield from _wrapped([f"(picture: {card.picture.alt})"])


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from wrap(line, WIDTH, break_long_words=False) if len(line) > WIDTH else [line]
