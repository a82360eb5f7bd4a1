"""Cards as the chat page gets them: plain values, every text still plain text."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.cards import Button, Card, PickList, Picture, Severity, Table, as_shown
from bot.domain.commands import Spec
from bot.domain.marks import shown
from bot.texts.language import _, spoken_language
from bot.texts.severities import word

Json = Mapping[str, "JsonValue"]
JsonValue = str | int | bool | None | Json | Sequence["JsonValue"]

_END = re.compile(r"[.,;:!?)\]}'\"]+$")
"""What follows an address at the end of a sentence, and is not a part of it."""

_NUMBER = re.compile(r"[-+\u2212]?[\d.,'\s]*\d[\d.,]*(?:\s?[%A-Za-z$€₿]{1,6})?|[-\u2013\u2014]|")


def card_json(card: Card, public_url: str) -> Json:
    """The card for the page. Only addresses under `public_url` can be followed."""
    card = as_shown(card)
    buttons, unsafe = _buttons(card, public_url)
    return {
        "severity": card.severity.value,
        "word": _word(card),
        "title": card.title,
        "lines": [linkify(line, public_url) for line in card.lines],
        "fields": [
            {"label": field.label, "value": linkify(field.value, public_url)}
            for field in card.fields
        ],
        "table": _table(card.table) if card.table else None,
        "details": list(card.details),
        "picture": _picture(card.picture) if card.picture else None,
        "pick": _pick(card.pick) if card.pick and card.pick.options else None,
        "buttons": buttons,
        "notes": [linkify(note, public_url) for note in (*unsafe, *card.notes)],
        "at": instant(card.at) if card.at else None,
        "reference": card.reference,
        "silent": card.silent or _is_answer(card),
        "language": spoken_language(),
    }


def linkify(text: str, public_url: str) -> list[dict[str, str]]:
    """Cut a text into pieces; those with `href` are addresses of ours.

    Joined together the pieces are the text.
    """
    address = re.compile(rf"(?<![^\s(\[\"':\uff1a]){re.escape(public_url)}/[\w\-./~%?=&#+]*", re.A)
    pieces = []
    start = 0
    for found in address.finditer(text):
        href = _END.sub("", found[0])
        if found.start() > start:
            pieces.append({"text": text[start : found.start()]})
        pieces.append({"text": href, "href": href})
        start = found.start() + len(href)
    if start < len(text):
        pieces.append({"text": text[start:]})
    return pieces


def instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def commands_json(specs: Sequence[Spec]) -> list[Json]:
    """What the page suggests while a command is typed, in the language that is spoken."""
    return [
        {
            "name": spec.name,
            "summary": shown(_(spec.summary)),
            "aliases": list(spec.aliases),
            "arguments": [one.name if one.required else f"[{one.name}]" for one in spec.arguments],
            "menu": spec.menu,
        }
        for spec in specs
    ]


def _is_answer(card: Card) -> bool:
    """Whether the person has just asked for it: it is no news, and needs no sound."""
    return card.at is None and card.reference is None


def _word(card: Card) -> str | None:
    plain = _is_answer(card) and card.severity is Severity.INFO
    return None if plain else word(card.severity)


def _table(table: Table) -> Json:
    columns = range(len(table.columns))
    return {
        "columns": list(table.columns),
        "rows": [list(row) for row in table.rows],
        "numeric": [
            column > 0
            and bool(table.rows)
            and all(_NUMBER.fullmatch(row[column]) for row in table.rows)
            for column in columns
        ],
    }


def _picture(picture: Picture) -> Json:
    """With the address that holds all of it, so that the page asks for nothing."""
    return {
        "src": f"data:image/png;base64,{b64encode(picture.png).decode()}",
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
    }


def _pick(pick: PickList) -> Json:
    return {
        "prompt": pick.prompt,
        "options": [
            {"label": option.label, "action": option.action, "hint": option.hint}
            for option in pick.options
        ],
    }


def _buttons(card: Card, public_url: str) -> tuple[list[JsonValue], list[str]]:
    """The rows of buttons, and what stands for those that lead elsewhere."""
    rows: list[JsonValue] = []
    unsafe = []
    for row in card.buttons:
        shown = [_button(button) for button in row if _safe(button, public_url)]
        if shown:
            rows.append(shown)
        unsafe += [
            f"{button.label}: {button.url}" for button in row if not _safe(button, public_url)
        ]
    return rows, unsafe


def _safe(button: Button, public_url: str) -> bool:
    return button.url is None or button.url.startswith(f"{public_url}/")


def _button(button: Button) -> Json:
    return {
        "label": button.label,
        "action": button.action,
        "href": button.url,
        "style": button.style.value,
    }
