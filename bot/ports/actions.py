"""Buttons, pressed once, and the messages that show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.actions import Action, ActionState, Denied
from bot.domain.chats import Channel
from bot.domain.ids import ActionId, EndpointId
from bot.domain.shown import EndedCards, ShownCard


class Actions(Protocol):
    async def offer(self, actions: Sequence[Action]) -> None: ...

    async def claim(
        self, action: ActionId, person: str, endpoint: EndpointId, now: datetime
    ) -> Action | Denied:
        """Take it, once: `may_press`, then one conditional UPDATE; siblings on the card are closed.

        A repeatable action stays open.
        """

    async def find(self, action: ActionId) -> tuple[Action, bool] | None:
        """A button, and whether the link that it was made under is still active."""

    async def finish(self, action: ActionId, state: ActionState, now: datetime) -> None: ...

    async def interrupted(self) -> Sequence[Action]:
        """Actions that a crash left RUNNING."""


class ShownCards(Protocol):
    """Messages of ours that show buttons which will end."""

    async def note(self, shown: ShownCard) -> bool:
        """From its buttons' end on it is told of by `ended`; false if none of them is open.

        What was noted of that message before is forgotten.
        """

    async def forget(self, endpoint: EndpointId, message: str) -> None:
        """The message shows no buttons any more, or nobody can change it."""

    async def withdraw(
        self, endpoint: EndpointId, person: str, now: datetime
    ) -> Sequence[tuple[Action, ...]]:
        """End everything that this person could still press there; gives it card by card."""

    async def end_live(self, now: datetime) -> None:
        """What showed prices as they moved does no more: the process that changed it has ended."""

    async def ended(self, channel: Channel, bot: str, now: datetime) -> EndedCards: ...

    async def postpone(self, shown: ShownCard, until: datetime) -> None: ...
