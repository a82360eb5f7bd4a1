"""`/daily`, `/weekly`, `/monthly`: what each of the last days, weeks or months has brought."""

from collections.abc import Sequence
from datetime import date

from bot.domain.cards import Card
from bot.domain.charts import Bars
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.figures import Record, Span, latest
from bot.domain.timetables import at_clock
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import BOT, Asked, asked, basis, record
from bot.services.picturing import pictured
from bot.texts import figures as texts
from bot.texts.charts import bars_of
from bot.texts.language import later

_COUNT = Argument(
    name="count", type=ArgumentType.NUMBER, description=later("how many, the running one too")
)


async def by_period(
    request: AccountRequest, scope: Asked, span: Span, count: int
) -> tuple[Sequence[date], Record, Bars | None]:
    """The first day of each of the last so many, what is known of them, and how it looks."""
    days = latest(span, count, scope.now, scope.clock)
    since = at_clock(days[0], texts.MIDNIGHT, scope.clock)
    found = await record(request, since, scope)
    return days, found, bars_of(span, found, days, scope.clock)


def _command(name: str, summary: str, span: Span, usual: int, most: int) -> AccountCommand:
    async def answer(request: AccountRequest) -> Card:
        scope = await asked(request)
        if isinstance(scope, Card):
            return scope
        count = min(request.arguments.number(_COUNT.name) or usual, most)
        days, found, bars = await by_period(request, scope, span, count)
        picture = await pictured(bars, request.link.preferences.look, request.desk.draw)
        told = await basis(request, found)
        return texts.periods(span, days, told, scope.of, scope.clock, picture)

    return AccountCommand(
        spec=Spec(
            name=name,
            summary=summary,
            example=f"{usual} Grid BTC",
            arguments=(_COUNT, BOT),
            showable=True,
            family=RESULTS,
        ),
        answer=answer,
    )


DAILY = _command("daily", later("What each of the last days has brought"), Span.DAY, 7, 31)
WEEKLY = _command("weekly", later("What each of the last weeks has brought"), Span.WEEK, 8, 26)
MONTHLY = _command("monthly", later("What each of the last months has brought"), Span.MONTH, 6, 24)
