"""Topics that are a bot's each."""

from collections.abc import Sequence

from bot.domain.cards import Card
from bot.domain.marks import command
from bot.domain.topics import BotTopic, TopicState
from bot.texts.cards import plain
from bot.texts.errors import told
from bot.texts.language import _


def not_here() -> Card:
    return plain(
        _("This chat has no topics"),
        _("They are for groups and chats that have topics, and for channels of a server."),
    )


def cannot(reason: str) -> Card:
    return plain(
        _("I could not make a topic"),
        told(reason),
        _("Then send {again} again.", again=f"{command('topics')} on"),
    )


def off() -> Card:
    return plain(
        _("All bots are told of here together"),
        _("For a topic each: {on}.", on=f"{command('topics')} on"),
    )


def on(topics: Sequence[BotTopic]) -> Card:
    """
    Args:
        topics: those that there are.
    """
    gone = [one.name for one in topics if one.state is TopicState.GONE]
    return plain(
        _("Each bot is told of in its own topic"),
        _("I make one for each bot, with its name. What is of no bot comes here."),
        _("{names}: the topic is gone, so it comes here.", names=", ".join(gone)) if gone else "",
        _(
            "To make it anew: {on}. To end it: {off}.",
            on=f"{command('topics')} on",
            off=f"{command('topics')} off",
        )
        if gone
        else _("To end it: {off}. The topics stay.", off=f"{command('topics')} off"),
    )
