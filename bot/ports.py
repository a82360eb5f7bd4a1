"""What the core needs from outside: small protocols, each with its contract.

Storage ports: every call is one transaction and returns only once it is committed. Adapters'
ports: what is raised is in `bot.errors`, nothing else.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.actions import Action, ActionState, Denied
from bot.domain.amendments import Amendment, Amendments, Answer
from bot.domain.cards import Card, Picture
from bot.domain.charts import Chart
from bot.domain.commands import Place, Reply, Said
from bot.domain.deliveries import (
    MISSED,
    Attempt,
    Delivery,
    Draft,
    Priority,
    Repeats,
    Settlement,
    State,
)
from bot.domain.events import (
    Cursor,
    Event,
    Listing,
    Page,
    Position,
    Signal,
    Strategy,
    Stream,
    Sweep,
    Tick,
    Trade,
    Trader,
    Unreadable,
)
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId, TraderId
from bot.domain.linking import (
    Audience,
    Completed,
    Invitation,
    LinkProblem,
    LoginFailed,
    SignedIn,
    TooSoon,
    WrongDigits,
)
from bot.domain.links import (
    Account,
    AccountState,
    Address,
    Channel,
    Credential,
    FeedState,
    Grant,
    Link,
    Login,
    Person,
    Role,
)
from bot.domain.shown import EndedCards, ShownCard
from bot.domain.stages import Stage
from bot.domain.trail import Trace

# --- the trading platform -----------------------------------------------------------------


class Platform(Protocol):
    """The trading platform."""

    async def log_in(self, login: Login) -> Grant:
        """Log in once, over REST, and prove the credential with an authenticated call.

        Raises:
            NeedsLogin: wrong e-mail, password, key or token; the text is the platform's. Or nothing
                certain says whose key or token it is.
            TryLater: not reachable, or over its limit.
        """

    def session(self, credential: Credential, plan: str | None = None) -> "Session":
        """A session for one account; nothing is opened yet.

        Args:
            plan: the account's, for the request budget; unknown counts as the smallest.
        """

    async def reachable(self) -> str:
        """A short sentence on what answers there; for `tradebell check`.

        Raises:
            TryLater: nothing does.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What the socket brought, in order of arrival."""

    events: tuple[Event, ...]
    unreadable: tuple[Unreadable, ...] = ()


class Session(Protocol):
    """One account's way to the platform: a socket when there is one, REST otherwise.

    Reads and writes work with and without the socket. Every call has a time limit.
    All raise `NeedsLogin` on a refused credential, `NotOffered` when the service is closed to the
    account, `TryLater` when the platform is away or over its limit, `Refused` on any other no.

    What is read may be another user's, should the platform give it: it says so by its owner.
    """

    @property
    def connected(self) -> bool:
        """Whether the socket is open and logged in."""

    async def connect(self) -> None:
        """Open the socket, log in and prove it with one authenticated call.

        From its return on, live events are kept until `receive` takes them.

        Raises:
            SocketRefused: the platform is up but gives no socket.
        """

    async def receive(self) -> Live:
        """Wait for live events and take what has come, or a good part of it.

        Raises:
            ConnectionLost: the socket is gone, for whatever reason; all that came was given.
        """

    async def close(self) -> None:
        """Close the socket, if open. The session can connect again."""

    async def renew(self) -> Credential | None:
        """Ask for a credential with a later expiry; `None` if the platform gives the same again."""

    async def page(self, stream: Stream, since: Position, limit: int = 100) -> Page:
        """The oldest records of a stream created at or after `since.at`, in (createdAt, id) order,
        leaving out those up to and including `since` itself when `since.record` is set.

        What is dated further ahead of the platform's clock than `AHEAD` is given as undated: it
        moves no position.
        """

    async def latest(self, stream: Stream) -> Page:
        """The youngest records of a stream; `more` if there may be older ones that it leaves out.

        `last` is `None` if none of them is dated.
        """

    async def traders(self) -> tuple[Trader, ...]:
        """All bots of the account."""

    async def trader(self, trader: TraderId) -> Trader:
        """One bot, read afresh."""

    async def strategies(self) -> tuple[Strategy, ...]: ...

    async def trades(self, limit: int) -> tuple[Trade, ...]:
        """The latest trades, youngest first."""

    async def signals(self, limit: int) -> tuple[Signal, ...]:
        """The latest signals, youngest first."""

    @property
    def pairs(self) -> Collection[str]:
        """The pairs whose prices have passed on the socket so far."""

    async def price(self, wanted: str, within: timedelta) -> Tick | None:
        """The next price of the pair that a person means (`pairs_meant`) that passes on the socket;
        `None` if none does in time.
        """

    @property
    def commands_pods(self) -> bool:
        """Whether it is known how a bot itself is told something; without it `stop_entries` and
        `opens_trades` are Refused.
        """

    async def stop_entries(self, bot: Trader) -> None:
        """Let a running bot open no more trades; it goes on managing those it has. Never repeated.

        Raises:
            Unclear, Refused: as of `set_running`; Refused also if it does not run.
        """

    async def opens_trades(self, bot: Trader) -> bool | None:
        """Whether a bot opens new trades, asked of itself; `None` if it does not say."""

    async def set_running(self, trader: TraderId, running: bool) -> Trader:
        """Start or pause a bot. Never repeated, whatever happens.

        Raises:
            Unclear: sent, but no answer came: read back before saying anything.
            Refused: the platform said no; the text is its reason.
        """


# --- chat platforms -----------------------------------------------------------------------


class Messenger(Protocol):
    """Shows cards in the chats of one bot of one platform."""

    @property
    def channel(self) -> Channel: ...

    @property
    def bot(self) -> str:
        """The numeric id of our bot there."""

    @property
    def repeats(self) -> Repeats:
        """How an attempt of unknown outcome may be repeated here."""

    async def send(
        self,
        address: Address,
        card: Card,
        after: Awaitable[None] | None = None,
        tried_since: datetime | None = None,
    ) -> Attempt:
        """Show a card. Never raises for anything that the other side does: the outcome says it all.

        Where the platform has a key against repeats, it is made from `card.reference`.

        Args:
            after: everything may be prepared, but nothing leaves before this is done. If it raises,
                nothing leaves at all, and this raises the same.
            tried_since: an attempt at this card may have shown it already, and none was made before
                this instant. Where repeats are not marked, it is not shown twice for all that.
        """

    async def amend(self, address: Address, message: str, card: Card) -> Attempt:
        """Change a message of ours to show this card instead; where a card took several, the last
        of them. It may be repeated freely, and never shows anything anew or with a sound.

        Sent also if the message shows the card already; Declined if it is gone, or cannot be
        changed any more. Never raises for anything that the other side does.

        Args:
            message: what `Sent` said.
        """


class Readership(Protocol):
    """Those who read along in shared chats; adapters of platforms that have them implement it."""

    async def of(self, address: Address) -> Audience | None:
        """Who will see what is shown in a chat; `None` if our bot is not there.

        Raises:
            TryLater: nobody can tell now.
        """

    async def has_left(self, address: Address, person: str) -> bool:
        """Whether a person is not there any more; true at the latest a minute after they left.

        Raises:
            Unreachable: the platform is away.
            TryLater: nobody can tell now.
            Refused: nobody tells us, since our bot is not there itself.
        """


class Draw(Protocol):
    """Draws charts."""

    def __call__(self, chart: Chart) -> Picture:
        """The chart as a picture, its words as they are. The same chart gives the same bytes.

        It may raise anything: whoever asks goes on without a picture.
        """


class Suggest(Protocol):
    """Completes what a person types; the conversation implements it, chat adapters call it."""

    async def __call__(
        self, place: Place, person: Person, command: str, typed: str
    ) -> Sequence[str]:
        """What the command's argument may become, likeliest first; from the last known state, never
        waiting for the platform. Nothing for whom the command is not. Never raises.
        """


class Hear(Protocol):
    """Answers what a person said; the conversation implements it, chat adapters call it."""

    def __call__(self, said: Said) -> AsyncIterator[Reply]:
        """Zero or more replies, the last one final. Never raises."""


class Webhook(Protocol):
    """Takes what a chat platform posts to us."""

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Check and store it; gives the HTTP status to answer with."""


