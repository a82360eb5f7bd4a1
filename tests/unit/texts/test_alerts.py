"""Events as cards: loud when bad, quiet when not, in words that a tired person understands."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.domain.cards import Field, Severity
from bot.domain.changes import Change
from bot.domain.deliveries import Priority
from bot.domain.events import Kind, Message, Origin, PodEvent, Signal, SystemEvent, Trade, Trader
from bot.domain.ids import TraderId
from bot.policy.same_fact import fingerprint, says_more
from bot.texts.alerts import bot_alert, message_alert, report_alert, signal_alert, trade_alert

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
OWL = Trader(id=TraderId("t1"), name="Night Owl", dry_run=True, running=True, pod="pod-1")
TRADERS = {"t1": OWL}


def origin(kind=Kind.TRADE):
    return Origin(kind=kind, record="r1", at=AT)


def trade(**facts):
    usual = {
        "side": "buy",
        "symbol": "BTC/USDT",
        "amount": Decimal("0.1"),
        "price": Decimal("42400"),
        "trader": TraderId("t1"),
    }
    return Trade(origin=origin(), **{**usual, **facts})


def test_a_trade_says_what_for_how_much_and_which_bot():
    telling = trade_alert(trade(), TRADERS)

    assert telling.card.title == "Bought 0.1 BTC/USDT at 42,400 USDT"
    assert telling.card.fields == (Field("Bot", "Night Owl"), Field("Value", "4,240 USDT"))
    assert telling.card.lines == ("Paper trade (dry run): no real money moved.",)
    assert telling.card.severity is Severity.INFO


def test_a_trade_of_which_nothing_is_known_is_still_told():
    telling = trade_alert(Trade(origin=origin()), {})

    assert telling.card.title == "Trade"


def test_a_result_of_a_perpetual_is_in_the_currency_that_it_settles_in():
    inverse = trade_alert(trade(symbol="BTC/USD:BTC", profit=Decimal("0.00012")), {}).card
    linear = trade_alert(trade(symbol="BTC/USDT:USDT-260327", profit=Decimal("0.5")), {}).card

    assert Field("Profit", "+0.00012 BTC") in inverse.fields
    assert "Value" not in {field.label for field in inverse.fields}
    assert Field("Profit", "+0.50 USDT") in linear.fields
    assert Field("Value", "4,240 USDT") in linear.fields


def test_a_loss_is_called_a_loss():
    telling = trade_alert(trade(side="sell", profit=Decimal("-3.2")), TRADERS)

    assert Field("Loss", "-3.20 USDT") in telling.card.fields
    assert telling.card.severity is Severity.WARNING


def test_a_profit_is_quiet_and_good():
    telling = trade_alert(
        trade(side="sell", profit=Decimal("5"), profit_ratio=Decimal("0.012")), TRADERS
    )

    assert telling.card.severity is Severity.GOOD
    assert Field("Profit", "+5 USDT · +1.20 %") in telling.card.fields


@pytest.mark.parametrize(
    ("reason", "severity", "priority"),
    [
        ("liquidation", Severity.CRITICAL, Priority.URGENT),
        ("trailing_stop_loss", Severity.WARNING, Priority.NORMAL),
        ("liquidated", Severity.CRITICAL, Priority.URGENT),
        ("margin_call", Severity.CRITICAL, Priority.URGENT),
        ("auto_deleveraging", Severity.CRITICAL, Priority.URGENT),
        ("ADL", Severity.CRITICAL, Priority.URGENT),
        ("stop-loss", Severity.WARNING, Priority.NORMAL),
        ("stopLoss", Severity.WARNING, Priority.NORMAL),
        ("SL hit", Severity.WARNING, Priority.NORMAL),
        ("insufficient funds", Severity.WARNING, Priority.NORMAL),
        ("exit_signal", Severity.INFO, Priority.NORMAL),
        ("slow trend", Severity.INFO, Priority.NORMAL),
        ("roi", Severity.INFO, Priority.NORMAL),
    ],
)
def test_why_a_trade_closed_decides_how_loud_it_is(reason, severity, priority):
    telling = trade_alert(trade(side="sell", reason=reason), TRADERS)

    assert (telling.card.severity, telling.priority) == (severity, priority)


@pytest.mark.parametrize(
    ("facts", "severity", "why"),
    [
        ({"type": "liquidation"}, Severity.CRITICAL, "liquidation"),
        ({"order_type": "BustTrade"}, Severity.CRITICAL, "BustTrade"),
        ({"type": "STOP_LOSS_LIMIT"}, Severity.WARNING, "STOP LOSS LIMIT"),
        ({"type": "stop_loss", "reason": "by hand"}, Severity.WARNING, "stop loss: by hand"),
        ({"type": "stop_loss", "order": "placed"}, Severity.INFO, None),
        ({"type": "limit"}, Severity.INFO, None),
        ({"order": "rejected"}, Severity.WARNING, None),
        ({"order": "cancelled"}, Severity.INFO, None),
        ({"order": "\u5df2\u64a4\u9500"}, Severity.WARNING, None),
        ({"profit_sent": "(3.20)"}, Severity.WARNING, None),
        ({"profit_sent": "\u22123.2 or so"}, Severity.WARNING, None),
        ({"profit_sent": "lots"}, Severity.INFO, None),
        ({"words": "after a liquidation"}, Severity.CRITICAL, None),
        ({"words": "well done"}, Severity.INFO, None),
    ],
)
def test_what_a_trade_says_in_any_field_decides_how_loud_it_is(facts, severity, why):
    card = trade_alert(trade(side="sell", **facts), TRADERS).card

    assert card.severity is severity
    assert next((one.value for one in card.fields if one.label == "Why"), None) == why


def test_the_sentence_that_came_with_a_trade_is_shown():
    assert trade_alert(trade(words="Sold by hand"), {}).card.lines == ("Sold by hand",)


TRACEBACK = "Traceback\n  File 1\n  File 2\nKeyError: 7"


@pytest.mark.parametrize(
    "card",
    [
        trade_alert(trade(order="rejected", reason=TRACEBACK, paper=False), {}).card,
        report_alert(PodEvent(origin=origin(Kind.POD_EVENT), message=TRACEBACK), {}).card,
        message_alert(Message(origin=origin(Kind.MESSAGE), text=TRACEBACK)).card,
    ],
)
def test_of_a_traceback_one_line_is_told_and_the_rest_can_be_looked_into(card):
    assert card.lines == ("KeyError: 7",)
    assert card.details == ("Traceback", "File 1", "File 2", "KeyError: 7")


@pytest.mark.parametrize(("paper", "marked"), [(True, True), (False, False), (None, True)])
def test_a_trade_that_says_whose_money_it_is_is_believed_before_its_bot(paper, marked):
    lines = trade_alert(trade(paper=paper), TRADERS).card.lines

    assert ("Paper trade (dry run): no real money moved." in lines) is marked


@pytest.mark.parametrize(
    ("type_", "message", "severity"),
    [
        ("trade_executed", "Bought 0.1 BTC @ 42400", Severity.INFO),
        ("error", "Insufficient balance", Severity.CRITICAL),
        ("exception", "Traceback", Severity.CRITICAL),
        ("warning", "dry run is enabled", Severity.WARNING),
        ("status", "stopped", Severity.WARNING),
        (None, None, Severity.INFO),
    ],
)
def test_a_pod_event_is_as_loud_as_its_words(type_, message, severity):
    event = PodEvent(origin=origin(Kind.POD_EVENT), type=type_, message=message, pod="pod-1")

    assert report_alert(event, TRADERS).card.severity is severity


def test_a_report_without_words_that_are_known_rings_and_names_its_fields():
    event = PodEvent(origin=origin(Kind.POD_EVENT), pod="pod-1", unread=("blah", "free"))
    message = Message(origin=origin(Kind.MESSAGE), unread=("blah", "free"))

    for told in (report_alert(event, TRADERS), message_alert(message)):
        assert told.card.severity is Severity.WARNING
        assert told.card.lines == ("It says nothing that I can read. Its fields: blah, free.",)


def test_a_pod_event_finds_its_bot_by_the_pod():
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="error", message="x", pod="pod-1")

    assert report_alert(event, TRADERS).about is OWL


def test_hostile_text_is_shown_as_text():
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="error", message="a\u202eb\x00c\nd")

    assert report_alert(event, {}).card.lines == ("abc", "d")


@pytest.mark.parametrize("kind", [Message, SystemEvent])
def test_what_the_platform_grades_itself_is_told_so_whatever_it_says(kind):
    told = message_alert(
        kind(origin=origin(Kind.MESSAGE), level="critical", title="Welcome", text="All is well")
    )

    assert (told.card.silent, told.priority) == (False, Priority.URGENT)


def test_a_bot_may_grade_its_own_report():
    quiet = PodEvent(origin=origin(Kind.POD_EVENT), level="info", message="retry after error 7")
    loud = PodEvent(origin=origin(Kind.POD_EVENT), level="50", message="hello")

    assert [report_alert(one, {}).card.silent for one in (quiet, loud)] == [True, False]


def test_a_report_keeps_its_lines():
    event = PodEvent(
        origin=origin(Kind.POD_EVENT), message="Closed: 2\r\n- A +1 %\n\n\n\n- B -1 %\n"
    )

    assert report_alert(event, {}).card.lines == ("Closed: 2", "- A +1 %", "", "- B -1 %")


def test_money_has_the_digits_of_its_currency_and_prices_theirs():
    told = trade_alert(
        trade(
            side="sell",
            amount=Decimal("0.011842"),
            price=Decimal("42388.1234"),
            profit=Decimal("12.4300001"),
        ),
        {},
    )

    assert told.card.title == "Sold 0.011842 BTC/USDT at 42,388.123 USDT"
    assert Field("Value", "501.96 USDT") in told.card.fields
    assert Field("Profit", "+12.43 USDT") in told.card.fields


@pytest.mark.parametrize(
    ("ratio", "field"),
    [("-0.00001", Field("Loss", "-0.001 %")), ("0.00004", Field("Profit", "+0.004 %"))],
)
def test_a_small_result_is_told_with_enough_digits(ratio, field):
    assert field in trade_alert(trade(side="sell", profit_ratio=Decimal(ratio)), {}).card.fields


@pytest.mark.parametrize(
    ("confidence", "shown"), [("0.83", "83 %"), ("83", "83 %"), ("1250", "1,250")]
)
def test_confidence_is_read_on_either_scale(confidence, shown):
    event = Signal(
        origin=origin(Kind.SIGNAL), type="buy", pair="ETH/USDT", confidence=Decimal(confidence)
    )

    assert Field("Confidence", shown) in signal_alert(event).card.fields


def test_a_graded_message_is_not_graded_again_by_its_words():
    event = Message(origin=origin(Kind.MESSAGE), title="No errors today", level="info")

    assert message_alert(event).card.severity is Severity.INFO


def test_a_bot_that_fails_is_urgent():
    failed = Trader(id=TraderId("t1"), name="Night Owl", status="error")

    telling = bot_alert(OWL, failed, (Change.FAILED,), AT)

    assert telling.card.title == "Night Owl stopped with an error"
    assert telling.priority is Priority.URGENT


@pytest.mark.parametrize("change", list(Change))
def test_every_change_has_words(change):
    telling = bot_alert(OWL, OWL, (change, change), AT)

    assert telling.card.title.startswith("Night Owl ")


def mark(event, **bots):
    known = {bot.id: bot for bot in bots.values()}
    tell = trade_alert if isinstance(event, Trade) else report_alert
    return fingerprint(event, tell(event, known), known)


def fill(text="Bought 0.10 BTC @ 42,400", **facts):
    return PodEvent(origin=origin(Kind.POD_EVENT), message=text, **facts)


HERON = Trader(id=TraderId("heron"), name="Heron", pod="pod-2")


def test_the_same_fill_told_by_two_services_has_one_fingerprint():
    of_owl = mark(trade(trader=OWL.id), owl=OWL, heron=HERON)
    of_heron = mark(trade(trader=HERON.id), owl=OWL, heron=HERON)

    assert of_owl == mark(fill(trader=OWL.id), owl=OWL, heron=HERON) is not None
    assert of_heron == mark(fill(pod="pod-2"), owl=OWL, heron=HERON) is not None
    assert mark(fill(), owl=OWL) == of_owl


def test_fills_of_two_bots_are_never_the_same():
    both = {"owl": OWL, "heron": HERON}

    assert mark(trade(trader=OWL.id), **both) != mark(fill(trader=HERON.id), **both)


@pytest.mark.parametrize(
    "event",
    [
        fill("Bought 0.10 BTC @ 42,400 - liquidation of the whole position"),
        fill("Bought 0.10 BTC @ 42,400 - stop moved"),
        fill("Exit filled", trade=trade()),
        fill(level="warning"),
        fill(type="stop_loss"),
        fill(type="error"),
        trade(reason="liquidation"),
        trade(type="LIQUIDATION"),
        trade(order="cancelled"),
        trade(asked=Decimal(5)),
    ],
)
def test_what_says_more_or_worse_is_a_fact_of_its_own(event):
    assert mark(event) is None


@pytest.mark.parametrize(
    ("told", "more"),
    [
        (trade(), False),
        (trade(profit=Decimal(-3)), True),
        (trade(profit_ratio=Decimal("0.1")), True),
        (trade(profit_sent="lots"), True),
        (trade(reason="roi"), True),
        (trade(words="by hand"), True),
    ],
)
def test_a_trade_with_a_result_or_a_reason_says_more_than_a_text(told, more):
    assert says_more(told) is more


@pytest.mark.parametrize(
    "text", ["Bought 1,5 BTC @ 42,400", "Bought 0.1 BTC @ 42,40", "Bought 0,10 BTC @ 42400"]
)
def test_a_number_in_words_that_may_be_read_in_two_ways_is_compared_with_none(text):
    assert mark(fill(text)) is None


@pytest.mark.parametrize(
    "event",
    [
        trade(price=None),
        trade(side="long"),
        PodEvent(origin=origin(Kind.POD_EVENT), message="Bought some BTC/USDT"),
        PodEvent(origin=origin(Kind.POD_EVENT), message="Insufficient balance"),
    ],
)
def test_when_in_doubt_two_reports_are_two_facts(event):
    assert mark(event) is None


def test_a_report_that_tells_a_trade_in_fields_is_told_like_the_trade():
    filled = trade(trader=None, profit=Decimal("-3.2"), reason="stop_loss")
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="fill", trade=filled, pod="pod-1")

    telling = report_alert(event, TRADERS)

    assert telling.card.title == "Night Owl: Bought 0.1 BTC/USDT at 42,400 USDT"
    assert Field("Loss", "-3.20 USDT") in telling.card.fields
    assert telling.card.lines == ("Paper trade (dry run): no real money moved.",)
    assert (telling.card.severity, telling.priority) == (Severity.WARNING, Priority.NORMAL)
    assert telling.about is OWL


def test_a_report_of_an_error_that_tells_a_trade_stays_loud():
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="error", trade=trade(), message="Why")

    telling = report_alert(event, {})

    assert (telling.card.severity, telling.priority) == (Severity.CRITICAL, Priority.URGENT)
    assert telling.card.lines == ("Why",)


def test_a_fill_that_a_report_tells_in_fields_is_the_same_fact_as_the_trade():
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="fill", trade=trade(), trader=OWL.id)

    assert mark(event, owl=OWL) == mark(trade(trader=OWL.id), owl=OWL) is not None


def test_what_is_no_number_is_shown_as_it_was_sent():
    sent = {"amount": None, "amount_sent": "500 USDT", "price": None, "price_sent": "1,234"}
    telling = trade_alert(trade(**sent, profit_sent="2 or 3"), {})

    assert telling.card.title == "Bought 500 USDT BTC/USDT at 1,234"
    assert Field("Result", "2 or 3") in telling.card.fields


def test_a_bot_that_is_lost_is_urgent_and_told_with_its_word():
    killed = Trader(id=TraderId("t1"), name="Night Owl", status="OOMKilled")

    telling = bot_alert(OWL, killed, (Change.LOST,), AT)

    assert telling.card.title == "Night Owl no longer says that it runs: OOMKilled"
    assert (telling.card.severity, telling.priority) == (Severity.CRITICAL, Priority.URGENT)


def test_only_what_was_filled_is_bought():
    cancelled = trade_alert(trade(order="cancelled"), {}).card.title
    partly = trade_alert(trade(asked=Decimal(5)), {}).card.title

    assert cancelled.startswith("Order cancelled: buy 0.1 BTC/USDT")
    assert partly.startswith("Bought 0.1 of 5 BTC/USDT")
    fields = trade_alert(trade(order="cancelled"), {}).card.fields
    assert "Value" not in [field.label for field in fields]


@pytest.mark.parametrize("facts", [{"price": Decimal(0)}, {"amount": Decimal(0)}])
def test_nought_is_not_known_yet(facts):
    card = trade_alert(trade(**facts), {}).card

    assert " 0 " not in card.title.replace(" at 42", "")
    assert "Value" not in [field.label for field in card.fields]


def test_a_signal_tells_all_that_came_with_it():
    signal = Signal(
        origin=origin(Kind.SIGNAL),
        type="buy",
        pair="BTC/USDT",
        confidence_sent="high",
        prices=(("Target", Decimal(45000)),),
        words="Strong",
    )

    card = signal_alert(signal).card

    assert card.fields == (Field("Confidence", "high"), Field("Target", "45,000 USDT"))
    assert card.lines == ("Strong", "A model's opinion, not a trade.")


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("liquidated", Priority.URGENT),
        ("Margin_Call", Priority.URGENT),
        ("suspended", Priority.URGENT),
        ("archived", Priority.NORMAL),
        ("terminated", Priority.NORMAL),
    ],
)
def test_a_stopped_bot_that_loses_money_or_rights_rings_like_a_running_one(word, priority):
    now = Trader(id=TraderId("t1"), name="Night Owl", status=word)

    telling = bot_alert(OWL, now, (Change.OTHER_STATUS,), AT)

    assert telling.priority is priority


def test_what_is_too_long_for_a_title_is_told_whole_below_it():
    title = "Something that takes long to say " * 6 + "and ends with: account suspended"
    message = Message(origin=origin(Kind.MESSAGE), title=title, text="Call us")
    report = PodEvent(origin=origin(Kind.POD_EVENT), type=title, message="Call us")

    for card in (message_alert(message).card, report_alert(report, {}).card):
        assert card.title.endswith("…")
        assert card.lines == (title, "Call us")


def test_a_reason_that_is_long_is_told_with_its_end():
    reason = "frame\n" * 60 + "InsufficientFunds: no balance"

    card = trade_alert(trade(order="rejected", reason=reason), {}).card

    assert card.lines[-1] == "InsufficientFunds: no balance"
    assert "Why" not in {field.label for field in card.fields}


def test_what_became_of_the_rest_is_told_of_a_report_too():
    part = trade(asked=Decimal(5), rest="cancelled", words="Part", paper=True)
    event = PodEvent(origin=origin(Kind.POD_EVENT), type="fill", trade=part, message="Part")

    assert report_alert(event, {}).card.lines == (
        "Part",
        "The rest was cancelled.",
        "Paper trade (dry run): no real money moved.",
    )


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("error", Priority.URGENT),
        ("OOMKilled", Priority.URGENT),
        ("provisioning", Priority.INFO),
        ("stopped", Priority.INFO),
        ("running", Priority.INFO),
    ],
)
def test_a_new_bot_in_a_bad_way_rings(word, priority):
    now = Trader(id=TraderId("t1"), name="Night Owl", status=word)

    telling = bot_alert(None, now, (Change.CREATED,), AT)

    assert telling.priority is priority
    assert telling.card.title == f"Night Owl was added ({word})"
