"""The words of every answer: pure functions from what is known to a card."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.actions import CONFIRM_LIFE, Target
from bot.domain.amounts import quantity
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Severity,
    moment,
    spoken,
)
from bot.domain.changes import condition
from bot.domain.commands import COMMANDS, Spec, works_for_all
from bot.domain.deliveries import State
from bot.domain.events import Signal, Strategy, Trade, Trader
from bot.domain.ids import ActionId
from bot.domain.incoming import Shared
from bot.domain.lanes import Missed
from bot.domain.linking import CODE_LIFE, DIGITS_LIFE, Audience, Completed, LinkProblem, WrongDigits
from bot.domain.links import Account, FeedState, Link, Role
from bot.domain.telling import (
    on_paper,
    quote_of,
    strategy_name,
    tell_signal,
    tell_trade,
    trader_name,
)
from bot.domain.text import clean, counted
from bot.services.feeds import FeedStatus

MOST_CHOICES = 15
"""Bots to choose from that a phone still shows without tiring its reader."""

NAME_LIMIT = 60
"""Characters of a chat's name that are shown."""

MISSED_ROWS = 20
"""Of one page of /missed: fits one message of any platform."""


FOR_YOU_ONCE = f"For you only, once, within {int(CONFIRM_LIFE.total_seconds())} seconds."
"""Under each confirm card."""


def plain(title: str, *lines: str, severity: Severity = Severity.INFO) -> Card:
    """A card of a title and lines; empty lines are left out."""
    return Card(title=title, lines=tuple(filter(None, lines)), severity=severity)


# --- getting started ----------------------------------------------------------------------


def welcome(linked: bool, carried: str = "") -> Card:
    """
    Args:
        carried: what came along with the address that somebody began with.
    """
    unknown = "What your address carried means nothing to me: it may be old." if carried else ""
    if linked:
        return plain(
            "Welcome back",
            unknown,
            "This chat is linked: I ring when your bots trade, err or stop.",
            "Try /status, or /help for everything I understand.",
        )
    return plain(
        "Hello, I am Tradebell",
        unknown,
        "I ring when your trading bot does something, and you can answer from here.",
        "Send /link to connect your account. It takes a minute, and you never type a "
        "password into this chat.",
    )


def among_others() -> Card:
    """What works in a group, where nobody can be answered alone."""
    return plain(
        "Hello, I am Tradebell",
        "I ring when a trading bot does something, and show an account to its owner only. Here "
        "others read along, so here I answer /help and nothing about accounts.",
        "For your own bots, open a private chat with me and send /link there.",
    )


def help_card(linked: bool, discreet: bool = True) -> Card:
    specs = [spec for spec in COMMANDS if spec.menu and (discreet or works_for_all(spec))]
    fields = tuple(Field(usage(spec), spec.summary) for spec in specs)
    note = "Anything that changes a bot asks you first." if linked else "Begin with /link."
    if not discreet:
        note = "The rest works in a private chat with me, where nobody reads along."
    return Card(title="What you can ask me", fields=fields, notes=(note,))


def settings(here: Link | None) -> Card:
    """What can be set today, and how."""
    fields = [
        Field("Where it rings", "/link in a chat adds it, /unlink there ends it"),
        Field("Your login", "/link in a linked chat renews it"),
        Field("How loud", "by your app: mute the chat there; that mutes urgent alerts too"),
    ]
    if here is not None and not here.endpoint.private:
        fields.append(Field("What others here may do", "/members"))
    return Card(
        title="What can be set",
        fields=tuple(fields),
        notes=("Kinds of alerts and quiet hours cannot be chosen yet.",),
    )


def usage(spec: Spec) -> str:
    """'/pause [bot]'."""
    if spec.argument is None:
        return f"/{spec.name}"
    name = spec.argument.name
    return f"/{spec.name} {name}" if spec.argument.required else f"/{spec.name} [{name}]"


