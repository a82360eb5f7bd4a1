"""The words of a person's own trail: what was done on an account, by whom, when."""

from collections.abc import Callable, Mapping, Sequence

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Field, Severity, moment
from bot.domain.links import Person
from bot.domain.text import clean
from bot.domain.trail import Trace, by

ROWS = 15
"""Of one page: fits one message of any platform."""


def page(traces: Sequence[Trace], number: int, older: Sequence[Button], asker: Person) -> Card:
    """One page, youngest first.

    Args:
        number: from 1.
        older: what leads to the next page.
    """
    if not traces:
        words = "There is no such page. /audit shows the newest." if number > 1 else "Nothing yet."
        return Card(title="What was done", severity=Severity.INFO, lines=(words,))
    rows = [
        Field(moment(trace.at), " · ".join(filter(None, (_deed(trace), _who(trace, asker)))))
        for trace in traces
    ]
    return Card(
        title="What was done" if number == 1 else f"What was done, page {number}",
        severity=Severity.INFO,
        fields=tuple(rows),
        buttons=(tuple(older),) if older else (),
        notes=(f"Older ones: /audit {number + 1}",) if older else (),
    )


def _deed(trace: Trace) -> str:
    words = _DEEDS.get(trace.what)
    return clean(words(trace.facts) if words else trace.what.replace("_", " "), 200)


def _who(trace: Trace, asker: Person) -> str:
    channel = trace.facts.get("channel", "")
    if "person" not in trace.facts or not channel:
        return channel.capitalize()
    theirs = by(asker).items() <= trace.facts.items()
    return f"{'you' if theirs else 'somebody else'} on {channel.capitalize()}"


def _command(facts: Mapping[str, str]) -> str:
    refused = ", refused" if "refused" in facts else ""
    return f"asked /{facts.get('name', '')}{refused}"


def _press(facts: Mapping[str, str]) -> str:
    if "refused" in facts:
        return f"pressed a button, refused: {facts['refused']}"
    return f"pressed {_verb(facts)}"


def _action(facts: Mapping[str, str]) -> str:
    names = facts.get("names") or facts.get("targets", "")
    return f"{_verb(facts)} {names}: {facts.get('state', '')}"


def _verb(facts: Mapping[str, str]) -> str:
    verb = facts.get("verb", "")
    return _VERBS.get(verb, verb)


def _members(facts: Mapping[str, str]) -> str:
    return f"set what others in a chat may do: {facts.get('role', '')}"


_VERBS = {
    Verb.PAUSE.value: "stop",
    Verb.NO_ENTRIES.value: "no new trades of",
    Verb.ADMIT.value: "allow",
}
"""What the buttons say."""

_DEEDS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "command": _command,
    "press": _press,
    "action": _action,
    "members": _members,
    "linked": lambda _: "linked a chat",
    "unlinked": lambda _: "unlinked a chat",
    "endpoint_disabled": lambda facts: f"a chat was closed to me: {facts.get('reason', '')}",
}
