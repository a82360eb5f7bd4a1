"""Rules: listed, made, removed; and what a rule or a mute does not understand."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Option, PickList, Severity
from bot.domain.events import Trader
from bot.domain.rules import Rule, Topic
from bot.domain.spoken_rules import Problem, Unclear
from bot.domain.text import clean
from bot.texts.cards import for_you_once, plain, unfit
from bot.texts.language import _, later
from bot.texts.wishes import rule_in_words

ROWS = 15
"""Rules of one page: fits one message of any platform."""

MOST_BUTTONS = 5
"""Of one row; more rules are removed by a list."""


# --- listed ---------------------------------------------------------------------------------------


def remove(number: int) -> str:
    """On the button of a rule that is one of a few."""
    return _("Remove {number}", number=number)


def page(
    rules: Sequence[Rule],
    first: int,
    defaults: Sequence[Rule],
    traders: Sequence[Trader],
    buttons: Sequence[Button] = (),
    pick: Sequence[Option] = (),
    more: Sequence[Button] = (),
) -> Card:
    """Some of the person's own, in the order in which they are tried, and the defaults.

    Args:
        first: the number of the first of them.
        buttons: that remove each, or
        pick: the same of many.
        more: lead to the next page, or to what makes one.
    """
    own = [f"{number}. {rule_in_words(rule, traders)}" for number, rule in enumerate(rules, first)]
    return Card(
        title=_("Your rules, in the order in which they are tried") if own else _("No rules yet"),
        lines=(
            *own,
            _("Where none of yours fits:") if own else _("This holds for everybody:"),
            *(f"- {rule_in_words(rule, traders)}" for rule in defaults),
            _("What is critical rings all the same."),
        ),
        pick=PickList(prompt=_("Remove a rule"), options=tuple(pick)) if pick else None,
        buttons=tuple(tuple(row) for row in (buttons, more) if row),
        notes=(_("A new one: {examples}", examples=rule_examples()),),
    )


def new() -> str:
    """On a button."""
    return _("New rule")


def about_what(options: Sequence[Option]) -> Card:
    """
    Args:
        options: the kinds that a rule may be about.
    """
    return Card(
        title=_("What is the rule about?"),
        pick=PickList(prompt=_("Choose a kind"), options=tuple(options)),
        notes=(_for_example(rule_examples()),),
    )


def rule_examples() -> str:
    return _("/rules exits silent under 1 %, /rules signals off, /rules entries digest hourly")


def option_label(number: int, rule: Rule, traders: Sequence[Trader]) -> str:
    """Of a rule in a list to choose from."""
    return clean(f"{number}. {rule_in_words(rule, traders)}", 90)


def no_such_page() -> Card:
    return plain(_("There is no such page"), _("/rules shows them all."))


# --- made and removed -----------------------------------------------------------------------------


def undo() -> str:
    """On a button."""
    return _("Undo")


def also_critical() -> str:
    """On the button that leads to the card which asks."""
    return _("Also what is critical")


def made(
    rule: Rule,
    traders: Sequence[Trader],
    *,
    before: Rule | None = None,
    preview: str = "",
    critical_rings: bool = False,
    stored: bool = True,
    buttons: Sequence[Button] = (),
) -> Card:
    """
    Args:
        before: the one whose place it takes.
        preview: what it would have done.
        critical_rings: among what it makes quieter is what rings all the same.
        stored: it holds from now on, and is not only shown.
    """
    replaced = _("In place of: {rule}.", rule=rule_in_words(before, traders)) if before else ""
    critical = (
        _("What is critical among it rings all the same: {what}.", what=_critical_of(rule))
        if critical_rings
        else ""
    )
    then = _("/rules lists all of them.") if stored else _("Nothing is stored yet.")
    return Card(
        title=rule_in_words(rule, traders),
        lines=tuple(filter(None, (replaced, preview, critical))),
        buttons=(tuple(buttons),) if buttons else (),
        notes=tuple(filter(None, (_about_money(rule), then))),
    )


def _about_money(rule: Rule) -> str:
    """What it is about although nobody has said so."""
    if rule.bot is not None or rule.paper is not None or rule.topic in _OF_NO_MONEY:
        return ""
    return _("It is about real money. What bots do with paper: /rules paper silent")


_OF_NO_MONEY = frozenset({Topic.SIGNAL, Topic.STRATEGY, Topic.MESSAGE, Topic.SYSTEM, Topic.PRICE})


def store() -> str:
    """On a button."""
    return _("Make this rule")


def holds_already(rule: Rule, traders: Sequence[Trader]) -> Card:
    return plain(
        _("This rule holds already"),
        rule_in_words(rule, traders),
        _("/rules lists all of them."),
    )


def removed(
    rule: Rule, traders: Sequence[Trader], preview: str, buttons: Sequence[Button] = ()
) -> Card:
    """
    Args:
        preview: what it would have done not to have it.
    """
    return Card(
        title=_("Rule removed"),
        lines=(rule_in_words(rule, traders), preview),
        buttons=(tuple(buttons),) if buttons else (),
        notes=(_("/rules lists those that hold now."),),
    )


def gone() -> Card:
    return plain(_("There is no such rule any more"), _("/rules lists those that hold now."))


def bot_gone() -> Card:
    """The bot that a button is about."""
    return plain(_("That bot is not there any more"), _("Nothing was changed."))


def too_many(most: int) -> Card:
    return plain(
        _("That is one rule too many"),
        _("A chat may have {most}. Nothing was changed; /rules removes some.", most=most),
    )


def confirm_critical(
    rule: Rule,
    traders: Sequence[Trader],
    buttons: tuple[tuple[Button, ...], ...],
    preview: str,
) -> Card:
    """Before a rule covers what is critical.

    Args:
        preview: what it would have done.
    """
    return Card(
        title=_("Be quiet about what is critical too?"),
        severity=Severity.WARNING,
        lines=(
            f"{rule_in_words(rule, traders)}.",
            _("So far this rings all the same: {what}.", what=_critical_of(rule)),
            _("It will not ring any more: you may lose money and not hear of it."),
            _("That the platform has ended my login rings whatever you set."),
            preview,
        ),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def quieten() -> str:
    """On the button that does it."""
    return _("Do not ring for it")


_CRITICAL = {
    Topic.ENTRY: later("a liquidation, a trade that fails"),
    Topic.EXIT: later("a liquidation, a stop that fails"),
    Topic.ERROR: later("a bot that fails, a stop that fails, a liquidation that it reports"),
    Topic.STATE: later("a bot that stops or fails"),
    Topic.MESSAGE: later("an alarm from the platform"),
    Topic.SYSTEM: later("an alarm from the platform"),
}

_ALL_CRITICAL = later(
    "a bot that stops or fails, a liquidation, a stop that fails, an alarm from the platform"
)


def _critical_of(rule: Rule) -> str:
    return _(_ALL_CRITICAL if rule.topic is None else _CRITICAL[rule.topic])


# --- not understood -------------------------------------------------------------------------------


def pair_name(pair: str) -> str:
    return clean(pair, 40)


def which(options: Sequence[Option]) -> Card:
    """Several bots or pairs fit the words."""
    return Card(
        title=_("Which one do you mean?"),
        pick=PickList(prompt=_("I meant"), options=tuple(options)),
    )


def unknown(wanted: str, near: Sequence[Option], examples: str) -> Card:
    """
    Args:
        near: bots or pairs that are called alike.
        examples: of what the command takes.
    """
    title = _("I know no bot, pair or kind called {wanted}", wanted=clean(wanted, 40))
    nothing = _("Nothing was changed.")
    return unfit(title, near, nothing, _for_example(examples))


def how(what: str, options: Sequence[Option]) -> Card:
    """It is said what is to be told, and not how.

    Args:
        what: in words.
        options: each way.
    """
    return Card(
        title=_("How shall I tell it?"),
        lines=(what,),
        pick=PickList(prompt=_("Choose how"), options=tuple(options)),
        notes=(_for_example(rule_examples()),),
    )


def unclear(problem: Unclear, examples: str) -> Card:
    """
    Args:
        examples: of what the command takes.
    """
    return plain(
        _("I do not quite understand"),
        _(_PROBLEMS[problem.problem]),
        _("Nothing was changed."),
        _for_example(examples),
    )


def _for_example(examples: str) -> str:
    return _("For example: {examples}", examples=examples)


_PROBLEMS = {
    Problem.NO_MODE: later("How shall I tell it: on, silent, digest, off or auto?"),
    Problem.SEVERAL_MODES: later("Say one of on, silent, digest, off and auto."),
    Problem.SEVERAL_THINGS: later("Say one kind, one bot and one pair at a time."),
    Problem.TRADES: later("Say entries or exits: trades are both."),
    Problem.AMOUNT: later(
        "I cannot read the amount. Write it like 1.5 %, 50 USDT or 1000 USDT: 1.000 may be two."
    ),
    Problem.NO_SIDE: later(
        "Say whether from that amount on, or under it: under 1 %, from 50 USDT."
    ),
    Problem.UNIT: later(
        "Exits are measured in percent or money (1 %, 50 USDT), entries in money, signals in"
        " percent of confidence."
    ),
    Problem.NO_MEASURE: later("Only exits, losses, entries and signals have an amount."),
    Problem.NO_THRESHOLD: later("Say from how much on a loss is meant: losses on from 2 %."),
    Problem.NOT_BELOW: later("What is under an amount can be silent, or come in a digest."),
    Problem.NOT_FROM: later("From an amount on, alerts can be on, auto or silent."),
    Problem.ONLY_A_RULE: later("A mute is of a bot, a pair or a kind. For more there are /rules."),
}
