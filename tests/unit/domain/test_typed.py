"""What a person typed, however their keyboard writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.typed import (
    Typed,
    command_in,
    command_without_slash,
    digits_in,
    reference_in,
    six_digits_in,
)

BLANKS = " \t\n\u00a0\u1680\u2003\u2009\u2028\u202f\u205f\u3000\u200b\ufeff\u2800"


@given(
    before=st.text(BLANKS, max_size=3),
    between=st.text(BLANKS, min_size=1, max_size=3),
    behind=st.sampled_from(["", ".", "!", ",", "...", "\u2026", "\u3002"]),
    word=st.sampled_from(["/pause", "/PAUSE", "/Pause", "\uff0fpause", "\uff0f\uff30\uff21use"]),
)
def test_any_white_space_parts_words_and_punctuation_behind_a_command_is_nothing(
    before, between, behind, word
):
    assert command_in(f"{before}{word}{behind}{between}Alpha") == Typed(
        name="pause", arguments="Alpha"
    )


@pytest.mark.parametrize("text", ["", "/", "//status", "hello", "1/2", "/é", "status", "a /status"])
def test_anything_else_is_no_command(text):
    assert command_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("/pause,Alpha", "/pause: Alpha", "/pause:Alpha", "/pause-Alpha", "/pause\u2014Alpha"),
        *("/pause = Alpha".replace(" = ", "="), "\\pause Alpha", "\u29f8pause Alpha"),
        *(
            "`/pause Alpha`",
            "\u201c/pause Alpha\u201d",
            "*/pause Alpha*",
            "\u00ab/pause Alpha\u00bb",
        ),
        *("\u202a/pause\u202c Alpha", "/pa\u00aduse Alpha", "/pause\ufe0f Alpha"),
    ],
)
def test_a_command_is_understood_with_the_marks_that_a_keyboard_or_a_page_puts(text):
    assert command_in(text) == Typed(name="pause", arguments="Alpha")


def test_whom_a_command_is_for_is_told():
    assert command_in("/status@Tradebell_bot.") == Typed(name="status", addressee="Tradebell_bot")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("status", Typed(name="status")),
        ("Pause Alpha", Typed(name="pause", arguments="Alpha")),
        ("Stop!", Typed(name="stop")),
        ("good morning", Typed(name="good", arguments="morning")),
        ("/status", None),
        ("status@somebody", None),
        ("", None),
    ],
)
def test_a_command_may_have_no_slash(text, command):
    assert command_without_slash(text) == command


SCRIPTS = ["0", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50", "\uff10", "\U0001d7ce"]


@given(
    digits=st.text("0123456789", min_size=6, max_size=6),
    zero=st.sampled_from(SCRIPTS),
    gap=st.sampled_from(
        ["", " ", "-", "\u2013", ".", "\u00a0", "\u2009", "\ufe0f\u20e3", "\u200b"]
    ),
)
def test_six_digits_are_read_in_any_script_and_with_anything_between(digits, zero, gap):
    typed = gap.join(chr(ord(zero) + int(digit)) for digit in digits)

    assert six_digits_in(f" {typed}. ") == digits


@pytest.mark.parametrize(
    ("text", "digits"), [("48291", "48291"), ("x482913", None), ("", None), ("\u00b2", None)]
)
def test_what_is_no_six_digits_is_none(text, digits):
    assert digits_in(text) == digits
    assert six_digits_in(text) is None


@pytest.mark.parametrize(
    "text", ["668RRM", "668rrm", "#668RRM", "ref 668rrm", "Ref. 668RRM?", " `668RRM`. ", "(668rrm)"]
)
def test_a_reference_is_known_in_any_case_and_dress(text):
    assert reference_in(text) == "668RRM"


@pytest.mark.parametrize("text", ["", "668RR", "668RRMM", "66 8RRM", "did it ring", "668RR0"])
def test_what_can_be_no_reference_is_none(text):
    assert reference_in(text) is None
