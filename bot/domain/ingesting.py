"""What ingest decides about an event, and what a batch of events comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.actions import Action
from bot.domain.amendments import OfferAnswer
from bot.domain.chats import Address, Link
from bot.domain.decisions import Course
from bot.domain.deliveries import Delivery, Draft, Priority
from bot.domain.events import Event, Listing, Position, Strategy, Stream, Sweep, Trader
from bot.domain.ids import EndpointId
from bot.domain.incidents import Opening, Solving
from bot.domain.ledger import Entry
from bot.domain.price_alerts import PriceAlert
from bot.domain.results import Results
from bot.domain.trade_ids import TradeIds
from bot.domain.trade_stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What ingest knows about the account when it decides."""

    links: tuple[Link, ...]
    traders: Mapping[str, Trader]
    strategies: Mapping[str, Strategy]
    revisions: Mapping[str, str]
    """Record id of a trader or strategy to the revision under which it was last told."""
    results: Results | None = None
    """What trades have earned today, wherever a link's person is; `None` where no event asks."""
    called: dict[str, Trader] = field(default_factory=dict)
    """The bots as they are called, once somebody has told them apart; to be emptied by whoever
    changes a bot or a strategy.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsDecision:
    """What ingest decides about one event, inside the transaction.

    `record`, `revision` key the inbox row (with the event's account and kind). With `news` false
    nothing is told and no inbox row written, but `remember`/`forget` still update the last known
    state. `answer` ends all offers of that kind that were made by earlier facts of the account.
    With `stage`, the record comes as often as it changes, and is news only if it has come further
    than any of its facts that are kept; with `only_if_kept`, only if there is one. `trade` is set
    where it is a step of a trade, or may be the first. With `goes_on`, a fact that is kept is told
    anew by the message that has told it; with `only_if_kept`, nothing is told where it is not.
    `fingerprint` is set when the same fact may come from another service too: then the
    n-th fact of this kind with that fingerprint within `window` is owed only if no other kind
    has brought n of them; with `says_more` it is owed all the same, and only the others are not.
    """

    news: bool
    reason: str
    record: str = ""
    revision: str = ""
    drafts: tuple[Draft, ...] = ()
    actions: tuple[Action, ...] = ()
    remember: Trader | Strategy | None = None
    forget: Trader | Strategy | None = None
    answer: OfferAnswer | None = None
    fingerprint: str | None = None
    says_more: bool = False
    window: timedelta = timedelta(seconds=15)
    stage: Stage | None = None
    only_if_kept: bool = False
    goes_on: bool = False
    follows: tuple[Event, ...] = ()
    """What comes of it, if it is news: decided right after it."""
    entry: Entry | None = None
    """What the ledger keeps of it, also where it is no news for once."""
    trade: TradeIds | None = None
    opens: Opening | None = None
    solves: Solving | None = None
    rings: PriceAlert | None = None
    """As it is from then on; it is news only if the alert is there, and has not rung so often."""
    at: datetime | None = None
    """When the fact came to be, if not when its record was made."""


Decide = Callable[[Event, Known], NewsDecision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Move a stream's cursor, in the same transaction; backwards only if it `rewinds`."""

    stream: Stream | Listing | Sweep
    position: Position
    rewinds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What a batch came to.

    `new` counts events that were news, `known` those that were not, `told` deliveries created;
    `owed` says at which endpoints, where they are, and the most urgent priority among the new
    items. `preclaimed` are not among them: these are in flight already, for the caller to send.
    `answered` counts earlier items whose offers have been answered, `gathered` new ones that are
    kept for a digest, `folded` those that are told within an earlier one's message, `decisions` new
    ones by how they are told, and why; `opened` those that somebody must see; `retold` earlier
    items that tell something else from now on.
    """

    new: int
    known: int
    told: int
    owed: Mapping[EndpointId, tuple[Address, Priority]]
    preclaimed: tuple[Delivery, ...] = ()
    answered: int = 0
    gathered: int = 0
    decisions: Mapping[tuple[Course, str], int] = field(default_factory=dict)
    folded: int = 0
    opened: int = 0
    retold: int = 0
