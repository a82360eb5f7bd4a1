"""How a card looks in Telegram."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.render import (
    CAPTION_LIMIT,
    DATE_TIME,
    TEXT_LIMIT,
    WIDTH,
    Run,
    Style,
    TelegramMessage,
    joined,
    photo,
    rendered,
    split,
)
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
    in_parts,
)
from bot.domain.ids import ActionId
from bot.texts.times import clock, instant, moment

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


def one(card: Card) -> TelegramMessage:
    (message,) = rendered(card, NOW)
    return message


def spans(message: TelegramMessage, style: str) -> list[str]:
    """The pieces of text under entities of one style, cut out as Telegram does."""
    units = message.text.encode("utf-16-le")
    return [
        units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message.entities
        if e["type"] == style
    ]


def test_a_card_reads_from_the_headline_to_the_small_print():
    card = Card(
        title="Momentum stopped",
        severity=Severity.CRITICAL,
        lines=("The exchange refused an order.", "Nothing is being traded."),
        fields=(Field("Open trades", "2"), Field("Exchange", "Binance")),
        notes=("possible repeat of A1B2",),
        at=NOW - timedelta(minutes=3),
        reference="A1B2",
    )

    message = one(card)

    assert message.text == (
        "🔴 Critical · Momentum stopped\n"
        "The exchange refused an order.\n"
        "Nothing is being traded.\n"
        "Open trades: 2\n"
        "Exchange: Binance\n"
        "12:01 UTC · ref A1B2\n"
        "possible repeat of A1B2"
    )
    assert spans(message, Style.BOLD) == [
        "🔴 Critical · Momentum stopped",
        "Open trades:",
        "Exchange:",
    ]
    assert spans(message, Style.ITALIC) == ["12:01 UTC · ref A1B2", "possible repeat of A1B2"]


def test_what_must_be_acted_on_is_said_in_a_word_and_only_that_makes_a_sound():
    shown = {severity: one(Card(title="x", severity=severity)) for severity in Severity}

    assert {severity: message.text for severity, message in shown.items()} == {
        Severity.INFO: "x",
        Severity.GOOD: "🟢 x",
        Severity.WARNING: "🟠 Warning · x",
        Severity.CRITICAL: "🔴 Critical · x",
    }
    assert [severity for severity, message in shown.items() if not message.silent] == [
        Severity.WARNING,
        Severity.CRITICAL,
    ]


def test_an_earlier_day_is_named():
    card = Card(title="x", at=NOW - timedelta(days=1))

    assert one(card).text.endswith("21 Nov 2026 12:04 UTC")


def test_markup_in_a_payload_stays_text():
    card = Card(title="<b>*_[x](http://evil)`", lines=("</b>", "@everyone &amp;"))

    message = one(card)

    assert message.text == "<b>*_[x](http://evil)`\n</b>\n@everyone &amp;"
    assert spans(message, Style.BOLD) == ["<b>*_[x](http://evil)`"]


def test_a_narrow_table_is_aligned_in_one_block():
    table = Table(columns=("Pair", "Price"), rows=(("BTC", "60,000"), ("ETH", "9.5")))

    message = one(Card(title="x", table=table))

    assert spans(message, Style.PRE) == ["Pair   Price\nBTC   60,000\nETH      9.5"]


def test_a_wide_table_becomes_a_list_that_names_its_columns():
    table = Table(
        columns=("Bot", "State", "Last event"),
        rows=(("Momentum BTC/USDT", "running", "12 min ago"), ("Grid", "paused", "")),
    )

    message = one(Card(title="x", table=table))

    assert message.text.splitlines()[1:] == [
        "Momentum BTC/USDT — State running · Last event 12 min ago",
        "Grid — State paused",
    ]
    assert spans(message, Style.BOLD) == ["x", "Momentum BTC/USDT", "Grid"]
    assert spans(message, Style.PRE) == []


def test_a_long_report_is_one_folded_quote_below_the_facts():
    card = Card(
        title="Heron: error",
        lines=("KeyError: 7",),
        fields=(Field("Pair", "ETH"),),
        details=("Traceback", "", "KeyError: 7"),
        notes=("small print",),
    )

    assert one(card).text == (
        "Heron: error\nKeyError: 7\nPair: ETH\nTraceback\n\nKeyError: 7\nsmall print"
    )
    assert spans(one(card), Style.FOLDED) == ["Traceback\n\nKeyError: 7"]


def test_wide_characters_count_as_two_columns():
    table = Table(columns=("名前", "x"), rows=(("a", "b"),))

    assert spans(one(Card(title="x", table=table)), Style.PRE) == ["名前  x\na     b"]


def test_buttons_carry_only_an_id_three_to_a_row():
    row = tuple(Button(label=f"Bot {i}", action=ActionId(f"a{i}")) for i in range(5))
    stop = Button(label="Pause all", action=ActionId("stop"), style=ButtonStyle.DANGER)

    message = one(Card(title="x", buttons=(row, (stop,))))

    assert [len(buttons) for buttons in message.buttons] == [3, 2, 1]
    assert message.buttons[0][0] == {"text": "Bot 0", "callback_data": "a0"}
    assert message.buttons[2][0] == {
        "text": "Pause all",
        "callback_data": "stop",
        "style": "danger",
    }


@pytest.mark.parametrize(
    ("labels", "widths"),
    [
        (("Stop Night Owl", "Seen"), [2]),
        (("Diese 2 Bots stoppen", "Gesehen"), [1, 1]),
        (("1 h", "Until tomorrow", "1 week"), [2, 1]),
        (("停止这两个机器人", "已看到"), [2]),
        (("停止这两个交易机器人", "已看到"), [1, 1]),
        (("x" * 90,), [1]),
    ],
)
def test_buttons_stand_side_by_side_only_where_a_phone_shows_their_labels_whole(labels, widths):
    row = tuple(Button(label=label, action=ActionId("a1")) for label in labels)

    message = one(Card(title="Night Owl", buttons=(row,)))

    assert [len(shown) for shown in message.buttons] == widths
    assert [button["text"] for shown in message.buttons for button in shown] == list(labels)


def test_a_button_that_telegram_would_not_open_is_left_out():
    def opening(url: str) -> Card:
        return Card(title="x", buttons=((Button(label="Open", url=url),),))

    assert one(opening("https://bell.example.org/link/a")).buttons
    assert one(opening("http://127.0.0.1:8080/link/a")).buttons
    assert not one(opening("http://localhost:8080/link/a")).buttons
    assert not one(opening("javascript:alert(1)")).buttons


def test_a_card_too_long_for_one_message_goes_out_in_numbered_parts():
    lines = tuple(f"line {i}: " + "x" * 90 for i in range(100))
    button = Button(label="Pause", action=ActionId("a"))

    parts = rendered(Card(title="Report", lines=lines, buttons=((button,),)), NOW)

    assert len(parts) == 3
    assert [part.text.rsplit("\n", 1)[1] for part in parts] == ["(1/3)", "(2/3)", "(3/3)"]
    assert [bool(part.buttons) for part in parts] == [False, False, True]
    told = [line for part in parts for line in part.text.split("\n")[:-1]]
    assert told == ["Report", *lines]


def test_one_of_several_is_chosen_by_a_button_and_what_tells_them_apart_is_said_above():
    owl = Option(label="Night Owl", action=ActionId("a1"), hint="running · paper")
    everyone = Option(label="All 2", action=ActionId("a2"))
    pick = PickList(prompt="Choose a bot", options=(owl, everyone))

    message = one(Card(title="Pause which bot?", pick=pick, notes=("Or name one.",)))

    assert message.text == (
        "Pause which bot?\nChoose a bot:\nNight Owl: running · paper\nOr name one."
    )
    assert message.buttons == (
        ({"text": "Night Owl", "callback_data": "a1"},),
        ({"text": "All 2", "callback_data": "a2"},),
    )


def test_a_list_of_nothing_is_not_shown():
    message = one(Card(title="x", pick=PickList(prompt="Choose a bot", options=())))

    assert (message.text, message.buttons) == ("x", ())


def test_plain_keeps_the_words_and_drops_what_could_be_refused():
    card = Card(title="x", buttons=((Button(label="Pause", action=ActionId("a")),),))

    assert one(card).plain == TelegramMessage(text="x", silent=True)


# --- laws ---------------------------------------------------------------------------------

texts = st.text(max_size=300)
long_texts = st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(1, 900))
lines = st.lists(
    st.lists(st.builds(Run, st.text(max_size=60), st.sampled_from([None, *Style])), min_size=1).map(
        tuple
    ),
    max_size=12,
)
cards = st.builds(
    Card,
    title=texts,
    severity=st.sampled_from(Severity),
    lines=st.lists(long_texts, max_size=6).map(tuple),
    fields=st.lists(st.builds(Field, texts, texts), max_size=4).map(tuple),
    table=st.none()
    | st.builds(
        lambda rows: Table(columns=("a", "b"), rows=tuple(rows)),
        st.lists(st.tuples(texts, texts), max_size=5),
    ),
    details=st.lists(long_texts, max_size=4).map(tuple),
    pick=st.none()
    | st.builds(
        PickList,
        prompt=texts,
        options=st.lists(
            st.builds(Option, label=texts, action=st.just(ActionId("a")), hint=texts), max_size=20
        ).map(tuple),
    ),
    notes=st.lists(texts, max_size=3).map(tuple),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    reference=st.none() | st.text(min_size=1, max_size=8),
)


@given(card=cards)
def test_no_card_breaks_a_limit_or_puts_an_entity_out_of_place(card: Card):
    for message in rendered(card, NOW):
        units = message.text.encode("utf-16-le", "surrogatepass")

        assert len(units) // 2 <= TEXT_LIMIT
        for entity in message.entities:
            start, end = entity["offset"], entity["offset"] + entity["length"]
            assert 0 <= start < end <= len(units) // 2
            assert not inside_a_character(units, start)
            assert not inside_a_character(units, end)


@given(lines=st.lists(st.text(max_size=600), min_size=1, max_size=40).map(tuple))
def test_each_part_of_a_long_card_is_one_message_with_all_its_small_print(lines: tuple[str, ...]):
    card = Card(
        title="t" * 200,
        severity=Severity.CRITICAL,
        lines=lines,
        fields=(Field("f" * 20, "v" * 150),),
        at=NOW - timedelta(days=1),
        reference="ABC234",
        notes=("possible repeat of ABC234", "delayed 24 h", "12 messages may be missing: /missed"),
    )

    assert all(len(rendered(part, NOW)) == 1 for part in in_parts(card))


@given(alt=st.text(max_size=2000))
def test_no_caption_is_too_long(alt: str):
    shown = photo(Picture(png=b"png", alt=alt, width=1, height=1))

    assert len(shown.caption.encode("utf-16-le", "surrogatepass")) // 2 <= CAPTION_LIMIT
    assert alt.startswith(shown.caption)


@given(lines=lines, limit=st.integers(16, 80))
def test_splitting_loses_nothing_keeps_styles_and_respects_the_limit(
    lines: list[tuple[Run, ...]], limit: int
):
    parts = split(lines, limit)

    bodies = [run for part in parts for line in part[:-1] for run in line]
    assert styled(bodies) == styled([run for line in lines for run in line])
    for part in parts:
        text, _ = joined(part)
        assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= limit


@given(
    cells=st.lists(st.tuples(st.text("ab名", max_size=20), st.text("12", max_size=20)), min_size=1)
)
def test_a_block_of_fixed_width_is_never_wider_than_a_phone(cells: list[tuple[str, str]]):
    message = one(Card(title="x", table=Table(columns=("a", "b"), rows=tuple(cells[:20]))))

    for block in spans(message, Style.PRE):
        for line in block.split("\n"):
            assert sum(2 if character == "名" else 1 for character in line) <= WIDTH


def inside_a_character(units: bytes, offset: int) -> bool:
    return 0xDC00 <= int.from_bytes(units[2 * offset : 2 * offset + 2], "little") <= 0xDFFF


def styled(runs: list[Run]) -> list[tuple[str, Style | None]]:
    """Character by character."""
    return [(character, run.style) for run in runs for character in run.text]


def test_an_instant_is_an_entity_over_its_words_wherever_a_sentence_tells_one():
    at = datetime(2026, 11, 22, 9, 30, 5, tzinfo=UTC)
    card = Card(
        title=f"\U0001f989 events to {clock(at)}",
        lines=(f"\U0001f989 Since {moment(at)}, it runs.",),
        fields=(Field(f"{moment(at)} · A1B2", f"Sent {instant(at)}"),),
        notes=(f"Stopped meanwhile · {moment(at)}",),
    )

    message = one(card)

    assert [
        (text, entity["unix_time"], entity["date_time_format"])
        for text, entity in zip(
            spans(message, DATE_TIME),
            [entity for entity in message.entities if entity["type"] == DATE_TIME],
            strict=True,
        )
    ] == [
        ("09:30 UTC", int(at.timestamp()), "t"),
        ("22 Nov 09:30 UTC", int(at.timestamp()), "dt"),
        ("22 Nov 09:30 UTC", int(at.timestamp()), "dt"),
        ("22 Nov 09:30:05 UTC", int(at.timestamp()), "dT"),
        ("22 Nov 09:30 UTC", int(at.timestamp()), "dt"),
    ]
    assert spans(message, Style.BOLD) == [
        "\U0001f989 events to 09:30 UTC",
        "22 Nov 09:30 UTC · A1B2:",
    ]
    assert spans(message, Style.ITALIC) == ["Stopped meanwhile · 22 Nov 09:30 UTC"]
    assert message.without({DATE_TIME}).text == message.text
    assert spans(message.without({DATE_TIME}), DATE_TIME) == []


def test_what_stands_on_buttons_and_in_pictures_are_words():
    told = moment(NOW)
    card = Card(
        title="Which?",
        pick=PickList(prompt=told, options=(Option(label=told, action=ActionId("a1"), hint=told),)),
        buttons=((Button(label=told, action=ActionId("a2")),),),
    )

    message = one(card)

    assert {button["text"] for row in message.buttons for button in row} == {"22 Nov 12:04 UTC"}
    assert all(sign < "\ue000" or sign > "\uf8ff" for sign in message.text)
