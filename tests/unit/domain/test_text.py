"""Foreign text: inert, visible, bounded."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import (
    EXCERPT,
    LINE_LIMIT,
    MOST_LINES,
    abridged,
    clean,
    counted,
    excerpt,
    masked_email,
    paragraphs,
    utf16_length,
)


@given(text=st.text(max_size=2000), limit=st.integers(1, 400))
def test_clean_text_is_one_bounded_line_without_hidden_characters(text, limit):
    shown = clean(text, limit)

    assert len(shown) <= limit
    assert "\n" not in shown
    assert not any(unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn"} for one in shown)


@given(text=st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


def test_a_direction_override_cannot_turn_a_line_round():
    assert clean("safe \u202egnp.exe") == "safe gnp.exe"


def test_what_is_cut_ends_in_an_ellipsis():
    assert clean("abcdef", 4) == "abc…"


def test_ten_megabytes_of_name_cost_little():
    assert len(clean("x" * 10_000_000, 60)) == 60


def test_an_emoji_counts_twice_for_telegram():
    assert utf16_length("a😀") == 3


def test_a_masked_address_is_recognisable_but_not_usable():
    assert masked_email("alice@example.com") == "a***@example.com"


def test_counting_words():
    assert [counted(1, "bot"), counted(2, "bot"), counted(0, "try", "tries")] == [
        "1 bot",
        "2 bots",
        "0 tries",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x0b"])
def test_line_ends_are_kept_and_of_empty_lines_one(end: str):
    text = end.join(["", "Closed trades: 3", "- A  +1 %", "", " ", "", "- B -1 %", ""])

    assert paragraphs(text) == ("Closed trades: 3", "- A +1 %", "", "- B -1 %")


def test_no_foreign_line_passes_for_our_small_print():
    lines = paragraphs("Balance\nref AAAAAA\r\n\u2028possible repeat of BBBBBB\u2029Delayed 3 h")

    assert lines == ("Balance", "> ref AAAAAA", "", "> possible repeat of BBBBBB", "> Delayed 3 h")


def traceback(frames: int, raised: str) -> str:
    frame = '  File "/srv/bot.py", line 7, in work\n    self.exchange.create_order(pair, amount)\n'
    return f"Traceback (most recent call last):\n{frame * frames}{raised}"


RAISED = 'ccxt.base.errors.InsufficientFunds: binance {"code":-2010,"msg":"balance too low"}'


@pytest.mark.parametrize("frames", [1, 3, 80, 1000])
@pytest.mark.parametrize("after", ["", "\n", "\nlog line" * 20])
@pytest.mark.parametrize("raised", ["ValueError: no such pair", "KeyError", "MyTimeout: 30 s"])
def test_a_traceback_shows_how_it_began_and_what_was_raised(frames: int, after: str, raised: str):
    lines = paragraphs(traceback(frames, raised) + after)

    assert lines[0] == "Traceback (most recent call last):"
    assert raised in lines
    assert len(lines) <= MOST_LINES


def test_the_last_line_of_a_long_report_is_always_there():
    assert paragraphs(traceback(200, RAISED))[-1] == RAISED


@pytest.mark.parametrize(
    ("text", "told", "report"),
    [
        (traceback(1, RAISED), (RAISED,), 4),
        (f"No order\n{traceback(80, RAISED)}\nlog line", (RAISED,), MOST_LINES),
        ("KeyError: 7\nin work", ("KeyError: 7", "in work"), 0),
        ("Balance\nA +1\nB -1\nC +2", ("Balance", "A +1", "B -1", "C +2"), 0),
    ],
)
def test_a_failure_told_at_length_is_one_line_and_a_report(text, told, report):
    lines, details = abridged(text)

    assert (lines, len(details)) == (told, report)
    assert not details or {*lines} <= {*details}


def test_of_one_long_line_head_and_tail_are_shown():
    (line,) = paragraphs('{"pair": "BTC/USDT", ' + '"x": 1, ' * 2000 + '"error": "no margin"}')

    assert line.startswith('{"pair": "BTC/USDT"')
    assert line.endswith('"error": "no margin"}')
    assert len(line) <= 600


@given(text=st.text(max_size=3000) | st.lists(st.text(max_size=9), max_size=99).map("\n".join))
def test_foreign_text_of_any_shape_fits_a_phone(text: str):
    lines = paragraphs(text)

    assert len(lines) <= MOST_LINES
    assert sum(map(len, lines)) <= 2 * 1200
    assert all(line == clean(line, 602) for line in lines)
    assert all(one or other for one, other in pairwise(lines))
    assert not lines or (lines[0] and lines[-1])
    assert len(lines) == 1 or max(map(len, lines), default=0) <= LINE_LIMIT


def test_what_is_too_long_to_keep_loses_its_middle():
    kept = excerpt("a" * 50_000 + "b" * 50_000, 100)

    assert (kept[:50], kept[-50:]) == ("a" * 50, "b" * 50)
    assert excerpt("short", 100) == "short"


@pytest.mark.parametrize(
    "line",
    [
        "FATAL disk full",
        "2026-01-05 12:00:00,123 | ERROR: no funds",
        "ValueError: no funds",
        "Caused by: java.io.IOException: broken pipe",
        "[12:00] panic: no funds",
    ],
)
@pytest.mark.parametrize("around", [100, 2000])
def test_the_line_that_says_what_went_wrong_is_shown_from_the_middle_too(line: str, around: int):
    routine = "\n".join(f"{number}: all is well" for number in range(around))

    kept = excerpt(f"{routine}\n{line}\n{routine}")

    assert len(kept) <= EXCERPT + 3
    assert line in paragraphs(kept)


def test_what_colours_a_terminal_is_not_shown():
    assert clean("\x1b[1;31mred\x1b[0m text") == "red text"
