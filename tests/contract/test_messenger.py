"""The contract of `ports.Messenger`, for every chat platform and for the fake."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cards import (
    Button,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Severity,
    Table,
    answered,
)
from bot.domain.chats import Channel
from bot.domain.deliveries import Attempt, Declined, Halted, Postponed, Scope, Sent, Unknown
from bot.domain.ids import ActionId
from bot.errors import Misconfigured
from tests.contract.messengers import (
    ALL,
    CHANGE_TROUBLES,
    MESSENGERS,
    NOW,
    OVER_HTTP,
    REMOTE,
    TROUBLES,
    WITH_A_TOKEN,
    Platform,
    Remote,
    apprise,
    fake,
    words_of,
)
from tests.parity.examples import EVERYTHING, every_card
from tests.standins.faults import Drop, Fault, bad_gateway, captive_portal

OWL = Option(label="Night Owl", action=ActionId("a1"), hint="running · paper")
HERON = Option(label="Heron", action=ActionId("a2"))
PICK = PickList(prompt="Choose a bot", options=(OWL, HERON))
CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
CARDS = [
    Card(title="Hello"),
    Card(title="Stopped", severity=Severity.CRITICAL, lines=("The exchange", "said no.")),
    Card(title="Bought", fields=(Field("Price", "60,000"),), at=NOW, reference="A1B2"),
    Card(title="Prices", table=Table(columns=("Pair", "Price"), rows=(("BTC", "60,000"),))),
    Card(title="Pause?", buttons=((Button(label="Pause", action=ActionId("a1")),),)),
    Card(title="Pause which bot?", pick=PICK),
    Card(title="Latest trades", picture=CHART, reference="C3D4"),
    Card(title="<b>&*_`[x](y)", lines=("@everyone", "\u202eevil", "😀" * 100)),
    Card(title="Long", lines=("x" * 250,) * 40, notes=("the end",)),
]


@pytest.mark.parametrize("platform", ALL)
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.title)
async def test_a_card_is_shown_with_all_its_words(platform: Platform, card: Card):
    async with platform() as stage:
        outcome = await stage.messenger.send(stage.address, card)
        shown = "\n".join(stage.shown())

    assert isinstance(outcome, Sent)
    assert outcome.message
    for words in words_of(card):
        assert words in shown


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_cards_are_shown_in_the_order_of_sending(platform: Platform):
    async with platform() as stage:
        for number in range(5):
            await stage.messenger.send(stage.address, Card(title=f"number {number}"))
        shown = stage.shown()

    assert ["number" in text and text[-1] for text in shown] == list("01234")


@pytest.mark.parametrize(("platform", "kind"), TROUBLES)
async def test_what_goes_wrong_is_an_outcome_with_a_reason_and_nothing_shows(
    platform: Platform, kind: type[Attempt]
):
    async with platform() as stage:
        stage.spoil[kind]()
        outcome = await stage.messenger.send(stage.address, Card(title="Hello"))
        shown = stage.shown()

    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", "")
    assert shown == []


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_repeat_shows_twice_only_where_it_has_to_say_so(platform: Platform):
    card = Card(title="Bought", reference="A1B2")

    async with platform() as stage:
        for _ in range(2):
            await stage.messenger.send(stage.address, card)
        shown = stage.shown()
        marked = stage.messenger.repeats.marked

    assert len(shown) == (2 if marked else 1)


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_messenger_says_which_bot_of_which_platform_it_is(platform: Platform):
    async with platform() as stage:
        found = stage.messenger.channel, stage.messenger.bot

    assert found == (stage.address.channel, stage.address.bot)


ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    buttons=((Button(label="Pause Grid BTC", action=ActionId("a1")),),),
    at=NOW,
    reference="A7B2C3",
)


@pytest.mark.parametrize("platform", ALL)
async def test_a_changed_message_shows_the_other_card_and_nothing_anew(platform: Platform):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        before = stage.labels()

        for _ in range(2):  # it may be repeated freely
            outcome = await stage.messenger.amend(
                stage.address, sent.message, answered(ALARM, "Paused from Discord")
            )
        shown, labels = stage.shown(), stage.labels()

    assert outcome == Sent(message=sent.message)
    assert before == ["Pause Grid BTC"]
    assert labels == []
    assert len(shown) == 1
    assert "Grid BTC: error" in shown[0]
    assert "Paused from Discord" in shown[0]
    assert "A7B2C3" in shown[0] or platform is fake


@pytest.mark.parametrize("platform", ALL)
async def test_of_a_card_in_several_messages_the_last_is_changed(platform: Platform):
    card = replace(CARDS[-1], buttons=ALARM.buttons)

    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, card)
        assert isinstance(sent, Sent)
        before = stage.shown()
        await stage.messenger.amend(stage.address, sent.message, answered(card, "Paused"))
        shown, labels = stage.shown(), stage.labels()

    assert len(shown) == len(before)
    assert shown[:-1] == before[:-1]
    assert "Paused" in shown[-1]
    assert labels == []


@pytest.mark.parametrize("platform", ALL)
async def test_a_list_to_choose_from_goes_as_buttons_do(platform: Platform):
    card = Card(title="Stop which bot?", pick=PICK)

    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, card)
        assert isinstance(sent, Sent)
        before = "\n".join(stage.shown())
        await stage.messenger.amend(stage.address, sent.message, answered(card, "Expired"))
        [after] = stage.shown()
        labels = stage.labels()

    assert OWL.label in before
    assert OWL.label not in after
    assert "Expired" in after
    assert labels == []


@pytest.mark.parametrize("platform", MESSENGERS)
@pytest.mark.parametrize("message", ["", "not a number", "404404404"])
async def test_a_message_that_never_was_cannot_be_changed(platform: Platform, message: str):
    async with platform() as stage:
        outcome = await stage.messenger.amend(stage.address, message, ALARM)
        shown = stage.shown()

    assert isinstance(outcome, Declined)
    assert shown == []


@pytest.mark.parametrize("platform", ALL)
async def test_what_goes_on_with_a_message_is_shown_as_a_reply_to_it(platform: Platform):
    async with platform() as stage:
        first = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(first, Sent)
        outcome = await stage.messenger.send(
            stage.address, Card(title="Closed"), replies_to=first.message
        )
        replies = stage.replies()

    assert isinstance(outcome, Sent)
    assert replies == [None, first.message]


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_what_goes_on_with_a_message_that_is_gone_is_shown_all_the_same(platform: Platform):
    async with platform() as stage:
        first = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(first, Sent)
        stage.delete()
        outcome = await stage.messenger.send(
            stage.address, Card(title="Closed"), replies_to=first.message
        )
        replies = stage.replies()
        shown = stage.shown()

    assert isinstance(outcome, Sent)
    assert set(replies) == {None}
    assert any("Closed" in text for text in shown)


@pytest.mark.parametrize("platform", MESSENGERS)
@pytest.mark.parametrize("message", ["", "not a number", "404404404"])
async def test_what_goes_on_with_a_message_that_never_was_is_shown(
    platform: Platform, message: str
):
    async with platform() as stage:
        outcome = await stage.messenger.send(
            stage.address, Card(title="Closed"), replies_to=message
        )
        replies = stage.replies()

    assert isinstance(outcome, Sent)
    assert replies == [None]


@pytest.mark.parametrize("platform", ALL)
async def test_a_message_that_is_gone_is_not_shown_anew(platform: Platform):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        stage.delete()
        outcome = await stage.messenger.amend(stage.address, sent.message, ALARM)
        shown = stage.shown()

    assert isinstance(outcome, Declined)
    assert outcome.reason
    assert platform is fake or shown == []


@pytest.mark.parametrize(("platform", "kind"), CHANGE_TROUBLES)
async def test_a_change_that_goes_wrong_is_an_outcome_and_may_be_repeated(
    platform: Platform, kind: type[Attempt]
):
    async with platform() as stage:
        sent = await stage.messenger.send(stage.address, ALARM)
        assert isinstance(sent, Sent)
        before, labels = stage.shown(), stage.labels()
        stage.spoil_change[kind]()
        outcome = await stage.messenger.amend(
            stage.address, sent.message, answered(ALARM, "Paused")
        )
        after = stage.shown(), stage.labels()

    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", "")
    assert after == (before, labels)
    assert labels == ["Pause Grid BTC"] or stage.address.channel is Channel.PUSH


# --- over HTTP ----------------------------------------------------------------------------

BOUGHT = Card(title="Bought BTC", severity=Severity.WARNING, reference="A1B2C3")
LONG = Card(title="Report", lines=("y" * 90,) * 60, reference="A1B2C3")


@pytest.mark.parametrize("platform", [*OVER_HTTP, apprise])
async def test_every_card_that_we_make_is_taken_as_it_is(
    platform: Platform, caplog: pytest.LogCaptureFixture
):
    cards = [EVERYTHING, *every_card()]

    async with platform() as stage:
        outcomes = [
            await stage.messenger.send(stage.address, replace(card, reference=f"{number:06}"))
            for number, card in enumerate(cards)
        ]

    assert {type(outcome) for outcome in outcomes} == {Sent}
    assert caplog.text == ""


@pytest.mark.parametrize("platform", REMOTE)
async def test_a_card_of_several_messages_is_sent_when_all_are(platform: Remote):
    async with platform() as stage:
        outcome = await stage.messenger.send(stage.address, LONG)
        shown = stage.shown()

    assert isinstance(outcome, Sent)
    assert len(shown) == 2


@pytest.mark.parametrize("platform", REMOTE)
async def test_a_card_that_breaks_off_is_unclear_since_some_of_it_shows(platform: Remote):
    async with platform() as stage:
        stage.fail(stage.faults["slow down"], skip=1)
        outcome = await stage.messenger.send(stage.address, LONG)

    assert outcome == Unknown(reason="broke_off: after part 1 of 2")


@pytest.mark.parametrize(
    ("fault", "outcome", "shown"),
    [
        (Drop(), Unknown(reason="connection_broke_off"), 0),
        (Drop(executes=True), Unknown(reason="connection_broke_off"), 1),
        (Drop(executes=True, midway=True), Unknown(reason="answer_broke_off"), 1),
        ("internal error", Unknown(reason="server_error: HTTP 500"), 0),
        (bad_gateway(executes=True), Unknown(reason="server_error: HTTP 502"), 1),
        (captive_portal(), Unknown(reason="foreign_answer"), 0),
    ],
)
@pytest.mark.parametrize("platform", OVER_HTTP)
async def test_every_fault_has_its_outcome_and_one_request(
    platform: Remote, fault: Fault | str, outcome: Unknown, shown: int
):
    async with platform() as stage:
        stage.fail(stage.faults[fault] if isinstance(fault, str) else fault)
        found = await stage.messenger.send(stage.address, BOUGHT)
        seen = stage.shown()

    assert found == outcome
    assert len(seen) == shown
    assert stage.requests() == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            "slow down",
            Postponed(
                reason="slow_down",
                retry_after=timedelta(seconds=7),
                scope=Scope.ENDPOINT,
            ),
        ),
        ("token refused", Halted(reason="token_refused")),
    ],
)
@pytest.mark.parametrize("platform", REMOTE)
async def test_a_chat_platform_s_own_refusals_have_their_outcomes(
    platform: Remote, fault: str, outcome: Postponed | Halted
):
    async with platform() as stage:
        stage.fail(stage.faults[fault])
        found = await stage.messenger.send(stage.address, BOUGHT)
        seen = stage.shown()

    assert found == outcome
    assert seen == []
    assert stage.requests() == 1


@pytest.mark.parametrize("platform", REMOTE)
async def test_an_outage_postpones_for_the_whole_channel(platform: Remote):
    async with platform() as stage, stage.down():
        outcome = await stage.messenger.send(stage.address, BOUGHT)

    assert outcome == Postponed(reason="no_connection", scope=Scope.CHANNEL)


@pytest.mark.parametrize("platform", REMOTE)
async def test_a_refusal_that_broke_off_was_a_refusal(platform: Remote):
    async with platform() as stage:
        stage.close()
        stage.fail(Drop(executes=True, midway=True))
        outcome = await stage.messenger.send(stage.address, BOUGHT)

    assert outcome == Postponed(reason="turned_away: HTTP 403", scope=Scope.CHANNEL)


@pytest.mark.parametrize("platform", WITH_A_TOKEN)
async def test_a_refused_token_is_told_at_the_start_with_its_setting(platform: Remote):
    async with platform() as stage:
        stage.revoke()
        setting = f"TRADEBELL_{stage.name.upper()}_TOKEN"
        with pytest.raises(Misconfigured, match=f"^{setting} is refused by {stage.name}"):
            await stage.begin()


@pytest.mark.parametrize("platform", OVER_HTTP)
async def test_the_platform_need_not_be_there_at_the_start(platform: Remote):
    async with platform() as stage:
        async with stage.down():
            await stage.begin()
        outcome = await stage.messenger.send(stage.address, BOUGHT)

    assert isinstance(outcome, Sent)
