"""What is said to, and of, those who see an account without a login to it."""

from bot.domain.cards import Card
from bot.texts.language import _


def farewell(label: str, *, over: bool) -> Card:
    """The last word to a partner.

    Args:
        over: the owner has left themselves.
    """
    if over:
        line = _("Its owner has disconnected it from me, so there is nothing to show any more.")
    else:
        line = _("Its owner has removed this chat. To see it again, ask them to invite you anew.")
    return Card(
        title=_("You no longer see {account}", account=label),
        lines=(line, _("Nothing more comes from it. /link connects an account of your own.")),
    )
