"""The latest signals."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field
from bot.domain.events import Signal
from bot.texts.alerts import confidence, signal_in_words
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.times import moment


def listed(signals: Sequence[Signal]) -> Card:
    if not signals:
        return plain(
            _("No signals yet"),
            _("Subscribe to a model on the platform, and its signals ring here."),
        )
    rows = [
        Field(moment(one.origin.at), f"{signal_in_words(one)} {confidence(one)}".strip())
        for one in signals
    ]
    return Card(
        title=ngettext("Latest {count} signal", "Latest {count} signals", len(signals)),
        fields=tuple(rows),
    )
