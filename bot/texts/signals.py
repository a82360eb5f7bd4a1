"""The latest signals."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Card, Field, Option
from bot.domain.commands import Spec
from bot.domain.events import Signal
from bot.domain.text import clean
from bot.texts.alerts import confidence, signal_in_words
from bot.texts.cards import plain, unfit
from bot.texts.getting_started import as_in
from bot.texts.language import _, ngettext
from bot.texts.times import moment


def found(signals: Sequence[Signal], wanted: str, of: int) -> Card:
    """
    Args:
        of: how many were looked through.
    """
    title = ngettext(
        "{count} signal of {what}",
        "{count} signals of {what}",
        len(signals),
        what=clean(wanted, 30),
    )
    return replace(listed(signals), title=title, notes=(_of_the_latest(of),))


def none_of(wanted: str, of: int, spec: Spec, near: Sequence[Option]) -> Card:
    """
    Args:
        of: how many were looked through.
        near: pairs that look like it.
    """
    title = _("No signals of {what}", what=clean(wanted, 30))
    return unfit(title, near, _of_the_latest(of), as_in(spec))


def _of_the_latest(count: int) -> str:
    return ngettext("Of the latest {count} signal.", "Of the latest {count} signals.", count)


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
