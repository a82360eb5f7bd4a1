"""Many alerts told in one message."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.cards import Card, Severity
from bot.domain.digests import Part
from bot.domain.events import Kind
from bot.domain.marks import shown
from bot.domain.text import clean
from bot.texts.language import _, both, ngettext
from bot.texts.numbers import gained
from bot.texts.times import clock, moment, on_day_of, spoken

SHOWN = 10
"""Events that a digest shows one by one; /missed has all of them."""

TITLE_LIMIT = 80


def erased() -> Card:
    """Of an item that was held up for a month."""
    return Card(title=_("An event whose text has been erased"))


def digest(parts: Sequence[Part]) -> Card:
    """Tell of at least one item: how many, since when, and the newest first."""
    events, hidden = _newest(parts)
    return Card(
        title=ngettext(
            "{count} event, {when}",
            "{count} events, {when}",
            len(parts),
            when=_when(parts),
        ),
        severity=Severity.WARNING if _has_bad_news(parts) else Severity.INFO,
        lines=(", ".join(filter(None, (_kinds(parts), _warnings(parts)))), *events),
        notes=hidden,
    )


def _when(parts: Sequence[Part]) -> str:
    """'11:48 to 11:57', or the only minute in which all of it was."""
    first, last, dated = _between(parts)
    begun, ended = _moment(first, dated), _moment(last, dated)
    if shown(begun) == shown(ended):
        return ended
    return _("{first} to {last}", first=begun, last=ended)


def _between(parts: Sequence[Part]) -> tuple[datetime, datetime, bool]:
    """When they happened, and whether that was on more than one day."""
    instants = [part.occurred_at for part in parts]
    first, last = min(instants), max(instants)
    return first, last, not on_day_of(first, last)


def _newest(parts: Sequence[Part]) -> tuple[Sequence[str], tuple[str, ...]]:
    """The newest, first of all the last, each on a line; and how many there are besides."""
    *_span, dated = _between(parts)
    newest_first = sorted(parts, key=lambda part: part.occurred_at, reverse=True)
    hidden = len(parts) - SHOWN
    more = (_("{count} more: /missed", count=hidden),) if hidden > 0 else ()
    lines, before = [], None
    for part in newest_first[:SHOWN]:
        same_day = before is not None and on_day_of(part.occurred_at, before)
        lines.append(_line(part, dated and not same_day))
        before = part.occurred_at
    return lines, more


def gathered(parts: Sequence[Part]) -> Card:
    """Tell of at least two items that were put by: the totals first, then all of it."""
    listed = digest(parts)
    totals = list(filter(None, (*_results(parts), _errors(parts))))
    return replace(listed, lines=(*totals, *listed.lines))


def folded(parts: Sequence[Part]) -> Card:
    """Tell, without a sound, of items of one bot or pair that came too fast to be told each."""
    instants = [part.occurred_at for part in parts]
    span = max(instants) - min(instants)
    facts = {"what": _kinds(parts), "whose": _whose(parts)}
    events, hidden = _newest(parts)
    return Card(
        title=_("{what} of {whose} in {span}", **facts, span=spoken(span))
        if span >= timedelta(seconds=1)
        else _("{what} of {whose}", **facts),
        severity=Severity.WARNING if _has_bad_news(parts) else Severity.INFO,
        lines=(*_results(parts), *filter(None, (_warnings(parts),)), *events),
        notes=(_("After several within a minute, these are told together"), *hidden),
        sound=False,
    )


def as_it_went(first: Card, steps: Sequence[Part], last: Card) -> Card:
    """The message of a trade: how it stands, and each step that led there on a line.

    Args:
        first: as it was told at first.
        steps: in their order.
        last: the newest step as it would be told by itself.
    """
    *_span, dated = _between(steps)
    lines = [_step(step, dated, step is steps[-1]) for step in steps]
    if (hidden := len(lines) - SHOWN) > 0:
        more = ngettext("{count} more step", "{count} more steps", hidden + 1)
        lines = [lines[0], more, *lines[hidden + 2 :]]
    return replace(
        last,
        lines=(*lines, *last.lines),
        buttons=first.buttons,
        at=None,
        reference=first.reference,
        sound=not first.silent,
    )


def _step(step: Part, dated: bool, is_last: bool) -> str:
    """'12:40 Sold 0.5 at 42,400'; the result of the last one stands below all of them."""
    says = f"{_moment(step.occurred_at, dated)} {clean(step.step or step.title, TITLE_LIMIT)}"
    result = None if is_last else _result(step)
    return says if result is None else f"{says} ({result})"


def counted_up(card: Card, times: int, last: datetime) -> Card:
    """A card that was told, and what it says was so again."""
    again = _("x{times}, last {time}", times=times, time=clock(last))
    return replace(card, lines=(*card.lines, again))


def _whose(parts: Sequence[Part]) -> str:
    matter = parts[0].matter
    name = matter and (matter.called or matter.pair)
    return clean(name, TITLE_LIMIT) if name else _("a bot")


def _results(parts: Sequence[Part]) -> Sequence[str]:
    """What exits came to, by currency, real money and paper apart, and the worst of them."""
    sums: dict[tuple[str, bool], list[Decimal]] = defaultdict(list)
    for part in parts:
        matter = part.matter
        if matter is not None and matter.result is not None and matter.currency:
            sums[matter.currency, matter.paper is True].append(matter.result)
    told = []
    for (currency, paper), results in sorted(sums.items()):
        facts = {"result": gained(sum(results, Decimal()), currency)}
        worst = min(results)
        if len(results) > 1 and worst < 0:
            facts["worst"] = gained(worst, currency)
        told.append(ngettext(*_RESULTS[paper, "worst" in facts], len(results), **facts))
    return told


_RESULTS = {
    (False, False): both("{count} result: {result}", "{count} results: {result}"),
    (False, True): both(
        "{count} result: {result}, the worst {worst}",
        "{count} results: {result}, the worst {worst}",
    ),
    (True, False): both("{count} result on paper: {result}", "{count} results on paper: {result}"),
    (True, True): both(
        "{count} result on paper: {result}, the worst {worst}",
        "{count} results on paper: {result}, the worst {worst}",
    ),
}


def _errors(parts: Sequence[Part]) -> str:
    errors = sum(part.severity is Severity.CRITICAL for part in parts)
    return ngettext("{count} error", "{count} errors", errors) if errors else ""


def urgent_digest(parts: Sequence[Part]) -> Card:
    """Tell of at least one urgent item of one bot: what was said, how often, the newest first."""
    newest_first = sorted(parts, key=lambda part: part.occurred_at, reverse=True)
    said = Counter((part.title, part.detail) for part in newest_first)
    told = list(said.items())[:SHOWN]
    hidden = len(said) - len(told)
    return Card(
        title=ngettext(
            "{count} urgent alert, {when}",
            "{count} urgent alerts, {when}",
            len(parts),
            when=_when(parts),
        ),
        severity=Severity.CRITICAL,
        lines=tuple(_repeated(*what, times) for what, times in told),
        notes=(ngettext("{count} more kind: /missed", "{count} more kinds: /missed", hidden),)
        if hidden
        else (),
    )


def _repeated(title: str, detail: str, times: int) -> str:
    text = clean(" · ".join(filter(None, (title, detail))), 2 * TITLE_LIMIT)
    return f"{times}x {text}" if times > 1 else text


def _kinds(parts: Sequence[Part]) -> str:
    """'30 trades, 7 signals'."""
    kinds = Counter(part.kind for part in parts)
    return ", ".join(_count(kind, count) for kind, count in kinds.most_common())


def _warnings(parts: Sequence[Part]) -> str:
    bad = sum(_is_warned_of(part) for part in parts)
    return ngettext("{count} warning among them", "{count} warnings among them", bad) if bad else ""


def _line(part: Part, dated: bool) -> str:
    title = clean(part.title, TITLE_LIMIT)
    if (result := _result(part)) is not None:
        title = f"{title}: {result}"
    if _is_warned_of(part):
        title = _("Warning · {title}", title=title)
    return f"{_moment(part.occurred_at, dated)} {title}"


def _result(part: Part) -> str | None:
    matter = part.matter
    if matter is None or matter.result is None:
        return None
    return gained(matter.result, matter.currency or "")


def _is_warned_of(part: Part) -> bool:
    """Of a loss its figure says enough."""
    return part.severity is Severity.CRITICAL or (
        part.severity is Severity.WARNING and _result(part) is None
    )


def _moment(at: datetime, dated: bool) -> str:
    return moment(at) if dated else clock(at)


def _has_bad_news(parts: Sequence[Part]) -> bool:
    return any(part.severity in _BAD for part in parts)


_BAD = frozenset({Severity.WARNING, Severity.CRITICAL})


def _count(kind: Kind, count: int) -> str:
    return ngettext(*_COUNTS[kind], count)


_COUNTS = {
    Kind.TRADE: both("{count} trade", "{count} trades"),
    Kind.SIGNAL: both("{count} signal", "{count} signals"),
    Kind.POD_EVENT: both("{count} bot event", "{count} bot events"),
    Kind.TRADER: both("{count} bot change", "{count} bot changes"),
    Kind.STRATEGY: both("{count} strategy change", "{count} strategy changes"),
    Kind.MESSAGE: both("{count} message", "{count} messages"),
    Kind.SYSTEM_EVENT: both("{count} platform event", "{count} platform events"),
    Kind.FEED: both("{count} notice about the connection", "{count} notices about the connection"),
    Kind.ACTION: both("{count} outcome of an action", "{count} outcomes of actions"),
    Kind.TEST: both("{count} test alert", "{count} test alerts"),
    Kind.IDLE: both("{count} quiet bot", "{count} quiet bots"),
    Kind.GUARD: both("{count} guard of the day", "{count} guards of the day"),
    Kind.ESCALATION: both("{count} reminder", "{count} reminders"),
    Kind.DRILL: both("{count} drill", "{count} drills"),
    Kind.NIGHT: both("{count} night", "{count} nights"),
    Kind.PRICE: both("{count} price alert", "{count} price alerts"),
    Kind.SUMMARY: both("{count} report", "{count} reports"),
    Kind.FAREWELL: both("{count} account is shown no more", "{count} accounts are shown no more"),
    Kind.DIGEST: both("{count} digest", "{count} digests"),
}