class Journal(Protocol):
    """Updates of a chat platform, stored before they are confirmed to it.

    `done` ones are kept a while, so that a replayed update is recognised.
    """

    async def keep(self, channel: Channel, bot: str, updates: Mapping[int, str]) -> Sequence[int]:
        """Store updates by their number; gives the numbers that are new, in ascending order."""

    async def open(self, channel: Channel, bot: str) -> Mapping[int, str]:
        """Updates stored but not done, in ascending order: what a crash left."""

    async def done(self, channel: Channel, bot: str, update: int) -> None:
        """Mark as answered; its text is erased."""


# --- storage ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What ingest knows about the account when it decides."""

    links: tuple[Link, ...]
    traders: Mapping[str, Trader]
    strategies: Mapping[str, Strategy]
    revisions: Mapping[str, str]
    """Record id of a trader or strategy to the revision under which it was last told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What ingest decides about one event, inside the transaction.

    `record`, `revision` key the inbox row (with the event's account and kind). With `news` false
    nothing is told and no inbox row written, but `remember`/`forget` still update the last known
    state. `answer` ends all offers of that kind that were made by earlier facts of the account.
    With `stage`, the record comes as often as it changes, and is news only if it has come further
    than any of its facts that are kept; with `only_if_kept`, only if there is one.
    `fingerprint` is set when the same fact may come from another service too: then the
    n-th fact of this kind with that fingerprint within `window` is owed only if no other kind
    has brought n of them.
    """

    news: bool
    reason: str
    record: str = ""
    revision: str = ""
    drafts: tuple[Draft, ...] = ()
    actions: tuple[Action, ...] = ()
    remember: Trader | Strategy | None = None
    forget: Trader | Strategy | None = None
    answer: Answer | None = None
    fingerprint: str | None = None
    window: timedelta = timedelta(seconds=15)
    stage: Stage | None = None
    only_if_kept: bool = False
    at: datetime | None = None
    """When the fact came to be, if not when its record was made."""


