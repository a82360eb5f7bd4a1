"""What somebody must see, in a few words."""

from bot.domain.incidents import Cause
from bot.texts.language import _, later


def happened(cause: Cause, called: str) -> str:
    """'Grid BTC stopped with an error'.

    Args:
        called: the bot, if it is of one.
    """
    if cause is Cause.ERROR and not called:
        return _("the platform reports an error")
    return _(_WORDS[cause], bot=called or _("a bot"))


_WORDS = {
    Cause.FAILED: later("{bot} stopped with an error"),
    Cause.STOPPED: later("{bot} stopped, and nobody asked for it here"),
    Cause.LIQUIDATION: later("{bot} was liquidated"),
    Cause.STOP_FAILED: later("a stop of {bot} failed"),
    Cause.ERROR: later("{bot} reports an error"),
    Cause.LOGIN: later("the platform no longer accepts your login"),
    Cause.UNREACHABLE: later("the trading platform cannot be reached, and trades are open"),
    Cause.GUARD: later("a day crossed the limit that you set"),
    Cause.DRILL: later("nothing is wrong: a drill"),
    Cause.WENT_LIVE: later("{bot} now trades real money"),
}
