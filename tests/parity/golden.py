"""Every card as each platform gets it, to be read by whoever reviews a change: tests/golden.

A file for each module of bot/texts, so that a changed sentence is a change of one file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.discord import render as discord
from adapters.push import render as push
from adapters.telegram import render as telegram
from adapters.web import render as web
from bot.domain.cards import Card
from tests.parity.examples import EVERYTHING, EXAMPLES, QUIET, RINGING, SILENCED, WIDE, examples
from tests.parity.screens import PUBLIC_URL, later, pressed_at

Json = Mapping[str, Any]

FOLDER = Path(__file__).parents[1] / "golden"

EVERY_PART = "every_part"

SUBJECTS = (EVERY_PART, *sorted({name.partition(".")[0] for name in EXAMPLES}))


def path_of(subject: str) -> Path:
    return FOLDER / f"{subject}.txt"


@cache
def golden() -> Mapping[str, str]:
    """What each file should hold, by its subject."""
    found = {EVERY_PART: list(_told("card", (EVERYTHING, QUIET, RINGING, SILENCED, WIDE)))}
    for makers in examples().values():
        for maker, cards in makers.items():
            subject, _, name = maker.partition(".")
            found.setdefault(subject, []).extend(_told(name, cards))
    return {subject: "\n".join(lines) for subject, lines in found.items()}


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for subject, text in golden().items():
        path_of(subject).write_text(text, encoding="utf-8")


def _told(name: str, cards: Sequence[Card]) -> Iterator[str]:
    for number, card in enumerate(cards, 1):
        yield f"======== {name} {number}"
        yield from _on_telegram(card)
        yield from _on_discord(card)
        yield from _on_the_page(card)
        if card.at or card.reference or card.on_lock_screen:
            yield from _on_phones(card)
        yield ""


# --- Telegram ---------------------------------------------------------------------------------


def _on_telegram(card: Card) -> Iterator[str]:
    for message in telegram.rendered(card, later(card)):
        yield f"-- Telegram{', silent' if message.silent else ''}"
        yield from _tagged(message.text, message.entities).split("\n")
        for row in message.buttons:
            yield _row(_button(one["text"], one.get("style"), one.get("url")) for one in row)
    if card.picture is not None:
        yield f"(photo) {telegram.photo(card.picture).caption}"


def _tagged(text: str, entities: Sequence[Json]) -> str:
    """The text with its entities as tags, those within others inside of them."""
    tags: dict[int, str] = {}
    for one in sorted(entities, key=lambda one: -int(one["length"])):
        start, end = int(one["offset"]), int(one["offset"]) + int(one["length"])
        tags[start] = tags.get(start, "") + f"<{_TAGS[one['type']]}>"
        tags[end] = f"</{_TAGS[one['type']]}>" + tags.get(end, "")
    units = text.encode("utf-16-le")
    ends = [0, *sorted({*tags, len(units) // 2})]
    pieces = (units[2 * a : 2 * b].decode("utf-16-le") for a, b in pairwise(ends))
    return "".join(
        f"{piece}{tags.get(end, '')}" for piece, end in zip(pieces, ends[1:], strict=True)
    )


_TAGS = {
    "bold": "b",
    "italic": "i",
    "pre": "pre",
    "expandable_blockquote": "quote",
    "date_time": "time",
}


# --- Discord ----------------------------------------------------------------------------------

_COLOURS = {colour: severity.value for severity, colour in discord.COLOURS.items()}
_STYLES = {2: None, 1: "primary", 4: "danger", 5: None}


def _on_discord(card: Card) -> Iterator[str]:
    for message in discord.rendered(card):
        body, embed = message.body, message.embed
        yield f"-- Discord, {_COLOURS[embed['color']]}{', silent' if message.silent else ''}"
        if "content" in body:
            yield f"(above) {body['content']}"
        if "title" in embed:
            yield f"<b>{embed['title']}</b>"
        yield from filter(None, embed.get("description", "").split("\n"))
        for one in embed.get("fields", ()):
            yield f"<b>{one['name']}</b> {one['value']}"
        if message.picture is not None:
            yield f"(picture) {body['attachments'][0]['description']}"
        if "footer" in embed:
            yield f"<i>{embed['footer']['text']}</i>"
        for row in body["components"]:
            yield from _components(row["components"])


def _components(row: Sequence[Json]) -> Iterator[str]:
    if row[0]["type"] == 2:
        yield _row(_button(one["label"], _STYLES[one["style"]], one.get("url")) for one in row)
        return
    for one in row:
        yield f"[{one['placeholder']} v]"
        yield from (_option(each["label"], each.get("description")) for each in one["options"])


# --- the chat page, and the inbox -------------------------------------------------------------


def _on_the_page(card: Card) -> Iterator[str]:
    shown: Any = web.card_json(card, PUBLIC_URL)
    yield f"-- page, {shown['severity']}{', silent' if shown['silent'] else ''}"
    yield " · ".join(filter(None, (shown["word"], shown["at"], f"<b>{shown['title']}</b>")))
    yield from (_linked(line) for line in shown["lines"])
    yield from (f"<b>{one['label']}</b> {_linked(one['value'])}" for one in shown["fields"])
    if shown["table"]:
        yield from (" | ".join(row) for row in (shown["table"]["columns"], *shown["table"]["rows"]))
    if shown["picture"]:
        yield f"(picture) {shown['picture']['alt']}"
    if shown["pick"]:
        yield f"[{shown['pick']['prompt']} v]"
        yield from (_option(one["label"], one["hint"]) for one in shown["pick"]["options"])
    for row in shown["buttons"]:
        yield _row(_button(one["label"], one["style"], one["href"]) for one in row)
    yield from (f"<i>{_linked(note)}</i>" for note in shown["notes"])
    if shown["reference"]:
        yield f"<i>{shown['reference']}</i>"


def _linked(pieces: Sequence[Json]) -> str:
    return "".join(f"<a>{one['text']}</a>" if "href" in one else one["text"] for one in pieces)


# --- phones -----------------------------------------------------------------------------------


def _on_phones(card: Card) -> Iterator[str]:
    """What its person wants to be told there, and what any other phone shows."""
    now = later(card)
    ntfy = push.ntfy_json(card, "topic", now, details=True, address_of=pressed_at)
    pushover = push.pushover_json(card, now, details=True, address_of=pressed_at)
    browser = json.loads(push.browser_json(card, "topic", now, details=True))
    title, message = push.lock_screen_words(card, now, details=False)
    yield f"-- phone: ntfy {ntfy['priority']}, Pushover {pushover['priority']}"
    yield f"<b>{ntfy['title']}</b>"
    yield ntfy["message"]
    if actions := ntfy.get("actions"):
        yield _row(_button(one["label"], None, one["url"]) for one in actions)
    for name, told in (("Pushover", pushover["message"]), ("browser", browser["body"])):
        if told != ntfy["message"]:
            yield f"-- phone: {name}"
            yield told
    if "seen" in browser:
        yield _row([_button(browser["seen_label"], None, None)])
    if (title, message) != (ntfy["title"], ntfy["message"]):
        yield "-- phone, without details"
        yield f"<b>{title}</b>"
        yield message


# --- what can be pressed ----------------------------------------------------------------------


def _row(buttons: Iterator[str] | Sequence[str]) -> str:
    return " ".join(buttons)


def _button(label: str, style: str | None, url: str | None) -> str:
    return f"[{' | '.join(filter(None, (label, style if style != 'plain' else None, url)))}]"


def _option(label: str, hint: str | None) -> str:
    return f"  {': '.join(filter(None, (label, hint)))}"
