"""What a button means, kept on the server: for whom, until when, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.clocks import was_set_back
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId, TraderId
from bot.domain.lifetimes import CONFIRM_LIFE, OFFER_LIFE, UNDO_LIFE, WATCH_LIFE


class Verb(StrEnum):
    """What pressing does."""

    PAUSE = "pause"
    """Stop a bot: nobody manages its open trades then."""
    NO_ENTRIES = "no entries"
    """Let a running bot open no more trades; it goes on managing those it has."""
    RESUME = "resume"
    RENAME_BOT = "rename bot"
    """To what is in `arguments`."""
    RENAME_STRATEGY = "rename strategy"
    NEW_STRATEGY = "new strategy"
    """Of the type and the pair in `arguments`; its target has a name and no id."""
    REMOVE_STRATEGY = "remove strategy"
    FORCE_EXIT = "force exit"
    """Close a trade of a bot, or a part: `arguments` are its id, how much, and how much of it there
    was; `all` for the whole.
    """
    RELOAD = "reload"
    """Let a bot read its configuration again."""
    UNLINK = "unlink"
    GRANT_ACCESS = "admit"
    """Let the others in a shared chat have the role in `arguments`."""
    SHOW_FOLLOWERS = "show followers"
    """Let the readers of the channel in `arguments` follow."""
    SHOW_FOLLOWERS_LATER = "show followers later"
    """The same, a while after each trade."""
    COVER_CRITICAL = "cover critical"
    """Let the rule in `arguments` hold for what is critical too."""
    STANDING_ORDER = "standing order"
    """Let the bots of a card be stopped if nobody sees what happens to them."""
    STANDING_NO_ENTRIES = "standing no entries"
    """The same, but that they only open no more trades."""
    CANCEL = "cancel"
    """Close the card and do nothing."""
    ASK = "ask"
    """As if the person had typed the command in `arguments`: never does anything by itself."""
    UNDO = "undo"
    """The same, for a short while: it takes back what the card says."""
    STOP_WATCH = "stop watch"
    """The same, as long as a card is live: it ends that."""
    SEEN = "seen"
    """Say that the alert whose reference is in `arguments` was seen."""
    HOLD = "hold"
    """The same, and that one has it for a while: how long stands behind the reference, or is asked
    back. Without a reference it is all that nobody has seen.
    """


ASKING = frozenset({Verb.ASK, Verb.UNDO, Verb.STOP_WATCH})
"""They ask a command."""

REPEATABLE = ASKING | {Verb.SEEN, Verb.HOLD}
"""They change nothing of anybody's bots, and may be pressed again."""

WRITING = frozenset(
    {
        *(Verb.PAUSE, Verb.NO_ENTRIES, Verb.RESUME),
        *(Verb.RENAME_BOT, Verb.RENAME_STRATEGY, Verb.NEW_STRATEGY, Verb.REMOVE_STRATEGY),
        *(Verb.FORCE_EXIT, Verb.RELOAD),
    }
)
"""They change something at the platform."""

_LIVES = {
    **dict.fromkeys((Verb.ASK, Verb.SEEN, Verb.HOLD), OFFER_LIFE),
    Verb.UNDO: UNDO_LIFE,
    Verb.STOP_WATCH: WATCH_LIFE,
}


def life_of(verb: Verb) -> timedelta:
    """How long such a button works."""
    return _LIVES.get(verb, CONFIRM_LIFE)


def offer_to_pause(trader: TraderId) -> str:
    """The `arguments` of a button under an alert."""
    return f"pause {trader}"


class ActionState(StrEnum):
    OPEN = "open"
    RUNNING = "running"
    """Pressed and not finished: what a crash leaves behind is unclear."""
    DONE = "done"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    CLOSED = "closed"
    """Another button of the same card was pressed, or what it offers has been done elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bot that an action is about, as the card named it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One button.

    All buttons of one card share `card`, and at most one of them is ever claimed, unless
    `repeatable` (an offer under an alert, a pick list: they change nothing).
    `person` is the only one who may press it; `None` for everyone whose role allows.
    """

    id: ActionId
    card: str
    account: AccountId
    link: LinkId
    endpoint: EndpointId
    person: str | None
    verb: Verb
    targets: tuple[Target, ...] = ()
    arguments: str = ""
    repeatable: bool = False
    expires_at: datetime
    state: ActionState = ActionState.OPEN

    @property
    def made_at(self) -> datetime:
        return self.expires_at - life_of(self.verb)


class Denied(StrEnum):
    """Why a press does nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    STANDS = "stands"
    """Too late to take back what was set."""
    NOT_YOURS = "not yours"
    ELSEWHERE = "elsewhere"
    """Pressed in another chat than the one it was made for."""
    USED = "used"
    RUNNING = "running"
    UNLINKED = "unlinked"
    ANSWERED = "answered"
    """What it offered has been done elsewhere."""
    NO_RIGHT = "no right"
    """The person's role here does not allow it, or no longer."""
    COOLS_OFF = "cools off"
    """The chat was linked a short while ago."""
    NOT_PROVEN = "not proven"
    """It takes a fresh login, and the last one is too long ago."""


def may_press(
    action: Action, person: str, endpoint: EndpointId, linked: bool, now: datetime
) -> Denied | None:
    """Why this press is refused, or `None` if it may go on to be claimed.

    Args:
        linked: whether the link that the action was made under is still active.
    """
    if action.endpoint != endpoint:
        return Denied.ELSEWHERE
    if not linked:
        return Denied.UNLINKED
    if action.person is not None and action.person != person:
        return Denied.NOT_YOURS
    if action.state is ActionState.RUNNING:
        return Denied.RUNNING
    if action.state is ActionState.CLOSED and action.repeatable:
        return Denied.ANSWERED
    if action.state is not ActionState.OPEN:
        return Denied.USED
    if now >= action.expires_at or was_set_back(action.made_at, now):
        return Denied.STANDS if action.verb is Verb.UNDO else Denied.EXPIRED
    return None
