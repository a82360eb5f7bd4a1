"""The latest signals."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field, moment
from bot.domain.events import Signal
from bot.domain.telling import tell_signal
from bot.domain.text import counted
from bot.texts.cards import plain


def listed(signals: Sequence[Signal]) -> Card:
    if not signals:
        return plain(
            "No signals yet", "Subscribe to a model on the platform, and its signals ring here."
        )
    rows = []
    for signal in signals:
        card = tell_signal(signal).card
        confidence = next((one.value for one in card.fields if one.label == "Confidence"), "")
        words = card.title.removeprefix("Signal: ")
        rows.append(Field(moment(signal.origin.at), f"{words} {confidence}".strip()))
    return Card(title=f"Latest {counted(len(signals), 'signal')}", fields=tuple(rows))
