"""Whether an event is owed to an endpoint of its account, decided when it is ingested."""

from typing import NamedTuple

from bot.domain.chats import EndpointState, Link
from bot.domain.events import Kind
from bot.domain.ids import EndpointId
from bot.domain.reasons import Reason
from bot.policy.decision import SEND, Course, Decision, Stage, decided


class Listener(NamedTuple):
    """A link that may hear of an event; `without` is where somebody knows it already."""

    link: Link
    kind: Kind
    without: EndpointId | None = None


def _knows_already(listener: Listener) -> Decision | None:
    if listener.link.endpoint.id == listener.without:
        return Decision(Course.DROP, "known there")
    return None


def _is_muted(listener: Listener) -> Decision | None:
    if listener.kind in listener.link.preferences.muted:
        return Decision(Course.DROP, "muted")
    return None


STAGES: tuple[Stage[Listener], ...] = (_knows_already, _is_muted)


def owed(link: Link, kind: Kind, without: EndpointId | None = None) -> Decision:
    """Whether it is owed there at all."""
    return decided(STAGES, Listener(link, kind, without))


def may_go(link: Link) -> Decision:
    """Whether what is owed there may be sent at once, asked where it is stored."""
    if link.endpoint.state is EndpointState.DISABLED:
        return Decision(Course.HOLD, Reason.CLOSED)
    return SEND
