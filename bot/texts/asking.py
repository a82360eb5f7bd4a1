"""Questions that are open, late, ended or misread; the test."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.cards import Button, Card, Option, Severity
from bot.domain.commands import Misread, Spec
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.text import clean
from bot.texts.cards import plain, unfit
from bot.texts.getting_started import as_in, usage
from bot.texts.language import _
from bot.texts.times import spoken


def test_started() -> Card:
    return plain(_("Test alert on its way"), _("It goes the same way as a real one. Did it ring?"))


def shown_to_all() -> Card:
    """Before an answer that others see too, where its person waits for one of their own."""
    return plain(_("Shown to everybody here"))


def asked_long_ago(name: str, words: str, again: ActionId) -> Card:
    wanted = f"{command(name)} {clean(words, 60)}".strip()
    return Card(
        title=_("Still want to {wanted}?", wanted=wanted),
        severity=Severity.WARNING,
        lines=(_("It reached me late. Nothing was changed."),),
        buttons=((Button(label=_("Ask it now"), action=again),),),
    )


def cancelled() -> Card:
    return plain(_("Nothing was changed"))


def cancelled_open(questions: Sequence[str], addresses: int) -> Card:
    """What /cancel has ended.

    Args:
        addresses: how many log-in addresses.
    """
    ended = [
        _("The question: {question}.", question=question) for question in dict.fromkeys(questions)
    ]
    if addresses:
        ended.append(_("The address to log in: ask for a new one with /link."))
    if not ended:
        return plain(
            _("Nothing to cancel"), _("No question of yours is open here. Nothing was changed.")
        )
    return plain(_("Cancelled"), *ended, _("Nothing was changed."))


def asked_before(age: timedelta) -> str:
    return _("You asked this {span} ago.", span=spoken(age))


def misread(spec: Spec, wrong: Misread, near: Sequence[Option] = ()) -> Card:
    """What was given for an argument is nothing that it can be.

    Args:
        near: what that looks like.
    """
    return unfit(
        _("I do not understand {given} here", given=clean(wrong.given, 40)),
        near,
        _(
            "{usage} takes {name}: {description}.",
            usage=usage(spec),
            name=wrong.argument.name,
            description=_(wrong.argument.description),
        ),
        as_in(spec),
    )


def reading(given: Mapping[str, str]) -> str:
    """'bot: Grid, trade: 5'."""
    return ", ".join(f"{name}: {clean(words, 40)}" for name, words in given.items())


def which_reading(options: Sequence[Option]) -> Card:
    """What was typed may mean each of these, and something would be changed."""
    return unfit(_("Which one do you mean?"), options, _("Nothing was changed."))


def left_out(spec: Spec, words: str) -> str:
    """What was typed behind a command that takes nothing."""
    return _(
        "{command} takes nothing more: I left out \u201c{words}\u201d.",
        command=command(spec.name),
        words=clean(words, 40),
    )


def test_alert(id: str, at: datetime) -> Notice:
    def name() -> str:
        return _("Test alert")

    def say() -> NoticeText:
        return NoticeText(name(), _("If you read this, the whole chain works."))

    origin = Origin(kind=Kind.TEST, record=id, at=at)
    return Notice(origin=origin, say=say, rings=True, on_lock_screen=name)


def question(what: str) -> tuple[str, str, str]:
    """What stands on the button that opens a form, what is to be typed there, and an example.

    Args:
        what: the command that takes it.
    """
    match what:
        case "quiet":
            return _("Other hours"), _("From when to when"), "weekdays 22:00-07:00"
        case "timezone":
            return _("Where I live"), _("A city or a time zone"), "Berlin"
        case "mute":
            return _("Something else"), _("What, and for how long"), "BTC/USDT 2h"
        case _:
            return _("Another time"), _("At what time"), "8:30"
