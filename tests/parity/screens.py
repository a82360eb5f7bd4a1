"""What a person is shown of a card on each platform: by the very code that renders it there."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import MappingProxyType
from typing import Any

from adapters.discord import render as discord
from adapters.push import render as push
from adapters.telegram import render as telegram
from adapters.web import render as web
from bot.domain.cards import Card
from bot.domain.marks import MarkedInstant, in_pieces
from bot.services.commands.registry import FAMILIES
from tests.parity.parts import Screen

Json = Mapping[str, Any]

PUBLIC_URL = "https://bell.example.org"


def on_telegram(card: Card) -> Screen:
    now = (card.at or datetime(2026, 11, 22, tzinfo=UTC)) + timedelta(minutes=1)
    messages = telegram.rendered(card, now)
    screen = Screen(silent=messages[0].silent, silence="no notification sound")
    for message in messages:
        for style, text in _runs(message.text, message.entities):
            screen.reads(_STYLES[style], text)
        for button in (button for row in message.buttons for button in row):
            place = "button" if "callback_data" in button else "button that opens a page"
            leads = button.get("callback_data") or button["url"]
            screen.pressed.append((place, button["text"], leads))
    if card.picture is not None:
        photo = telegram.photo(card.picture)
        screen.pictures.append(("photo below", photo.png, "its caption", photo.caption))
    return screen


_STYLES = {
    None: "text",
    "bold": "bold text",
    "italic": "italic text",
    "pre": "fixed-width text",
    "expandable_blockquote": "quote that opens",
}


def _runs(text: str, entities: Sequence[Json]) -> Iterator[tuple[str | None, str]]:
    """Pieces of a text, each of one style and one line."""
    units = text.encode("utf-16-le")
    at = 0
    styled = [one for one in entities if one["type"] != telegram.DATE_TIME]
    for entity in (*styled, {"type": None, "offset": len(units) // 2, "length": 0}):
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        for style, piece in ((None, units[at:start]), (entity["type"], units[start:end])):
            yield from ((style, line) for line in piece.decode("utf-16-le").split("\n"))
        at = end


def on_discord(card: Card) -> Screen:
    messages = discord.rendered(card)
    words = _instants(card)
    screen = Screen(silent=messages[0].silent, silence="no notification")
    for message in messages:
        embed = message.body["embeds"][0]
        screen.reads("embed's title", _as_read(embed.get("title", "")))
        for line in embed.get("description", "").split("\n"):
            screen.reads("embed's text", _as_read(line, words))
        for one in embed.get("fields", ()):
            screen.reads("field's name", _as_read(one["name"]))
            block = one["value"].startswith("```")
            screen.reads(
                "fixed-width block" if block else "field's value", _as_read(one["value"], words)
            )
        for line in embed.get("footer", {}).get("text", "").split("\n"):
            screen.reads("embed's footer", _as_typed(line))
        for row in message.body["components"]:
            for part in row["components"]:
                _pressed(screen, part)
        _attached(screen, message, embed)
    return screen


def _pressed(screen: Screen, part: Json) -> None:
    match part["type"]:
        case 2:
            place = "button" if "custom_id" in part else "button that opens a page"
            screen.pressed.append((place, part["label"], part.get("custom_id") or part["url"]))
        case 3:
            screen.reads("menu, closed", _as_typed(part["placeholder"]))
            for option in part["options"]:
                screen.pressed.append(("entry of the menu", option["label"], option["value"]))
                screen.reads("below the entry", option.get("description", ""))


def _attached(screen: Screen, message: discord.DiscordMessage, embed: Json) -> None:
    """A picture that the embed shows; what is said of it is its file's description."""
    described = message.body.get("attachments", [])
    for number, (name, content) in enumerate(message.files):
        [about] = [one for one in described if (one["id"], one["filename"]) == (number, name)]
        if embed.get("image", {}).get("url") == f"attachment://{name}":
            alt = about["description"]
            screen.pictures.append(("inside the embed", content, "its alt text", alt))


