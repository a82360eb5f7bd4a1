"""`/status`: the bots, the connection, and what waits."""

from bot.domain.cards import Card
from bot.domain.chats import EndpointState
from bot.domain.commands import Spec
from bot.domain.deliveries import LOST
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.texts import status as texts
from bot.texts.language import later


async def _answer(request: AccountRequest) -> Card:
    desk, account = request.desk, request.account
    traders, read_at = await desk.bots(account)
    endpoint = request.link.endpoint.id
    linked = await desk.links.of(account.id)
    return texts.overview(
        account,
        traders,
        desk.feeds.status(account.id),
        read_at=read_at,
        last_event_at=await desk.inbox.last_event_at(account.id),
        pending=await desk.outbox.pending(endpoint),
        missed=await desk.outbox.missed_count(endpoint, LOST),
        here=request.link,
        chain=await desk.incidents.chain(account.id),
        linked=linked,
        unreached=[one for one in linked if not desk.delivering.reaches(one.endpoint.address)],
        closed=[one for one in linked if one.endpoint.state is EndpointState.DISABLED],
        now=desk.now(),
    )


COMMAND = AccountCommand(
    spec=Spec(
        name="status", summary=later("Your bots and the connection"), aliases=("s",), showable=True
    ),
    answer=_answer,
)
