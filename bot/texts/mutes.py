"""Mutes: for some time no sound."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Option, PickList, Question
from bot.domain.chats import Preferences
from bot.domain.commands import Spec
from bot.domain.events import Trader
from bot.domain.rules import Mute
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.getting_started import as_in
from bot.texts.language import _
from bot.texts.wishes import mute_in_words, scope_in_words

ROWS = 15
"""Mutes that are listed."""

MOST_BUTTONS = 4
"""Of one row; more mutes are ended by a list."""


def hours(count: int) -> str:
    """On a button."""
    return _("{count} h", count=count)


def until_tomorrow(at: str) -> str:
    """On a button.

    Args:
        at: the time of day there.
    """
    return _("Until tomorrow {time}", time=at)


def unmute(what: str = "") -> str:
    """On the button that ends a mute, or one of several."""
    return _("Unmute {what}", what=clean(what, 40)) if what else _("Unmute")


def what_is_muted(
    wants: Preferences,
    traders: Sequence[Trader],
    offers: Sequence[Button],
    ends: Sequence[Button] = (),
    pick: Sequence[Option] = (),
    question: Question | None = None,
) -> Card:
    """
    Args:
        offers: for how long everything may be muted.
        ends: end one each, or
        pick: the same of many.
    """
    rows = [f"- {mute_in_words(one, traders, wants.zone)}" for one in wants.mutes[:ROWS]]
    return Card(
        title=_("Without a sound now") if rows else _("Nothing is muted"),
        lines=(*rows, _("Mute everything for a while? What is critical rings all the same.")),
        pick=PickList(prompt=_("Unmute"), options=tuple(pick)) if pick else None,
        question=question,
        buttons=tuple(tuple(row) for row in (offers, ends) if row),
        notes=(mute_examples(),),
    )


def mute_examples() -> str:
    return _("/mute 2h, /mute exits until 18:00, /mute BTC/USDT 1 day, /unmute exits")


def how_long(what: str, offers: Sequence[Button]) -> Card:
    """
    Args:
        what: is to be muted, in words.
    """
    return Card(
        title=_("For how long?"),
        lines=(what, _("What is critical rings all the same.")),
        buttons=(tuple(offers),),
        notes=(mute_examples(),),
    )


def muted(
    mute: Mute,
    wants: Preferences,
    traders: Sequence[Trader],
    buttons: Sequence[Button],
    preview: str,
) -> Card:
    """
    Args:
        preview: what it would have done.
    """
    return Card(
        title=_("Muted"),
        lines=(
            f"{mute_in_words(mute, traders, wants.zone)}.",
            _("It arrives without a sound. What is critical rings all the same."),
            preview,
        ),
        buttons=(tuple(buttons),),
        notes=()
        if wants.zone
        else (_("/timezone Berlin tells me what time it is where you are."),),
    )


def for_ever(what: str, words: str) -> Card:
    """
    Args:
        what: is to be muted, in words.
        words: of the rule that does that.
    """
    return plain(
        _("A mute ends"),
        what,
        _("Nothing was changed. For good there are rules: /rules {words}", words=words),
    )


def unmuted(
    mutes: Sequence[Mute], traders: Sequence[Trader], buttons: Sequence[Button] = ()
) -> Card:
    rows = [scope_in_words(traders, one.topic, one.bot, one.pair) for one in mutes]
    return Card(
        title=_("It has a sound again"),
        lines=tuple(rows),
        buttons=(tuple(buttons),) if buttons else (),
    )


def not_muted(traders: Sequence[Trader], wants: Preferences, spec: Spec) -> Card:
    """What is to have a sound again is not muted, or no longer."""
    rows = [f"- {mute_in_words(one, traders, wants.zone)}" for one in wants.mutes[:ROWS]]
    if not rows:
        return plain(_("Nothing is muted"), _("/rules lists what arrives silently for good."))
    return plain(_("That is not muted"), _("These are:"), *rows, as_in(spec))


def which(options: Sequence[Option]) -> Card:
    return Card(
        title=_("Unmute which?"),
        pick=PickList(prompt=_("Unmute"), options=tuple(options)),
    )


def everything() -> str:
    """In a list of what can be ended."""
    return _("All of it")


def too_many(most: int) -> Card:
    return plain(
        _("That is one mute too many"),
        _("A chat may have {most}. Nothing was changed; /unmute ends some.", most=most),
    )
