"""Every sentence is made in the language of who will read it, and nothing is left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from adapters.discord import render as discord
from adapters.discord.commands import DESCRIPTION_LIMIT
from adapters.push import render as push
from adapters.telegram import render as telegram
from bot.domain.cards import Card
from bot.domain.columns import columns_of
from bot.domain.marks import command, shown
from bot.domain.text import clean, utf16_length
from bot.services.commands.registry import SPECS
from bot.texts import getting_started
from bot.texts.language import (
    Language,
    _,
    forms,
    language_for,
    language_meant,
    languages,
    nearest_language,
    ngettext,
    offering,
    read_catalogue,
    speaking,
    spoken_language,
)
from bot.texts.numbers import money, percent, quantity
from bot.texts.times import day_form, day_in, moment, months
from tests.harness.extraction import KEYWORDS, METHODS, SOURCES, read, translated
from tests.harness.pseudo import PSEUDO, plain_words
from tests.parity.examples import examples
from tests.parity.screens import SCREENS, later
from tests.parity.tables import missing
from tests.standins.discord.limits import check_message

TEMPLATE = Path(__file__).parents[3] / "bot" / "texts" / "locale" / "tradebell.pot"


FOREIGN = re.compile(
    "|".join(
        map(
            re.escape,
            (
                *(
                    "https://bell.example.org/link/Ab3-_cc",
                    "https://bell.example.org/settings/open/Ab3-_cc",
                    "https://bell.example.org/inbox/open/Ab3-_cc",
                    "Chrome · Android",
                    "gotifys",
                    "/topics off",
                    "/bell topics off",
                    "[out]",
                    "out:",
                    "a***@example.com",
                    "[page]",
                    "[currency]",
                    "[bot]",
                    "[span]",
                    "[count]",
                    "[by]",
                    "[what]",
                    "Friday",
                    "[look]",
                    "[when]",
                    "[often]",
                    "span:",
                    "count:",
                    "by:",
                    "what:",
                    "look:",
                ),
                *(
                    "[others]",
                    "others:",
                    "[role]",
                    "[words]",
                    "English",
                    "Deutsch",
                    "[language]",
                    "language:",
                    "[strategy]",
                    "[hours]",
                    "[kind]",
                    "[mode]",
                    "[pair]",
                    "[limit]",
                    "[amount]",
                    "[money]",
                    "[what]",
                    "Friday",
                    "[place]",
                    "[time]",
                    "stop Night Owl",
                    "You are not permitted",
                ),
                *(
                    "no answer in time",
                    "No answer came",
                    "not done: away",
                ),
                *(
                    "is still running",
                    "is stopped",
                    "Is stopped",
                    "something new",
                    "blocked by the user",
                ),
                *("Order refused: *balance* too low", "What to do."),
                *(
                    "everyone who can read #desk in Alpha",
                    "#desk in Alpha",
                    "liquidation",
                    "stop_loss",
                ),
                *(
                    "buy ETH/USDT",
                    "Momentum",
                    "Night Owl",
                    "zzz",
                    "mom",
                    "owll",
                    "running",
                    "stopped",
                ),
                *(
                    "alert ",
                    "grid",
                    "error",
                    "Maintenance",
                    "Words.",
                    "Notice",
                    "#desk",
                    "trades",
                    "owl",
                ),
                *(
                    "Grid BTC to Grid 2",
                    "Dip Buyer momentum",
                    "rename what name",
                    "Grid BTC 5 50%",
                    "[trade]",
                    "[share]",
                    "newstrategy name type pair",
                ),
                *(
                    "everything",
                    "/price pair",
                    "[digits]",
                    "[reference]",
                    "events",
                ),
                *("300 operator, 400 nobody", "viewer", "stop loss", "no answer"),
                *(
                    "ntfy.example.com",
                    "ntfy://bell.example.org",
                    "https://bell.example.org",
                    "ntfy",
                    "Pushover",
                    "Stop Night Owl",
                    "Bot ",
                    "Heron",
                    "Trend",
                    "Cancel",
                    "Older",
                    " Nov",
                    "Nov 2026",
                    "Oct 2026",
                    "Sep 2026",
                    "Bought ",
                ),
            ),
        )
    )
)
"""What examples bring along from outside, where it may be in any language."""


def texts_in(value: object, name: str = "") -> Iterator[str]:
    """All that a person can read of a card."""
    if isinstance(value, str):
        if name not in ("url", "action", "reference", "style", "severity"):
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_in(one, name)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_in(getattr(value, field.name), field.name)


@pytest.fixture(scope="module")
def pseudo() -> list[tuple[str, Card]]:
    with speaking(PSEUDO):
        return every_card()


def test_no_card_has_a_plain_english_word(pseudo: list[tuple[str, Card]]):
    plain = {}
    for name, card in pseudo:
        for text in texts_in(replace(card, picture=None)):
            left = plain_words(FOREIGN.sub("", shown(text)))
            if left:
                plain[name] = (text, left)

    assert plain == {}, "\n".join(f"{k} {v}" for k, v in plain.items())


@pytest.mark.parametrize("platform", SCREENS)
def test_no_platform_adds_one(pseudo: list[tuple[str, Card]], platform: str):
    plain = {}
    with speaking(PSEUDO):
        for name, card in pseudo:
            screen = SCREENS[platform](card)
            texts = [text for _, text in screen.texts] + [label for _, label, _ in screen.pressed]
            for text in texts:
                left = plain_words(FOREIGN.sub("", re.sub(r"\bref \w+", "", text)))
                if left:
                    plain[name] = (text, left)

    assert plain == {}, "\n".join(f"{k} {v}" for k, v in plain.items())


def test_the_help_is_in_that_language_too():
    with speaking(PSEUDO):
        card = getting_started.help_card(SPECS, linked=True)

    assert all(field.value.startswith("«") for field in card.fields)


# --- the language of a moment ------------------------------------------------------------------


def test_sentences_are_english_unless_another_language_is_spoken():
    assert _("Hello, {name}", name="Ann") == "Hello, Ann"
    assert ngettext("{count} bot", "{count} bots", 1) == "1 bot"
    with speaking(PSEUDO):
        assert _("Hello, {name}", name="Ann") == "«HELLO, Ann»"
        assert ngettext("{count} bot", "{count} bots", 2) == "«2 BOTS»"
        assert spoken_language() == "qps"
    assert spoken_language() == "en"


def test_commands_are_marked_in_our_words_and_never_in_what_is_filled_in():
    said = _("Try /status, or {what}", what="/pause")

    assert said == f"Try {command('status')}, or /pause"
    assert shown(said, "/bell {}".format) == "Try /bell status, or /pause"


@pytest.mark.parametrize("text", ["docs/reaching-it.md", "https://x.example/link", "a/b"])
def test_what_only_looks_like_a_command_is_not_marked(text: str):
    assert _(text) == text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("4,240.50 USDT", "+5.12 %", "42,400.5", "26 Nov 12:03 UTC", "26 Nov 2026")),
        ("de", ("4.240,50 USDT", "+5,12 %", "42.400,5", "26. Nov. 12:03 UTC", "26. Nov. 2026")),
        ("es", ("4.240,50 USDT", "+5,12 %", "42.400,5", "26 nov 12:03 UTC", "26 nov 2026")),
        (
            "ru",
            ("4 240,50 USDT", "+5,12 %", "42 400,5", "26 нояб. 12:03 UTC", "26 нояб. 2026 \u0433."),
        ),
        ("zh", ("4,240.50 USDT", "+5.12 %", "42,400.5", "11月26日 12:03 UTC", "2026年11月26日")),
    ],
)
def test_numbers_money_and_days_are_written_as_the_language_writes_them(language: str, told):
    at = datetime(2026, 11, 26, 12, 3, tzinfo=UTC)
    with speaking(Language(language, NullTranslations())):
        written = (
            money(Decimal("4240.5"), "USDT"),
            percent(Decimal("0.0512")),
            quantity(Decimal("42400.5")),
            shown(moment(at)),
            day_in(at.date(), with_year=True),
        )
        form = day_form().format(day=26, month=months()[10])

    assert tuple(" ".join(one.split()) for one in written) == told
    assert written[3].startswith(form), "as the page takes it apart"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        *(("english", "en"), ("EN", "en"), ("en-GB", "en"), ("in Englisch", "en")),
        *(("qps", "qps"), ("", None), ("Klingon", None), ("x" * 5000, None)),
    ],
)
def test_a_language_is_meant_by_its_code_or_its_name(words: str, code: str | None):
    with offering(PSEUDO), speaking(Language("de", NullTranslations())):
        assert language_meant(words) == code


def test_what_is_filled_in_is_shown_as_it_is_whatever_is_in_it():
    assert _("Hello, {name}", name="{name} {0} %s") == "Hello, {name} {0} %s"


@pytest.mark.parametrize("code", ["en", "en-GB", "EN_us", "tlh", ""])
def test_a_language_that_nobody_has_written_is_english(code: str):
    assert nearest_language(code) == "en"
    with speaking(code):
        assert _("Nothing was changed") == "Nothing was changed"


@pytest.mark.parametrize("codes", [(), ("tlh",), ("tlh", "en-GB"), ("x" * 10_000,)])
def test_who_asks_for_no_language_that_there_is_gets_english(codes: tuple[str, ...]):
    assert language_for(*codes).code == "en"


def test_there_is_english():
    assert languages()[0] == "en"


CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 ||"
" n%100>14) ? 1 : 2);\n"

msgid "{count} bot"
msgid_plural "{count} bots"
msgstr[0] "{count} бот"
msgstr[1] "{count} бота"
msgstr[2] "{count} ботов"

msgid "Send /link"
msgstr "Пошлите /link"
"""


