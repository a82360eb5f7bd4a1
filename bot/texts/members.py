"""What others in a shared chat may ask and do."""

from bot.domain.cards import Button, Card, Severity
from bot.domain.chats import Role
from bot.texts.cards import for_you_once, plain
from bot.texts.language import _


def allow_it() -> str:
    return _("Allow it")


def may_here(role: Role | None) -> str:
    """What everybody but the person who linked the chat may do there."""
    match role:
        case Role.VIEWER:
            return _(
                "Others here may look: /status, /trades and the like. They can change nothing."
            )
        case Role.OPERATOR:
            return _("Others here may look, and pause and resume your bots.")
        case _:
            return _("Others here see the alerts, and may ask nothing.")


def nobody_else_here() -> Card:
    return plain(_("Nobody else is in this chat"), _("/members is for chats that others read too."))


def rights(role: Role | None) -> Card:
    """
    Args:
        role: what everybody but the person who linked the chat has.
    """
    return plain(
        may_here(role),
        _("If they do not find my commands: Server Settings, Integrations.") if role else "",
        _("/members viewer lets them look, /members operator act too, /members nobody neither."),
    )


def confirm(role: Role, name: str, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    where = name or _("this chat")
    if role is Role.VIEWER:
        title = _("Let others here look?")
        effect = _(
            "Everybody who can write in {where} may ask for your bots, trades and signals.",
            where=where,
        )
    else:
        title = _("Let others here act?")
        effect = _(
            "Everybody who can write in {where} may ask for all that, and pause and resume your"
            " bots, with real money too.",
            where=where,
        )
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=(effect,),
        buttons=buttons,
        notes=(for_you_once(),),
    )
