"""Drills: how one is told, what came of it, and that it is time for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.cards import Button, Card, Field, Severity
from bot.domain.chats import Channel, Endpoint
from bot.domain.drills import AT_ONCE_LASTS, DrillUnderWay, PlaceReached
from bot.texts.cards import plain
from bot.texts.language import _, ngettext
from bot.texts.names import chat_title
from bot.texts.reasons import in_words
from bot.texts.times import clock, spoken


def on_lock_screen() -> str:
    return _("Drill: nothing is wrong. Say that you have seen it.")


def not_seen_yet(span: timedelta) -> str:
    """A title."""
    return _("Drill: not seen here for {span}. Nothing is wrong.", span=spoken(span))


# --- the command ----------------------------------------------------------------------------------


def where_told(there: Endpoint | None, here: Endpoint) -> str:
    """Of the result, as `bot.domain.drills.told_in` has it."""
    if there is None:
        return ""
    if there.id != here.id:
        return _("The result names chats and phones: it is told in a private chat at the end.")
    if there.private:
        return _("The result is told here at the end.")
    return _("In how many places it was seen is told here at the end.")


def begun(
    until: datetime, places: int, result: str, buttons: Sequence[Button], *, at_once: bool
) -> Card:
    """
    Args:
        places: chats and phones that it goes to.
        result: `where_told` that is.
    """
    told = ngettext(
        "It goes to {count} chat or phone now.",
        "It goes to {count} chats and phones now, all at once.",
        places,
    )
    if at_once:
        then = _("Each is told once. It ends at {time}.", time=clock(until))
    else:
        then = _(
            "Where nobody sees it, it goes on as /escalate says, until {time}.", time=clock(until)
        )
    return Card(
        title=_("A drill has begun: nothing is wrong"),
        lines=(
            told,
            then,
            _("Say in each place that you have seen it."),
            *filter(None, (result,)),
        ),
        buttons=(tuple(buttons),),
        notes=()
        if at_once
        else (_("/drill now tells each place once, for {span}.", span=spoken(AT_ONCE_LASTS)),),
    )


def under_way(
    drill: DrillUnderWay, buttons: Sequence[Button], *, private: bool, now: datetime
) -> Card:
    """
    Args:
        private: who reads it may know of the account's other chats.
    """
    return Card(
        title=_("A drill is under way: nothing is wrong"),
        lines=(
            _(
                "It began {span} ago, and ends at {time} at the latest.",
                span=spoken(now - drill.began_at),
                time=clock(drill.until),
            ),
        ),
        fields=tuple(map(_became, drill.places)) if private else (),
        buttons=(tuple(buttons),),
    )


def too_soon(left: timedelta) -> Card:
    return plain(
        _("The last drill has just been"),
        _("Phones ring by it. Ask for another in {span}.", span=spoken(left)),
    )


def ends() -> Card:
    return plain(
        _("The drill ends"), _("What came of it is told, in a private chat where there is one.")
    )


def none_under_way() -> Card:
    return plain(_("No drill is under way"), _("/drill begins one."))


def reminds(wanted: bool, buttons: Sequence[Button] = ()) -> Card:
    return Card(
        title=_("I tell you when a drill is due") if wanted else _("I tell of no drill any more"),
        lines=(
            _("That is when for 30 days nobody has shown that alerts are seen.")
            if wanted
            else _("/drill begins one all the same."),
        ),
        buttons=(tuple(buttons),) if buttons else (),
    )


def end_label() -> str:
    """On a button."""
    return _("End the drill")


def start_label() -> str:
    """On a button."""
    return _("Start a drill")


def off_label() -> str:
    """On a button."""
    return _("No more of this")


# --- what came of it ------------------------------------------------------------------------------


def result(places: Sequence[PlaceReached], *, private: bool) -> Card:
    """
    Args:
        private: who reads it may know of the account's other chats.
    """
    seen = sum(one.after is not None for one in places)
    total = len(places)
    if total and seen == total:
        title = ngettext(
            "Drill: seen in the only place",
            "Drill: seen in all {count} places",
            total,
        )
    else:
        title = ngettext(
            "Drill: seen in {seen} of {count} place",
            "Drill: seen in {seen} of {count} places",
            total,
            seen=seen,
        )
    return Card(
        title=title,
        severity=Severity.GOOD if total and seen == total else Severity.WARNING,
        fields=tuple(map(_became, places)) if private else (),
        notes=tuple(_what_to_do(places))
        if private
        else (_("Where that was is told in a private chat only: /link makes one."),),
    )


def _became(one: PlaceReached) -> Field:
    if one.after is not None:
        words = _("seen after {span}", span=spoken(one.after))
    elif one.shown:
        words = _("shown, not seen")
    elif one.shown is False:
        words = _("could not be shown: {reason}", reason=in_words(one.reason))
    else:
        words = _("not shown so far")
    return Field(chat_title(one.place), words)


def _what_to_do(places: Sequence[PlaceReached]) -> list[str]:
    lost = [one for one in places if one.shown is False and one.after is None]
    phones = [one for one in lost if one.place.address.channel is Channel.PUSH]
    unseen = [one for one in places if one.shown and one.after is None]
    notes = []
    if len(phones) < len(lost):
        notes.append(_("/link there brings a chat back that is closed to me."))
    if phones:
        notes.append(_("/phone tries a phone again, or takes it away."))
    if unseen:
        notes.append(
            _("Shown and not seen: is it silenced there? /escalate says who else is told.")
        )
    return notes


def time_for_one(last_at: datetime | None, now: datetime, buttons: Sequence[Button]) -> Card:
    """
    Args:
        last_at: when the last one began.
    """
    if last_at is None:
        title = _("Would a critical alert reach you? No drill so far")
    else:
        title = _("Last drill {span} ago", span=spoken(now - last_at))
    return Card(
        title=title,
        lines=(
            _(
                "For 30 days nobody has shown that alerts are seen. /drill rehearses one: nothing"
                " is wrong then, and it says so."
            ),
        ),
        buttons=(tuple(buttons),),
    )
