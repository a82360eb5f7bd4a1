"""By what it is known which trade an event is of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeIds:
    """What an event says of its trade besides its own record, which may come again as it changes.

    Attributes:
        shared: what other events of the trade carry too, such as its number at the bot; the one
            that names more of them first.
        parent: the record of another trade that it goes on with.
        signal: the record of the signal that it was made for.
    """

    shared: tuple[str, ...] = ()
    parent: str | None = None
    signal: str | None = None
