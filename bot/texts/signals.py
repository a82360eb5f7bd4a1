"""The latest signals."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field, moment
from bot.domain.events import Signal
from bot.domain.telling import tell_signal
from bot.texts.cards import plain
from bot.texts.language import _, ngettext


def listed(signals: Sequence[Signal]) -> Card:
    if not signals:
        return plain(
            _("No signals yet"),
            _("Subscribe to a model on the platform, and its signals ring here."),
        )
    rows = []
    for signal in signals:
        card = tell_signal(signal).card
        confidence = next((one.value for one in card.fields if one.label == "Confidence"), "")
        words = card.title.removeprefix("Signal: ")
        rows.append(Field(moment(signal.origin.at), f"{words} {confidence}".strip()))
    return Card(
        title=ngettext("Latest {count} signal", "Latest {count} signals", len(signals)),
        fields=tuple(rows),
    )
