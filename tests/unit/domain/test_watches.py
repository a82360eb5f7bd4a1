"""Who is rung: by the hours in which people are on watch, and by who stands in for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from bot.domain.chats import (
    INBOX,
    Address,
    Channel,
    Endpoint,
    EndpointState,
    Hears,
    Link,
    Preferences,
    Role,
    Watch,
)
from bot.domain.escalation import DEFAULT_CHAIN, Surface, steps_of
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.rules import Hours, Quiet
from bot.domain.spoken_escalation import (
    ChainProblem,
    chain_written,
    is_watch,
    read_chain,
    read_watch,
    watch_written,
)
from bot.domain.timetables import zone
from bot.domain.watches import elsewhere, is_on_watch, may_wait, off_watch, rung_for, seconds

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
DAYS = Hours(time(8), time(23))
DAYTIME = Quiet(weekdays=DAYS, weekend=DAYS)
NIGHT = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)


def link(name: str, person: str, channel: Channel = Channel.TELEGRAM, **facts: object) -> Link:
    address = Address(channel=channel, bot="1", chat=name)
    endpoint = Endpoint(id=EndpointId(name), address=address)
    made = Link(
        id=LinkId(name),
        account=AccountId("alice"),
        endpoint=endpoint,
        person=person,
        role=Role.OWNER,
        epoch=1,
        linked_at=NOON,
    )
    return replace(made, **facts)  # type: ignore[arg-type]


def on(hours: Quiet | None = DAYTIME, second: str | None = None) -> Watch:
    return Watch(hours=hours, second=None if second is None else LinkId(second))


def closed(one: Link) -> Link:
    return replace(one, endpoint=replace(one.endpoint, state=EndpointState.DISABLED))


def shared(one: Link) -> Link:
    return replace(one, endpoint=replace(one.endpoint, private=False))


def as_inbox(one: Link) -> Link:
    address = replace(one.endpoint.address, channel=Channel.WEB, bot=INBOX)
    return replace(one, endpoint=replace(one.endpoint, address=address))


ANN_WATCH = on(second="ben")
ANN = link("ann", "ann", watch=ANN_WATCH)
ANNS_PHONE = link("phone of ann", "ann", Channel.PUSH, watch=ANN_WATCH)
BEN = link("ben", "ben", Channel.DISCORD)
BENS_PHONE = link("phone of ben", "ben", Channel.PUSH)
DESK = shared(link("desk", "ann", watch=ANN_WATCH))


def names(links: object) -> list[str]:
    return [one.id for one in links]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("at", "hours", "is_on"),
    [
        ("2026-01-05T07:59:59", DAYS, False),
        ("2026-01-05T08:00", DAYS, True),
        ("2026-01-05T22:59:59", DAYS, True),
        ("2026-01-05T23:00", DAYS, False),
        # A watch that spans midnight.
        ("2026-01-05T21:59:59", Hours(time(22), time(6)), False),
        ("2026-01-05T23:30", Hours(time(22), time(6)), True),
        ("2026-01-06T05:59:59", Hours(time(22), time(6)), True),
        ("2026-01-06T06:00", Hours(time(22), time(6)), False),
        # The night in which clocks go from 2:00 to 3:00, and the one in which 2:00 comes twice.
        ("2026-03-29T01:59:59", Hours(time(3), time(9)), False),
        ("2026-03-29T03:00", Hours(time(3), time(9)), True),
        ("2026-10-25T02:59:59+01:00", Hours(time(3), time(9)), False),
        ("2026-10-25T03:00", Hours(time(3), time(9)), True),
    ],
)
def test_a_person_is_on_watch_by_their_own_clock(at: str, hours: Hours, is_on: bool):
    said = datetime.fromisoformat(at)
    now = said if said.tzinfo else said.replace(tzinfo=zone("Europe/Berlin"))
    berlin = Preferences(zone="Europe/Berlin")
    phone = link("phone", "ann", Channel.PUSH, watch=on(Quiet(weekdays=hours, weekend=hours)))
    chat = replace(link("chat", "ann", watch=phone.watch), preferences=berlin)

    assert is_on_watch(phone, (phone, chat), now) is is_on


def test_days_that_are_not_named_are_off_watch():
    weekdays = replace(ANN, watch=on(Quiet(weekdays=DAYS)))
    saturday = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)

    assert is_on_watch(weekdays, (weekdays,), NOON)
    assert not is_on_watch(weekdays, (weekdays,), saturday)


@pytest.mark.parametrize(
    ("wanted", "others", "rung"),
    [
        ([ANNS_PHONE], [ANN, BEN, BENS_PHONE], ["phone of ben"]),
        ([ANNS_PHONE], [ANN, BEN], ["ben"]),
        ([ANNS_PHONE], [ANN, BEN, closed(BENS_PHONE)], ["ben"]),
        ([ANN], [BEN, BENS_PHONE], ["ben"]),
        ([ANNS_PHONE, BENS_PHONE], [ANN, BEN], ["phone of ben"]),
        # Nobody else: rather loud than silent.
        ([ANNS_PHONE], [ANN], ["phone of ann"]),
        ([ANNS_PHONE], [ANN, closed(BEN)], ["phone of ann"]),
        ([ANNS_PHONE], [ANN, replace(BEN, watch=on())], ["phone of ann"]),
        ([ANNS_PHONE], [ANN, replace(BEN, watch=on(second="ann"))], ["phone of ann"]),
        # Who stands in has somebody, too.
        (
            [ANNS_PHONE],
            [ANN, replace(BEN, watch=on(second="cid")), link("cid", "cid")],
            ["cid"],
        ),
        # What all read rings always, and tells nothing of who looks.
        ([DESK], [ANN, BEN], ["desk"]),
        ([DESK, replace(ANN, watch=on())], [], ["desk", "ann"]),
        ([ANN, DESK], [BEN], ["desk", "ben"]),
    ],
)
def test_off_watch_somebody_else_is_rung(wanted: list[Link], others: list[Link], rung: list[str]):
    everybody = (*wanted, *others)

    assert names(rung_for(wanted, everybody, NIGHT)) == rung
    assert names(rung_for(wanted, everybody, NOON)) == names(wanted)


def test_a_person_on_watch_is_enough_without_anybody_named():
    off = replace(ANNS_PHONE, watch=on())

    assert names(rung_for((off, BENS_PHONE), (off, BENS_PHONE), NIGHT)) == ["phone of ben"]
    assert names(rung_for((off, closed(BENS_PHONE)), (off, closed(BENS_PHONE)), NIGHT)) == [
        "phone of ann",
        "phone of ben",
    ]


def test_an_alert_is_silent_off_watch_only_where_it_rings_somebody_else():
    everybody = (ANN, ANNS_PHONE, BEN)

    assert names(off_watch(everybody, everybody, NIGHT)) == ["ann", "phone of ann"]
    assert names(off_watch((ANN, ANNS_PHONE), everybody, NIGHT)) == [], "not told to Ben"
    assert names(off_watch(everybody, everybody, NOON)) == []


CID = link("cid", "cid")
TELEGRAM, PUSH, DISCORD = ({one} for one in (Channel.TELEGRAM, Channel.PUSH, Channel.DISCORD))


@pytest.mark.parametrize(
    ("told", "others", "rung"),
    [
        ({CID: True, BEN: True}, [BENS_PHONE], {}),
        # Each person has their own places.
        ({CID: True, BEN: False}, [BENS_PHONE, ANNS_PHONE], {"phone of ben": DISCORD}),
        ({CID: False, BEN: False}, [BENS_PHONE], {"phone of ben": DISCORD}),
        ({BEN: False, BENS_PHONE: True}, [link("ben 2", "ben")], {}),
        ({BENS_PHONE: False, CID: True}, [BEN], {"ben": PUSH}),
        ({BEN: False, CID: True}, [ANNS_PHONE], {}),
        # What all read says nothing of who looks, and is missed by who linked it.
        ({DESK: True, ANN: False}, [ANNS_PHONE], {"phone of ann": TELEGRAM}),
        ({DESK: False, ANN: True}, [ANNS_PHONE], {}),
        # Shown nowhere, and no other place of theirs: whoever is left.
        ({CID: False}, [BEN, BENS_PHONE], {"phone of ben": TELEGRAM}),
        ({CID: False}, [closed(BENS_PHONE), BEN], {"ben": TELEGRAM}),
        # At night Ann sleeps as long as Ben has it, or else is rung.
        ({ANN: False, BEN: True}, [ANNS_PHONE], {}),
        ({ANN: False, DESK: True}, [ANNS_PHONE, BEN], {"ben": TELEGRAM}),
    ],
)
def test_who_was_not_shown_it_is_told_where_else_they_are(
    told: dict[Link, bool], others: list[Link], rung: dict[str, set[Channel]]
):
    by_id = {one.id: shown for one, shown in told.items()}
    found = elsewhere(by_id, (*told, *others), NIGHT)

    assert found == rung


def test_the_second_person_comes_after_ten_minutes_if_one_was_named():
    named = steps_of(DEFAULT_CHAIN, (ANN, BEN, BENS_PHONE))
    not_named = steps_of(DEFAULT_CHAIN, (replace(ANN, watch=Watch()), BEN))
    gone = steps_of(DEFAULT_CHAIN, (ANN,))

    assert [(step.to, step.after.seconds) for step in named][-1] == (Surface.SECOND, 600)
    assert Surface.SECOND not in {step.to for step in (*not_named, *gone)}
    assert names(seconds((ANN, BEN, BENS_PHONE, ANNS_PHONE))) == ["ben", "phone of ben"]


def test_without_a_phone_the_chats_are_told_again_also_if_a_second_person_was_named():
    steps = steps_of(DEFAULT_CHAIN, (ANN, BEN))

    assert [step.to for step in steps][-2:] == [Surface.CHATS, Surface.SECOND]


NAMED = {LinkId("l-1"): ("l-1", "chat 1", "telegram"), LinkId("l-2"): ("l-2", "chat 2", "Discord")}
WEEKDAYS = Quiet(weekdays=DAYS)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("watch 08:00-23:00 Mon-Fri", Watch(hours=WEEKDAYS)),
        ("watch 8am to 11pm", Watch(hours=DAYTIME)),
        ("on watch 8-23 weekdays, else discord", Watch(hours=WEEKDAYS, second=LinkId("l-2"))),
        ("watch weekdays 8-23 otherwise chat 2", Watch(hours=WEEKDAYS, second=LinkId("l-2"))),
        ("watch always", Watch()),
        ("watch 0-24", Watch()),
        ("second chat 2", Watch(second=LinkId("l-2"))),
        ("second person: Discord", Watch(second=LinkId("l-2"))),
        ("watch else chat 2", Watch(second=LinkId("l-2"))),
        ("second nobody", Watch()),
        ("watch", ChainProblem.HOURS),
        ("watch sometimes", ChainProblem.HOURS),
        ("watch weekdays off", ChainProblem.HOURS),
        ("second Bob", ChainProblem.WHO),
        ("watch 8-23, else Bob", ChainProblem.WHO),
    ],
)
def test_who_is_on_watch_is_said_in_words(said: str, meant: Watch | ChainProblem):
    assert is_watch(said)
    assert read_watch(said, NAMED, Watch()) == meant
    if isinstance(meant, Watch):
        assert read_watch(watch_written(meant), NAMED, Watch(hours=DAYTIME)) == meant


def test_what_is_not_said_of_a_watch_stays():
    both = Watch(hours=DAYTIME, second=LinkId("l-2"))

    assert read_watch("watch 8-23 weekdays", NAMED, both) == replace(both, hours=WEEKDAYS)
    assert read_watch("second nobody", NAMED, both) == replace(both, second=None)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("phone at once", "phone at once"),
        ("Phone immediately, again after 5 loud", "phone at once, phone after 5 min loud"),
        ("chats at once, phone after 2 min", "phone after 2 min"),
        ("chats now, again after 4 min", "chats after 4 min"),
        ("second at once", ChainProblem.TIME),
        ("phone after 2, again at once", ChainProblem.TIME),
        ("chats at once", ChainProblem.STEP),
    ],
)
def test_a_phone_may_be_rung_at_once_as_chats_are(said, written):
    chain = read_chain(said, NAMED)

    assert (chain if isinstance(chain, ChainProblem) else chain_written(chain)) == written
    assert isinstance(chain, ChainProblem) or read_chain(chain_written(chain), NAMED) == chain


def test_a_phone_may_wait_only_where_a_chat_of_its_person_s_own_shows_it_meanwhile():
    phone = wants(ANNS_PHONE, Hears.CRITICAL)
    inbox = as_inbox(link("inbox", "ann"))

    assert may_wait(phone, (ANN, phone))
    assert not may_wait(ANN, (ANN, phone))
    assert not may_wait(wants(ANNS_PHONE, Hears.RINGING), (ANN, phone))
    for others in ((closed(ANN), BEN, DESK), (inbox,), (BENS_PHONE,)):
        assert not may_wait(phone, (*others, phone)), others


def wants(one: Link, hears: Hears) -> Link:
    return replace(one, preferences=replace(one.preferences, hears=hears))


def test_what_only_an_inbox_shows_goes_to_the_phone_too():
    inbox = as_inbox(link("inbox", "ann"))
    told = {ANN.id: False, inbox.id: True}

    found = elsewhere(told, (ANN, inbox, ANNS_PHONE), NOON)

    assert found == {ANNS_PHONE.id: {Channel.TELEGRAM}}


def test_a_step_of_a_chain_is_no_word_about_the_watch():
    chain = read_chain("phone after 2, then second after 8 loud", NAMED)

    assert not is_watch("second after 8 min")
    assert not isinstance(chain, ChainProblem)
    assert chain.steps[-1].to is Surface.SECOND
