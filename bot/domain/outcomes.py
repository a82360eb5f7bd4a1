"""What becomes of a change that a person has asked for, bot by bot."""

from dataclasses import dataclass

from bot.domain.actions import ActionState, Target
from bot.domain.changes import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a bot was found: its condition, or whether it opens trades where that was asked.

    `wanted` says whether that is what was asked for.
    """

    wanted: bool
    condition: Condition | None = None
    opens: bool | None = None


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
