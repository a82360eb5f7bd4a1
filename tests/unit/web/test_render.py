import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.render import card_json, commands_json, linkify
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
from bot.domain.ids import ActionId
from bot.services.commands.registry import SPECS

PUBLIC = "http://127.0.0.1:8080"
AT = datetime(2026, 1, 5, 12, 4, 11, tzinfo=UTC)


def test_a_card_becomes_plain_values():
    card = Card(
        title="Bought 0.5 ETH",
        severity=Severity.GOOD,
        lines=("at 3,000 USDT",),
        fields=(Field("Bot", "grid"),),
        buttons=(
            (
                Button(label="Pause", action=ActionId("a1"), style=ButtonStyle.DANGER),
                Button(label="Sign in", url=f"{PUBLIC}/link/code"),
            ),
        ),
        notes=("delayed 14 min",),
        at=AT,
        reference="k3f9",
    )

    assert card_json(card, PUBLIC) == {
        "severity": "good",
        "word": "Good",
        "title": "Bought 0.5 ETH",
        "lines": [[{"text": "at 3,000 USDT"}]],
        "fields": [{"label": "Bot", "value": [{"text": "grid"}]}],
        "table": None,
        "details": [],
        "picture": None,
        "pick": None,
        "buttons": [
            [
                {"label": "Pause", "action": "a1", "href": None, "style": "danger"},
                {
                    "label": "Sign in",
                    "action": None,
                    "href": f"{PUBLIC}/link/code",
                    "style": "plain",
                },
            ]
        ],
        "notes": [[{"text": "delayed 14 min"}]],
        "at": "2026-01-05T12:04:11.000+00:00",
        "reference": "k3f9",
        "silent": True,
        "language": "en",
    }


def test_what_is_to_be_chosen_has_what_tells_it_apart():
    owl = Option(label="Night Owl", action=ActionId("a1"), hint="running · paper")
    shown = card_json(Card(title="t", pick=PickList(prompt="Choose", options=(owl,))), PUBLIC)

    assert shown["pick"] == {
        "prompt": "Choose",
        "options": [{"label": "Night Owl", "action": "a1", "hint": "running · paper"}],
    }
    assert card_json(Card(title="t", pick=PickList(prompt="Choose", options=())), PUBLIC) == (
        card_json(Card(title="t"), PUBLIC)
    )


def test_a_picture_is_its_own_address_and_keeps_its_words():
    picture = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)

    assert card_json(Card(title="t", picture=picture), PUBLIC)["picture"] == {
        "src": "data:image/png;base64,iVBORy4uLg==",
        "alt": "Profit of 3 trades: +1 %",
        "width": 640,
        "height": 320,
    }


@pytest.mark.parametrize("severity", Severity)
def test_every_alert_says_its_severity_in_a_word(severity):
    shown = card_json(Card(title="t", severity=severity, at=AT), PUBLIC)

    assert shown["word"]


def test_a_plain_answer_needs_no_word():
    assert card_json(Card(title="Here you are"), PUBLIC)["word"] is None


@pytest.mark.parametrize(
    ("card", "silent"),
    [
        (Card(title="t", severity=Severity.CRITICAL, at=AT), False),
        (Card(title="t", severity=Severity.WARNING, reference="k3f9"), False),
        (Card(title="t", severity=Severity.INFO, at=AT), True),
        (Card(title="t", severity=Severity.GOOD, at=AT), True),
        # The confirm card that the person has just asked for.
        (Card(title="t", severity=Severity.WARNING), True),
    ],
)
def test_only_bad_news_arrives_loudly(card, silent):
    assert card_json(card, PUBLIC)["silent"] is silent


def test_columns_of_numbers_are_known_as_such():
    table = Table(
        columns=("Pair", "Side", "Amount", "Profit"),
        rows=(
            ("BTC/USDT", "buy", "0.0213", "-"),
            ("ETH/USDT", "sell", "1,250", "+2.31 %"),
        ),
    )

    shown = card_json(Card(title="Trades", table=table), PUBLIC)["table"]

    assert shown == {
        "columns": ["Pair", "Side", "Amount", "Profit"],
        "rows": [
            ["BTC/USDT", "buy", "0.0213", "-"],
            ["ETH/USDT", "sell", "1,250", "+2.31 %"],
        ],
        "numeric": [False, False, True, True],
    }


@pytest.mark.parametrize("after", ["", ".", ", now", ") now", "?!", "\nnow"])
def test_an_address_of_ours_can_be_followed_and_what_ends_the_sentence_is_no_part_of_it(after):
    address = f"{PUBLIC}/link/Ab_-9"

    pieces = linkify(f"Open {address}{after}", PUBLIC)

    assert pieces[:2] == [{"text": "Open "}, {"text": address, "href": address}]
    assert pieces[2:] == ([{"text": after}] if after else [])


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/link/x",
        "http://127.0.0.1:8080.evil.example/",
        "http://127.0.0.1:80801/link/x",
        "javascript:alert(1)",
        "https://evil.example/?http://127.0.0.1:8080/link/x",
        "user@http://127.0.0.1:8080/link/x",
        "http://127.0.0.1:8080",
    ],
)
def test_no_other_address_can_be_followed(text):
    assert linkify(text, PUBLIC) == [{"text": text}]


def test_a_button_to_a_foreign_page_becomes_text():
    card = Card(
        title="t",
        buttons=((Button(label="Prize", url="https://evil.example/"),),),
        notes=("last",),
    )

    shown = card_json(card, PUBLIC)

    assert shown["buttons"] == []
    assert shown["notes"] == [
        [{"text": "Prize: https://evil.example/"}],
        [{"text": "last"}],
    ]


@given(text=st.text(alphabet=st.characters() | st.sampled_from("/:.htp<>&\"'")))
def test_cutting_a_text_into_pieces_loses_nothing(text):
    for whole in (text, f"{text} {PUBLIC}/{text}", f"{PUBLIC}/link/{text}{PUBLIC}/"):
        pieces = linkify(whole, PUBLIC)

        assert "".join(piece["text"] for piece in pieces) == whole
        assert all(
            piece["href"] == piece["text"] and piece["href"].startswith(f"{PUBLIC}/")
            for piece in pieces
            if "href" in piece
        )


@given(hostile=st.text())
def test_hostile_text_stays_the_text_that_it_is(hostile):
    card = Card(
        title=hostile,
        lines=(hostile,),
        fields=(Field(hostile, hostile),),
        table=Table(columns=(hostile,), rows=((hostile,),)),
        buttons=((Button(label=hostile, action=ActionId("a")),),),
        notes=(hostile,),
    )

    shown = json.loads(json.dumps(card_json(card, PUBLIC)))

    assert shown["title"] == hostile
    assert shown["table"]["columns"] == [hostile]
    assert shown["table"]["rows"] == [[hostile]]
    assert shown["buttons"][0][0]["label"] == hostile
    assert shown["fields"][0]["label"] == hostile


def test_every_command_is_suggested_as_the_registry_has_it():
    suggested = commands_json(SPECS)

    assert [command["name"] for command in suggested] == [spec.name for spec in SPECS]
    price = next(command for command in suggested if command["name"] == "price")
    assert price["arguments"] == ["pair"]
    missed = next(command for command in suggested if command["name"] == "missed")
    assert missed["arguments"] == ["[page]"]


def test_a_card_without_a_table_or_buttons_has_none():
    shown = card_json(Card(title="t"), PUBLIC)

    assert (shown["table"], shown["buttons"], shown["lines"]) == (None, [], [])