def unknown_command(word: str, near: Sequence[str]) -> Card:
    shown = clean(word, 40)
    guess = f"Did you mean /{near[0]}?" if near else "Send /help for everything I understand."
    return plain(f"I do not know /{shown}", guess)


def small_talk(linked: bool) -> Card:
    hint = "Try /status, or /help for more." if linked else "Send /link to connect your account."
    return plain("I only understand commands", hint)


def only_text() -> Card:
    return plain("I only understand text", "Try /status, or /help for everything I understand.")


def not_linked(discreet: bool = True) -> Card:
    if not discreet:
        return plain(
            "I show no account here",
            "Others read along, so this chat cannot be linked. Open a private chat with me and "
            "send /link there.",
        )
    return plain("This chat is not linked yet", "Send /link to connect your trading account.")


def only_in_private(spec: Spec) -> Card:
    return plain(
        f"/{spec.name} works in a private chat only",
        "Others read along here. Open a private chat with me and send it there.",
    )


def only_the_owner() -> Card:
    return plain(
        "Only the person who linked this chat can do that",
        "For your own bots, write to me directly and send /link there.",
    )


def role_too_low(spec: Spec) -> Card:
    return plain(
        f"You may look but not use /{spec.name} here",
        "Who linked this chat can allow it, with /members.",
    )


def deserted() -> Card:
    return plain(
        "This chat rests",
        "I cannot see the person who linked it here, so I show nothing of their account.",
    )


def too_fast() -> Card:
    return plain("One moment, please", "That was a lot at once. Try again in a few seconds.")


# --- linking --------------------------------------------------------------------------------


ONLY_THERE = (
    "It opens only on the computer that runs me, not on a phone. TRADEBELL_PUBLIC_URL changes"
    " that (docs/reaching-it.md)."
)


