"""Tradebell as `tradebell run` runs it, with accounts that were linked before."""

import asyncio
import hashlib
import sys
from datetime import timedelta
from decimal import Decimal

from cryptography.fernet import Fernet

from benchmarks.bots.profiling import Profiling
from benchmarks.bots.vitals import VITALS
from benchmarks.children import answer
from benchmarks.people import chat_of, expiry, new_id, now, token, users
from bot.app.process import spare_what_lasts
from bot.app.running import run
from bot.domain.accounts import Credential, CredentialKind, Grant
from bot.domain.chats import Address, Channel, Role
from bot.domain.linking import Completed, Invitation
from bot.domain.price_alerts import Crossing, PriceAlert
from bot.settings import Settings, read
from storage import Store, open_store

NAME = "tradebell"
PROFILE = "profile"
"""As the last argument: say at the end where the time went."""

WATCHED = "ETH/USDT"
"""Each account has an alert for the price of this pair, and for no other."""

TOKEN = "1111111111:AATradebellTradebellTradebellTradebel"


def settings(platform: str, bot_api: str, folder: str, metrics: str) -> Settings:
    return read(
        {
            "TRADEBELL_PLATFORM_URL": platform,
            "TRADEBELL_TELEGRAM_API_URL": bot_api,
            "TRADEBELL_TELEGRAM_TOKEN": TOKEN,
            "TRADEBELL_TELEGRAM_RATE": "0",
            "TRADEBELL_TELEGRAM_CHAT_RATE": "0",
            "TRADEBELL_DATA_DIR": folder,
            "TRADEBELL_SECRET_KEY": Fernet.generate_key().decode(),
            "TRADEBELL_LISTEN": "127.0.0.1:0",
            "TRADEBELL_METRICS_LISTEN": metrics,
            "TRADEBELL_LOG_LEVEL": "error",
        }
    )


def credential_of(user: str) -> Credential:
    return Credential(kind=CredentialKind.TOKEN, secret=token(user), expires_at=expiry())


async def link(store: Store, user: str, platform_user: str, credential: Credential) -> None:
    """Take a user through all steps of linking, without the page and the chat."""
    at = now()
    chat = Address(channel=Channel.TELEGRAM, bot=TOKEN.partition(":")[0], chat=chat_of(user))
    code, digits = hashlib.sha256(user.encode()).hexdigest(), "123456"
    invitation = Invitation(
        endpoint=await store.links.endpoint(chat, True),
        address=chat,
        person=chat.chat,
        role=Role.OWNER,
        expires_at=at + timedelta(minutes=10),
    )
    grant = Grant(platform_user=platform_user, label=user, plan=None, credential=credential)
    await store.codes.invite(code, invitation, at)
    await store.codes.sign_in(code, grant, digits, at)
    completed = await store.codes.complete(chat, chat.chat, digits, at)
    assert isinstance(completed, Completed)
    alert = PriceAlert(
        id=new_id(),
        account=completed.link.account,
        pair=WATCHED,
        what=Crossing.ABOVE,
        amount=Decimal(1_000_000),
        made_at=at,
    )
    await store.price_alerts.make(alert)


async def main(arguments: list[str]) -> None:
    platform, bot_api, count, folder, metrics, *options = arguments
    set_up = settings(platform, bot_api, folder, metrics)
    async with open_store(set_up.database_url, set_up.secret_keys, now, new_id) as store:
        for user in users(NAME, int(count)):
            await link(store, user, user, credential_of(user))
    # Only from here on: how long the linking took is of no interest.
    profiling = Profiling() if PROFILE in options else None
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run(set_up, stop, ready=spare_what_lasts))
        await answer({**VITALS, **({"begin_profile": profiling.begin} if profiling else {})})
        stop.set()
    if profiling:
        profiling.end(sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