def _as_read(text: str, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Times in words, escapes taken away.

    Args:
        words: for times in sentences.
    """
    text = re.sub(r"<t:(-?\d+):f> \(<t:\1:R>\)", _moment, text)
    for told, said in words.items():
        text = text.replace(told, said)
    bold = re.sub(r"(?s)^\*\*(.*)\*\*\n", r"\1\n", text)
    return _as_typed(re.sub(r"\\([^0-9A-Za-z\s])", r"\1", bold))


def _moment(found: re.Match[str]) -> str:
    return f"{datetime.fromtimestamp(int(found[1]), UTC):%d %b %Y %H:%M} UTC"


def _instants(card: Card) -> Mapping[str, str]:
    """How Discord tells each in the card's sentences, and its words."""
    rows = ((one.label, one.value) for one in card.fields)
    texts = (*card.lines, *card.notes, *chain.from_iterable(rows))
    marked = (one for text in texts for one in in_pieces(text) if isinstance(one, MarkedInstant))
    return {discord.SHAPES[one.shape].format(unix=one.unix): one.words for one in marked}


def _as_typed(text: str) -> str:
    """Commands by the names that they have elsewhere."""
    return re.sub(rf"/(?:{'|'.join((discord.GROUP, *FAMILIES))}) ", "/", text)


def on_the_page(card: Card) -> Screen:
    return of_the_page(web.card_json(card, PUBLIC_URL))


def of_the_page(shown: Json) -> Screen:
    """
    Args:
        shown: a card as the page gets it, or as it was read off the page.
    """
    screen = Screen(silent=shown["silent"])
    screen.reads("heading", shown["title"])
    screen.reads("word above", shown["word"] or "")
    for line in shown["lines"]:
        screen.reads("paragraph", _whole(line))
    for one in shown["fields"]:
        screen.reads("term", one["label"])
        screen.reads("description", _whole(one["value"]))
    for cell in (cell for row in (shown["table"] or {"rows": ()})["rows"] for cell in row):
        screen.reads("table", cell)
    _small_print(screen, shown)
    screen.reads("foot", shown["reference"] or "")
    if shown["at"]:
        screen.reads("time above", f"{datetime.fromisoformat(shown['at']):%H:%M} UTC")
    if shown["picture"]:
        png = b64decode(shown["picture"]["src"].removeprefix("data:image/png;base64,"))
        alt = shown["picture"]["alt"]
        screen.pictures.append(("inside the bubble", png, "its alt text", alt))
    if shown["pick"]:
        screen.reads("name of the list", shown["pick"]["prompt"])
        for option in shown["pick"]["options"]:
            screen.pressed.append(("button in a list", option["label"], option["action"]))
            screen.reads("below the label", option["hint"])
    for button in (button for row in shown["buttons"] for button in row):
        place = "button" if button["href"] is None else "link to the page"
        screen.pressed.append((place, button["label"], button["action"] or button["href"]))
    return screen


def _small_print(screen: Screen, shown: Json) -> None:
    for line in shown["details"]:
        screen.reads("below *Details*", line)
    for note in shown["notes"]:
        screen.reads("small print", _whole(note))


def _whole(pieces: Sequence[Json]) -> str:
    return "".join(piece["text"] for piece in pieces)


# --- phones, whose person wants details -------------------------------------------------------

PRESSED_AT = f"{PUBLIC_URL}/seen/"


def on_ntfy(card: Card) -> Screen:
    plain = push.ntfy_json(card, "topic", later(card), details=True, address_of=pressed_at)
    screen = _notification(card, plain["title"], plain["message"], silent=plain["priority"] < 3)
    for one in plain.get("actions", ()):
        place = "button" if one["action"] == "http" else "button that opens a page"
        screen.pressed.append((place, one["label"], one["url"].removeprefix(PRESSED_AT)))
    return screen


def on_pushover(card: Card) -> Screen:
    plain = push.pushover_json(card, later(card), details=True, address_of=pressed_at)
    screen = _notification(card, plain["title"], plain["message"], silent=plain["priority"] < 0)
    if "url" in plain:
        screen.pressed.append(("link to the page", plain["url_title"], plain["url"]))
    if plain["priority"] == push.EMERGENCY:
        # The app's own button, by which it ends the ringing, whatever that is called there.
        seen = next(one for row in card.buttons for one in row if one.until_seen)
        screen.pressed.append(("the app's own", seen.label, str(seen.action)))
    return screen


def in_the_notification(card: Card) -> Screen:
    plain = json.loads(push.browser_json(card, "topic", later(card), details=True))
    screen = _notification(card, plain["title"], plain["body"], silent=not plain["loud"])
    if "seen" in plain:
        screen.pressed.append(("button", plain["seen_label"], plain["seen"]))
    return screen


def by_apprise(card: Card) -> Screen:
    title, message = push.lock_screen_words(card, later(card), details=True, address_of=pressed_at)
    screen = _notification(card, title, message, silent=card.silent)
    screen.silence = screen.sound = "as the service does"  # it is not told
    for button in (one for row in card.buttons for one in row if one.until_seen):
        if pressed_at(str(button.action)) in message:  # there is a page, with that button
            screen.pressed.append(("address of a page", button.label, str(button.action)))
    return screen


def _notification(card: Card, title: str, message: str, *, silent: bool) -> Screen:
    screen = Screen(silent=silent, silence="no sound")
    screen.reads("title", title)
    for line in message.split("\n"):
        screen.reads("text", line)
    if card.picture is not None and card.picture.alt in message:
        screen.pictures.append(("", b"", "text", card.picture.alt))
    return screen


def pressed_at(action: str) -> str:
    return f"{PRESSED_AT}{action}"


def later(card: Card) -> datetime:
    return (card.at or datetime(2026, 11, 22, tzinfo=UTC)) + timedelta(minutes=1)


SCREENS: Mapping[str, Callable[[Card], Screen]] = {
    "Telegram": on_telegram,
    "Discord": on_discord,
    "chat page, inbox": on_the_page,
}

PHONES: Mapping[str, Callable[[Card], Screen]] = {
    "ntfy": on_ntfy,
    "Pushover": on_pushover,
    "inbox that rings": in_the_notification,
    "Apprise": by_apprise,
}
