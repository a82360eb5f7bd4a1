"""What the platform denies to an account, so that it is not listed there."""

from collections import defaultdict

from bot.domain.ids import AccountId


class Offered:
    """Commands that an account was denied when it last asked them; forgotten with the process."""

    def __init__(self) -> None:
        self._denied: defaultdict[AccountId, set[str]] = defaultdict(set)

    def deny(self, account: AccountId, command: str) -> None:
        self._denied[account].add(command)

    def allow(self, account: AccountId, command: str) -> None:
        self._denied[account].discard(command)

    def denied(self, account: AccountId) -> frozenset[str]:
        return frozenset(self._denied[account])
