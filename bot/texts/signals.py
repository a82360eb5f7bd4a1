"""The latest signals."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Card, Field
from bot.domain.events import Signal
from bot.domain.text import clean
from bot.texts.alerts import confidence, signal_in_words
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.times import moment


def found(signals: Sequence[Signal], wanted: str, of: int) -> Card:
    """
    Args:
        of: how many were looked through.
    """
    of_them = ngettext("Of the latest {count} signal.", "Of the latest {count} signals.", of)
    what = clean(wanted, 30)
    if not signals:
        return plain(_("No signals of {what}", what=what), of_them)
    title = ngettext(
        "{count} signal of {what}", "{count} signals of {what}", len(signals), what=what
    )
    return replace(listed(signals), title=title, notes=(of_them,))


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
