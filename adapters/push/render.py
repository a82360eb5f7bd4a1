"""Cards as push notifications: plain words, or what a lock screen may show instead."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from adapters.push.encryption import PLAIN_LIMIT
from bot.domain.cards import Button, Card, Severity, as_shown, is_to_be_seen
from bot.domain.ids import ActionId
from bot.domain.lifetimes import ALERT_LIFE, PHONE_CODE_LIFE
from bot.domain.marks import shown
from bot.texts import lock_screen
from bot.texts import phones as texts
from bot.texts.severities import word
from bot.texts.times import clock, dated, on_day_of

Json = Mapping[str, Any]

AddressOf = Callable[[ActionId], str | None]
"""As `bot.ports.ButtonAddresses` gives it."""

NTFY_MESSAGE_LIMIT = 4096
"""Bytes. Source: https://docs.ntfy.sh/publish/#limitations"""

NTFY_ACTIONS = 3
"""Source: https://docs.ntfy.sh/publish/#action-buttons"""

TITLE_LIMIT = 250
"""Characters. Source: https://pushover.net/api#limits; ntfy names none."""

PUSHOVER_MESSAGE_LIMIT = 1024
"""Characters. Source: https://pushover.net/api#limits"""

EMERGENCY = 2
RETRY = 60
EXPIRE = 3600
"""Seconds: how often, and for how long, Pushover rings until somebody says that they have seen it.

Source: https://pushover.net/api#priority allows 30 and more, and 10800 at most.
"""

_TAGS = {
    Severity.CRITICAL: ("rotating_light",),
    Severity.WARNING: ("warning",),
    Severity.GOOD: ("white_check_mark",),
    Severity.INFO: (),
}
"""Source: https://docs.ntfy.sh/emojis/"""

KEPT_LONGEST = timedelta(days=28)
"""Google's push service takes no more.

Source: https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan
"""

QUIET_NTFY = 2
"""Low: no sound. Source: https://docs.ntfy.sh/publish/#message-priority"""


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    message: str


def is_over(card: Card) -> bool:
    """Whether it asked to be seen, and does so no more: nothing need stand on the phone."""
    return card.over or (card.severity is Severity.CRITICAL and not is_to_be_seen(card))


OURS = re.compile(r"[2-9A-Z]{6}")
"""The reference of an item, which is the sequence id of its message; those of ntfy's own making
have 12 characters.

Source: https://github.com/binwiederhier/ntfy/blob/main/model/model.go
"""


def ntfy_json(
    card: Card,
    topic: str,
    now: datetime,
    *,
    details: bool,
    repeat: bool = False,
    anew: bool = True,
    sequence: str = "",
    address_of: AddressOf = lambda _: None,
) -> Json:
    """What ntfy takes as a message.

    Args:
        sequence: it takes the place of what has the same.
        address_of: where a button is pressed that says that something was seen.
        details: whether the lock screen may show all that the card says.
        repeat: it may have been shown before, and would then show twice.
        anew: with its sound; otherwise it takes the place of what shows already.
    """
    words = _words(card, now, details=details, repeat=repeat)
    plain: dict[str, Any] = {
        "topic": topic,
        "title": words.title[:TITLE_LIMIT],
        "message": _head(words.message, NTFY_MESSAGE_LIMIT),
        "priority": _ntfy_priority(card) if anew else QUIET_NTFY,
        "tags": list(_TAGS[card.severity]),
    }
    pressed = _pressed(card, address_of)
    opened = _opened(card, pressed, details=details)
    if opened:
        plain["click"] = opened[0].url
        # Only what succeeded goes from the screen. Source: as `NTFY_ACTIONS`.
        press = {"action": "http", "method": "POST", "clear": True}
        actions = [
            *({**press, "label": one.label, "url": one.url} for one in pressed),
            *({"action": "view", "label": one.label, "url": one.url} for one in opened),
        ]
        plain["actions"] = actions[:NTFY_ACTIONS]
    if sequence:
        plain["sequence_id"] = sequence
    return plain


def sequence_of(card: Card, replies_to: str | None) -> str:
    """What a message shares with those in whose place it comes: all of an incident, or of a trade.

    Args:
        replies_to: the message that it goes on with, if there is one.
    """
    earlier = replies_to if replies_to and OURS.fullmatch(replies_to) else ""
    return card.follows or earlier or card.reference or ""


def pushover_json(
    card: Card,
    now: datetime,
    *,
    details: bool,
    repeat: bool = False,
    address_of: AddressOf = lambda _: None,
    callback: str = "",
) -> dict[str, Any]:
    """What Pushover takes as a message, but for who sends it to whom.

    Args:
        callback: where Pushover tells that what rings until it is seen was.
    """
    words = _words(card, now, details=details, repeat=repeat)
    plain: dict[str, Any] = {
        "title": words.title[:TITLE_LIMIT],
        "message": words.message[:PUSHOVER_MESSAGE_LIMIT],
        "priority": _pushover_priority(card),
    }
    if plain["priority"] == EMERGENCY:
        plain |= {"retry": RETRY, "expire": EXPIRE}
        plain |= {"callback": callback} if callback else {}
    if card.at is not None:
        plain["timestamp"] = int(card.at.timestamp())
    opened = _opened(card, _pressed(card, address_of), details=details)
    if opened:
        plain |= {"url": opened[0].url, "url_title": opened[0].label[:100]}
    return plain


