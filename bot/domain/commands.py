"""What a person can ask: the registry that every chat platform's menu and help come from."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.links import Role


class ArgumentType(StrEnum):
    TRADER = "trader"
    """A bot's name, or `all`."""
    STRATEGY = "strategy"
    """A strategy's name, or `all`."""
    SYMBOL = "symbol"
    NUMBER = "number"
    """A whole number from 1 on."""
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    name: str
    type: ArgumentType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    """All that it can be, for platforms that let a person choose; none for anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One command, declared once.

    Attributes:
        least: the least role that may use it, `None` if it works without a link.
        danger: it changes something, or answers with a confirm card.
        own: only who linked the chat may use it, whatever role others have there.
        discreet: its answer is for nobody else to read, so it works where nobody does.
        showable: its answer may be shown to everybody in a shared chat, if the person wants that.
    """

    name: str
    summary: str
    aliases: tuple[str, ...] = ()
    argument: Argument | None = None
    least: Role | None = Role.VIEWER
    danger: bool = False
    own: bool = False
    discreet: bool = False
    showable: bool = False
    menu: bool = True


NOBODY = "nobody"
"""Stands for no role at all."""

_TRADER = Argument(
    name="bot", type=ArgumentType.TRADER, description="a bot's name, or all", required=False
)

COMMANDS: tuple[Spec, ...] = (
    Spec(name="start", summary="Say hello and show how to begin", least=None, menu=False),
    Spec(name="help", summary="What you can ask me", least=None, showable=True),
    Spec(
        name="link",
        summary="Connect your trading account",
        argument=Argument(
            name="digits",
            type=ArgumentType.TEXT,
            description="the six digits, once the page shows them",
        ),
        least=None,
        discreet=True,
    ),
    Spec(name="settings", summary="What can be set, and how", least=None),
    Spec(
        name="unlink",
        summary="Disconnect this chat from your account, or all others",
        argument=Argument(
            name="others",
            type=ArgumentType.TEXT,
            description="others: every chat but this one",
            choices=("others",),
        ),
        own=True,
        danger=True,
    ),
    Spec(
        name="members",
        summary="What others in this chat may ask and do",
        argument=Argument(
            name="role",
            type=ArgumentType.TEXT,
            description="nobody asks, a viewer looks, an operator also pauses and resumes",
            choices=(NOBODY, Role.VIEWER.value, Role.OPERATOR.value),
        ),
        least=Role.OWNER,
        own=True,
        danger=True,
        menu=False,  # most people never share a chat
    ),
    Spec(
        name="status",
        summary="Your bots and the connection",
        aliases=("s",),
        showable=True,
    ),
    Spec(name="traders", summary="Your bots, one by one", aliases=("bots",), showable=True),
    Spec(
        name="strategies",
        summary="Your strategies, or one and its bots",
        argument=Argument(
            name="strategy", type=ArgumentType.STRATEGY, description="a strategy's name"
        ),
        showable=True,
    ),
    Spec(
        name="pause",
        summary="Stop a bot (asks first)",
        aliases=("stop",),
        argument=_TRADER,
        least=Role.OPERATOR,
        danger=True,
    ),
    Spec(
        name="resume",
        summary="Start a stopped bot (asks first)",
        argument=_TRADER,
        least=Role.OPERATOR,
        danger=True,
    ),
    Spec(name="trades", summary="Latest trades", showable=True),
    Spec(name="signals", summary="Latest signals", showable=True),
    Spec(
        name="price",
        summary="The price of a pair right now",
        argument=Argument(
            name="pair", type=ArgumentType.SYMBOL, description="such as BTC/USDT", required=True
        ),
        showable=True,
    ),
    Spec(
        name="missed",
        summary="Alerts that did not reach you, and why",
        argument=Argument(
            name="page", type=ArgumentType.NUMBER, description="2 for the older ones, and so on"
        ),
    ),
    Spec(
        name="audit",
        summary="What was done on your account, by whom",
        aliases=("trail",),
        argument=Argument(
            name="page", type=ArgumentType.NUMBER, description="2 for the older ones, and so on"
        ),
    ),
    # It rings in every chat of the account.
    Spec(name="test", summary="Send a test alert through the whole chain", least=Role.OPERATOR),
    Spec(name="cancel", summary="Leave whatever we were doing", least=None, menu=False),
)

_BY_NAME = {word: spec for spec in COMMANDS for word in (spec.name, *spec.aliases)}


ABOUT = (
    "I ring when your trading bot trades, errs or stops, and you can look, pause and resume from "
    "here. Send /link to connect your account; you never type a password into this chat."
)
ABOUT_IN_SHORT = "Rings when your trading bots trade, err or stop. Send /link to begin."


def works_for_all(spec: Spec) -> bool:
    """Whether it works where others read along and nobody can be answered alone."""
    return spec.least is None and not spec.discreet


def find_spec(word: str) -> Spec | None:
    """The command of that name or alias, in any case."""
    return _BY_NAME.get(word.lower())


def known_words() -> tuple[str, ...]:
    """All names and aliases, for suggestions."""
    return tuple(_BY_NAME)
