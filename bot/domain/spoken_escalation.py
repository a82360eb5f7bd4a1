"""Chains as people write them: 'phone after 3 min, again after 6 loud, then Discord after 10'."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.escalation import DEFAULT_CHAIN, LONGEST, MOST_STEPS, Chain, Step, Surface
from bot.domain.ids import LinkId
from bot.domain.spoken_times import read_span, span_written
from bot.domain.text import folded


class ChainProblem(StrEnum):
    """Why something is not understood."""

    STEP = "step"
    """It says not who is told after how long."""
    WHO = "who"
    """No linked chat is called so."""
    WHICH = "which"
    """Several are."""
    TIME = "time"
    """Sooner than a minute, or later than `LONGEST`."""
    TOO_MANY = "too many"


Named = Mapping[LinkId, Sequence[str]]
"""What each linked chat may be called."""

_OFF = frozenset({"off", "never", "none", "stop", "nobody"})
_USUAL = frozenset({"on", "default", "usual", "as usual", "reset"})
_PHONES = frozenset({"phone", "phones", "my phone", "mobile", "push", "call"})
_CHATS = frozenset({"chats", "all chats", "chat", "all", "everywhere", "here"})
_AGAIN = frozenset({"again", "the same", "and again", "once more"})
_BETWEEN = re.compile(r"\s*(?:,|;|\bthen\b)\s*", re.IGNORECASE)
_STEP = re.compile(
    r"(?P<who>.+?)\s+(?:after|in|at|\+)\s+(?P<span>\d.*?)(?P<loud>\s+loud(?:ly)?)?", re.IGNORECASE
)
_LOUD = re.compile(r"\bloud(?:ly)?\b", re.IGNORECASE)
_SOONEST = timedelta(minutes=1)


def read_chain(text: str, named: Named) -> Chain | ChainProblem:
    """
    Args:
        named: the account's chats.
    """
    plain = folded(text).strip(" .!")
    if plain in _OFF:
        return replace(DEFAULT_CHAIN, on=False)
    if plain in _USUAL:
        return DEFAULT_CHAIN
    steps: list[Step] = []
    for part in filter(None, _BETWEEN.split(text)):
        step = _read_step(part, steps[-1] if steps else None, named)
        if isinstance(step, ChainProblem):
            return step
        steps.append(step)
    if not steps:
        return ChainProblem.STEP
    if len(steps) > MOST_STEPS:
        return ChainProblem.TOO_MANY
    return Chain(steps=tuple(sorted(steps, key=lambda step: step.after)))


def _read_step(text: str, before: Step | None, named: Named) -> Step | ChainProblem:
    found = _STEP.fullmatch(text.strip(" ."))
    if found is None:
        return ChainProblem.STEP
    loud = found["loud"] is not None or _LOUD.search(found["who"]) is not None
    who = folded(_LOUD.sub(" ", found["who"])).strip(" :")
    said = found["span"].strip()
    span = read_span(f"{said} min" if said.isdigit() else said)
    if span is None or not _SOONEST <= span <= LONGEST:
        return ChainProblem.TIME
    if who in _AGAIN:
        return ChainProblem.STEP if before is None else replace(before, after=span, loud=loud)
    if who in _PHONES:
        return Step(after=span, to=Surface.PHONE, loud=loud)
    if who in _CHATS:
        return Step(after=span, to=Surface.CHATS, loud=loud)
    fitting = [id for id, names in named.items() if who in map(folded, names)]
    if len(fitting) != 1:
        return ChainProblem.WHICH if fitting else ChainProblem.WHO
    return Step(after=span, to=Surface.CHAT, loud=loud, link=fitting[0])


def chain_written(chain: Chain) -> str:
    """As `read_chain` understands it, where chats may be called by their ids."""
    if not chain.on:
        return "off"
    if chain == DEFAULT_CHAIN:
        return "default"
    return ", ".join(
        f"{step.link or _WRITTEN[step.to]} after {span_written(step.after)}"
        f"{' loud' if step.loud else ''}"
        for step in chain.steps
    )


_WRITTEN = {Surface.PHONE: "phone", Surface.CHATS: "chats"}
