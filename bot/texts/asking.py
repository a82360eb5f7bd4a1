"""Questions that are open, late, ended or misread; the test."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.cards import Button, Card, Severity, spoken
from bot.domain.commands import Misread, Spec
from bot.domain.events import Kind, Notice, Origin
from bot.domain.ids import ActionId
from bot.domain.text import clean
from bot.texts.cards import plain
from bot.texts.getting_started import usage


def test_started() -> Card:
    return plain("Test alert on its way", "It goes the same way as a real one. Did it ring?")


def asked_long_ago(wanted: str, again: ActionId) -> Card:
    return Card(
        title=f"Still want to /{clean(wanted, 60)}?",
        severity=Severity.WARNING,
        lines=("It reached me late. Nothing was changed.",),
        buttons=((Button(label="Ask it now", action=again),),),
    )


def cancelled() -> Card:
    return plain("Nothing was changed")


def cancelled_open(questions: Sequence[str], addresses: int) -> Card:
    """What /cancel has ended.

    Args:
        addresses: how many log-in addresses.
    """
    ended = [f"The question: {question}." for question in dict.fromkeys(questions)]
    if addresses:
        ended.append("The address to log in: ask for a new one with /link.")
    if not ended:
        return plain("Nothing to cancel", "No question of yours is open here. Nothing was changed.")
    return plain("Cancelled", *ended, "Nothing was changed.")


def asked_before(age: timedelta) -> str:
    return f"You asked this {spoken(age)} ago."


def misread(spec: Spec, wrong: Misread) -> Card:
    """What was given for an argument is nothing that it can be."""
    return plain(
        f"I do not understand {clean(wrong.given, 40)} here",
        f"{usage(spec)} takes {wrong.argument.name}: {wrong.argument.description}.",
    )


def left_out(spec: Spec, words: str) -> str:
    """What was typed behind a command that takes nothing."""
    return f"/{spec.name} takes nothing more: I left out \u201c{clean(words, 40)}\u201d."


def test_alert(id: str, at: datetime) -> Notice:
    return Notice(
        origin=Origin(kind=Kind.TEST, record=id, at=at),
        title="Test alert",
        lines=("If you read this, the whole chain works.",),
        bad=True,
    )
