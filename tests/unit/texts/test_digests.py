"""Digests: how many, since when, the newest first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.cards import Card, Severity, as_shown
from bot.domain.digests import Part, crowd
from bot.domain.events import Kind
from bot.domain.rules import Matter, Topic
from bot.texts import digests
from bot.texts.digests import SHOWN

AT = datetime(2026, 1, 5, 2, 10, tzinfo=UTC)


def digest(parts):
    return as_shown(digests.digest(parts))


def urgent_digest(parts):
    return as_shown(digests.urgent_digest(parts))


def part(minute: int, **facts: object) -> Part:
    given = {"kind": Kind.TRADE, "title": f"Bought {minute}", "severity": Severity.INFO, **facts}
    return Part(occurred_at=AT + timedelta(minutes=minute), **given)  # type: ignore[arg-type]


def test_a_digest_says_how_many_since_when_and_of_what_sort():
    card = digest([part(0), part(1, kind=Kind.SIGNAL), part(210)])

    assert card.title == "3 events, 02:10 UTC to 05:40 UTC"
    assert card.lines[0] == "2 trades, 1 signal"


def test_the_newest_event_is_the_first_that_it_shows():
    card = digest([part(0), part(2), part(1)])

    assert card.lines[1:] == (
        "02:12 UTC Bought 2",
        "02:11 UTC Bought 1",
        "02:10 UTC Bought 0",
    )
    assert card.notes == ()


def test_what_is_not_shown_is_counted_and_can_be_asked_for():
    card = digest([part(minute) for minute in range(37)])

    assert len(card.lines) == 1 + SHOWN
    assert card.notes == ("27 more: /missed",)


def test_bad_news_makes_a_digest_loud_and_has_a_word():
    card = digest([part(0), part(1, severity=Severity.WARNING, title="Insufficient funds")])

    assert card.severity is Severity.WARNING
    assert not card.silent
    assert card.lines[0] == "2 trades, 1 warning among them"
    assert card.lines[1] == "02:11 UTC Warning · Insufficient funds"
    assert digest([part(0)]).silent


def test_days_are_named_when_there_is_more_than_one():
    card = digest([part(0), part(24 * 60)])

    assert card.title == "2 events, 05 Jan 02:10 UTC to 06 Jan 02:10 UTC"


def test_a_title_of_any_length_stays_one_short_line():
    card = digest([part(0, title="x" * 10_000)])

    assert len(card.lines[1]) < 100


def test_fewer_make_a_crowd_while_messages_are_held_up():
    assert (crowd(under_pressure=False), crowd(under_pressure=True)) == (20, 5)


def test_every_kind_has_a_name():
    for kind in Kind:
        assert digest([part(0, kind=kind)]).lines[0].startswith("1 ")


def test_an_urgent_digest_says_each_thing_once_and_how_often():
    full = [part(minute, title="Alpha: error", detail="disk full") for minute in range(13)]
    other = part(13, title="Alpha: error", detail="no balance")

    card = urgent_digest([*full, other])

    assert card.title == "14 urgent alerts, 02:10 UTC to 02:23 UTC"
    assert card.lines == ("Alpha: error · no balance", "13x Alpha: error · disk full")
    assert card.severity is Severity.CRITICAL
    assert card.notes == ()


def test_an_urgent_digest_that_leaves_things_out_says_how_many():
    card = urgent_digest([part(minute) for minute in range(SHOWN + 3)])

    assert len(card.lines) == SHOWN
    assert card.notes == ("3 more kinds: /missed",)


def test_the_message_of_a_trade_says_how_it_stands_and_how_it_came_to_that():
    steps = [
        part(0, step="Bought 2"),
        part(1, step="Sold 1", matter=matter("-1.5")),
        part(2, step="Sold 1", matter=matter("4")),
    ]
    first = Card(title="Bought 2 BTC", reference="AAAAAA")
    last = Card(title="Sold 1 BTC", severity=Severity.GOOD, lines=("Paper.",), at=AT)

    card = as_shown(digests.as_it_went(first, steps, last))

    assert (card.title, card.severity, card.reference) == ("Sold 1 BTC", Severity.GOOD, "AAAAAA")
    assert card.lines == (
        "02:10 UTC Bought 2",
        "02:11 UTC Sold 1 (-1.50 USDT)",
        "02:12 UTC Sold 1",
        "Paper.",
    )
    assert card.silent


def test_of_a_trade_with_many_steps_the_first_and_the_last_are_told():
    steps = [part(minute, step=f"Bought {minute}") for minute in range(15)]

    card = as_shown(digests.as_it_went(Card(title="Bought"), steps, Card(title="Bought")))

    assert len(card.lines) == SHOWN
    assert card.lines[:3] == ("02:10 UTC Bought 0", "6 more steps", "02:17 UTC Bought 7")


def matter(result: str) -> Matter:
    return Matter(topic=Topic.EXIT, result=Decimal(result), currency="USDT")
