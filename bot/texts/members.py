"""What others in a shared chat may ask and do."""

from bot.domain.cards import Button, Card, Severity
from bot.domain.links import Role
from bot.texts.cards import FOR_YOU_ONCE, plain

ALLOW_IT = "Allow it"

_MAY = {
    None: "Others here see the alerts, and may ask nothing.",
    Role.VIEWER: "Others here may look: /status, /trades and the like. They can change nothing.",
    Role.OPERATOR: "Others here may look, and pause and resume your bots.",
}


def nobody_else_here() -> Card:
    return plain("Nobody else is in this chat", "/members is for chats that others read too.")


def rights(role: Role | None) -> Card:
    """
    Args:
        role: what everybody but the person who linked the chat has.
    """
    return plain(
        _MAY.get(role, _MAY[None]),
        "If they do not find my commands: Server Settings, Integrations." if role else "",
        "/members viewer lets them look, /members operator act too, /members nobody neither.",
    )


def confirm(role: Role, name: str, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    where = name or "this chat"
    effect = {
        Role.VIEWER: "may ask for your bots, trades and signals",
        Role.OPERATOR: "may ask for all that, and pause and resume your bots, with real money too",
    }
    return Card(
        title="Let others here look?" if role is Role.VIEWER else "Let others here act?",
        severity=Severity.WARNING,
        lines=(f"Everybody who can write in {where} {effect[role]}.",),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )
