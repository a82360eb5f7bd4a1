"""How the bots and the connection are."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.accounts import Account
from bot.domain.cards import Card, Field, Option, PickList, Severity
from bot.domain.changes import condition
from bot.domain.chats import Link
from bot.domain.escalation import Chain
from bot.domain.events import Trader
from bot.domain.feeds import FeedState, FeedStatus
from bot.domain.ids import ActionId
from bot.domain.standing_orders import StandingOrder
from bot.domain.text import clean
from bot.texts import bots, cards, escalation
from bot.texts.errors import told
from bot.texts.language import _, ngettext
from bot.texts.names import chat_title, trader_name
from bot.texts.standing_orders import holding
from bot.texts.times import spoken


def overview(
    account: Account,
    traders: Sequence[Trader],
    feed: FeedStatus | None,
    *,
    as_of: datetime | None,
    last_event_at: datetime | None,
    pending: int,
    missed: int,
    here: Link,
    chain: Chain,
    linked: Sequence[Link],
    unreached: Sequence[Link],
    orders: Sequence[StandingOrder],
    closed: Sequence[Link],
    offered: Sequence[Trader],
    actions: Sequence[ActionId],
    now: datetime,
) -> Card:
    """Every bot with its state, and how far the picture can be trusted.

    Where others read along it says nothing of the person: neither login nor other chats.

    Args:
        linked: all chats of the account.
        unreached: those where our bot is refused, or whose platform is away.
        orders: what may be done if nobody sees an alert.
        closed: chats of the account that cannot be reached, `here` perhaps among them.
        offered: bots whose own cards can be opened, by one of `actions` each.
        as_of: when the bots were last read; `None` for just now.
    """
    fields = [Field(trader_name(trader), bots.state_line(trader)) for trader in traders]
    fields.append(Field(_("Connection"), _feed_line(feed, now)))
    age = _("{span} ago", span=spoken(now - last_event_at)) if last_event_at else _("none yet")
    fields.append(Field(_("Last event"), age))
    if pending:
        fields.append(
            Field(_("On their way"), ngettext("{count} alert", "{count} alerts", pending))
        )
    notes = []
    if as_of is not None:
        out = feed is not None and feed.state is FeedState.NEEDS_LOGIN
        known = _("This is the last known state, from {span} ago.", span=spoken(now - as_of))
        notes.append(known if out else cards.as_of(as_of, now))
    notes += _notes_of_feed(feed)
    if missed:
        notes.append(
            ngettext(
                "{count} alert did not reach you: /missed",
                "{count} alerts did not reach you: /missed",
                missed,
            )
        )
    if any(link.id == here.id for link in closed):
        notes.append(
            _(
                "Alerts for this chat wait, since I was kept from writing here. Once I may, a word "
                "from who linked it brings them."
            )
        )
    if here.endpoint.private:
        others = [link for link in closed if link.id != here.id]
        deaf = feed is None or feed.state in (FeedState.NEEDS_LOGIN, FeedState.CONNECTING)
        notes += escalation.warnings(linked, unreached, deaf=deaf)
        notes += [
            escalation.coverage(chain, linked, unreached, now),
            *holding(orders),
            *_notes_of_person(feed, others, now),
            clean(account.label, 60),
        ]
    if 0 < len(offered) < len(traders):
        notes.append(_("For any other bot: /status NAME"))
    options = [
        Option(label=trader_name(one), action=action)
        for one, action in zip(offered, actions, strict=True)
    ]
    return Card(
        title=_status_title(traders),
        severity=_status_severity(traders, feed),
        lines=() if traders else (_("Create one on the platform, and it appears here by itself."),),
        fields=tuple(fields),
        pick=PickList(prompt=_("Choose a bot"), options=tuple(options)) if options else None,
        notes=tuple(notes),
    )


def _notes_of_feed(feed: FeedStatus | None) -> Iterator[str]:
    if feed is not None and feed.not_offered:
        yield _(
            "The platform does not let me read: {not_offered}.",
            not_offered=", ".join(feed.not_offered),
        )
    if feed is not None and feed.failing:
        yield _(
            "The platform has trouble with: {failing}. I try again.",
            failing=", ".join(feed.failing),
        )


def _notes_of_person(
    feed: FeedStatus | None, closed: Sequence[Link], now: datetime
) -> Iterator[str]:
    """What is nobody else's business: other chats, and the login."""
    for link in closed:
        yield _(
            "Your other {title} is closed to me: I keep its alerts.",
            title=chat_title(link.endpoint),
        )
    if feed is not None and feed.expires_at is not None:
        left = feed.expires_at - now
        if timedelta(0) < left < timedelta(hours=24):
            yield _("Your login ends in {span}: /link renews it.", span=spoken(left))


def _status_title(traders: Sequence[Trader]) -> str:
    if not traders:
        return _("No bots yet")
    failed = sum(condition(trader).failed for trader in traders)
    running = sum(condition(trader).running is True for trader in traders)
    unknown = sum(not condition(trader).known for trader in traders)
    parts = [
        ngettext(
            "{running} of {count} bot running",
            "{running} of {count} bots running",
            len(traders),
            running=running,
        )
    ]
    if failed:
        parts.append(_("{failed} with an error", failed=failed))
    if unknown:
        parts.append(_("{unknown} in an unknown state", unknown=unknown))
    return ", ".join(parts)


def _status_severity(traders: Sequence[Trader], feed: FeedStatus | None) -> Severity:
    if any(condition(trader).failed for trader in traders):
        return Severity.CRITICAL
    if any(not condition(trader).known for trader in traders):
        return Severity.WARNING
    if feed is None or feed.state in (FeedState.NEEDS_LOGIN, FeedState.CONNECTING):
        return Severity.WARNING
    return Severity.INFO


def _feed_line(feed: FeedStatus | None, now: datetime) -> str:
    if feed is None:
        return _("not started")
    since = spoken(now - feed.since)
    match feed.state:
        case FeedState.LIVE:
            return _("live for {since}", since=since)
        case FeedState.CATCHING_UP:
            return _("catching up")
        case FeedState.CONNECTING:
            why = f" ({told(feed.reason, 80)})" if feed.reason else ""
            return _("down for {since}, trying", since=since) + why
        case FeedState.POLLING:
            return _("no realtime connection to be had: I look every so often instead")
        case FeedState.NEEDS_LOGIN:
            return _("needs a new login: /link")
