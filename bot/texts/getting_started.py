"""The first words, and what can be asked."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field
from bot.domain.commands import Spec, works_for_all
from bot.domain.links import Link
from bot.domain.text import clean
from bot.texts.cards import plain

ABOUT = (
    "I ring when your trading bot trades, errs or stops, and you can look, pause and resume from "
    "here. Send /link to connect your account; you never type a password into this chat."
)
ABOUT_IN_SHORT = "Rings when your trading bots trade, err or stop. Send /link to begin."
"""Of the bot, as its platform shows it to who opens it for the first time."""


def welcome(linked: bool, carried: str = "") -> Card:
    """
    Args:
        carried: what came along with the address that somebody began with.
    """
    unknown = "What your address carried means nothing to me: it may be old." if carried else ""
    if linked:
        return plain(
            "Welcome back",
            unknown,
            "This chat is linked: I ring when your bots trade, err or stop.",
            "Try /status, or /help for everything I understand.",
        )
    return plain(
        "Hello, I am Tradebell",
        unknown,
        "I ring when your trading bot does something, and you can answer from here.",
        "Send /link to connect your account. It takes a minute, and you never type a "
        "password into this chat.",
    )


def among_others() -> Card:
    """What works in a group, where nobody can be answered alone."""
    return plain(
        "Hello, I am Tradebell",
        "I ring when a trading bot does something, and show an account to its owner only. Here "
        "others read along, so here I answer /help and nothing about accounts.",
        "For your own bots, open a private chat with me and send /link there.",
    )


def help_card(specs: Sequence[Spec], linked: bool, discreet: bool = True) -> Card:
    listed = [spec for spec in specs if spec.menu and (discreet or works_for_all(spec))]
    fields = tuple(Field(usage(spec), spec.summary) for spec in listed)
    note = "Anything that changes a bot asks you first." if linked else "Begin with /link."
    if not discreet:
        note = "The rest works in a private chat with me, where nobody reads along."
    return Card(title="What you can ask me", fields=fields, notes=(note,))


def settings(here: Link | None) -> Card:
    """What can be set today, and how."""
    fields = [
        Field("Where it rings", "/link in a chat adds it, /unlink there ends it"),
        Field("Your login", "/link in a linked chat renews it"),
        Field("How loud", "by your app: mute the chat there; that mutes urgent alerts too"),
    ]
    if here is not None and not here.endpoint.private:
        fields.append(Field("What others here may do", "/members"))
    return Card(
        title="What can be set",
        fields=tuple(fields),
        notes=("Kinds of alerts and quiet hours cannot be chosen yet.",),
    )


def usage(spec: Spec) -> str:
    """'/pause [bot]'."""
    shown = (one.name if one.required else f"[{one.name}]" for one in spec.arguments)
    return " ".join((f"/{spec.name}", *shown))


def unknown_command(word: str, near: Sequence[str]) -> Card:
    shown = clean(word, 40)
    guess = f"Did you mean /{near[0]}?" if near else "Send /help for everything I understand."
    return plain(f"I do not know /{shown}", guess)


def small_talk(linked: bool) -> Card:
    hint = "Try /status, or /help for more." if linked else "Send /link to connect your account."
    return plain("I only understand commands", hint)


def only_text() -> Card:
    return plain("I only understand text", "Try /status, or /help for everything I understand.")
