"""The first words, and what can be asked."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field, Option
from bot.domain.chats import Link
from bot.domain.commands import Spec, works_for_all
from bot.domain.marks import command
from bot.domain.text import clean
from bot.texts.cards import plain, unfit
from bot.texts.language import _, later


def about() -> str:
    """Of the bot, as its platform shows it to who opens it for the first time."""
    return _(
        "I ring when your trading bot trades, errs or stops, and you can look, pause and resume"
        " from here. Send /link to connect your account; you never type a password into this chat."
    )


def about_in_short() -> str:
    return _("Rings when your trading bots trade, err or stop. Send /link to begin.")


ABOUT_COMMANDS = later("Your trading bots: see, pause and resume them")
"""Of all commands together, where they are under one of our own."""

ABOUT_PUBLIC = later("Show the answer to everybody here")
"""Of the choice to be answered where others read along."""


def welcome(linked: bool, carried: str = "") -> Card:
    """
    Args:
        carried: what came along with the address that somebody began with.
    """
    unknown = _("What your address carried means nothing to me: it may be old.") if carried else ""
    if linked:
        return plain(
            _("Welcome back"),
            unknown,
            _("This chat is linked: I ring when your bots trade, err or stop."),
            _("Try /status, or /help for everything I understand."),
        )
    return plain(
        _("Hello, I am Tradebell"),
        unknown,
        _("I ring when your trading bot does something, and you can answer from here."),
        _(
            "Send /link to connect your account. It takes a minute, and you never type a "
            "password into this chat."
        ),
    )


def among_others() -> Card:
    """What works in a group, where nobody can be answered alone."""
    return plain(
        _("Hello, I am Tradebell"),
        _(
            "I ring when a trading bot does something. An administrator of this group can have an"
            " account's alerts shown here: /link."
        ),
        _("For your own bots, open a private chat with me and send /link there."),
    )


def help_card(specs: Sequence[Spec], linked: bool, answers_privately: bool = True) -> Card:
    listed = [spec for spec in specs if spec.menu and (answers_privately or works_for_all(spec))]
    fields = tuple(Field(usage(spec), _(spec.summary)) for spec in listed)
    note = _("Anything that changes a bot asks you first.") if linked else _("Begin with /link.")
    if not answers_privately:
        note = _("The rest works in a private chat with me, where nobody reads along.")
    return Card(title=_("What you can ask me"), fields=fields, notes=(note,))


def settings(here: Link | None) -> Card:
    """What can be set today, and how."""
    fields = [
        Field(_("Where it rings"), _("/link in a chat adds it, /unlink there ends it")),
        Field(_("Your login"), _("/link in a linked chat renews it")),
        Field(_("How loud"), _("by your app: mute the chat there; that mutes urgent alerts too")),
    ]
    if here is not None and not here.endpoint.private:
        fields.append(Field(_("What others here may do"), command("members")))
    return Card(
        title=_("What can be set"),
        fields=tuple(fields),
        notes=(_("What comes how loudly, and when: /rules, /mute, /quiet, /timezone, /digest"),),
    )


def usage(spec: Spec) -> str:
    """'/pause [bot]'."""
    shown = (one.name if one.required else f"[{one.name}]" for one in spec.arguments)
    return " ".join((command(spec.name), *shown))


def as_in(spec: Spec) -> str:
    """An example of how it is asked."""
    return _("As in {example}.", example=f"{command(spec.name)} {spec.example}".strip())


def unknown_command(word: str, near: Sequence[Spec], options: Sequence[Option] = ()) -> Card:
    """
    Args:
        near: those that are called alike, the likeliest first.
        options: each leads to one of them.
    """
    title = _("I do not know /{shown}", shown=clean(word, 40))
    if not near:
        return plain(title, _("Send /help for everything I understand."))
    example = as_in(near[0]) if near[0].example else ""
    guess = _("Did you mean {command}?", command=command(near[0].name))
    return unfit(title, options, guess, example)


def small_talk(linked: bool) -> Card:
    hint = (
        _("Try /status, or /help for more.") if linked else _("Send /link to connect your account.")
    )
    return plain(_("I only understand commands"), hint)


def only_text() -> Card:
    return plain(
        _("I only understand text"), _("Try /status, or /help for everything I understand.")
    )
