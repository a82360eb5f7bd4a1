"""How a card looks in Discord."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.discord.render import (
    ALT_LIMIT,
    COLOURS,
    CONTENT_LIMIT,
    DESCRIPTION_LIMIT,
    EMBED_LIMIT,
    EMPTY,
    FIELDS_LIMIT,
    FOOTER_LIMIT,
    FORM,
    LABEL_LIMIT,
    NAME_LIMIT,
    OPTION_LIMIT,
    OPTIONS_LIMIT,
    PROMPT_LIMIT,
    TABLE_WIDTH,
    TITLE_LIMIT,
    VALUE_LIMIT,
    DiscordMessage,
    rendered,
)
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Question,
    Severity,
    Table,
    answered,
)
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.text import utf16_length
from bot.texts.times import clock, instant, moment

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)


def one(card: Card) -> DiscordMessage:
    (message,) = rendered(card)
    return message


def texts_of(embed: Mapping[str, Any]) -> Iterator[str]:
    yield embed.get("title", "")
    yield embed.get("description", "")
    for field in embed.get("fields", []):
        yield from (field["name"], field["value"])


def as_read(message: DiscordMessage) -> str:
    """What a person reads: escapes taken away, as Discord does."""
    shown = map(unescaped, texts_of(message.embed))
    return "\n".join([*shown, message.embed.get("footer", {}).get("text", "")])


def unescaped(text: str) -> str:
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)


def test_a_card_reads_from_the_headline_to_the_small_print():
    card = Card(
        title="Momentum stopped",
        severity=Severity.CRITICAL,
        lines=("The exchange refused an order.", "Nothing is being traded."),
        fields=(Field("Open trades", "2"), Field("Exchange", "Binance")),
        notes=("delayed 14 min",),
        at=NOW - timedelta(minutes=14),
        reference="A1B2",
    )

    assert one(card).embed == {
        "color": COLOURS[Severity.CRITICAL],
        "title": "🔴 Critical · Momentum stopped",
        "description": "The exchange refused an order.\nNothing is being traded.\n"
        "<t:1795348200:f> (<t:1795348200:R>)",
        "fields": [
            {"name": "Open trades", "value": "2"},
            {"name": "Exchange", "value": "Binance"},
        ],
        "footer": {"text": "ref A1B2\ndelayed 14 min"},
    }


def test_what_must_be_acted_on_is_said_in_colour_and_word_and_only_that_makes_a_sound():
    shown = {severity: one(Card(title="x", severity=severity)) for severity in Severity}

    assert {severity: message.embed["title"] for severity, message in shown.items()} == {
        Severity.INFO: "x",
        Severity.GOOD: "🟢 x",
        Severity.WARNING: "🟠 Warning · x",
        Severity.CRITICAL: "🔴 Critical · x",
    }
    assert len({message.embed["color"] for message in shown.values()}) == len(Severity)
    assert [severity for severity, message in shown.items() if not message.silent] == [
        Severity.WARNING,
        Severity.CRITICAL,
    ]


def test_nobody_is_ever_mentioned():
    assert one(Card(title="x")).body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("@everyone", r"\@everyone"),
        ("<@123> <#4> <t:1:R>", r"\<\@123\> \<\#4\> \<t:1:R\>"),
        ("**b** _i_ ~~s~~ ||x|| `c`", r"\*\*b\*\* \_i\_ \~\~s\~\~ \|\|x\|\| \`c\`"),
        ("[x](http://evil)", r"\[x\](http://evil)"),
        ("# big", r"\# big"),
        ("- one", r"\- one"),
        ("-5 USDT", "-5 USDT"),
        ("1. one", r"1\. one"),
        ("1.5 BTC", "1.5 BTC"),
        ("a\\*b*", r"a\\\*b\*"),
    ],
)
def test_markup_in_a_payload_stays_text(text: str, escaped: str):
    assert one(Card(title="x", lines=(text,))).embed["description"] == escaped


def test_an_address_stays_one_that_can_be_followed():
    line = "Open this page and log in: https://bell.example.org/link/a_b-c_d"

    assert one(Card(title="x", lines=(line,))).embed["description"] == line


def test_commands_are_called_as_they_are_here():
    card = Card(
        title="x",
        lines=(
            f"Try {command('status')} now, or {command('unlink')} others.",
            f"{command('rule')} exits silent, {command('test')}",
            "https://x.example/link/abc or what a bot calls /status",
        ),
        notes=(f"3 alerts did not reach you: {command('missed')}",),
    )

    message = one(card)

    assert message.embed["description"].split("\n") == [
        "Try /bell status now, or /bell unlink others.",
        "/alerts rules exits silent, /bell test",
        "https://x.example/link/abc or what a bot calls /status",
    ]
    assert message.embed["footer"]["text"] == "3 alerts did not reach you: /bell missed"


def test_a_narrow_table_is_aligned_in_one_block():
    table = Table(columns=("Pair", "Price"), rows=(("BTC", "60,000"), ("ETH", "9.5")))

    (field,) = one(Card(title="x", table=table)).embed["fields"]

    assert field["value"] == "```\nPair   Price\nBTC   60,000\nETH      9.5\n```"


@pytest.mark.parametrize(
    "cell", ["running since a long time ago", "a```b"], ids=["wide", "that would end the block"]
)
def test_a_table_that_fits_in_no_block_becomes_fields_that_name_its_columns(cell: str):
    table = Table(columns=("Bot", "State", "Seen"), rows=(("Grid", cell, "now"),))

    message = one(Card(title="x", table=table))

    assert as_read(message).splitlines()[2:4] == ["Grid", f"State {cell} · Seen now"]


def test_buttons_carry_only_an_id_five_to_a_row():
    row = tuple(Button(label=f"Bot {i}", action=ActionId(f"a{i}")) for i in range(7))
    stop = Button(label="Pause all", action=ActionId("stop"), style=ButtonStyle.DANGER)

    message = one(Card(title="x", buttons=(row, (stop,))))

    rows = [one["components"] for one in message.components]
    assert [len(buttons) for buttons in rows] == [5, 2, 1]
    assert rows[0][0] == {"type": 2, "label": "Bot 0", "style": 2, "custom_id": "a0"}
    assert rows[2][0] == {"type": 2, "label": "Pause all", "style": 4, "custom_id": "stop"}


def test_more_rows_than_a_message_has_are_filled_up():
    rows = tuple((Button(label=f"Bot {i}", action=ActionId(f"a{i}")),) for i in range(16))

    message = one(Card(title="Open which page?", buttons=rows))

    assert [len(row["components"]) for row in message.components] == [5, 5, 5, 1]


def picking(count: int, **more: Any) -> Card:
    options = tuple(Option(label=f"Bot {i}", action=ActionId(f"a{i}")) for i in range(count))
    return Card(title="x", pick=PickList(prompt="Choose a bot", options=options), **more)


def test_one_of_several_is_chosen_from_a_list_that_says_what_tells_them_apart():
    owl = Option(label="Night Owl", action=ActionId("a1"), hint="running · paper")
    everyone = Option(label="All 2", action=ActionId("a2"))
    pick = PickList(prompt="Choose a bot", options=(owl, everyone))

    message = one(Card(title="Pause which bot?", pick=pick))

    assert message.components == (
        {
            "type": 1,
            "components": [
                {
                    "type": 3,
                    "custom_id": "pick 1",
                    "placeholder": "Choose a bot",
                    "options": [
                        {"label": "Night Owl", "value": "a1", "description": "running · paper"},
                        {"label": "All 2", "value": "a2"},
                    ],
                }
            ],
        },
    )


def test_what_is_too_long_for_one_list_goes_on_in_the_next_above_the_buttons():
    button = Button(label="Cancel", action=ActionId("no"))

    lists = [row["components"][0] for row in one(picking(26, buttons=((button,),))).components]

    assert [each["type"] for each in lists] == [3, 3, 2]
    assert [len(each["options"]) for each in lists[:2]] == [25, 1]
    assert [each["placeholder"] for each in lists[:2]] == [
        "Choose a bot (1/2)",
        "Choose a bot (2/2)",
    ]


def test_a_list_of_nothing_never_leaves():
    assert one(picking(0)).components == ()


def test_more_lists_than_a_message_has_go_on_in_the_next_part():
    parts = rendered(picking(126))

    assert [len(part.components) for part in parts] == [5, 1]


CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)


def test_a_picture_is_a_described_file_that_the_last_part_shows_inside():
    button = Button(label="Older", action=ActionId("a1"))
    card = Card(title="x", lines=("y" * 90,) * 60, picture=CHART, buttons=((button,),))

    first, last = rendered(card)

    assert (first.files, first.body.get("attachments")) == ((), None)
    assert first.replacing["attachments"] == [], "or that of another would stay"
    assert "image" not in first.embed
    assert last.files == (("picture.png", CHART.png),)
    assert last.body["attachments"] == [
        {"id": 0, "filename": "picture.png", "description": CHART.alt}
    ]
    assert last.body["embeds"][0]["image"] == {"url": "attachment://picture.png"}


def test_plain_says_what_the_picture_showed():
    message = one(Card(title="x", picture=CHART))

    assert message.plain.content == CHART.alt
    assert message.plain.files == ()
    assert "image" not in message.plain.embed
    assert message.plain.is_plain
    assert not message.is_plain


def test_a_button_that_discord_would_not_open_is_left_out():
    def opening(url: str) -> Card:
        return Card(title="x", buttons=((Button(label="Open", url=url),),))

    assert one(opening("https://bell.example.org/link/a")).components[0]["components"] == [
        {"type": 2, "label": "Open", "style": 5, "url": "https://bell.example.org/link/a"}
    ]
    assert one(opening("http://127.0.0.1:8080/link/a")).components
    assert not one(opening("http://localhost:8080/link/a")).components
    assert not one(opening("javascript:alert(1)")).components
    assert not one(opening("https://x.example/" + "a" * 600)).components


def test_a_card_too_long_for_one_message_goes_out_in_numbered_parts():
    lines = tuple(f"line {i}: " + "x" * 90 for i in range(100))
    button = Button(label="Pause", action=ActionId("a"))

    parts = rendered(Card(title="Report", lines=lines, buttons=((button,),), reference="A1B2"))

    assert [part.embed["footer"]["text"] for part in parts] == [
        "ref A1B2 part 1 · 1/3",
        "ref A1B2 part 2 · 2/3",
        "ref A1B2 part 3 · 3/3",
    ]
    assert [bool(part.components) for part in parts] == [False, False, True]
    told = [line for part in parts for line in part.embed["description"].split("\n")]
    assert told == list(lines)


def test_more_fields_than_an_embed_has_go_on_in_the_next_part():
    fields = tuple(Field(f"Bot {i}", "running") for i in range(30))

    parts = rendered(Card(title="30 bots", fields=fields))

    assert [len(part.embed["fields"]) for part in parts] == [25, 5]


def test_where_a_line_is_cut_no_list_begins():
    line = "x" * (DESCRIPTION_LIMIT - 2) + "- y"

    first, second = rendered(Card(title="x", lines=(line,)))

    assert first.embed["description"] == "x" * (DESCRIPTION_LIMIT - 2)
    assert second.embed["description"] == r"\- y"


def test_a_card_that_asks_for_digits_offers_a_form_until_it_is_answered():
    page = Button(label="Open the page", url="https://bell.example.org/link/abc")
    card = Card(title="Log in", buttons=((page,),), asks_digits=True)

    (asking,) = rendered(card)
    (ended,) = rendered(answered(card, "too late"))

    assert [row["components"][0]["label"] for row in asking.components] == [
        "Open the page",
        "Type the six digits",
    ]
    assert asking.components[1]["components"][0]["custom_id"] == FORM
    assert [row["components"][0]["label"] for row in ended.components] == ["Open the page"]


@pytest.mark.parametrize("what", ["quiet", "timezone", "digest", "mute"])
def test_a_question_opens_a_form_until_the_card_has_ended(what: str):
    card = Card(title="x", question=Question(what=what, action=ActionId("a" * 64)))

    (asking,) = rendered(card)
    (ended,) = rendered(answered(card, "too late"))

    [[button]] = [row["components"] for row in asking.components]
    assert button["custom_id"] == f"question {what} {'a' * 64}"
    assert len(button["custom_id"]) <= 100
    assert ended.components == ()


def test_each_part_is_known_by_the_reference_and_its_number():
    (single,) = rendered(Card(title="x", reference="A1B2"))
    first, second = rendered(Card(title="x", lines=("y" * 5000,), reference="A1B2"))

    assert single.mark == "ref A1B2"
    assert (first.mark, second.mark) == ("ref A1B2 part 1", "ref A1B2 part 2")
    assert all(part.mark in part.embed["footer"]["text"] for part in (single, first, second))


def test_a_phone_s_notification_shows_an_alert_s_headline_and_nobody_is_mentioned():
    alert = Card(
        title="*Owl*: error @everyone https://evil.example",
        severity=Severity.CRITICAL,
        lines=("y" * 5000,),
        reference="A1B2",
    )

    first, *more = rendered(alert)

    assert unescaped(first.content) == "🔴 Critical · *Owl*: error @everyone https evil.example"
    assert "\\@everyone" in first.content
    assert first.body["content"] == first.replacing["content"] == first.plain.content
    assert first.body["allowed_mentions"] == {"parse": []}
    assert [part.content for part in more] == [""] * len(more)


def test_an_answer_that_nobody_waits_for_on_a_lock_screen_has_no_headline():
    assert one(Card(title="x", severity=Severity.WARNING)).content == ""


def test_a_message_without_its_headline_loses_the_earlier_one_s():
    assert one(Card(title="x")).replacing["content"] == ""


def test_plain_keeps_the_words_and_drops_what_could_be_refused():
    card = Card(
        title="x", reference="A1B2", buttons=((Button(label="Pause", action=ActionId("a")),),)
    )

    message = one(card)

    assert message.plain.embed == message.embed
    assert message.plain.mark == message.mark
    assert not message.plain.components


def test_plain_says_what_there_was_to_choose_from():
    owl = Option(label="Night_Owl", action=ActionId("a1"), hint="running · paper")
    everyone = Option(label="All 2", action=ActionId("a2"))

    message = one(Card(title="x", pick=PickList(prompt="Which?", options=(owl, everyone))))

    assert message.content == ""
    assert message.plain.content == "Night\\_Owl: running · paper\nAll 2"


# --- laws ---------------------------------------------------------------------------------

texts = st.text(max_size=300)
nasty = st.text("\\*_~`|<>[]()@#-+1. \nhttps://xé😀", max_size=60)
long_texts = st.builds(lambda text, times: text * times, nasty, st.integers(1, 150))
buttons = st.builds(Button, label=texts, action=st.uuids().map(lambda id: ActionId(id.hex)))
options = st.builds(
    Option, label=texts, action=st.uuids().map(lambda id: ActionId(id.hex)), hint=texts
)
picks = st.builds(PickList, prompt=texts, options=st.lists(options, max_size=150).map(tuple))
cards = st.builds(
    Card,
    title=texts | long_texts,
    severity=st.sampled_from(Severity),
    lines=st.lists(long_texts, max_size=4).map(tuple),
    fields=st.lists(st.builds(Field, texts, nasty | long_texts), max_size=30).map(tuple),
    table=st.none()
    | st.builds(
        lambda rows: Table(columns=("a", "b"), rows=tuple(rows)),
        st.lists(st.tuples(texts, texts), max_size=40)
        | st.lists(st.tuples(nasty, st.text("12", max_size=9)), max_size=40),
    ),
    details=st.lists(texts | long_texts, max_size=4).map(tuple),
    picture=st.none()
    | st.builds(
        Picture,
        png=st.just(b"png"),
        alt=st.text(min_size=1, max_size=2000),
        width=st.just(1),
        height=st.just(1),
    ),
    pick=st.none() | picks,
    buttons=st.lists(st.lists(buttons, max_size=9).map(tuple), max_size=8).map(tuple),
    notes=st.lists(texts | long_texts, max_size=3).map(tuple),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    reference=st.none() | st.text(min_size=1, max_size=50),
)


@given(card=cards)
def test_no_card_breaks_a_limit(card: Card):
    for message in rendered(card):
        embed = message.embed
        fields = embed.get("fields", [])
        footer = embed.get("footer", {}).get("text", "")

        within(embed.get("title", EMPTY), TITLE_LIMIT)
        within(embed.get("description", EMPTY), DESCRIPTION_LIMIT)
        within(footer or EMPTY, FOOTER_LIMIT)
        assert len(fields) <= FIELDS_LIMIT
        for field in fields:
            within(field["name"], NAME_LIMIT)
            within(field["value"], VALUE_LIMIT)
        assert sum(map(utf16_length, (*texts_of(embed), footer))) <= EMBED_LIMIT
        assert embed.keys() & {"title", "description", "fields"}
        assert len(message.components) <= 5
        for row in message.components:
            assert 1 <= len(row["components"]) <= 5
            for pressed in row["components"]:
                assert 1 <= len(pressed["custom_id"]) <= 100
                if pressed["type"] == 2:
                    within(pressed["label"], LABEL_LIMIT)
                else:
                    assert len(row["components"]) == 1, "a list fills its row"
                    is_a_list_within_limits(pressed)
        for attached in message.body.get("attachments", []):
            within(attached["description"], ALT_LIMIT)
        assert utf16_length(message.plain.content) <= CONTENT_LIMIT
        ids = [one["custom_id"] for row in message.components for one in row["components"]]
        assert len(ids) == len(set(ids))


def is_a_list_within_limits(select: Mapping[str, Any]) -> None:
    within(select["placeholder"], PROMPT_LIMIT)
    assert 1 <= len(select["options"]) <= OPTIONS_LIMIT
    for option in select["options"]:
        within(option["label"], OPTION_LIMIT)
        within(option.get("description", EMPTY), OPTION_LIMIT)
        assert 1 <= len(option["value"]) <= 100


def within(text: str, limit: int) -> None:
    assert text.strip(), "Discord refuses an empty text"
    assert utf16_length(text) <= limit


@given(card=cards)
def test_every_button_and_everything_to_choose_is_shown_once(card: Card):
    shown = [
        option.get("value", option.get("custom_id"))
        for message in rendered(card)
        for row in message.components
        for part in row["components"]
        for option in part.get("options", [part])
    ]

    picked = [option.action for option in (card.pick.options if card.pick else ())]
    assert shown == picked + [button.action for row in card.buttons for button in row]


@given(lines=st.lists(nasty | long_texts, min_size=1, max_size=4))
def test_what_is_read_is_what_was_said(lines: list[str]):
    messages = rendered(Card(title="", lines=tuple(lines)))

    shown = "".join(unescaped(message.embed.get("description", "")) for message in messages)
    assert without_spaces(shown) == without_spaces("".join(lines))


def without_spaces(text: str) -> str:
    return re.sub(r"\s|\u200b", "", text)


@given(card=cards)
@example(card=Card(title="-111111<<<<<<\n" * 39, severity=Severity.GOOD))
def test_no_payload_can_begin_markup_or_a_mention(card: Card):
    for message in rendered(card):
        for text in texts_of(message.embed):
            if text.startswith("```"):
                assert text.count("`") == 6
                continue
            # Discord makes a link of an address and looks for nothing inside it; times are ours.
            rest = re.sub(r"https?://[^\s<>\\]+|<t:-?\d+:[fR]>|\\[^0-9A-Za-z\s]", "e", text)
            assert not re.search(r"[\\*_~`|<>\[\]@#]", rest)
            assert not re.search(r"(?m)^\s*(?:[-+]|\d+\.)\s", rest)


@given(
    cells=st.lists(st.tuples(st.text("ab名", max_size=20), st.text("12", max_size=20)), min_size=1)
)
def test_a_block_of_fixed_width_is_never_wider_than_a_phone(cells: list[tuple[str, str]]):
    message = one(Card(title="x", table=Table(columns=("a", "b"), rows=tuple(cells[:20]))))

    for field in message.embed["fields"]:
        if field["value"].startswith("```"):
            for line in field["value"].split("\n"):
                assert sum(2 if character == "名" else 1 for character in line) <= TABLE_WIDTH


UNIX = int(NOW.timestamp())


def test_instants_are_told_by_the_clock_of_who_reads_them_where_markup_is_read():
    card = Card(
        title=f"2 events to {clock(NOW)}",
        lines=(f"- Exits: until {moment(NOW)}.", f"x2, last {clock(NOW)}"),
        fields=(
            Field("Sent", instant(NOW)),
            Field(f"{moment(NOW)} · A_1", "- Bought *BTC*"),
        ),
        notes=(f"Stopped_meanwhile · {moment(NOW)}", "delayed 3 min"),
        reference="A1B2",
    )

    message = one(card)

    assert message.embed["title"] == "2 events to 12:04 UTC"
    assert message.embed["description"] == (
        f"\\- Exits: until <t:{UNIX}:f>.\nx2, last <t:{UNIX}:t>"
    )
    assert [(one["name"], one["value"]) for one in message.embed["fields"]] == [
        ("Sent", f"<t:{UNIX}:d> <t:{UNIX}:T>"),
        (EMPTY, f"**<t:{UNIX}:f> · A\\_1**\n\\- Bought \\*BTC\\*"),
        (EMPTY, f"Stopped\\_meanwhile · <t:{UNIX}:f>"),
        (EMPTY, "delayed 3 min"),
    ]
    assert message.embed["footer"] == {"text": "ref A1B2"}
    assert message.content == "2 events to 12:04 UTC"


def test_an_instant_out_of_a_payload_stays_text():
    shown = one(Card(title="<t:1:R>", lines=("<t:1:R>",))).embed

    assert (shown["title"], shown["description"]) == ("\\<t:1:R\\>",) * 2


@given(st.integers(0, 3000), st.integers(0, 300))
def test_no_instant_is_ever_cut(before: int, name: int):
    card = Card(
        title="Long",
        lines=("a" * before + moment(NOW),),
        fields=(Field("b" * name + moment(NOW), "c" * before + instant(NOW)),),
        notes=("d" * before + moment(NOW),),
    )

    told = "\n".join(text for message in rendered(card) for text in texts_of(message.embed))

    assert told.count(f"<t:{UNIX}:f>") == 3
    assert told.count(f"<t:{UNIX}:d> <t:{UNIX}:T>") == 1
