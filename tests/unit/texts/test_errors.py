"""What errors say is kept in English, and read in everybody's own language."""

from __future__ import annotations

import pytest

from bot.domain.marks import command
from bot.errors import TryLater
from bot.texts.errors import (
    ENDLESS_LIST,
    NO_SOCKET_BY_STATUS,
    SOCKET_DOES_NOT_OPEN,
    USE_PASSWORD,
    Sentence,
    told,
)
from bot.texts.language import speaking
from tests.harness.pseudo import PSEUDO, plain_words


@pytest.mark.parametrize("sentence", Sentence)
def test_our_own_sentence_is_kept_in_english_and_told_in_the_language_that_is_spoken(
    sentence: Sentence,
):
    with speaking(PSEUDO):
        kept = str(TryLater(sentence))
        shown = told(kept)

    assert kept == told(kept) == sentence.value
    assert shown.startswith("«")
    assert plain_words(shown.replace("read:traders", "").replace("read:portfolio", "")) == []


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (
            USE_PASSWORD.format(reason=Sentence.SHOWS_OTHERS),
            "««THE PLATFORM SHOWS THIS LOGIN WHAT BELONGS TO OTHERS TOO, SO I CANNOT TELL WHOSE IT"
            " IS». USE YOUR E-MAIL AND PASSWORD INSTEAD»",
        ),
        (
            SOCKET_DOES_NOT_OPEN.format(failure=NO_SOCKET_BY_STATUS.format(status=503)),
            "«THE SOCKET DOES NOT OPEN, WHILE THE PLATFORM ANSWERS"
            " («THE PLATFORM GIVES NO SOCKET (HTTP 503)»)»",
        ),
        (
            ENDLESS_LIST.format(service="traders"),
            "«THE PLATFORM'S LIST OF traders DOES NOT END»",
        ),
    ],
)
def test_what_is_filled_in_is_told_as_it_is_or_as_a_sentence_of_its_own(kept: str, shown: str):
    assert told(kept) == kept
    with speaking(PSEUDO):
        assert told(kept) == shown


@pytest.mark.parametrize("said", ["balance too low", "use /pause {now}", "The platform"])
def test_what_others_say_is_told_as_it_is(said: str):
    with speaking(PSEUDO):
        assert told(said) == said
    assert command("pause") not in told(said)


def test_what_others_say_is_cleaned_and_cut():
    assert told("a\u202eb\n" + "c" * 300, 10) == "ab cccccc…"