def link_address(url: str, again: bool, *, cut_off: bool = False) -> Card:
    """
    Args:
        cut_off: only a browser on the machine that runs us can open the address.
    """
    minutes = int(CODE_LIFE.total_seconds() // 60)
    first = "Log in again on this page" if again else "Open this page and log in"
    return Card(
        title="Log in again" if again else "Link your trading account",
        lines=(
            f"{first}: {url}",
            *([ONLY_THERE] if cut_off else []),
            "It then shows six digits. Type them here, and we are done.",
        ),
        buttons=((Button(label="Open the page", url=url, style=ButtonStyle.PRIMARY),),),
        notes=(f"Good for {minutes} minutes, for you only. Do not forward it.",),
    )


def taken() -> Card:
    return plain(
        "Somebody else has linked this chat",
        "Only they can change that, with /unlink. For your own alerts, write to me directly.",
    )


def cannot_govern(shared: Shared) -> Card:
    return plain(
        f"You cannot link {clean(shared.name, NAME_LIMIT)}",
        "It takes the right to manage the channel, since everybody there would get the alerts.",
        "For your own alerts, write to me directly and send /link there.",
    )


def lacks_rights(shared: Shared) -> Card:
    return plain(
        f"I could not show anything in {clean(shared.name, NAME_LIMIT)}",
        f"Allow me first: {', '.join(shared.lacking)}. Then send /link again.",
    )


def not_there(shared: Shared) -> Card:
    return plain(
        f"I am not in {clean(shared.name, NAME_LIMIT)}",
        "Invite me to the server first, then send /link here again.",
        "For your own alerts, write to me directly and send /link there.",
    )


def readers_unknown(reason: str) -> Card:
    return plain(
        "I cannot see who reads along here",
        clean(reason, 200),
        "Nothing was linked. Try again in a minute.",
        severity=Severity.WARNING,
    )


def shared_link_address(url: str, audience: Audience, *, cut_off: bool = False) -> Card:
    """Consent comes first: who will see what, before anybody logs in. `cut_off` as above."""
    return Card(
        title=f"Link {audience.name}?",
        severity=Severity.WARNING,
        lines=(
            f"Your alerts will be seen by {audience.readers}: "
            "your bots' names, trades, amounts and errors.",
            "They can ask and change nothing, unless you allow it with /members.",
            f"If you agree, log in on this page: {url}",
            *([ONLY_THERE] if cut_off else []),
            "It then shows six digits. Give them to me here, with /link and the digits.",
        ),
        buttons=((Button(label="Open the page", url=url, style=ButtonStyle.PRIMARY),),),
        notes=(
            f"Good for {int(CODE_LIFE.total_seconds() // 60)} minutes, for you only. "
            "For alerts that only you see, write to me directly.",
        ),
    )


def linked(completed: Completed) -> Card:
    label = clean(completed.account.label, 60)
    endpoint = completed.link.endpoint
    lines = ["From now on I ring when your bots trade, err or stop."]
    if not endpoint.private:
        lines.append("All who read along here see it. /members says what else they may do.")
    if completed.replaced is not None:
        lines.insert(0, "The account that was linked here before is no longer.")
    if completed.others:
        lines.append(f"Your {counted(len(completed.others), 'other chat')} got a note about it.")
    lines.append("Try /status now.")
    return Card(title=f"Linked to {label}", severity=Severity.GOOD, lines=tuple(lines))


def not_six_digits(digits: str | None) -> Card:
    seen = "I wait for the six digits that the page shows"
    if digits is not None:
        seen = f"{counted(len(digits), 'digit')}, but the page shows six"
    return plain(
        seen,
        "Type just those here, such as 123 456. No try is lost.",
        "Is the page gone? Send /link to start again.",
    )


def digits_refused(wrong: WrongDigits) -> Card:
    match wrong.problem:
        case LinkProblem.WRONG_DIGITS:
            left = counted(wrong.tries_left, "try", "tries")
            return plain("Those are not the digits", f"Look at the page again: {left} left.")
        case LinkProblem.EXPIRED:
            seconds = int(DIGITS_LIFE.total_seconds())
            return plain(
                "Those digits have expired",
                f"They are good for {seconds // 60} minutes. Send /link to start again.",
            )
        case LinkProblem.TOO_MANY_TRIES:
            return plain(
                "Too many wrong digits",
                "For your safety this attempt is over. Send /link to start again.",
            )
        case LinkProblem.TAKEN:
            return taken()
        case LinkProblem.NOT_CERTAIN:
            return plain(
                "That login may be somebody else's",
                "The account has been linked with another login meanwhile. Nothing was changed.",
                "Send /link and use your e-mail and password.",
            )
        case _:
            return plain("I am not waiting for digits", "Send /link to connect your account.")


def unlinked(cancelled: int, last: bool) -> Card:
    lines = ["You get no more alerts here."]
    if cancelled:
        lines.append(f"{counted(cancelled, 'alert')} that had not gone out yet will not be sent.")
    if last:
        lines.append("Your login has been deleted from Tradebell.")
    lines.append("Send /link whenever you want to come back.")
    return plain("Unlinked", *lines)


# --- others in a shared chat ------------------------------------------------------------------

_MAY = {
    None: "Others here see the alerts, and may ask nothing.",
    Role.VIEWER: "Others here may look: /status, /trades and the like. They can change nothing.",
    Role.OPERATOR: "Others here may look, and pause and resume your bots.",
}


def nobody_else_here() -> Card:
    return plain("Nobody else is in this chat", "/members is for chats that others read too.")


def members(role: Role | None) -> Card:
    """
    Args:
        role: what everybody but the person who linked the chat has.
    """
    return plain(
        _MAY.get(role, _MAY[None]),
        "If they do not find my commands: Server Settings, Integrations." if role else "",
        "/members viewer lets them look, /members operator act too, /members nobody neither.",
    )


def confirm_members(role: Role, name: str, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    where = name or "this chat"
    effect = {
        Role.VIEWER: "may ask for your bots, trades and signals",
        Role.OPERATOR: "may ask for all that, and pause and resume your bots, with real money too",
    }
    return Card(
        title="Let others here look?" if role is Role.VIEWER else "Let others here act?",
        severity=Severity.WARNING,
        lines=(f"Everybody who can write in {where} {effect[role]}.",),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


# --- looking ----------------------------------------------------------------------------------


def status(
    account: Account,
    traders: Sequence[Trader],
    feed: FeedStatus | None,
    *,
    read_at: datetime | None,
    last_event_at: datetime | None,
    pending: int,
    missed: int,
    here: Link,
    closed: Sequence[Link],
    now: datetime,
) -> Card:
    """Every bot with its state, and how far the picture can be trusted.

    Where others read along it says nothing of the person: neither login nor other chats.

    Args:
        closed: chats of the account that cannot be reached, `here` perhaps among them.
        read_at: `None` when the bots were read just now, else when they last were known.
    """
    fields = [Field(_marked_name(trader), _trader_line(trader)) for trader in traders]
    fields.append(Field("Connection", _feed_line(feed, now)))
    age = f"{spoken(now - last_event_at)} ago" if last_event_at else "none yet"
    fields.append(Field("Last event", age))
    if pending:
        fields.append(Field("On their way", counted(pending, "alert")))
    notes = []
    if read_at is not None:
        out = feed is not None and feed.state is FeedState.NEEDS_LOGIN
        why = "" if out else "I could not read your bots just now. "
        notes.append(f"{why}This is the last known state.")
    notes += _notes_of_feed(feed)
    if missed:
        notes.append(f"{counted(missed, 'alert')} did not reach you: /missed")
    if any(link.id == here.id for link in closed):
        notes.append(
            "Alerts for this chat wait, since I was kept from writing here. Once I may, a word "
            "from who linked it brings them."
        )
    if here.endpoint.private:
        others = [link for link in closed if link.id != here.id]
        notes += [*_notes_of_person(feed, others, now), clean(account.label, 60)]
    return Card(
        title=_status_title(traders),
        severity=_status_severity(traders, feed),
        lines=() if traders else ("No bots yet. Create one on the platform and it appears here.",),
        fields=tuple(fields),
        notes=tuple(notes),
    )


def _notes_of_feed(feed: FeedStatus | None) -> Iterator[str]:
    if feed is not None and feed.not_offered:
        yield f"The platform does not let me read: {', '.join(feed.not_offered)}."
    if feed is not None and feed.failing:
        yield f"The platform has trouble with: {', '.join(feed.failing)}. I try again."


def _notes_of_person(
    feed: FeedStatus | None, closed: Sequence[Link], now: datetime
) -> Iterator[str]:
    """What is nobody else's business: other chats, and the login."""
    for link in closed:
        yield f"Your other {link.endpoint.title} is closed to me: I keep its alerts."
    if feed is not None and feed.expires_at is not None:
        left = feed.expires_at - now
        if timedelta(0) < left < timedelta(hours=24):
            yield f"Your login ends in {spoken(left)}: /link renews it."


def _status_title(traders: Sequence[Trader]) -> str:
    if not traders:
        return "No bots yet"
    failed = sum(condition(trader).failed for trader in traders)
    running = sum(condition(trader).running is True for trader in traders)
    unknown = sum(not condition(trader).known for trader in traders)
    title = f"{running} of {counted(len(traders), 'bot')} running"
    title += f", {failed} with an error" if failed else ""
    return title + (f", {unknown} in an unknown state" if unknown else "")


def _status_severity(traders: Sequence[Trader], feed: FeedStatus | None) -> Severity:
    if any(condition(trader).failed for trader in traders):
        return Severity.CRITICAL
    if any(not condition(trader).known for trader in traders):
        return Severity.WARNING
    if feed is None or feed.state in (FeedState.NEEDS_LOGIN, FeedState.CONNECTING):
        return Severity.WARNING
    return Severity.INFO


def _marked_name(trader: Trader) -> str:
    return trader_name(trader)


def _trader_line(trader: Trader) -> str:
    how = condition(trader)
    parts = ["ERROR" if how.failed else clean(how.word, 30)]
    if trader.dry_run is not None:
        parts.append("paper" if trader.dry_run else "real money")
    if trader.open_trades is not None:
        parts.append(counted(trader.open_trades, "open trade"))
    return " · ".join(parts)


def _feed_line(feed: FeedStatus | None, now: datetime) -> str:
    if feed is None:
        return "not started"
    since = spoken(now - feed.since)
    match feed.state:
        case FeedState.LIVE:
            return f"live for {since}"
        case FeedState.CATCHING_UP:
            return "catching up"
        case FeedState.CONNECTING:
            why = f" ({clean(feed.reason, 80)})" if feed.reason else ""
            return f"down for {since}, trying{why}"
        case FeedState.POLLING:
            return "no realtime connection to be had: I look every so often instead"
        case FeedState.NEEDS_LOGIN:
            return "needs a new login: /link"
        case FeedState.STOPPED:
            return "stopped"


def traders_list(traders: Sequence[Trader], strategies: Sequence[Strategy]) -> Card:
    if not traders:
        return no_bots()
    names = {strategy.id: strategy_name(strategy) for strategy in strategies}
    rows = []
    for trader in traders:
        line = _trader_line(trader)
        if trader.strategy:
            line += f" · {names.get(trader.strategy, clean(trader.strategy, 30))}"
        rows.append(Field(trader_name(trader), line))
    return Card(
        title=counted(len(traders), "bot"),
        fields=tuple(rows),
        notes=("/pause and /resume take a bot's name, or all.",),
    )


def no_bots() -> Card:
    return plain("No bots yet", "Create one on the platform, and it appears here by itself.")


def strategies_list(strategies: Sequence[Strategy]) -> Card:
    if not strategies:
        return plain("No strategies yet", "Create one on the platform, and it appears here.")
    rows = [Field(strategy_name(one), _strategy_line(one)) for one in strategies]
    return Card(title=counted(len(strategies), "strategy", "strategies"), fields=tuple(rows))


def _strategy_line(strategy: Strategy) -> str:
    facts = [strategy.type, strategy.pair, strategy.interval]
    parts = [clean(fact, 30) for fact in facts if fact]
    if strategy.configured is False:
        parts.append("not configured yet")
    return " · ".join(parts) or "ready"


def strategy(shown: Strategy, traders: Sequence[Trader]) -> Card:
    """One strategy, and those of the bots that trade by it."""
    using = [trader for trader in traders if trader.strategy == shown.id]
    return Card(
        title=strategy_name(shown),
        lines=(_strategy_line(shown),) if using else (_strategy_line(shown), "No bot uses it."),
        fields=tuple(Field(trader_name(one), _trader_line(one)) for one in using),
    )


def no_such_strategy(
    wanted: str,
    near: Sequence[Strategy],
    actions: Sequence[ActionId],
    everyone: Sequence[Strategy],
) -> Card:
    """
    Args:
        actions: one for each of those near.
    """
    title = f"No strategy is called {clean(wanted, 40)}"
    if near:
        options = [
            Option(label=strategy_name(one), action=action, hint=_strategy_line(one))
            for one, action in zip(near, actions, strict=True)
        ]
        return Card(title=title, lines=(_guess(options),), pick=_meant(options))
    return plain(title, _others("Your strategies", map(strategy_name, everyone), "/strategies"))


def trades_list(
    trades: Sequence[Trade], traders: Sequence[Trader], picture: Picture | None = None
) -> Card:
    if not trades:
        return plain("No trades yet", "The first one rings here by itself.")
    known: dict[str, Trader] = {trader.id: trader for trader in traders}
    rows = [Field(moment(trade.origin.at), _trade_line(trade, known)) for trade in trades]
    title = f"Latest {counted(len(trades), 'trade')}"
    return Card(title=title, fields=tuple(rows), picture=picture)


def _trade_line(trade: Trade, known: Mapping[str, Trader]) -> str:
    """'Sold 0.5 BTC/USDT at 42,400 USDT · Profit +12.43 USDT · Night Owl · paper'."""
    card = tell_trade(trade, known).card
    told = {field.label: field.value for field in card.fields}
    results = [f"{label} {told[label]}" for label in ("Profit", "Loss") if label in told]
    trader = known.get(trade.trader) if trade.trader else None
    paper = "paper" if on_paper(trade, trader) else ""
    return " · ".join(filter(None, (card.title, *results, told.get("Bot"), paper)))


def signals_list(signals: Sequence[Signal]) -> Card:
    if not signals:
        return plain(
            "No signals yet", "Subscribe to a model on the platform, and its signals ring here."
        )
    rows = []
    for signal in signals:
        card = tell_signal(signal).card
        confidence = next((one.value for one in card.fields if one.label == "Confidence"), "")
        words = card.title.removeprefix("Signal: ")
        rows.append(Field(moment(signal.origin.at), f"{words} {confidence}".strip()))
    return Card(title=f"Latest {counted(len(signals), 'signal')}", fields=tuple(rows))


def price(symbol: str, last: Decimal, at: datetime) -> Card:
    shown = clean(symbol, 30)
    quote = quote_of(symbol)
    return Card(title=f"{shown}: {quantity(last)} {quote}".strip(), at=at)


def no_price(wanted: str, near: Sequence[str], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        near: pairs whose prices do come.
        actions: one for each of them.
    """
    title = f"No price for {clean(wanted, 30)} came by"
    if not near:
        return plain(
            title,
            "I only hear prices of exchanges that your bots are connected to. "
            "Is the pair spelled like BTC/USDT?",
        )
    options = _pairs(near, actions)
    heard = f"I do hear {', '.join(option.label for option in options)}."
    return Card(title=title, lines=(heard,), pick=_meant(options))


def which_of_pairs(pairs: Sequence[str], actions: Sequence[ActionId]) -> Card:
    options = tuple(_pairs(pairs, actions))
    return Card(title="Which pair?", pick=PickList(prompt="Choose a pair", options=options))


def _pairs(pairs: Sequence[str], actions: Sequence[ActionId]) -> Sequence[Option]:
    return [
        Option(label=clean(pair, 30), action=action)
        for pair, action in zip(pairs, actions, strict=False)
    ]


def no_prices_now() -> Card:
    return plain(
        "I hear no prices right now",
        "They only come over the realtime connection, which is not open at the moment: /status",
    )


def which_pair() -> Card:
    return plain("Which pair?", "For example: /price BTC/USDT")


_ENDS = {
    State.HELD: "held back",
    State.DEAD: "not delivered",
    State.EXPIRED: "too old to send",
    State.CANCELLED: "cancelled",
}


def _end_of(item: Missed) -> str:
    reason = clean(item.reason, 60)
    # A digest is its own reason.
    return f"{_ENDS[item.state]}: {reason}" if item.state in _ENDS else reason


def nothing_missed() -> Card:
    return plain(
        "Nothing was missed", "Every alert so far has reached this chat, or is on its way."
    )


def missed_pages(count: int) -> int:
    return -(-count // MISSED_ROWS)


def no_such_page(count: int, lost: int) -> Card:
    pages = missed_pages(count)
    where = "/missed shows them" if pages == 1 else f"/missed 1 to /missed {pages} show them"
    return plain("There is no such page", f"{_what_became_of(count, lost)}: {where}.")


def missed(
    items: Sequence[Missed], page: int, count: int, lost: int, older: Sequence[Button]
) -> Card:
    """One page of them.

    Args:
        page: from 1.
        count: of all pages together.
        lost: how many of these no digest told of.
        older: what leads to the next page.
    """
    rows = [
        Field(
            f"{moment(item.occurred_at)} · {item.reference}",
            f"{clean(item.title, 80)} ({_end_of(item)})",
        )
        for item in items
    ]
    first = (page - 1) * MISSED_ROWS
    notes = []
    if count > MISSED_ROWS:
        where = f"{first + 1} to {first + len(items)} of {count}."
        notes.append(where + (f" Older ones: /missed {page + 1}" if older else ""))
    return Card(
        title=_what_became_of(count, lost),
        severity=Severity.WARNING if lost else Severity.INFO,
        fields=tuple(rows),
        buttons=(tuple(older),) if older else (),
        notes=tuple(notes),
    )


def _what_became_of(count: int, lost: int) -> str:
    missing = f"{counted(lost, 'alert')} did not reach you"
    if lost == count:
        return missing
    summed = f"{counted(count - lost, 'alert')} came in digests"
    return f"{missing}, {summed}" if lost else summed


def test_started() -> Card:
    return plain("Test alert on its way", "It goes the same way as a real one. Did it ring?")


# --- when it does not work ----------------------------------------------------------------------


def needs_login() -> Card:
    return plain(
        "I need you to log in again",
        "The platform no longer accepts the login that I have. Send /link.",
        severity=Severity.WARNING,
    )


def platform_away(reason: str) -> Card:
    return plain(
        "I could not get that just now",
        clean(reason, 200),
        "Try again in a minute; /status shows what I last knew.",
        severity=Severity.WARNING,
    )


def not_offered(reason: str) -> Card:
    return plain(
        "The platform does not let me read that",
        f"It says: {clean(reason, 200)}",
        "If you linked with an API key, it may lack the scope for this.",
    )


def went_wrong() -> Card:
    return plain(
        "Something went wrong on my side",
        "It has been logged. /status shows how things are.",
        severity=Severity.WARNING,
    )


# --- choosing and confirming ----------------------------------------------------------------------


def choose(
    running: bool,
    traders: Sequence[Trader],
    actions: Sequence[ActionId],
    all_of_them: ActionId | None,
) -> Card:
    """
    Args:
        actions: one for each of the first `MOST_CHOICES` bots.
        all_of_them: the one that means every bot, where there are several.
    """
    options = [
        Option(label=trader_name(one), action=action, hint=_trader_line(one))
        for one, action in zip(traders[:MOST_CHOICES], actions, strict=True)
    ]
    if all_of_them is not None:
        options.append(Option(label=f"All {len(traders)}", action=all_of_them))
    more = len(traders) > MOST_CHOICES
    listed = f"These are the first {MOST_CHOICES} of {len(traders)}. " if more else ""
    return Card(
        title=f"{'Resume' if running else 'Stop'} which bot?",
        fields=_the_rest(traders),
        pick=PickList(prompt="Choose a bot", options=tuple(options)),
        notes=(f"{listed}Or name one: /{'resume' if running else 'pause'} NAME",),
    )


def no_such_bot(
    wanted: str, near: Sequence[Trader], actions: Sequence[ActionId], everyone: Sequence[Trader]
) -> Card:
    """
    Args:
        actions: one for each of those near.
    """
    title = f"No bot is called {clean(wanted, 40)}"
    if near:
        options = [
            Option(label=trader_name(one), action=action, hint=_trader_line(one))
            for one, action in zip(near, actions, strict=True)
        ]
        return Card(title=title, lines=(_guess(options),), pick=_meant(options))
    return plain(title, _others("Your bots", map(trader_name, everyone), "/traders"))


def _guess(options: Sequence[Option]) -> str:
    return f"Did you mean {' or '.join(option.label for option in options)}?"


def _meant(options: Sequence[Option]) -> PickList:
    return PickList(prompt="I meant", options=tuple(options))


def _others(what: str, names: Iterable[str], listed: str) -> str:
    """What there is, after a name that nothing looks like."""
    them = list(names)
    if not them:
        return "There are none yet."
    rest = len(them) - MOST_CHOICES
    shown = f"{what}: {', '.join(them[:MOST_CHOICES])}"
    return f"{shown}, and {rest} more: {listed}" if rest > 0 else f"{shown}."


def nothing_to_do(traders: Sequence[Trader], running: bool) -> Card:
    state = "running" if running else "stopped"
    if len(traders) == 1:
        return plain(f"{trader_name(traders[0])} is {state} already", "Nothing to do.")
    return plain(f"All of them are {state} already", "Nothing to do.")


def asked_long_ago(wanted: str, again: Button) -> Card:
    return Card(
        title=f"Still want to /{clean(wanted, 60)}?",
        severity=Severity.WARNING,
        lines=("It reached me late. Nothing was changed.",),
        buttons=((again,),),
    )


def confirm_running(
    traders: Sequence[Trader],
    running: bool,
    can_end_entries: bool,
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """What exactly pressing each button does, before it is pressed."""
    one = len(traders) == 1
    who = trader_name(traders[0]) if one else counted(len(traders), "bot")
    it, its = ("it", "its") if one else ("them", "their")
    they = "it" if one else "they"
    if running:
        effects = [f"I ask the platform to start {it}. From then on {they} may open trades alone."]
    else:
        effects = [
            f"I ask the platform to stop {it}: no new trades, and {its} open trades are not "
            f"managed until you resume {it}. They stay open, and no stop loss of {its} own works."
        ]
    if can_end_entries:
        effects = [
            f"No new trades: {they} go on managing the open ones until those are closed.".replace(
                "it go", "it goes"
            ),
            f"Stop: {its} open trades are not managed. They stay open, and no stop loss of {its} "
            f"own works until you resume {it}.",
        ]
    if running:
        title = f"Resume {who}?"
    elif can_end_entries:
        title = f"Stop {who}, or only new trades?"
    else:
        title = f"Stop {who}?"
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=tuple(effects),
        fields=_all_rows(traders),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


def _all_rows(traders: Sequence[Trader]) -> tuple[Field, ...]:
    """A row for each bot; those that do not fit are at least named, since the button means them."""
    rows = [Field(trader_name(one), _trader_line(one)) for one in traders[:MOST_CHOICES]]
    return (*rows, *_the_rest(traders))


def _the_rest(traders: Sequence[Trader]) -> tuple[Field, ...]:
    rest = traders[MOST_CHOICES:]
    if not rest:
        return ()
    names = ", ".join(clean(trader_name(one), 30) for one in rest)
    return (Field(f"and {len(rest)} more", clean(names, 1500)),)


def confirm_unlink(account: Account, last: bool, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    lines = ["You get no more alerts here, and alerts that wait are not sent."]
    if last:
        lines.append("This is your only chat: I also delete your login.")
    lines.append("Your bots run on as they are.")
    return Card(
        title=f"Unlink {clean(account.label, 60)} from this chat?",
        severity=Severity.WARNING,
        lines=tuple(lines),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


def chat_name(link: Link) -> str:
    """A chat as its owner may recognise it: where it is and since when, never its address."""
    return f"{link.endpoint.title}, since {moment(link.linked_at)}"


def no_other_chats() -> Card:
    return plain("No other chat is linked to your account", "There is only this one.")


def confirm_unlink_others(
    targets: Sequence[Target], buttons: tuple[tuple[Button, ...], ...]
) -> Card:
    return Card(
        title=f"Unlink {counted(len(targets), 'other chat')}?",
        severity=Severity.WARNING,
        lines=(
            "They get no more alerts and can no longer ask or act. This chat stays linked.",
            *(target.name for target in targets),
        ),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
    )


def unlinked_others(count: int) -> Card:
    return plain(
        f"{counted(count, 'other chat')} unlinked",
        "If you did not link it yourself, change your password on the platform now.",
        severity=Severity.GOOD,
    )


def cancelled() -> Card:
    return plain("Nothing was changed")


def cancelled_open(questions: Sequence[str], addresses: int) -> Card:
    """What /cancel has ended.

    Args:
        addresses: how many log-in addresses.
    """
    ended = [f"The question: {question}." for question in dict.fromkeys(questions)]
    if addresses:
        ended.append("The address to log in: ask for a new one with /link.")
    if not ended:
        return plain("Nothing to cancel", "No question of yours is open here. Nothing was changed.")
    return plain("Cancelled", *ended, "Nothing was changed.")
