"""What the devices show, as the cards that it was made from: for `tests.harness.judge`."""

import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from adapters.chat.severities import mark
from bot.domain.cards import Card, Severity
from tests.fakes.messenger import Shown
from tests.standins.bot_api.world import Message

_REFERENCE = re.compile(r"^(?:.* · )?ref (\w+)$", re.MULTILINE)


def as_card(message: Message) -> Card:
    """Title, reference and small print of a message; of a card in parts, the last has the latter
    two.
    """
    title = message.text.partition("\n")[0]
    for severity in Severity:
        title = title.removeprefix(mark(severity))
    stamp = _REFERENCE.search(message.text)
    if stamp is None:
        return Card(title=title)
    notes = message.text[stamp.end() :].split("\n")[1:]
    return Card(title=title, reference=stamp[1], notes=tuple(notes))


def on_devices(messages: Iterable[Message], now: Callable[[], datetime]) -> list[Shown]:
    """What was shown, in order; the stand-in carries a call out when it arrives."""
    began = now() - timedelta(seconds=time.monotonic())
    shown = []
    for message in messages:
        at = began + timedelta(seconds=message.at)
        shown.append(Shown(str(message.chat.id), as_card(message), at, at))
    return shown