def test_a_catalogue_is_read_as_translators_write_it(tmp_path: Path):
    path = tmp_path / "ru.po"
    path.write_text(CATALOGUE, encoding="utf-8")

    with speaking(Language("ru", read_catalogue(path))):
        counted = [ngettext("{count} bot", "{count} bots", count) for count in (1, 3, 11, 21)]
        sent = _("Send /link")
        unknown = _("Nothing was changed")

    assert counted == ["1 бот", "3 бота", "11 ботов", "21 бот"]
    assert sent == f"Пошлите {command('link')}"
    assert unknown == "Nothing was changed"


def test_a_page_gets_all_forms_of_a_sentence_that_depends_on_a_count(tmp_path: Path):
    path = tmp_path / "ru.po"
    path.write_text(CATALOGUE, encoding="utf-8")

    english = forms("{count} bot", "{count} bots")
    with speaking(Language("ru", read_catalogue(path))):
        russian = forms("{count} bot", "{count} bots")

    assert english == {"one": "{count} bot", "other": "{count} bots"}
    assert {name: russian[name] for name in ("one", "few", "many")} == {
        "one": "{count} бот",
        "few": "{count} бота",
        "many": "{count} ботов",
    }


@pytest.mark.parametrize(
    "slip", ["Hallo, {nombre}", "Hallo, {name", "Hallo, {}", "Hallo, {name.x}", "Hallo, {0}"]
)
def test_a_slip_in_a_catalogue_costs_the_translation_and_never_the_sentence(slip: str, caplog):
    class Slipping(NullTranslations):
        def gettext(self, message: str) -> str:
            return slip

        def ngettext(self, singular: str, plural: str, n: int) -> str:
            return slip

    with speaking(Language("qps", Slipping())):
        said = [_("Hello, {name}", name="Ann"), ngettext("{count} bot", "{count} bots", 2)]

    assert said == ["Hello, Ann", "2 bots"]
    assert "a translation names" in caplog.text


