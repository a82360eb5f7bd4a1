"""Foreign text: inert, visible, bounded."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import clean, counted, masked_email, utf16_length


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
