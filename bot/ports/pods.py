"""What the core needs of running bots themselves."""

from decimal import Decimal
from typing import Protocol

from bot.domain.events import Trader
from bot.domain.pods import Balance, BotCommand, Health, Lock, LogLine, OpenTrade


class Pods(Protocol):
    """Asks running bots and tells them something, through the platform.

    All raise what `Session` raises: `NotOffered` where the platform denies the account the
    command, `Refused` where nobody has said how it is sent, or the bot says no.
    """

    async def probe(self, bot: Trader, command: BotCommand) -> None:
        """See whether a command may be used, by what it reads: nothing changes by it."""

    async def open_trades(self, bot: Trader) -> tuple[OpenTrade, ...]: ...

    async def balance(self, bot: Trader) -> Balance: ...

    async def whitelist(self, bot: Trader) -> tuple[str, ...]: ...

    async def blacklist(self, bot: Trader) -> tuple[str, ...]: ...

    async def locks(self, bot: Trader) -> tuple[Lock, ...]: ...

    async def logs(self, bot: Trader) -> tuple[LogLine, ...]:
        """The latest lines, youngest last; what looks like a key is taken out."""

    async def health(self, bot: Trader) -> Health: ...

    async def force_exit(self, bot: Trader, trade: str, amount: Decimal | None) -> None:
        """Place an order that closes a trade, or so much of it. Never repeated.

        Raises:
            OutcomeUnknown: as of `Session.set_running`.
        """

    async def reload(self, bot: Trader) -> None:
        """Let it read its configuration again; it opens trades then. As `force_exit`."""