def test_the_template_for_translators_has_every_sentence():
    """Otherwise: `make texts`."""
    with TEMPLATE.open("rb") as file:
        kept = {message.id for message in read_po(file) if message.id}
    found = {
        message[2]
        for source in SOURCES
        for message in extract_from_dir(source, method_map=METHODS, keywords=KEYWORDS)
    }

    assert found - kept == set(), "not in the template: run `make texts`"
    assert kept - found == set(), "in no sentence any more: run `make texts`"


_IN_BRACES = re.compile(r"\{[^{}]*\}")


TRANSLATED = languages()[1:]


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_is_translated_and_keeps_what_is_filled_in(code: str):
    sentences = read(TEMPLATE.with_name(f"{code}.po"))
    wrong = []
    for one in (one for one in sentences if one.id):
        said = (one.id,) if isinstance(one.id, str) else one.id
        forms = (one.string,) if isinstance(one.string, str) else one.string or ("",)
        enough = isinstance(one.id, str) or len(forms) == sentences.num_plurals
        # A plural may leave its number out where one of the English forms does.
        filled_in = [{*_IN_BRACES.findall(form)} for form in said]
        if not translated(one) or not enough or {*_IN_BRACES.findall(forms[-1])} not in filled_in:
            wrong.append(said)

    assert wrong == []


