"""What changes for our bot in a group where alerts are shown."""

from bot.domain.cards import Card
from bot.domain.incoming import Ranked
from bot.domain.marks import command
from bot.texts.cards import plain
from bot.texts.language import _, ngettext


def open_again(owed: int) -> Card:
    """
    Args:
        owed: alerts that were kept while nothing could be shown.
    """
    come = ngettext(
        "{count} alert waited and comes now.", "{count} alerts waited and come now.", owed
    )
    nothing = _("Nothing waits for this chat.")
    return plain(_("I can write here again"), come if owed else nothing)


def alone() -> Card:
    """To all, where an answer for one person could not be shown to them alone."""
    return plain(
        _("I could not answer you alone here"),
        _("Ask me in our private chat, or here once more."),
    )


def ranked(rank: Ranked, linked: bool) -> Card:
    """
    Args:
        linked: an account's alerts are shown there.
    """
    if not rank.administrator:
        return plain(
            _("I am no administrator here any more"),
            _("Alerts come as before. Press Seen under one: reactions do not reach me now.")
            if linked
            else _("To show an account's alerts I need not be one: /link."),
            _("I make no more topics.") if rank.makes_topics is False and linked else "",
        )
    return plain(
        _("I am an administrator here now"),
        _("A reaction to an alert counts as Seen from now on.")
        if linked
        else _("To show an account's alerts here, one of you sends /link."),
        _topics(rank) if linked else "",
    )


def _topics(rank: Ranked) -> str:
    match rank.makes_topics:
        case None:
            return ""
        case True:
            return _("A topic for each bot: {on}.", on=f"{command('topics')} on")
        case False:
            return _("For a topic for each bot I also need the right to manage topics.")
