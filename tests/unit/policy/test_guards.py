"""Guards of a day: crossed by what they are about and nothing else, once, by the person's day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chats import Address, Channel, Endpoint, Link, Preferences, Role
from bot.domain.events import GuardCrossed, Trader
from bot.domain.guards import Fall, Guard, is_crossed, standing, was_crossed
from bot.domain.ids import AccountId, EndpointId, LinkId, TraderId
from bot.domain.results import Money, Result, Results
from bot.policy.guards import crossings

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = datetime.min.replace(tzinfo=UTC)
REAL = Money("USDT", paper=False)
LOSS = Guard(id="g1", fall=Fall.LOSS, amount=Decimal(50), currency="USDT")
DRAWDOWN = replace(LOSS, id="g2", fall=Fall.DRAWDOWN)
OWL = Trader(id=TraderId("owl"), running=True, status="running", dry_run=False)
HERON = replace(OWL, id=TraderId("heron"))
PAPER = replace(OWL, id=TraderId("crane"), dry_run=True)
STOPPED = replace(OWL, id=TraderId("gull"), running=False, status="stopped")
BOTS: dict[str, Trader] = {one.id: one for one in (OWL, HERON, PAPER, STOPPED)}


def result(
    value: str | Decimal,
    bot: str = "owl",
    ago: timedelta = timedelta(0),
    money: Money = REAL,
    record: str = "",
) -> Result:
    return Result(
        record=record or f"{bot} {value} {ago}",
        at=NOW - ago,
        trader=TraderId(bot),
        money=money,
        value=Decimal(value),
    )


def link(*guards: Guard, zone: str = "", id: str = "l1") -> Link:
    address = Address(channel=Channel.TELEGRAM, bot="1", chat="100")
    return Link(
        id=LinkId(id),
        account=AccountId("a1"),
        endpoint=Endpoint(id=EndpointId("e1"), address=address),
        person="100",
        role=Role.OWNER,
        epoch=1,
        preferences=Preferences(guards=guards, zone=zone),
        linked_at=NOW,
    )


def crossed(
    last: Result, *before: Result, at: Link | None = None, whole_from: datetime | None = ALWAYS
) -> list[GuardCrossed]:
    results = Results(since=NOW - 48 * HOUR, entries=before, whole_from=whole_from)
    return list(crossings(last, results, [at or link(LOSS)], BOTS, NOW))


def test_a_loss_that_reaches_the_limit_crosses_with_the_bots_that_run():
    [one] = crossed(result("-20"), result("-30", "heron", HOUR))

    assert one.stands.total == -50
    assert one.stands.by_bot == (("heron", Decimal(-30)), ("owl", Decimal(-20)))
    assert one.running == (OWL, HERON)
    assert (one.origin.record, one.origin.revision) == ("l1/g1", "2026-01-05")
    assert one.whole


def test_less_than_the_limit_does_not_cross():
    assert crossed(result("-19.99"), result("-30", ago=HOUR)) == []


def test_a_fall_is_from_the_best_of_the_day():
    at = link(DRAWDOWN)

    assert crossed(result("-49"), result("60", ago=HOUR), at=at) == []
    [one] = crossed(result("-50"), result("60", ago=HOUR), at=at)
    assert (one.stands.best, one.stands.total) == (Decimal(60), Decimal(10))
    assert crossed(result("60"), result("-40", ago=HOUR), at=at) == []


@pytest.mark.parametrize(
    "money", [Money("BTC", paper=False), Money("USDT", paper=True)], ids=["currency", "paper"]
)
def test_other_money_is_not_counted(money: Money):
    assert crossed(result("-100", money=money)) == []
    assert crossed(result("-1"), result("-100", ago=HOUR, money=money)) == []


def test_paper_is_watched_by_a_guard_of_paper():
    paper = replace(LOSS, paper=True)

    [one] = crossed(result("-50", "crane", money=Money("USDT", paper=True)), at=link(paper))

    assert one.running == (PAPER,)
    assert crossed(result("-50"), at=link(paper)) == []


def test_money_of_which_nobody_says_whose_counts_as_real():
    assert len(crossed(result("-50", money=Money("USDT", None)))) == 1


def test_a_guard_of_some_bots_is_about_them_alone():
    of_owl = link(replace(LOSS, bots=(OWL.id, STOPPED.id)))

    assert crossed(result("-100", "heron"), at=of_owl) == []
    [one] = crossed(result("-30"), result("-20", "gull", HOUR), at=of_owl)
    assert one.running == (OWL,)


def test_the_day_is_that_of_the_link():
    """At noon in UTC it is 21:00 in Tokyo: the day there began at 15:00."""
    before = result("-49", ago=22 * HOUR)

    assert crossed(result("-1"), before, at=link(LOSS, zone="Asia/Tokyo")) == []
    recent = result("-49", ago=20 * HOUR)
    assert len(crossed(result("-1"), recent, at=link(LOSS, zone="Asia/Tokyo"))) == 1
    assert crossed(result("-1"), recent) == []


def test_what_is_told_of_another_day_crosses_nothing():
    assert crossed(result("-100", ago=24 * HOUR)) == []


def test_each_guard_of_each_link_crosses_for_itself():
    results = Results(since=NOW - 48 * HOUR, whole_from=NOW)
    links = [link(LOSS, DRAWDOWN), link(LOSS, id="l2"), link(id="l3")]

    found = crossings(result("-60"), results, links, BOTS, NOW)

    assert [one.origin.record for one in found] == ["l1/g1", "l1/g2", "l2/g1"]
    assert not any(one.whole for one in found)


values = st.lists(
    st.decimals(min_value=-100, max_value=100, places=2, allow_nan=False), min_size=1, max_size=12
)
moneys = st.sampled_from([REAL, Money("BTC", paper=False), Money("USDT", paper=True)])


@given(values)
def test_a_fall_is_never_less_than_the_loss_and_a_best_never_below_nought(day: list[Decimal]):
    results = [result(value, ago=-number * HOUR) for number, value in enumerate(day)]

    stands = standing(LOSS, results)

    assert stands.fallen(Fall.DRAWDOWN) >= stands.fallen(Fall.LOSS) >= 0
    assert stands.best >= 0
    assert stands.total == sum(day) == sum(value for _, value in stands.by_bot)


@given(values, st.permutations(range(12)))
def test_a_loss_does_not_depend_on_the_order_of_the_trades(day: list[Decimal], order: list[int]):
    results = [result(value, record=str(number)) for number, value in enumerate(day)]
    mixed = [results[at] for at in order if at < len(results)]

    assert is_crossed(LOSS, standing(LOSS, results)) is is_crossed(LOSS, standing(LOSS, mixed))


@given(st.lists(st.tuples(st.integers(-100, 100), moneys), max_size=12))
def test_nothing_of_other_money_changes_how_a_day_stands(day: list[tuple[int, Money]]):
    results = [
        result(str(value), record=str(number), money=money)
        for number, (value, money) in enumerate(day)
    ]

    mine = [one for one in results if one.money == REAL]

    assert standing(LOSS, results) == standing(LOSS, mine)


@given(values, st.sampled_from([LOSS, DRAWDOWN]))
def test_a_day_was_crossed_if_it_was_after_any_of_its_trades(day: list[Decimal], guard: Guard):
    results = [result(value, record=str(number)) for number, value in enumerate(day)]

    each = [
        is_crossed(guard, standing(guard, results[: number + 1])) for number in range(len(results))
    ]

    assert was_crossed(guard, results) is any(each)
