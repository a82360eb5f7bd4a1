"""What the platform has answered before."""

from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.answers import Answer
from bot.domain.ids import AccountId

T = TypeVar("T")


class Answers(Protocol):
    """The last answer to each question of an account, over a restart."""

    async def keep(self, account: AccountId, question: str, answer: object, now: datetime) -> None:
        """Keep it in place of an earlier one; nothing of an account that nobody is linked to, nor
        what is too long (`bot.domain.answers`).

        Args:
            answer: made of texts, numbers, instants, tuples and frozen values of these.
        """

    async def last(
        self, account: AccountId, question: str, kind: type[T], now: datetime
    ) -> Answer[T] | None:
        """What was answered last, unless that is too long ago.

        Args:
            kind: what sort of value it is: `tuple[Signal, ...]`.
        """

    async def forget(self, account: AccountId, question: str) -> None:
        """It must not be shown any more."""
