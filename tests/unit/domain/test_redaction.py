"""Secrets never come out of a log, whatever stands around them."""

from __future__ import annotations

import io
import json
import logging
import string
from collections.abc import Iterator
from contextlib import contextmanager

import jwt
import pytest
from cryptography.fernet import Fernet
from hypothesis import assume, example, given
from hypothesis import strategies as st

from adapters.logs.output import log_to
from adapters.logs.settings import LogFormat, LogSettings
from bot.domain.redaction import REDACTED, Redaction

BASE64 = string.ascii_letters + string.digits + "-_"
WORD = string.ascii_letters + string.digits + "!$%()*+-./?@^_~"


def key(length: int) -> st.SearchStrategy[str]:
    return st.text(BASE64, min_size=length, max_size=length)


def web_token(user: str, secret: str) -> tuple[str, str]:
    token = jwt.encode({"sub": user}, secret, "HS256")
    return token, token.rpartition(".")[2]


def sealed(text: bytes) -> tuple[str, str]:
    token = Fernet(Fernet.generate_key()).encrypt(text).decode().rstrip("=")
    return token, token[10:]


names = st.sampled_from(["password", "PASSWORD", "api_key", "accessToken", "secret", "csrf-token"])

planted = st.one_of(
    st.tuples(st.integers(1000, 10**10), key(35)).map(lambda it: (f"{it[0]}:{it[1]}", it[1])),
    st.tuples(st.integers(1000, 10**10), key(35)).map(lambda it: (f"{it[0]}%3A{it[1]}", it[1])),
    st.builds(web_token, st.text(string.printable), key(32)),
    st.tuples(key(26), key(6), key(38)).map(lambda it: (".".join(it), it[2])),
    key(32).map(lambda secret: (f"cr_live_{secret}", secret)),
    key(43).map(lambda secret: (f"{secret}=", secret)),
    st.builds(sealed, st.binary()),
    key(22).map(lambda code: (f"/link/{code}", code)),
    key(20).map(lambda word: (f"postgresql://bell:{word}@db/bell", word)),
    st.tuples(st.sampled_from(["Bearer ", "bearer  ", "ApiKey ", "jwt "]), key(24)).map(
        lambda it: ("".join(it), it[1])
    ),
    st.tuples(names, st.sampled_from(["=", ": ", " = "]), st.text(WORD, min_size=10)).map(
        lambda it: ("".join(it), it[2])
    ),
    st.tuples(names, st.text(string.ascii_letters + " ',;", min_size=10)).map(
        lambda it: (json.dumps({it[0]: it[1]})[1:-1], it[1])
    ),
)
"""What is written, and of that, what must not come out."""

surroundings = st.lists(
    st.one_of(
        st.text(),
        st.sampled_from(
            ["token=", "secret='x", "/link/", "Bearer ", "12345:", "eyJ", "://a:", '"']
        ),
        key(30),
    ),
    max_size=4,
).map("".join)


@given(planted=planted, before=surroundings, after=surroundings)
@example(planted=("password=hunter22222", "hunter22222"), before="/link/", after="")
@example(planted=('"password": "a b c d e"', "a b c d e"), before="secret=x", after="")
@example(planted=("Bearer abcdefghijkl", "abcdefghijkl"), before="token=x", after="")
def test_a_secret_is_found_whatever_surrounds_it(planted, before, after):
    written, secret = planted
    assume(secret not in before + after + REDACTED)

    shown = Redaction()(before + written + after)

    assert secret not in shown


@given(secret=st.text(min_size=8), before=st.text(), after=st.text())
def test_a_secret_known_by_its_value_is_found_whatever_it_looks_like(secret, before, after):
    assume(secret not in before + after + REDACTED and secret not in before + REDACTED + after)

    shown = Redaction([secret, "short"])(before + secret + after)

    assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "connected to https://api.telegram.org in 0.2 s",
        "the platform refuses the credential",
        "bot 123456789 answers as @tradebell_bot at 2026-11-22T12:04:05.120Z",
        "adapters.telegram.transport.BotApiRequest has no such attribute",
        "GET /link with 0123456789abcdef01234567 gave 404",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert Redaction()(text) == text


def test_what_is_left_still_tells_which_bot_and_which_page_it_was():
    token = "123456789:AAExampleExampleExampleExampleExamp"

    shown = Redaction()(f"POST https://api.telegram.org/bot{token}/sendMessage after /link/abc-123")

    assert shown == (
        f"POST https://api.telegram.org/bot123456789:{REDACTED}/sendMessage after /link/{REDACTED}"
    )


@pytest.mark.parametrize("piece", ["token=", "eyJ", "1:", "A", "password='", "bearer ", "://a:"])
def test_a_hostile_text_costs_no_more_than_its_length(piece):
    redact = Redaction()

    # Half a minute and more if any pattern took time in proportion to the square.
    redact(piece * (300_000 // len(piece)))


@given(planted=planted, before=surroundings, after=surroundings)
def test_no_part_of_a_record_and_no_format_lets_a_secret_out(planted, before, after):
    written, secret = planted
    assume(secret not in before + after + REDACTED)
    text = before + written + after
    secret_name = {"password": secret}

    for chosen in LogFormat:
        with logging_to(chosen) as stream:
            log = logging.getLogger("tests.redaction")
            log.warning(text)
            log.warning("%s and %r", text, [text])
            log.warning("%d does not fit", text)
            log.warning("extra", extra={"fact": text, "deep": {"in": [{text: (text, {text})}]}})
            log.warning("named", extra={**secret_name, "deep": [secret_name]})
            log.warning("stack", stack_info=True, extra={"stack": text})
            try:
                raise_chained(text)
            except RuntimeError:
                log.exception("raised")

        shown = stream.getvalue()
        assert secret not in shown
        # JSON and the console write some letters in another way.
        assert json.dumps(secret)[1:-1] not in shown


def raise_chained(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError as cause:
        cause.add_note(text)
        raise RuntimeError([text]) from cause


@contextmanager
def logging_to(chosen: LogFormat) -> Iterator[io.StringIO]:
    """The process's own logging, set back afterwards."""
    root = logging.getLogger()
    handlers, level = tuple(root.handlers), root.level
    stream = io.StringIO()
    log_to(stream, LogSettings(format=chosen))
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
