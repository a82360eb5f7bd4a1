"""What becomes of a change that a person has asked for, bot by bot."""

from dataclasses import dataclass

from bot.domain.actions import Action, ActionState, Target, Verb
from bot.domain.changes import Condition


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done; `said` is what the action has in its `arguments`."""

    verb: Verb
    target: Target
    said: str = ""


def deeds_of(action: Action) -> tuple[Deed, ...]:
    return tuple(Deed(action.verb, target, action.arguments) for target in action.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a bot was found, or a strategy: only what was asked about is set.

    `there` says whether there is such a strategy, `holds` whether its trade is open and `exiting`
    that an order to close it, or a part of it, was placed.

    `wanted` says whether that is what was asked for.
    """

    wanted: bool
    condition: Condition | None = None
    opens: bool | None = None
    called: str | None = None
    there: bool | None = None
    holds: bool | None = None
    exiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one bot.

    `words` follow its name, or say why nothing was done. `accepted` while the platform has said yes
    and does not show it yet.
    """

    target: Target
    state: ActionState
    words: str
    accepted: bool = False