def every_card() -> list[tuple[str, Card]]:
    """Every example, and its maker's name, in the language that is spoken."""
    return [
        (name, card)
        for makers in examples().values()
        for name, cards in makers.items()
        for card in cards
    ]


_OF_SENTENCES = re.compile(
    r"\b(?:the|and|you|your|are|this|that|which|have|been|they|them|there|does|nothing|with)\b",
    re.IGNORECASE,
)
"""No other language of ours has these words, and nothing that is typed as it stands."""


def own_words(card: Card) -> list[str]:
    """All that a person reads of it but what stands in its pictures and comes from outside."""
    texts = (shown(text) for text in texts_in(replace(card, picture=None)))
    return [FOREIGN.sub("", text) for text in texts]


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_card_has_an_english_sentence_or_label_in_it(code: str):
    english = {text for _, card in every_card() for text in own_words(card)}
    with speaking(code):
        said = [(name, text) for name, card in every_card() for text in own_words(card)]

    left = [
        (name, text)
        for name, text in said
        if _OF_SENTENCES.search(text)
        # What is typed begins with a command.
        or (text in english and text[:1] != "/" and len(plain_words(text)) > 1)
    ]
    assert left == []


@pytest.mark.parametrize("platform", SCREENS)
@pytest.mark.parametrize("code", TRANSLATED)
def test_every_card_is_shown_whole_in_every_language(code: str, platform: str):
    with speaking(code):
        cut = [(name, gaps) for name, card in every_card() if (gaps := missing(card, platform))]

    assert cut == []


@pytest.mark.parametrize("code", languages())
def test_what_stands_in_columns_has_room_on_a_phone_in_every_language(code: str):
    wide = []
    with speaking(code):
        for name, card in every_card():
            for message in telegram.rendered(card, later(card)):
                rows = [[one["text"] for one in row] for row in message.buttons]
                sides = [len(row) * max(map(columns_of, row)) for row in rows if len(row) > 1]
                lines = [line for entity in message.entities for line in _fixed(message, entity)]
                if max((*sides, *map(columns_of, lines), 0)) > telegram.WIDTH:
                    wide.append((name, rows, lines))
            for shown_ in discord.rendered(card):
                blocks = [one["value"] for one in shown_.embed.get("fields", ())]
                lines = [
                    line for one in blocks if one.startswith("```") for line in one.split("\n")
                ]
                if max((*map(columns_of, lines), 0)) > discord.TABLE_WIDTH:
                    wide.append((name, [], lines))

    assert wide == []


def _fixed(message: telegram.TelegramMessage, entity: Mapping[str, Any]) -> list[str]:
    if entity["type"] != telegram.Style.PRE:
        return []
    units = message.text.encode("utf-16-le")
    start, length = 2 * entity["offset"], 2 * entity["length"]
    return units[start : start + length].decode("utf-16-le").split("\n")


@pytest.mark.parametrize("code", languages())
def test_no_message_is_over_its_limit_in_any_language(code: str):
    with speaking(code):
        for _name, card in every_card():
            for message in telegram.rendered(card, later(card)):
                assert utf16_length(message.text) <= telegram.TEXT_LIMIT
            if card.picture is not None:
                assert utf16_length(card.picture.alt) <= telegram.CAPTION_LIMIT
            for sent in discord.rendered(card):
                check_message(sent.body, flags=0)
            if card.at or card.reference:
                ntfy = push.ntfy_json(card, "topic", later(card), details=True)["message"]
                pushover = push.pushover_json(card, later(card), details=True)["message"]
                assert len(ntfy.encode()) < push.NTFY_MESSAGE_LIMIT
                assert pushover == ntfy, "a phone shows less than the card says"


@pytest.mark.parametrize("code", languages())
def test_menus_have_room_for_every_commands_words_in_every_language(code: str):
    with speaking(code):
        words = [clean(shown(_(spec.summary), discord.called), 1000) for spec in SPECS]

    assert [one for one in words if len(one) > DESCRIPTION_LIMIT] == []
