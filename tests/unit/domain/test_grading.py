"""How loud a report is: given grades first, then words; in doubt it rings."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.grading import (
    NOTABLE,
    ROUTINE,
    URGENT,
    Grade,
    grade,
    loudest,
    of_level,
    of_words,
)

CLEARLY_BAD = "Bot crashed"
CLEARLY_ROUTINE = "Deposit confirmed"

GIVEN = {
    URGENT: """critical CRITICAL Crit fatal emergency EMERG alert panic error ERR Error severe
        0 1 2 3 40 50 [ERROR] LOG_ERR SystemError <3> 50.0 E ERRO highest P1 SEV-2 level:50
        \uff25\uff52\uff52\uff4f\uff52 severity=0 er\u200bror""",
    NOTABLE: "warning WARN Warning wrn 4 30 [warn] SEVERITY_WARNING W",
    ROUTINE: "info INFO information notice success debug trace ok 5 6 7 10 20 (info) level:info I",
}


@pytest.mark.parametrize(
    ("level", "expected"), [(word, one) for one, words in GIVEN.items() for word in words.split()]
)
def test_a_given_grade_decides_before_any_word(level: str, expected: Grade):
    assert grade(level=level, texts=(CLEARLY_BAD,)) == expected
    assert grade(level=level, texts=(CLEARLY_ROUTINE,)) == expected
    assert grade(kind=level, texts=(CLEARLY_ROUTINE,)) == expected


@pytest.mark.parametrize(
    "level", ["blorp", "kritisch", "非常に高い", "8", "-1", "1000", "🔥", "no"]
)
@pytest.mark.parametrize("text", [CLEARLY_ROUTINE, "blorp", ""])
def test_an_unknown_grade_rings(level: str, text: str):
    assert of_level(level) is None
    assert grade(level=level, texts=(text,)) == NOTABLE
    assert grade(level=level, texts=(CLEARLY_BAD,)) == URGENT


def test_what_happened_outranks_a_mild_grade_only_if_it_is_an_alarm_itself():
    assert grade(level="info", kind="margin_call", texts=()) == URGENT
    assert grade(level="info", kind="error", texts=()) == URGENT
    assert grade(level="info", kind="order_cancelled", texts=()) == ROUTINE
    assert grade(level="error", kind="info", texts=()) == URGENT


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("price_alert", NOTABLE),
        ("order_error", URGENT),
        ("exit_fill", ROUTINE),
        ("a long sentence about an alert, an error of mine perhaps", URGENT),
        ("<script>alert(1)</script> and what is high or low", NOTABLE),
    ],
)
def test_a_type_of_several_words_is_weighed_as_words(kind: str, expected: Grade):
    assert grade(kind=kind, texts=(CLEARLY_ROUTINE,)) == expected


def test_a_sentence_is_no_grade():
    assert of_level("the alert service had an error but is well again") is None


ALARMS = """Stop loss not placed | status code: 503 | naked position | stop loss placed, bot crashed
    Account suspended | API key expired | Exchange down | Bot offline | Trading halted
    Insufficient balance | Could not cancel order | no errors but the bot crashed | errors: 3
    100 errors | not without errors | No errors, 3 failures | errors: 0, failed: 3 | 10/12 failed
    1 of 12 failed | No connection to exchange | bot is not running | Position liquidated
    exited (137) | OOMKilled | your account has been locked | Error could not be resolved
    error not fixed | Connection lost | down | errors: 0.5 % | errors 0 -> 5 | 0.5 errors
    No. of errors: 5 | Order rejected: no funds | Order rejected no funds | error 0x1F
    KeyError: 'x' | ccxt.base.errors.NetworkError | Exchange is down for maintenance
    the outage is not resolved | bot didn't start, no connection | Order failed: 0.5 BTC
    {"errors":0,"failed":2} | errors: [7] | error count is 3 | error: none of the orders placed
    stopped on error | Bot crashed; no further errors | Not enough funds | exited with code 1
    my password has expired | your api was deleted | lost its heartbeat | not healthy
    bot is down | None of the orders succeeded | 0 of 12 orders succeeded | Positions force closed
    ECONNREFUSED | read ETIMEDOUT | getaddrinfo EAI_AGAIN | Segmentation fault | killed by SIGSEGV
    HTTP 503 | HTTP 401 | Kill switch engaged | Circuit breaker tripped | ADL event
    out-of-memory | disk full | doesn't respond | does not respond | Bot did not start
    never started | exit status 1 | position lost | wallet drained | running without protection
    no stoploss on open position | Position without stop loss | stale data | No response error
    no heartbeat timeout | Stop-loss missing | Signature for this request is not valid
    closed by exchange | bot is gone | none of the orders failed, but the bot crashed
    Your funds are at risk | Too many requests | Bot isn\u2019t running | ACCOUNT SUSPENDED
    Max drawdown exceeded | Cuenta suspendida"""

RINGING = """3 Fehler | keine Fehler, Bot angehalten | ohne Geld | нет связи | 没有连接
    Bot stopped | Pair locked until 12:00 | Order cancelled | Trading paused
    Maintenance starts in 10 minutes | New login from Berlin | Withdrawal requested
    check your account | Connected, but no data | Order filled twice | Opened position by mistake
    bought at wrong price | profit: -500 USDT | Daily summary: -40 % | Completed: 0 of 12
    Deposit reversed | update available: action needed | version unsupported | success rate 0 %
    sell signal ignored | Konto gesperrt, alles ok? | Bot angehalten, Server online | Erreur, ok
    Bot parado, todo ok | 账户已被冻结 ok | Бот выключен, ok | You will not be charged
    no ticks for 10 minutes, feed open | Rate limit: 0 requests left | Balance is 0
    Order not filled | order was not cancelled | Konto gesperrt | 账户已被冻结 | Бот остановлен
    取引が停止されました | Bot durdu | Something odd | 42 | ⚠️ | Funding is -0.3 %"""

SILENT = """Stop loss set at 90 | Moved stop to break even | Profit locked in: +5 USDT
    stop-loss order placed | Protection enabled | Order 0 of 5 filled | status: 500 DOGE filled
    keine Fehler | sin errores | sans erreur | aucune erreur | 0 Fehler | Fehler: 0
    нет ошибок | ошибок нет | 没有错误 | nessun errore | sem erros
    Deposit confirmed | Backtest finished | Maintenance over | Maintenance is finished
    Welcome to the platform | No errors in the last hour | 12 files, 0 errors, 0 failed
    without errors | errors: 0 | errors=0 | did not fail | It didn't fail | It didn\u2019t fail
    no error | 0 failed | 0/12 failed | 0 of 12 orders failed | zero errors | error-free
    none of the orders failed | No position was liquidated | Nothing was rejected | not one error
    not a single error | 0% errors | no liquidation risk | isn't down | is not down | no problems
    Reconnected after connection loss | Connection re-established after timeout
    closed due to roi | no warnings or errors | No errors, warnings or failures | Outage resolved
    hasn't crashed | Bought 0.1 BTC @ 42400 | Bot started | Heartbeat | error count: 0
    failures: none | bot is no longer offline | exit code 0 | Trading resumed
    recovered from error | never failed | 0 error(s) | errors: 0.00 % | nothing failed
    0 timeouts, 0 rejects, all orders filled | Take profit reached: +3 %
    Daily summary: 3 trades, +12 USDT | Exchange back online | {"errors":0,"failed":0}
    errors: [] | errors none | error count is 0 | Everything ok | Invoice paid
    Version 2.1 released | The connection error was fixed | Order filled
    Position opened: long ETH | backtest completed without any errors | Bot is running"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (text.strip(), one)
        for one, texts in ((URGENT, ALARMS), (NOTABLE, RINGING), (ROUTINE, SILENT))
        for text in texts.replace("\n", "|").split("|")
    ],
)
def test_words_decide_where_no_grade_is_given(text: str, expected: Grade):
    assert grade(texts=(text,)) == expected
    assert grade(kind="status", texts=(text,)) == expected


def test_a_report_that_says_nothing_at_all_does_not_ring():
    assert grade(texts=()) == ROUTINE


@given(before=st.sampled_from(SILENT.split("|")), after=st.sampled_from(SILENT.split("|")))
def test_an_alarm_among_routine_is_an_alarm(before: str, after: str):
    assert of_words(f"{before}. Position liquidated. {after}") == URGENT


@given(text=st.text(alphabet=st.characters(min_codepoint=0x370, categories=["L"]), min_size=1))
def test_no_report_in_other_letters_is_silent(text: str):
    assert grade(texts=(text,)) == NOTABLE


@pytest.mark.parametrize("unit", ["a", "no ", "0", "error ", "not an ", "account ", "n't ", "."])
def test_no_text_takes_long_to_weigh(unit: str):
    began = time.process_time()

    of_words(unit * 200_000)

    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("levels", "worst"),
    [
        (["info", "critical"], "critical"),
        (["critical", "info"], "critical"),
        (["info", "blorp"], "blorp"),
        (["info", "debug"], "info"),
        ([], None),
    ],
)
def test_of_several_levels_the_worst_counts(levels, worst):
    assert loudest(levels) == worst
