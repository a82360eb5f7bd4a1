"""What the commands share by which a person says what they want to hear, and when."""

from collections.abc import Callable

from bot.domain.chats import Link, Person, Preferences
from bot.domain.trail import by
from bot.domain.wishes import without_ended
from bot.services.commands.desk import Desk

Change = Callable[[Preferences], Preferences]


async def wish(
    desk: Desk, link: Link, person: Person, change: Change, deed: str, words: str
) -> Preferences:
    """Change what a chat wants, and note who did it; gives it as it is now.

    Args:
        deed: as the trail calls it.
        words: what exactly, in the words of a command.
    """
    now = desk.now()
    wants = await desk.links.prefer(link.id, lambda wants: without_ended(change(wants), now), now)
    desk.gathering.wake()
    await desk.audit.note(deed, now, link.account, **by(person), words=words)
    return wants