Decide = Callable[[Event, Known], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Move a stream's cursor, in the same transaction; backwards only if it `rewinds`."""

    stream: Stream | Listing | Sweep
    position: Position
    rewinds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What a batch came to.

    `new` counts events that were news, `known` those that were not, `told` deliveries created;
    `owed` says at which endpoints, where they are, and the most urgent priority among the new
    items. What was begun ahead (see `Ahead`) is not among them. `answered` counts earlier items
    whose offers have been answered.
    """

    new: int
    known: int
    told: int
    owed: Mapping[EndpointId, tuple[Address, Priority]]
    answered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How a message can be on its way without a second commit before it leaves.

    Attributes:
        idle: endpoints that could be sent to at once. Where a new item is the only pending one,
            it is claimed in the very transaction that owes it: SENDING, as if by a turn.
        begin: takes what was claimed so, and what to wait for. It may be called before the
            transaction is committed, when only the disk is left, so that the message is prepared
            meanwhile; the awaitable returns once it is, and raises `TryLater` or `Unclear` if it is
            not: then nothing of this was ever owed. Any number of tasks may await it, and be
            cancelled while they do.
    """

    idle: frozenset[EndpointId]
    begin: Callable[[Sequence[Delivery], Awaitable[None]], object]


class Inbox(Protocol):
    async def admit(
        self,
        account: AccountId,
        events: Sequence[Event],
        decide: Decide,
        now: datetime,
        progress: Progress | None = None,
        ahead: Ahead | None = None,
    ) -> Admitted:
        """Dedup rows, deliveries, last known states and the cursor, in one transaction.

        An answer closes the buttons that made the offer. Items that wait will go out without them
        and with its note; those that were or may be shown already are owed an amendment.
        """

    async def cursors(self, account: AccountId) -> Mapping[Stream | Listing | Sweep, Cursor]:
        """Where each stream stands; `began` is the first position that was ever stored."""

    async def set_aside(
        self, account: AccountId, unreadable: Sequence[Unreadable], now: datetime
    ) -> None:
        """Quarantine: count and keep what may be kept of frames that nobody understood."""

    async def traders(self, account: AccountId) -> tuple[Trader, ...]:
        """Last known bots."""

    async def strategies(self, account: AccountId) -> tuple[Strategy, ...]: ...

    async def last_event_at(self, account: AccountId) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a lane wants: commit the last outcome, claim the next item, or both at once.

    `pressed` says that messages are held up for long: then fewer make a digest.
    """

    endpoint: EndpointId
    settled: tuple[Delivery, Settlement] | None = None
    claim: bool = False
    pressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """`delivery` is now SENDING, committed. Without one, `due` is when the next item is, if any
    (also when nothing was to be claimed).
    """

    delivery: Delivery | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An item that was not shown, or may not have been."""

    reference: str
    state: State
    reason: str
    title: str
    occurred_at: datetime


class Outbox(Protocol):
    async def turn(self, turn: Turn, now: datetime) -> Turned:
        """One transaction for both halves.

        Claiming takes the endpoint's first due item by (rank, time of the fact, id), provided
        none of its items is SENDING; its rank is its priority, less one once it has waited long
        (`age`). Where a crowd waits, that is a digest of all that is not urgent
        (`bot.domain.digests`): these are COALESCED, and end with it if it ends unseen. An item
        past `expires_at` ends EXPIRED; one whose link is not active, has another epoch, or whose
        endpoint has another link now ends CANCELLED (G7); a disabled endpoint gives nothing.
        """

    async def amendments(self, channel: Channel, bot: str, now: datetime) -> Amendments:
        """What one of our bots is to change.

        Only messages that were sent, at active endpoints, under active links as in `turn` (G7):
        what waits for any of that comes later, and is given up after `AMEND_LIFE`.
        """

    async def amended(self, amendment: Amendment, again: datetime | None, now: datetime) -> None:
        """That is done or given up; with `again` it is tried once more then."""

    async def age(self, now: datetime) -> int:
        """Let what has waited long go before others, so that nothing starves; gives how many."""

    async def owing(self) -> Mapping[EndpointId, Address]:
        """Endpoints with something pending."""

    async def interrupted(self) -> Sequence[Delivery]:
        """What a crash left SENDING, for a start to settle as attempts of unknown outcome."""

    async def missed(self, endpoint: EndpointId, limit: int, skip: int = 0) -> Sequence[Missed]:
        """Youngest first, after the first `skip`; only what its link's people may see, and only as
        long as its text is kept.
        """

    async def missed_count(self, endpoint: EndpointId, states: Collection[State] = MISSED) -> int:
        """How many `missed` would give without a limit, of those in one of these states."""

    async def counts(self) -> Mapping[State, int]: ...

    async def missed_by_reason(self) -> Mapping[tuple[State, str], int]:
        """How many items are in one of the states of `MISSED`, and for which reason."""

    async def oldest_pending(self, priority: Priority | None = None) -> datetime | None:
        """Since when the longest waiting item waits; of one priority, or of all."""

    async def pending(self, endpoint: EndpointId) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An unlinked account. `last` means nobody is linked any more: its credential is deleted."""

    link: Link
    cancelled: int
    last: bool


class Links(Protocol):
    async def at(self, address: Address) -> Link | None:
        """The active link of a chat."""

    async def endpoint(self, address: Address, private: bool, name: str = "") -> EndpointId:
        """The endpoint of a chat, made if it is not known yet.

        Args:
            name: what it is called now; kept if it is none.
        """

    async def of(self, account: AccountId) -> Sequence[Link]:
        """The active links of an account."""

    async def made_since(self, since: datetime) -> Sequence[Link]:
        """The active links of all accounts that are younger than that."""

    async def end(self, link: LinkId, now: datetime) -> Ended:
        """Unlink: cancel what is owed; with the last link also delete the credential.

        Raises:
            Refused: it is not active.
        """

    async def admit(self, link: LinkId, members: Role | None) -> None:
        """Set what the others in a shared chat may do.

        Raises:
            Refused: the link is not active.
        """

    async def disable(self, address: Address, reason: str, now: datetime) -> int:
        """The chat is closed to us: hold what is owed; gives how many."""

    async def enable(self, address: Address, now: datetime) -> int:
        """The chat is open again: held items are owed again; gives how many."""


class Accounts(Protocol):
    async def active(self) -> Sequence[Account]:
        """Accounts with at least one active link."""

    async def get(self, account: AccountId) -> Account | None: ...

    async def credential(self, account: AccountId) -> Credential | None: ...

    async def renew(self, account: AccountId, credential: Credential) -> None:
        """Replace the credential; the account is active again."""

    async def mark(self, account: AccountId, state: AccountState) -> None: ...


class Codes(Protocol):
    """Linking attempts.

    Codes are stored only as SHA-256, digits only as a keyed hash; the grant of a login that waits
    for its digits is stored encrypted, bound to its attempt.
    """

    async def invite(self, code_hash: str, invitation: Invitation, now: datetime) -> None:
        """Open an attempt; the person's oldest ones give way above `OPEN_CODES`."""

    async def look(self, code_hash: str, now: datetime) -> Invitation | LinkProblem:
        """What stands behind a code; changes nothing."""

    async def count_login(
        self, code_hash: str, who: str, source: str, now: datetime
    ) -> int | TooSoon | LinkProblem:
        """Count one login try before it is made; gives how many are left after it.

        It counts as a wrong one, of `who` from `source`, until it is forgiven. Both are stored
        only as keyed hashes, and only as long as they matter.
        """

    async def forgive_login(self, who: str, source: str, *, right: bool) -> None:
        """It was not a wrong one: it was right, or nobody knows."""

    async def sign_in(
        self, code_hash: str, grant: Grant, digits: str, now: datetime
    ) -> SignedIn | LinkProblem:
        """Use the code up: one conditional UPDATE. Another signed-in attempt of the same person in
        the same chat ends.

        A login that is only inferred to be an account's, which has another one, is NOT_CERTAIN: it
        leaves the code as it was, and `complete` makes nothing of it either.
        """

    async def withdraw(self, address: Address, person: str, now: datetime) -> int:
        """End this person's attempts from that chat; gives how many."""

    async def waiting(self, address: Address, person: str, now: datetime) -> bool:
        """Whether this person, in this chat, is expected to type digits."""

    async def complete(
        self, address: Address, person: str, digits: str, now: datetime
    ) -> Completed | WrongDigits:
        """Check the digits, counting the try; if right make account, link and credential at once.

        A chat that was linked to another account loses that link first, with all that was owed;
        but a shared chat stays with who linked it (TAKEN). Linking again to the same account keeps
        the link; only the credential is renewed.
        """


class SignIn(Protocol):
    """What the link page does; the linking service implements it."""

    async def look(self, code: str) -> Invitation | LinkProblem: ...

    async def sign_in(
        self, code: str, login: Login, source: str, *, agreed: bool = False
    ) -> SignedIn | LoginFailed | TooSoon | LinkProblem:
        """Log in with what the person typed.

        Args:
            source: the person's IP address, for the limits.
            agreed: to others' reading along; without it only a private chat is linked.
        """


class Actions(Protocol):
    async def offer(self, actions: Sequence[Action]) -> None: ...

    async def claim(
        self, action: ActionId, person: str, endpoint: EndpointId, now: datetime
    ) -> Action | Denied:
        """Take it, once: `may_press`, then one conditional UPDATE; siblings on the card are closed.

        A repeatable action stays open.
        """

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

    async def ended(self, channel: Channel, bot: str, now: datetime) -> EndedCards: ...

    async def postpone(self, shown: ShownCard, until: datetime) -> None: ...


class Audit(Protocol):
    async def note(
        self, what: str, now: datetime, account: AccountId | None = None, **facts: str
    ) -> None:
        """Append to the hash-chained audit trail. Facts hold no secrets."""

    async def trail(
        self, account: AccountId, limit: int, skip: int = 0, by: Person | None = None
    ) -> Sequence[Trace]:
        """What was done on an account, youngest first, after the first `skip`; with `by` only what
        that person did.
        """


# --- watching -----------------------------------------------------------------------------


class Meter(Protocol):
    """Counts what an operator watches. Never fails, never waits, keeps no text of a person."""

    def delivered(
        self,
        channel: Channel,
        state: State,
        reason: str,
        delay: timedelta,
        own_delay: timedelta,
    ) -> None:
        """An attempt was settled.

        Args:
            delay: from the fact's own time to now; negative where the platform's clock is ahead.
            own_delay: the part of it that is ours, from the admission of the event.
        """

    def admitted(self, told: int, known: int) -> None: ...

    def unreadable(self, service: str) -> None: ...

    def found_by_sweep(self, stream: Stream, count: int) -> None:
        """Records that a sweep found although the feed was live: must stay 0."""

    def feed(self, account: AccountId, state: FeedState | None) -> None:
        """A feed went to this state; `None` when it ended."""

    def alarm(self, what: str) -> None:
        """Something that must not happen did (another user's record on our socket)."""
