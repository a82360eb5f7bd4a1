"""How loud a report is: by the grade it carries, else by its words. Pure, one table for all.

The platform documents one example only (`platform.md` 2.6), so what nobody knows rings: a report
is silent only if it says itself that it is routine, or in words that are known to be.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import NamedTuple

from bot.domain.cards import Severity
from bot.domain.deliveries import Priority
from bot.domain.text import clean, folded


@dataclass(frozen=True, slots=True)
class Grade:
    """`guessed` if nothing says so, neither what it is called nor a word of it; as loud as any."""

    severity: Severity
    priority: Priority
    guessed: bool = field(default=False, compare=False)


URGENT = Grade(Severity.CRITICAL, Priority.URGENT)
NOTABLE = Grade(Severity.WARNING, Priority.NORMAL)
_UNKNOWN = Grade(Severity.WARNING, Priority.NORMAL, guessed=True)
ROUTINE = Grade(Severity.INFO, Priority.INFO)

_LOUDEST_FIRST = (URGENT, NOTABLE, ROUTINE)

_WEIGHED = 20_000
"""Characters of a text that are weighed: more than any report keeps."""


def grade(*, level: str | None = None, kind: str | None = None, texts: tuple[str, ...]) -> Grade:
    """How loud a report is.

    Args:
        level: what it says of its own weight, as a word or a number.
        kind: its type; that may be a grade ('error'), or what happened ('margin_call').
        texts: what it says; weighed only where neither is a grade.
    """
    given = of_level(level) if level else None
    kinds = None
    if kind and len(_WORD.findall(kind)) <= 1:
        kinds = of_level(kind)
    if kind and kinds is None and of_words(kind) is URGENT:
        kinds = URGENT
    known = [one for one in (given, kinds) if one is not None]
    if known:
        return _loudest(*known)
    words = ". \n".join(filter(None, (kind, *texts)))
    found = of_words(words)
    if level:
        # It was graded, in a way that nobody knows.
        return _loudest(found or _UNKNOWN, _UNKNOWN)
    return found or (_UNKNOWN if words.strip() else ROUTINE)


def loudest(levels: Iterable[str]) -> str | None:
    """The one that counts of several levels of one report; one that nobody knows rings."""

    def place(level: str) -> int:
        return _LOUDEST_FIRST.index(of_level(level) or NOTABLE)

    return min(levels, key=place, default=None)


def _loudest(*grades: Grade) -> Grade:
    return min(grades, key=_LOUDEST_FIRST.index)


# --- grades that are given ----------------------------------------------------------------

_LEVELS = {
    URGENT: "critical crit crt fatal ftl emergency emerg alert panic error errors err erro severe "
    "failure failed danger exception disaster urgent major high highest blocker c e f",
    NOTABLE: "warning warnings warn wrn caution attention important medium moderate minor w",
    ROUTINE: "info inf information informational notice note debug dbg trace trc verbose fine "
    "finer finest config success successful ok okay normal low silly i d t",
}
_GRADE_OF = {word: grade for grade, words in _LEVELS.items() for word in words.split()}

_MOST_WORDS = 4
"""Of what is a grade still, and no sentence."""

_NEGATIONS = frozenset({"no", "non", "not", "none", "without", "zero"})

_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(
    r"(?:(?:log )?level|severity|lvl)?\W{0,3}[<\[(]?\s*(\d{1,4}(?:\.0+)?)\s*[>\])]?"
)
_INCIDENT = re.compile(r"(?:p|prio|priority|sev)[- ]?([0-3])")
"""How incidents are numbered: 'P1', 'SEV-2'."""


def of_level(level: str) -> Grade | None:
    """The grade that a level names, in any case, short or long, alone or among other words.

    Numbers of syslog (0 is the worst) and, from 10 on, of Python's logging; `None` for others.

    Source: RFC 5424, section 6.2.1; https://docs.python.org/3/library/logging.html#logging-levels
    """
    shown = folded(_CAMEL.sub(" ", clean(level, 60)))
    if number := _NUMBER.fullmatch(shown):
        return None if "-" in shown else _of_number(number[1])
    if incident := _INCIDENT.fullmatch(shown):
        return NOTABLE if incident[1] == "3" else URGENT
    words = _WORD.findall(shown)
    if not _NEGATIONS.isdisjoint(words) or len(words) > _MOST_WORDS:
        return None
    if len(words) > 1:
        # Among others one letter is an initial or an article, and 'high' or 'low' of anything.
        words = [word for word in words if len(word) > 1 and word not in {"high", "low"}]
    found = [_GRADE_OF[word] for word in words if word in _GRADE_OF]
    return _loudest(*found) if found else None


def _of_number(spelled: str) -> Grade | None:
    try:
        number = Decimal(spelled)
    except InvalidOperation:
        return None
    if number <= 7:
        return URGENT if number <= 3 else NOTABLE if number == 4 else ROUTINE
    if not 10 <= number <= 99:
        return None
    return URGENT if number >= 40 else NOTABLE if number >= 30 else ROUTINE


# --- words --------------------------------------------------------------------------------


def _any(table: str) -> str:
    """A pattern for any phrase of a table that is parted by commas.

    '*' before or after a phrase stands for the rest of its word; all else is as in any pattern,
    but that lines may be broken at blanks and after '|'.
    """
    whole = (" ".join(phrase.split()) for phrase in re.split(r",\s", table))
    phrases = (phrase.replace("| ", "|") for phrase in whole)
    patterns = (
        rf"\b{phrase.rstrip('*')}" + (r"\w*" if phrase.endswith("*") else r"\b")
        for phrase in phrases
        if phrase
    )
    return f"(?:{'|'.join(patterns).replace(BEGUN, ANY_BEGINNING)})"


BEGUN, ANY_BEGINNING = r"\b*", r"\b\w{0,30}"

_BAD = _any(
    r"""
    *error(?!less)*, err, errno, e(?:conn|host|net)[a-z]{4,9}, etimedout, enotfound, epipe, eai
    again, segfault, segmentation, sig(?:kill|segv|abrt|bus), core dumped, fail(?!over|safe|[-
    ]over|[- ]safe)*, fault, faults, *exception, *exceptions, traceback*, crash*, died, dead,
    dying, killed, oom*, out[- ]of[- ]memory, fatal*, critical*, emergenc*, panic*, severe*,
    liquidat*, margin call*, *deleverag*, adl, bankrupt*, insolven*, wiped, hack*, breach*,
    compromised, stolen, unauthori[sz]ed, phish*, suspicious*, suspend*, banned, blocked, frozen,
    revoked, halt*, terminat*, abort*, offline, unreachable, unavailable, unresponsive, outage,
    outages, disconnect*, stuck, corrupt*, broken?, insufficient, reject*, refus*, denied,
    declined, forbidden, invalid*, time-?outs?, timed out, exceed*, exhausted, unexpected*,
    delisted, overdue, unhealthy, incidents?, problems?, deadlock*, drained, naked positions?,
    unprotected, kill[- ]?switch*, circuit[- ]?breaker*, too many requests
    """
)
_BAD_PHRASES = _any(
    r"""
    can ?not, can't, could not, couldn't, unable to, not able to, (?:won't|will not) (?:be able|
    start|stop|open|close|trade|run|place|connect|work|respond|execute|fill|buy|sell), stopp?ed on
    error, (?:key|token|login|licen[cs]e|subscription|session|credentials?|certificate|plan|trial|
    account|password|api)\b[^.\n]{0,30}\b(?:expired|locked|disabled|deleted|restricted|limited|
    closed|removed|flagged), connection\b[^.\n]{0,20}\b(?:lost|closed|reset|dropped), (?:lost|no|
    losing|without) (?:the |its |a |any )?(?:connection|connectivity|contact|response|heartbeat|
    internet|network|answer|balance|funds|money|margin|credentials|protection|hedge|stop[- ]?loss),
    stop[- ]?loss (?:order )?(?:is |was )?(?:missing|not (?:set|placed|there|found|active)|removed|
    lost|gone), (?:positions?|wallet|funds|money) (?:is |are )?(?:lost|gone|at risk|missing),
    (?:bot|pod|server|node|process|service) (?:is |has )?gone, (?:force[- ]?|forcibly |forcefully
    )(?:closed|exited|liquidated), closed by (?:the |your )?(?:exchange|broker|risk), (?:did not|
    didn't|does not|doesn't|do not|don't|never) (?:start|respond|answer|react|run|work|connect)*,
    none of (?:the |these |your |our )?(?:\w+ )?(?:succe\w+|filled|completed|worked|passed|
    executed|connected), (?<![\d.,])0 (?:of|out of|/) ?\d+ (?:\w+ )?(?:succe\w+|worked|passed|
    executed), http(?: status|code)?\W{0,3}[45]\d\d, (?:status|code)\W{0,3}[45]\d\d(?=\W*(?:$|
    [.,;)\n])), (?:disk|volume|storage|memory) (?:is )?full, no space left, (?:price|data|feed|
    quote)s? (?:is |are )?(?:too )?(?:stale|outdated), stale (?:price|data|feed|quote)s?, exit
    status [1-9]*, (?:not|no longer|never|isn't|aren't|wasn't|stopped) (?:yet )?(?:running|
    connected|available|responding|reachable|working|healthy|online|trading|allowed|permitted|
    enough|authori[sz]ed|found|supported|alive|protected|valid|accepted), exited(?!\W*(?:with
    )?(?:code )?0\b), exit code:? ?[1-9]*, (?:is|are|was|went|gone|goes|exchange|server|api|bot|
    node|pod|service|platform|network|system|database|site|broker|feed|(?:web)?socket) down(?!
    (?:by )?[-~]?\d)
    """
)
_NOTABLE = _any(
    r"""
    warn*, alerts?, stop*, shut(?:ting)? ?down, protection*, cancel*, paus*, locks?, locked,
    expire[sd]?, expir*, disabled, withdraw*, delay*, degraded, slow*, retry*, reconnecting,
    restart*, drawdown*, lost, loss, losses, low(?:er)? (?:balance|margin|funds), limit reached,
    rate.?limit*, maintenance, issues?, missing, missed, risk*, attention, action (?:is )?required,
    please, security, password, 2fa, new (?:login|device), sign(?:ed)?[- ]in, (?:not|never|
    \w{1,9}n't) (?:yet |been )?(?:start|open|close|fill|buy|sell|trade|confirm|complete|execute|
    update|load|arrive|receive)*, no (?:data|ticks?|prices?|candles?), but (?:no|not|never|cannot|
    check|with|only), check (?:your|the|it|margin|account|balance|settings|exchange|key), wrong*,
    *mistake*, ignor*, twice, duplicat*, unsupported, unpaid, reversed, (?:payment|invoice|is|now)
    due(?! to), over (?:the |your )?limit, action needed, (?:profit|loss|result|p&l|pnl|return|
    total|summary|today|closed at)\W{0,3}[-\u2212] ?\d*, (?:success|succe\w+|completed|passed|
    filled)(?: rate)?\W{1,3}0(?![\d.,]*\d), fehler*, fehlgeschlagen*, gesperrt*, angehalten*,
    gestoppt*, abgelehnt*, abgebrochen*, verloren*, abgest\u00fcrzt*, bloque*, bloqu\u00e9*,
    fall[o\u00f3]s?, rechaz*, detenid*, parad[oa], erreurs?, errore, errori, erros?, \u00e9chec*,
    echec*, arr[e\u00ea]t*, bloccat*, sospes*, fermat*, falh*, insufi*, insuffi*, deprecat*,
    unable, skipp*, delet*, removed?, exited, ended, ends, (?:not|never|\w{1,9}n't|no longer)
    (?:yet )?(?:\w+ed|placed|sent|bought|sold|ready)
    """
)
_KNOWN = _any(
    r"""
    ok, okay, good, ping, pong, confirm*, complet*, finish*, executed, fill, fills, filled, bought,
    sold, buy, buying, sell, selling, open, opens, opened, opening, closed, closes, closing, entry,
    entries, entered, entering, exit, exits, exiting, starts?, started, starting, startup, running,
    active, connected, reconnected, established, restor*, recover*, resolved, fixed, solved,
    updat*, creat*, added, saved, loaded, loading, ready, welcome, succe*, enabled, subscribed,
    received, deposit*, credited, heartbeat*, alive, healthy, online, available, resum*, normal*,
    over, done, summary, candles?, whitelist*, pairlist*, analy[sz]*, check*, waiting, scheduled,
    pulled, pulling, sync*, signals?, placed, placing, submit*, profit*, gain*, roi, target,
    thank*, congrat*, new feature*, version, released?, newsletter, hello, hi, test*, backtest*,
    dry.?run, bonus*, reward*, rebalanc*, paid, invoice, transferred, connecting, initiali[sz]*,
    deploy*, upgrad*, changed, configur*, unlocked, unblocked, is back, back (?:up|online), up,
    exit code:? ?0
    """
)

_DOWN_AT_THE_END = r"(?:^|\W)down\W*$"

_OTHER_LETTERS = re.compile(r"[^\W\d_\u0000-\u036f]")
_LETTERS = re.compile(r"[^\W\d_]")


def _is_in_other_letters(text: str) -> bool:
    """Whether a word or two that is known says nothing of the rest."""
    return 4 * len(_OTHER_LETTERS.findall(text)) > len(_LETTERS.findall(text))


_MODIFIERS = (
    r"(?:(?:any|an?|the|further|new|more|other|known|open|serious|major|minor|recent|current|such|"
    r"single|unexpected|critical|fatal|orders?|trades?|network|connection|api|unresolved) ){0,3}"
)
_NEEDED = r"(?:any |an? |the |its )?(?:stop[- ]?loss|protection|hedge)"
"""What it is bad to be without."""
_LISTED = rf"(?:{_BAD}|{_NOTABLE})"
_COUNTED = rf"(?:{_BAD}|{_any('warn*, alerts?, issues?, missing, missed, skipp*, cancel*')})"
_ZERO = r"0+(?:[.,]0+)?"
_NOT_OVER = r"(?:(?!\bnot\b|n't\b|\bnever\b|\bwill\b|\bto be\b)[^.!?\n]){0,40}?"

_NO_ELSEWHERE = (
    r"(?:keine?|ohne|sin|ning[uú]n|sans|aucune?|senza|nessun|sem|nenhum|geen|zonder|utan|inga|brak|"
    r"bez|без|нет)"
)
_ERRORS_ELSEWHERE = (
    r"\b(?:fehler|errores|erreurs?|errore|errori|erros?|fouten|fel|błęd\w+|ошиб\w+)\b"
)
"""In the languages that most bots are written in; of others each report rings."""

_DENIALS = (
    # 'no errors', '0 failed', 'without any errors or warnings', '0/12 failed', '0 of 12 failed'
    rf"(?:\b(?:no|zero|none|nil|nothing|never|w/o|(?<!not )without|free (?:of|from))|"
    rf"(?<![\d.,]){_ZERO}(?: ?(?:/|of|out of) ?\d+)?(?: ?%)?) (?!{_NEEDED}){_MODIFIERS}{_LISTED}"
    rf"(?:(?: ?, ?{_LISTED})* ?,? ?(?:or|nor) {_MODIFIERS}{_LISTED})?"
    r"(?: (?:risks?|problems?|issues?|events?|warnings?)\b)?",
    # 'no position was liquidated', 'none of the orders failed', 'not one error', 'is not down'
    r"\b(?:no|nothing|nobody|none|not one|not a single) (?:of )?(?:the |these |your |our )?"
    r"(?:(?!response|answer|heartbeat|balance|funds|money|margin|contact)\w+ )?"
    rf"(?:(?:was|were|is|are|has|have|had|has been|have been) )?{_BAD}",
    r"\b(?:not|\w{1,9}n't) down\b",
    # 'keine Fehler', 'sin errores', '0 erreurs', 'нет ошибок'
    rf"\b{_NO_ELSEWHERE} {_ERRORS_ELSEWHERE}|{_ERRORS_ELSEWHERE} (?:нет|нема)\b",
    r"(?:没有|无|無)(?:错误|錯誤)",
    rf"(?<![\d.,]){_ZERO} {_ERRORS_ELSEWHERE}|"
    rf"{_ERRORS_ELSEWHERE} ?[:=(]? ?{_ZERO}(?![\d.,]*\d)(?!\w)(?! ?(?:->|→) ?[1-9])",
    # 'did not fail', 'is not an error', "hasn't crashed", 'no longer offline'
    r"(?:(?<!could )(?<!can )(?<!would )(?<!will )\bnot|\b(?!could|ca|wo|would)\w{1,9}n't|"
    rf"\bno longer|\bneither) (?:been )?{_MODIFIERS}{_BAD}(?: (?:or|nor) {_MODIFIERS}{_BAD})*",
    # 'errors: 0', 'error count 0', 'error code: 0', 'errors (0)', 'failed=none'
    rf"{_COUNTED}(?: (?:count|rate|code|orders|trades|requests|total))?\"?(?: is| are)? ?"
    rf"(?:[:=(]? ?{_ZERO}(?![\d.,]*\d)(?!\w)(?! ?(?:->|→|to\b) ?[1-9])|"
    r"(?:[:=(] ?(?:none|zero|nil|null|false|no)\b|none\b|[:=] ?(?:\[ ?\]|\{ ?\}))"
    r"(?=\W*(?:$|[.,;)\n])))",
    r"\b\w{1,30}[- ]free\b",
    # 'stop loss set at 90', 'moved stop to break even', 'profit locked in', 'protection enabled'
    r"\bstop(?:[- ]?loss(?:es)?)?(?: order)?s? (?:is |was |has been )?"
    r"(?:set|placed|moved|updated|created|adjusted|raised|active|confirmed|enabled)\b",
    r"\b(?:set|placed|moved|updated|raised) (?:the )?stop(?:[- ]?loss)? (?:to|at)\b",
    r"\bprofits? locked\b|\bprotections? (?:enabled|active|lifted|over)\b",
    # 'outage resolved', 'maintenance is over', 'recovered from error'
    rf"(?:{_BAD}|\bissues?\b|\bwarnings?\b){_NOT_OVER}"
    r"\b(?:resolved|fixed|solved|cleared|recovered|restored|is over|are over)\b",
    rf"\bmaintenance\b{_NOT_OVER}\b(?:over|finished|completed?|ended|done|closed)\b",
    r"\b(?:recovered|restored|cleared|back|reconnected|re-?established|resumed) "
    rf"(?:from|after) {_MODIFIERS}{_LISTED}",
)


class _Patterns(NamedTuple):
    denied: re.Pattern[str]
    alarming: re.Pattern[str]
    remarkable: re.Pattern[str]
    harmless: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Made with the first words that are weighed: it takes a tenth of a second."""
    return _Patterns(
        denied=re.compile("|".join(_DENIALS)),
        alarming=re.compile("|".join((_BAD, _BAD_PHRASES, _DOWN_AT_THE_END)), re.MULTILINE),
        remarkable=re.compile(_NOTABLE),
        harmless=re.compile(_KNOWN),
    )


def of_words(text: str) -> Grade | None:
    """The grade of what a text says; `None` if no word of it is known.

    What is denied ('no errors', '0 failed', 'outage resolved') is no alarm but routine.
    """
    lines = (clean(line, _WEIGHED).casefold() for line in text[:_WEIGHED].splitlines())
    told = "\n".join(lines).replace("\u2019", "'").replace("_", " ")
    known = _patterns()
    rest, denied = known.denied.subn(" ", told)
    if known.alarming.search(rest):
        return URGENT
    if known.remarkable.search(rest):
        return NOTABLE
    if _is_in_other_letters(rest):
        return _UNKNOWN
    return ROUTINE if denied or known.harmless.search(rest) else None
