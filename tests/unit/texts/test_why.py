"""Why an alert came as it came, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.cards import Card, Severity
from bot.domain.chats import Channel, Person
from bot.domain.decisions import Course, Decision, Why
from bot.domain.deliveries import State
from bot.domain.events import Kind, Trader
from bot.domain.ids import TraderId
from bot.domain.marks import shown
from bot.domain.rules import Measure, Mode, Rule, Threshold, Topic
from bot.domain.sightings import Sighting
from bot.domain.told import Duplicate, Told
from bot.texts import why
from bot.texts.language import speaking

AT = datetime(2026, 1, 5, 12, 0, 7, tzinfo=UTC)
OWL = Trader(id=TraderId("owl"), name="Night Owl")
KOLKATA = "Asia/Kolkata"

TOLD = Told(
    reference="668RRM",
    kind=Kind.TRADE,
    title="Sold 0.5 BTC/USDT",
    severity=Severity.INFO,
    sound=False,
    state=State.SENT,
    reason="sent",
    decision=Decision(Course.SEND, Why.LOUDNESS),
    matter=None,
    attempts=2,
    occurred_at=AT,
    created_at=AT + timedelta(seconds=1),
    ended_at=AT + timedelta(seconds=2),
)
RULE = Rule(id="1", mode=Mode.SILENT, topic=Topic.EXIT, bot=OWL.id)
FROM_TWO = replace(RULE, mode=Mode.ON, threshold=Threshold(measure=Measure.LOSS, least=Decimal(2)))
EIGHT = AT + timedelta(hours=8)


ANN = Person(channel=Channel.TELEGRAM, id="4711")


def explained(told: Told, *seen: Sighting) -> Card:
    return why.explained(told, [OWL], seen, ANN)


def rows(card) -> dict[str, str]:
    return {shown(field.label): shown(field.value) for field in card.fields}


def decided(decision: Decision, sound: bool = False) -> str:
    with speaking("en", KOLKATA):
        card = explained(replace(TOLD, decision=decision, sound=sound))
    return rows(card)["Decided"]


def test_it_says_what_happened_when_and_how_often_it_was_tried():
    card = explained(TOLD)

    assert (card.title, card.lines) == ("About 668RRM", ("Sold 0.5 BTC/USDT",))
    assert rows(card) == {
        "Event": "a trade",
        "Happened": "05 Jan 12:00:07 UTC",
        "Heard": "05 Jan 12:00:08 UTC",
        "Decided": "without a sound: routine",
        "Sent": "05 Jan 12:00:09 UTC",
        "Tried": "2 times",
    }


def test_instants_are_by_the_clock_of_the_person():
    with speaking("en", KOLKATA):
        card = explained(TOLD)

    assert rows(card)["Happened"] == "05 Jan 17:30:07"


@pytest.mark.parametrize(
    ("decision", "sound", "words"),
    [
        (Decision(Course.SEND, Why.LOUDNESS), True, "with a sound: it is bad news"),
        (Decision(Course.RING, Why.CRITICAL), True, "with a sound: it is critical"),
        (Decision(Course.SILENT, Why.MUTED), False, "without a sound: muted"),
        (
            Decision(Course.SILENT, Why.RULE, rule=RULE),
            False,
            "without a sound: by the rule \u201cExits of Night Owl: without a sound\u201d",
        ),
        (
            Decision(Course.SILENT, Why.BELOW_THRESHOLD, rule=FROM_TWO),
            False,
            "without a sound: below the threshold of \u201cExits of Night Owl: from a loss of 2 %"
            " on with a sound, below that without a sound\u201d",
        ),
        (
            Decision(Course.HOLD, Why.QUIET_HOURS, EIGHT),
            False,
            "kept for later (06 Jan 01:30): quiet hours",
        ),
        (
            Decision(Course.DROP, Why.RULE, rule=replace(RULE, mode=Mode.OFF)),
            False,
            "not told: by the rule \u201cExits of Night Owl: not told\u201d",
        ),
    ],
)
def test_how_it_was_decided_is_told_in_words(decision, sound, words):
    assert decided(decision, sound) == words


@pytest.mark.parametrize("reason", Why)
def test_every_reason_has_words(reason):
    assert decided(Decision(Course.SILENT, reason, rule=RULE)) != decided(Decision(Course.SILENT))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": State.READY, "attempts": 0}, "on its way"),
        ({"state": State.UNKNOWN, "reason": "no_answer_in_time"}, "on its way: no answer in time"),
        ({"state": State.GATHERED}, "waits for its digest"),
        (
            {"state": State.COALESCED, "reason": "in_a_digest", "within": "BBBBBB"},
            "told in a digest \u00b7 BBBBBB",
        ),
        (
            {"state": State.COALESCED, "reason": "folded", "within": "BBBBBB"},
            "told together with others like it \u00b7 BBBBBB",
        ),
        ({"state": State.OFF}, "kept for /why only"),
        ({"state": State.EXPIRED, "reason": "late"}, "too old to send: too late to be of use"),
        ({"state": State.HELD, "reason": "blocked"}, "held back: blocked by the user"),
    ],
)
def test_what_became_of_it_is_told_in_words(changes, words):
    assert shown(rows(explained(replace(TOLD, **changes)))["Became of it"]) == words


def test_a_digest_was_not_decided_about():
    assert "Decided" not in rows(explained(replace(TOLD, decision=None)))


def test_the_list_says_of_each_why_it_made_no_sound_the_youngest_first():
    crowd = replace(TOLD, reference="BBBBBB", state=State.COALESCED, reason="in_a_digest")
    night = replace(
        crowd, reference="CCCCCC", decision=Decision(Course.HOLD, Why.QUIET_HOURS, EIGHT)
    )
    dead = replace(TOLD, reference="DDDDDD", sound=True, state=State.EXPIRED, reason="late")
    again = Duplicate(kind=Kind.POD_EVENT, of=Kind.TRADE, occurred_at=AT + timedelta(minutes=1))

    card = why.listed([TOLD, crowd, night, dead], [again], [OWL])

    assert card.title == "The last 5 that came without a sound, or not at all"
    assert list(rows(card).items()) == [
        ("05 Jan 12:01 UTC", "a bot's report (duplicate of a trade, which was told)"),
        ("05 Jan 12:00 UTC · 668RRM", "Sold 0.5 BTC/USDT (without a sound: routine)"),
        (
            "05 Jan 12:00 UTC · BBBBBB",
            "Sold 0.5 BTC/USDT (told in a digest: too much waited at once)",
        ),
        (
            "05 Jan 12:00 UTC · CCCCCC",
            "Sold 0.5 BTC/USDT (kept for later (05 Jan 20:00 UTC): quiet hours)",
        ),
        (
            "05 Jan 12:00 UTC · DDDDDD",
            "Sold 0.5 BTC/USDT (too old to send: too late to be of use)",
        ),
    ]


def test_the_list_says_what_was_folded_or_counted():
    fold = replace(TOLD, state=State.COALESCED, reason="folded")
    count = replace(TOLD, reference="BBBBBB", state=State.COALESCED, reason="counted_up")

    assert list(rows(why.listed([fold, count], [], [OWL])).values()) == [
        "Sold 0.5 BTC/USDT (told together with others like it)",
        "Sold 0.5 BTC/USDT (counted in the message that told the same before)",
    ]


def test_in_the_list_a_rule_is_named_by_what_it_is_about():
    off = replace(TOLD, decision=Decision(Course.DROP, Why.RULE, rule=RULE), state=State.OFF)

    [words] = rows(why.listed([off], [], [OWL])).values()

    assert words == "Sold 0.5 BTC/USDT (not told: by the rule \u201cExits of Night Owl\u201d)"


def test_the_list_is_as_long_as_fits_one_message():
    assert len(why.listed([TOLD] * 30, [], []).fields) == why.ROWS


def test_who_has_seen_it_is_told_without_names_the_first_first():
    person = Sighting(channel=Channel.TELEGRAM, person="4711", at=AT)
    others = [replace(person, channel=Channel.DISCORD, at=AT + timedelta(minutes=1))] * 10

    fields = explained(TOLD, person, *others).fields
    seen = [shown(field.value) for field in fields if field.label == "Seen"]

    assert seen[:2] == [
        "05 Jan 12:00:07 UTC \u00b7 you on Telegram",
        "05 Jan 12:01:07 UTC \u00b7 somebody else on Discord",
    ]
    assert len(seen) == why.MOST_SEEN
