"""What running bots are asked and told, against both platforms, addressed as in the demo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from adapters.cryptorobot.client import CryptorobotPlatform, open_platform
from adapters.cryptorobot.session import CryptorobotSession
from adapters.cryptorobot.settings import PlatformSettings, PodCommand
from bot.domain.accounts import PasswordLogin
from bot.domain.events import Trader
from bot.domain.ids import TraderId
from bot.domain.pods import BotCommand
from bot.errors import NotOffered, Refused, TryLater
from tests.contract.platforms import Person, PlatformUnderTest
from tests.contract.test_platform_client import now

BODY = {"traderId": "{traderId}", "command": "{command}", "params": "{params}"}

AS_IN_THE_DEMO = PodCommand(path="/traders/pods", body=BODY)

NO_SUCH_COMMAND = PodCommand(path="/traders/pods", body={**BODY, "command": "{command}s"})

NO_SUCH_PATH = PodCommand(path="/bots/{traderId}/{command}")

NO_SUCH_METHOD = PodCommand(path="/traders/pods?command={command}", method="GET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A bot that runs, and its person's session."""

    session: CryptorobotSession
    bot: Trader
    person: Person


async def told(platform: PlatformUnderTest, client: CryptorobotPlatform) -> Told:
    person = await platform.add_user()
    record = {"name": "Owl", "running": True, "status": "running"}
    stored = await platform.add("traders", record, person.id)
    trade = {"trade_id": 5, "pair": "BTC/USDT", "base_currency": "BTC", "amount": 0.4, "orders": []}
    await platform.hold(stored["_id"], trade)
    grant = await client.log_in(PasswordLogin(email=person.email, password=person.password))
    session = client.session(grant.credential, "pro")
    bot = Trader(id=TraderId(stored["_id"]), name="Owl", running=True)
    return Told(session=session, bot=bot, person=person)


@pytest.fixture
async def by(request: pytest.FixtureRequest, platform: PlatformUnderTest) -> AsyncIterator[Told]:
    template = getattr(request, "param", AS_IN_THE_DEMO)
    settings = PlatformSettings(url=platform.url, pod_command=template)
    async with open_platform(settings, now) as client:
        yield await told(platform, client)


async def test_whatever_can_be_asked_is_read(by: Told):
    pods = by.session.pods

    balance = await pods.balance(by.bot)
    logs = await pods.logs(by.bot)
    health = await pods.health(by.bot)

    assert (balance.worth, balance.currency) == (Decimal(10000), "USDT")
    assert await pods.whitelist(by.bot) == ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    assert await pods.blacklist(by.bot) == ("BNB/.*", ".*UP/USDT")
    assert await pods.locks(by.bot) == ()
    assert 0 < len(logs) <= 60
    assert health.last_at is not None


async def test_a_part_of_a_trade_is_closed_and_read_back(by: Told):
    [before] = await by.session.pods.open_trades(by.bot)

    await by.session.pods.force_exit(by.bot, before.id, Decimal("0.3"))

    [after] = await by.session.pods.open_trades(by.bot)
    assert (before.id, before.amount) == ("5", Decimal("0.4"))
    assert after.amount is not None
    assert abs(after.amount - Decimal("0.1")) < Decimal("0.0001")


async def test_entries_end_and_begin_again(by: Told):
    opens = [await by.session.opens_trades(by.bot)]
    await by.session.stop_entries(by.bot)
    opens.append(await by.session.opens_trades(by.bot))
    await by.session.pods.reload(by.bot)
    opens.append(await by.session.opens_trades(by.bot))

    assert opens == [True, False, True]


async def test_that_a_bot_says_no_is_no_denial(by: Told, platform: PlatformUnderTest):
    with pytest.raises((Refused, TryLater)) as no:
        await by.session.pods.force_exit(by.bot, "7", None)

    assert not isinstance(no.value, NotOffered)


@pytest.mark.parametrize(
    "by", [NO_SUCH_COMMAND, NO_SUCH_PATH, NO_SUCH_METHOD], indirect=True, ids=["404", "path", "405"]
)
async def test_what_the_platform_does_not_know_is_denied(by: Told):
    for command in BotCommand:
        with pytest.raises(NotOffered):
            await by.session.pods.probe(by.bot, command)
    with pytest.raises(NotOffered):
        await by.session.pods.reload(by.bot)


async def test_what_the_plan_does_not_have_is_denied_with_its_words(
    by: Told, platform: PlatformUnderTest
):
    await platform.refuse_pods(403)

    with pytest.raises(NotOffered):
        await by.session.pods.probe(by.bot, BotCommand.HEALTH)
    with pytest.raises(NotOffered):
        await by.session.pods.force_exit(by.bot, "5", None)


async def test_another_persons_bot_is_not_there(by: Told, platform: PlatformUnderTest):
    other = await platform.add_user()
    theirs = await platform.add("traders", {"running": True, "status": "running"}, other.id)

    with pytest.raises(NotOffered):
        await by.session.pods.balance(replace(by.bot, id=TraderId(theirs["_id"])))
