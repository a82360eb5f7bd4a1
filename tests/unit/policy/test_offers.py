"""Which buttons stand under an alert, and what they ask."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from bot.domain.actions import Verb
from bot.domain.amendments import LESS, LOG_IN
from bot.domain.cards import Card, Severity
from bot.domain.chats import Channel, Link, Preferences, Role
from bot.domain.deliveries import Priority
from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.lifetimes import OFFER_LIFE
from bot.domain.rules import Matter, Mode, Rule, Topic
from bot.policy.offers import Offered, offered
from bot.texts.alerts import Alert
from tests.unit.policy.test_whether_sent import LINK, NOW

OWL = Trader(id=TraderId("owl"), name="Night Owl", running=True)
STOPPED = replace(OWL, running=False)
STATE = Matter(topic=Topic.STATE, bot=OWL.id, bad=True)
FAILED = replace(STATE, critical=True)


def alert(severity: Severity, about: Trader | None = OWL, **facts: Any) -> Alert:
    card = Card(title="Something", severity=severity, sound=facts.pop("sound", None))
    return Alert(card=card, priority=Priority.NORMAL, about=about, **facts)


def under(one: Alert, matter: Matter | None = STATE, link: Link = LINK) -> Offered:
    ids = map("id-{}".format, count(1))
    return offered(one, link, matter, NOW, lambda: next(ids))


def labels(found: Offered) -> list[str]:
    return [button.label for row in found.card.buttons for button in row]


@pytest.mark.parametrize(
    ("one", "matter", "buttons"),
    [
        (alert(Severity.WARNING), STATE, ["Mute 1 h", "Less like this"]),
        (alert(Severity.INFO, sound=True), STATE, ["Mute 1 h", "Less like this"]),
        (alert(Severity.WARNING, None), replace(STATE, bot=None), ["Mute 1 h", "Less like this"]),
        (alert(Severity.INFO), STATE, []),
        (alert(Severity.WARNING, sound=False), STATE, []),
        (alert(Severity.WARNING, None), STATE, []),
        (alert(Severity.WARNING), None, []),
        (alert(Severity.WARNING), FAILED, []),
        (alert(Severity.CRITICAL), FAILED, ["Stop Night Owl", "Seen"]),
        (alert(Severity.CRITICAL, sound=False), FAILED, ["Stop Night Owl", "Seen"]),
        (alert(Severity.CRITICAL, STOPPED), FAILED, ["Seen"]),
        (alert(Severity.CRITICAL, None), FAILED, ["Seen"]),
        (alert(Severity.WARNING, log_in=True), None, ["Log in again"]),
        (alert(Severity.CRITICAL, log_in=True), None, ["Log in again", "Seen"]),
    ],
)
def test_each_alert_has_the_buttons_that_help(
    one: Alert, matter: Matter | None, buttons: list[str]
):
    assert labels(under(one, matter)) == buttons


def test_who_may_not_ask_is_offered_nothing_but_a_new_login_and_that_it_was_seen():
    viewers = replace(LINK, role=Role.VIEWER)

    assert labels(under(alert(Severity.WARNING), STATE, viewers)) == []
    assert labels(under(alert(Severity.CRITICAL), FAILED, viewers)) == ["Seen"]
    assert labels(under(alert(Severity.WARNING, log_in=True), None, viewers)) == ["Log in again"]


@pytest.mark.parametrize(
    ("channel", "label", "asks"),
    [(Channel.TELEGRAM, "I have it …", ""), (Channel.PUSH, "I have it 2 h", "2 h")],
)
def test_what_is_an_incident_somebody_may_have_and_a_phone_asks_nothing_back(
    channel: Channel, label: str, asks: str
):
    address = replace(LINK.endpoint.address, channel=channel)
    link = replace(LINK, endpoint=replace(LINK.endpoint, address=address))
    ids = map("id-{}".format, count(1))
    found = offered(
        alert(Severity.CRITICAL, None), link, FAILED, NOW, lambda: next(ids), may_hold=True
    )

    assert labels(found) == ["Seen", label]
    assert [one.arguments for one in found.actions] == ["", asks]
    assert all(button.until_seen for row in found.card.buttons for button in row)


def test_they_ask_commands_about_that_bot_for_a_day_and_anybody_may_press():
    found = under(alert(Severity.WARNING))

    assert [one.arguments for one in found.actions] == [
        "mute starts and stops 1h",
        "rules try starts and stops silent",
    ]
    assert [[target.id for target in one.targets] for one in found.actions] == [["owl"], ["owl"]]
    assert {one.person for one in found.actions} == {None}
    assert {one.expires_at - NOW for one in found.actions} == {OFFER_LIFE}
    assert {one.made_at for one in found.actions} == {NOW}
    assert len({one.card for one in found.actions}) == 1
    assert len({one.id for one in found.actions}) == 2
    assert all(one.repeatable for one in found.actions)


def test_only_seen_goes_once_it_is_seen_and_it_asks_nothing():
    found = under(alert(Severity.CRITICAL), FAILED)

    [stop, seen] = found.card.buttons[0]
    assert [stop.until_seen, seen.until_seen] == [False, True]
    assert [one.verb for one in found.actions] == [Verb.ASK, Verb.SEEN]


def test_what_is_to_be_done_stands_above_what_answers_so_that_a_phone_has_room_for_its_name():
    ids = map(str, range(10))

    found = offered(alert(Severity.CRITICAL), LINK, FAILED, NOW, lambda: next(ids), may_hold=True)

    rows = [[one.label for one in row] for row in found.card.buttons]
    assert rows == [["Stop Night Owl"], ["Seen", "I have it \u2026"]]


def test_the_rule_that_is_offered_follows_the_one_that_decides():
    loud = Rule(id="1", mode=Mode.ON, pair="BTC/USDT")
    link = replace(LINK, preferences=Preferences(rules=(loud,)))

    [_, less] = under(alert(Severity.WARNING), replace(STATE, pair="BTC/USDT"), link).actions

    assert less.arguments == "rules try starts and stops silent of BTC/USDT"


@pytest.mark.parametrize(
    ("one", "matter", "about"),
    [
        (alert(Severity.WARNING), STATE, LESS),
        (alert(Severity.CRITICAL), FAILED, OWL.id),
        (alert(Severity.WARNING, log_in=True), None, LOG_IN),
        (alert(Severity.INFO), STATE, None),
    ],
)
def test_only_what_stops_the_bot_is_closed_when_it_stops(
    one: Alert, matter: Matter | None, about: TraderId | None
):
    assert under(one, matter).about == about