def browser_json(
    card: Card, topic: str, now: datetime, *, details: bool, anew: bool = True, short: bool = False
) -> bytes:
    """What our script in the browser shows; `worker.js` reads it.

    Args:
        topic: what stands under the same is replaced.
        details: as of `ntfy_json`, and `anew`.
        short: without all that could make it too long.
    """
    over = not anew and is_over(card)
    words = _dealt_with(card, details=details) if over else _words(card, now, details=details)
    asks = next((one for row in card.buttons for one in row if one.until_seen), None)
    plain: dict[str, Any] = {
        "title": words.title[: 60 if short else TITLE_LIMIT],
        "body": "" if short and details else words.message,
        "tag": topic,
        "loud": anew and not card.silent,
        "stays": anew and is_to_be_seen(card),
        "over": over,
        "open": lock_screen.open_label(),
    }
    if asks is not None:
        plain |= {"seen": asks.action, "seen_label": asks.label, "unsaid": texts.not_noted()}
    if card.at is not None:
        plain["at"] = int(card.at.timestamp() * 1000)
    while len(content := json.dumps(plain, ensure_ascii=False).encode()) > PLAIN_LIMIT:
        plain["body"] = _head(plain["body"], len(plain["body"].encode()) * 9 // 10)
    return content


def _dealt_with(card: Card, *, details: bool) -> _Words:
    said = as_shown(card)
    if details and said.notes:
        return _Words(said.title, said.notes[-1])
    return _Words("Tradebell", texts.dealt_with())


def life(card: Card, now: datetime) -> int:
    """Seconds for which a card is worth showing on a phone that is away."""
    if card.severity is Severity.CRITICAL and card.reference:
        return int(KEPT_LONGEST.total_seconds())
    left = ALERT_LIFE - (now - card.at) if card.at else PHONE_CODE_LIFE
    return max(int(left.total_seconds()), 60)


def urgency(card: Card) -> str:
    """How much of its battery a phone spends on it at once.

    Source: https://www.rfc-editor.org/rfc/rfc8030#section-5.3
    """
    if card.silent:
        return "low"
    return "high" if _is_bad(card) or not card.reference else "normal"


def lock_screen_words(
    card: Card,
    now: datetime,
    *,
    details: bool,
    repeat: bool = False,
    address_of: AddressOf = lambda _: None,
) -> tuple[str, str]:
    """Title and text where nothing but words is shown; an address where it can be said that it was
    seen is among them.
    """
    words = _words(card, now, details=details, repeat=repeat)
    opened = _opened(card, _pressed(card, address_of), details=False)
    links = [f"{one.label}: {one.url}" for one in opened]
    return words.title[:TITLE_LIMIT], "\n".join((words.message, *links))


def _ntfy_priority(card: Card) -> int:
    """From 1 to 5, 3 as usual, 5 through silent mode. Source: as `QUIET_NTFY`."""
    if card.silent:
        return QUIET_NTFY
    match card.severity:
        case Severity.CRITICAL:
            return 5
        case Severity.WARNING:
            return 4
        case _:
            return 3


def _pushover_priority(card: Card) -> int:
    """`EMERGENCY` rings until it is seen, 1 through quiet hours, -1 without a sound.

    Source: https://pushover.net/api#priority
    """
    if card.silent:
        return -1
    match card.severity:
        case Severity.CRITICAL if is_to_be_seen(card):
            return EMERGENCY
        case Severity.CRITICAL | Severity.WARNING:
            return 1
        case _:
            return 0


def _words(card: Card, now: datetime, *, details: bool, repeat: bool = False) -> _Words:
    card = as_shown(card)
    again = [texts.maybe_again()] if repeat else []
    if card.on_lock_screen or not details:
        # Of what is still to be seen a first reminder is quieter; what it is about is not.
        severity = Severity.CRITICAL if is_to_be_seen(card) else card.severity
        discreet = card.on_lock_screen or texts.discreet(severity)
        return _Words("Tradebell", "\n".join((discreet, *again)))
    message = "\n".join((*_lines(card, now), *again))
    title = f"{word(card.severity)} · {card.title}" if _is_bad(card) else card.title
    return _Words(title, message) if message else _Words("Tradebell", title)


def _is_bad(card: Card) -> bool:
    return card.severity in (Severity.WARNING, Severity.CRITICAL)


def _lines(card: Card, now: datetime) -> Iterator[str]:
    yield from card.lines
    yield from (f"{field.label}: {field.value}" for field in card.fields)
    if card.table is not None:
        yield from (" · ".join(filter(None, row)) for row in card.table.rows)
    if card.picture is not None:
        yield card.picture.alt
    if card.pick is not None:
        yield f"{card.pick.prompt}:"
        yield from (": ".join(filter(None, (one.label, one.hint))) for one in card.pick.options)
    reference = f"ref {card.reference}" if card.reference else ""
    if card.at is not None or reference:
        yield " · ".join(filter(None, (_moment(card.at, now), reference)))
    yield from card.notes


def _moment(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return shown(clock(at) if on_day_of(at, now) else dated(at))


def _pressed(card: Card, address_of: AddressOf) -> list[Button]:
    """What says that it was seen, each as an address to press it at."""
    buttons = [one for row in card.buttons for one in row if one.until_seen and one.action]
    at = [(one.label, one.action and address_of(one.action)) for one in buttons]
    return [Button(label=label, url=address) for label, address in at if address]


def _opened(card: Card, pressed: list[Button], *, details: bool) -> list[Button]:
    """What is opened as a page: the card's own links, and that of the first button."""
    page = [Button(label=lock_screen.open_label(), url=one.url) for one in pressed[:1]]
    return [*(_links(card) if details else ()), *page]


def _links(card: Card) -> list[Button]:
    links = [button for row in card.buttons for button in row if button.url]
    return [one for one in links if urlsplit(one.url or "").scheme in ("http", "https")]


def _head(text: str, limit: int) -> str:
    """The longest beginning of so many bytes, never half a character."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
