"""What other preferences would have made of what came, in words."""

from collections.abc import Sequence

from bot.domain.text import clean
from bot.domain.told import Replay, Told
from bot.texts.language import _, both, later, ngettext

EXAMPLES = 3
TITLE_LIMIT = 60


def preview(replay: Replay, days: int, *, whole: bool = True) -> str:
    """One paragraph.

    Args:
        days: how far back it looked.
        whole: no more came in that time than was looked at.
    """
    if not replay.looked_at:
        return _("In the last {days} days nothing came to try it on.", days=days)
    said = [
        _rings(replay, days),
        _examples(_QUIETER, replay.quieter),
        _examples(_LOUDER, replay.louder),
        *(ngettext(*words, count) for words, count in _moves(replay) if count),
        "" if whole else _most(replay.looked_at),
    ]
    return " ".join(filter(None, said))


def _rings(replay: Replay, days: int) -> str:
    before, after = replay.rings_before, replay.rings_after
    if before == after:
        return ngettext(*_AS_BEFORE, after, days=days)
    return ngettext(*_INSTEAD, after, days=days, before=before)


_AS_BEFORE = both(
    "In the last {days} days: {count} ring, as before.",
    "In the last {days} days: {count} rings, as before.",
)
_INSTEAD = both(
    "In the last {days} days: {count} ring instead of {before}.",
    "In the last {days} days: {count} rings instead of {before}.",
)


def _examples(words: tuple[str, str], alerts: Sequence[Told]) -> str:
    if not alerts:
        return ""
    titles = "; ".join(clean(alert.title, TITLE_LIMIT) for alert in alerts[:EXAMPLES])
    rest = len(alerts) - EXAMPLES
    if rest <= 0:
        return _(words[0], titles=titles)
    return _(words[1], titles=titles, rest=rest)


_QUIETER = (
    later("Without a sound now: {titles}."),
    later("Without a sound now: {titles}; and {rest} more."),
)
_LOUDER = (
    later("With a sound now: {titles}."),
    later("With a sound now: {titles}; and {rest} more."),
)


def _moves(replay: Replay) -> Sequence[tuple[tuple[str, str], int]]:
    return ((_DROPPED, replay.dropped), (_HELD, replay.held), (_SHOWN, replay.shown))


_DROPPED = both("{count} alert not shown at all.", "{count} alerts not shown at all.")
_HELD = both("{count} alert kept for later.", "{count} alerts kept for later.")
_SHOWN = both("{count} alert shown at once again.", "{count} alerts shown at once again.")


def _most(count: int) -> str:
    return ngettext(
        "Only the latest {count} alert was looked at.",
        "Only the latest {count} alerts were looked at.",
        count,
    )
