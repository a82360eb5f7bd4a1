"""Values as plain JSON: what goes in comes out, also from a newer version's writing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Credential, CredentialKind, Grant
from bot.domain.actions import Target
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Severity,
    Table,
)
from bot.domain.chats import Preferences, Role
from bot.domain.decisions import Course, Decision
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId, StrategyId, TraderId
from bot.domain.rules import (
    Every,
    Hours,
    Matter,
    Measure,
    Mode,
    Mute,
    Quiet,
    Rule,
    Threshold,
    Topic,
)
from storage.schema.codec import (
    decode_card,
    decode_credential,
    decode_grant,
    decode_record,
    decode_targets,
    encode_card,
    encode_credential,
    encode_grant,
    encode_record,
    encode_targets,
)
from storage.schema.preferences import (
    decode_decision,
    decode_matter,
    decode_preferences,
    encode_decision,
    encode_matter,
    encode_preferences,
)

texts = st.text(st.characters(), max_size=20)  # half surrogate pairs and zeros among them
instants = st.datetimes(timezones=st.just(UTC))
flags = st.booleans() | st.none()


def lists(of: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, min_size=least, max_size=3).map(tuple)


buttons = st.builds(
    Button,
    label=texts,
    action=st.none() | texts.map(ActionId),
    url=st.none() | texts,
    style=st.sampled_from(ButtonStyle),
)
options = st.builds(Option, label=texts, action=texts.map(ActionId), hint=texts)
pictures = st.builds(
    Picture,
    png=st.binary(max_size=50),
    alt=texts,
    width=st.integers(1, 2000),
    height=st.integers(1, 2000),
)
cards = st.builds(
    Card,
    title=texts,
    severity=st.sampled_from(Severity),
    lines=lists(texts),
    fields=lists(st.builds(Field, texts, texts)),
    table=st.none() | st.builds(Table, columns=lists(texts, least=1), rows=lists(lists(texts))),
    details=lists(texts),
    picture=st.none() | pictures,
    pick=st.none() | st.builds(PickList, prompt=texts, options=lists(options)),
    buttons=lists(lists(buttons)),
    notes=lists(texts),
    at=st.none() | instants,
    reference=st.none() | st.text(min_size=1, max_size=6),
    private=st.booleans(),
    sound=flags,
)
traders = st.builds(
    Trader,
    id=texts.map(TraderId),
    name=st.none() | texts,
    running=flags,
    status=st.none() | texts,
    dry_run=flags,
    open_trades=st.none() | st.integers(),
    exchange=st.none() | texts,
    strategy=st.none() | texts.map(StrategyId),
    stake_currency=st.none() | texts,
    pod=st.none() | texts,
    updated_at=st.none() | instants,
)
strategies = st.builds(
    Strategy,
    id=texts.map(StrategyId),
    name=st.none() | texts,
    type=st.none() | texts,
    pair=st.none() | texts,
    interval=st.none() | texts,
    configured=flags,
    updated_at=st.none() | instants,
)
credentials = st.builds(
    Credential,
    kind=st.sampled_from(CredentialKind),
    secret=texts,
    expires_at=st.none() | instants,
)
grants = st.builds(
    Grant, platform_user=texts, label=texts, plan=st.none() | texts, credential=credentials
)
amounts = st.decimals(allow_nan=False, allow_infinity=False)
thresholds = st.builds(
    Threshold, measure=st.sampled_from(Measure), least=amounts, unit=st.text(max_size=5)
)
scopes: dict[str, Any] = {
    "topic": st.none() | st.sampled_from(Topic),
    "bot": st.none() | texts.map(TraderId).filter(bool),
    "pair": st.none() | texts,
}
rules = st.builds(
    Rule,
    id=texts,
    mode=st.sampled_from(Mode),
    signal=st.none() | texts,
    paper=flags,
    threshold=st.none() | thresholds,
    every=st.sampled_from(Every),
    covers_critical=st.booleans(),
    **scopes,
)
mutes = st.builds(Mute, id=texts, until=instants, **scopes)
hours = st.none() | st.builds(Hours, st.times(), st.times())
preferences = st.builds(
    Preferences,
    rules=lists(rules),
    mutes=lists(mutes),
    quiet=st.none()
    | st.builds(Quiet, weekdays=hours, weekend=hours).filter(lambda one: one != Quiet()),
    zone=st.sampled_from(["", "Europe/Berlin"]),
    digest_at=st.times(),
    members=st.none() | st.sampled_from(Role),
    language=st.sampled_from(["en", "de"]),
    currency=st.sampled_from(["", "EUR"]),
)
decisions = st.builds(
    Decision, st.sampled_from(Course), texts, st.none() | instants, st.none() | rules
)
matters = st.builds(
    Matter,
    topic=st.sampled_from(Topic),
    bot=st.none() | texts.map(TraderId),
    pair=st.none() | texts,
    signal=st.none() | texts,
    paper=flags,
    critical=st.booleans(),
    bad=st.booleans(),
    recovers=st.booleans(),
    result=st.none() | amounts,
    currency=st.none() | texts,
    ratio=st.none() | amounts,
    size=st.none() | amounts,
    confidence=st.none() | amounts,
)


def stored(plain: Any) -> Any:
    """As it comes back from a JSON column."""
    return json.loads(json.dumps(plain))


def newer(plain: dict[str, Any]) -> dict[str, Any]:
    """As a version would write it that knows more."""
    return {**stored(plain), "not known yet": {"a": 1}}


@given(cards)
def test_a_card_comes_back_as_it_was(card: Card):
    assert decode_card(stored(encode_card(card))) == card
    assert decode_card(newer(encode_card(card))) == card


@given(cards, st.text(min_size=1))
def test_a_card_is_given_the_reference_of_its_delivery(card: Card, reference: str):
    assert decode_card(stored(encode_card(card)), reference).reference == reference


@given(traders)
def test_a_bot_comes_back_as_it_was(trader: Trader):
    assert decode_record(Trader, stored(encode_record(trader))) == trader
    assert decode_record(Trader, newer(encode_record(trader))) == trader


@given(strategies)
def test_a_strategy_comes_back_as_it_was(strategy: Strategy):
    assert decode_record(Strategy, stored(encode_record(strategy))) == strategy
    assert decode_record(Strategy, newer(encode_record(strategy))) == strategy


@given(grants)
def test_a_grant_comes_back_as_it_was(grant: Grant):
    assert decode_grant(stored(encode_grant(grant))) == grant
    assert decode_grant(newer(encode_grant(grant))) == grant
    assert decode_credential(newer(encode_credential(grant.credential))) == grant.credential


@given(preferences)
def test_preferences_come_back_as_they_were(wanted: Preferences):
    assert decode_preferences(stored(encode_preferences(wanted))) == wanted
    assert decode_preferences(newer(encode_preferences(wanted))) == wanted


@given(decisions)
def test_a_decision_comes_back_as_it_was(decision: Decision):
    assert decode_decision(stored(encode_decision(decision))) == decision
    assert decode_decision(newer(encode_decision(decision))) == decision


@given(matters)
def test_a_matter_comes_back_as_it_was(matter: Matter):
    assert decode_matter(stored(encode_matter(matter))) == matter
    assert decode_matter(newer(encode_matter(matter))) == matter


@pytest.mark.parametrize(
    "strange",
    [
        {"id": "1", "mode": "louder"},
        {"mode": "on"},
        {"id": "1", "mode": "on", "topic": "gossip"},
        {"id": "1", "mode": "on", "threshold": {"measure": "loss", "least": "a lot"}},
        {"id": "1", "mode": "on", "threshold": 3},
    ],
)
def test_a_rule_that_cannot_be_understood_is_passed_over_and_no_other(strange: Any, caplog):
    wanted = decode_preferences({"rules": [strange, {"id": "2", "mode": "on"}]})

    assert wanted.rules == (Rule(id="2", mode=Mode.ON),)
    assert "not understood" in caplog.text


@given(lists(st.builds(Target, id=texts, name=texts)))
def test_targets_come_back_as_they_were(targets: tuple[Target, ...]):
    assert decode_targets(stored(encode_targets(targets))) == targets


def test_words_of_a_newer_version_are_read_as_something_near():
    card = decode_card({"title": "x", "severity": "catastrophic", "buttons": [[{"label": "y"}]]})
    wanted = decode_preferences({"muted": ["trade", "gossip"], "quiet": [22, 7], "members": "all"})

    assert card.severity is Severity.WARNING
    assert card.buttons[0][0].style is ButtonStyle.PLAIN
    assert wanted == Preferences()


def test_an_ordinary_card_takes_little_room():
    card = Card(title="Bought", at=datetime(2026, 1, 5, tzinfo=UTC))

    assert encode_card(card).keys() == {"title", "severity", "at"}
