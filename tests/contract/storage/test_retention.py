"""What is kept how long: keys, items, ended links, chats and the trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Table, func, select

from bot.domain.chats import Channel, Person
from bot.domain.events import Event, Trade
from bot.domain.ids import AccountId
from bot.domain.ingesting import Known, NewsDecision
from bot.domain.trade_stages import Stage, Step
from bot.domain.trail import by
from storage import Store
from storage.audit import AUDIT_LIFE as TRAIL_LIFE
from storage.retention import DELETED_AT_ONCE, KEYS_LIFE, LINK_LIFE, OPEN_TRADE_LIFE
from storage.schema.tables import account, action, delivery, endpoint, inbox, link
from tests.contract.storage.given import (
    MINUTE,
    NOW,
    SECOND,
    address,
    button,
    completed,
    fact,
    invited,
    linked,
    titles_sent,
    told,
)

DAY = timedelta(days=1)


async def test_keys_and_items_go_after_ninety_days_and_not_before(store: Store):
    chat = await linked(store)
    await told(store, chat.account, *map(str, range(DELETED_AT_ONCE + 2)))
    await titles_sent(store, chat.endpoint.id, NOW + DAY)

    await store.retention.prune(NOW + KEYS_LIFE - MINUTE)
    kept = (await count(store, inbox), await count(store, delivery) > 0)
    again = await told(store, chat.account, "0", "1")
    await store.retention.prune(NOW + DAY + KEYS_LIFE + MINUTE)

    assert kept == (DELETED_AT_ONCE + 2, True)
    assert again.new == 0
    assert await count(store, inbox) == 0
    assert await count(store, delivery) == 0


async def test_what_is_still_owed_is_never_taken_away(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "one")

    await store.retention.prune(NOW + 2 * KEYS_LIFE)

    assert await titles_sent(store, chat.endpoint.id) == ["one"]


async def test_a_record_dated_long_ago_is_kept_from_its_coming_on(store: Store):
    chat = await linked(store)
    await told(store, chat.account, "old", at=NOW - 2 * KEYS_LIFE)

    await store.retention.prune(NOW + DAY)

    assert (await told(store, chat.account, "old", at=NOW - 2 * KEYS_LIFE)).new == 0


async def test_an_open_trade_is_kept_so_that_its_end_is_told_against_it(store: Store):
    chat = await linked(store)
    filled, closed = Stage(Step.FILLED), Stage(Step.ENDED, "closed")
    for record, stage in (("open", filled), ("over", filled), ("over", closed)):
        await store.inbox.ingest(chat.account, [fact(record)], at_stage(stage), NOW)

    await store.retention.prune(NOW + OPEN_TRADE_LIFE - DAY)
    news = {
        record: (
            await store.inbox.ingest(
                chat.account, [fact(record)], at_stage(closed, only_if_kept=True), NOW
            )
        ).new
        for record in ("open", "over")
    }
    await store.retention.prune(NOW + OPEN_TRADE_LIFE + DAY)

    assert news == {"open": 1, "over": 0}
    assert await count(store, inbox) == 0


async def test_an_ended_link_goes_with_all_that_hung_on_it_and_others_stay(store: Store):
    mine, yours = await linked(store), await linked(store, "200", "bob")
    for each in (mine, yours):
        await told(store, each.account, f"of {each.account}", "unsent")
        await store.actions.offer([button(each, f"button of {each.account}")])
    await store.links.end(mine.id, NOW)

    await store.retention.prune(NOW + LINK_LIFE)
    before = await count(store, link)
    await store.retention.prune(NOW + LINK_LIFE + SECOND)
    await store.codes.prune(NOW + LINK_LIFE)
    await store.retention.prune(NOW + LINK_LIFE + SECOND)
    await store.retention.prune(NOW + LINK_LIFE + SECOND)

    assert before == 2
    for table, rows in ((link, 1), (delivery, 2), (inbox, 2), (action, 1)):
        assert await count(store, table) == rows, table.name
    assert await column(store, account.c.platform_user) == {mine.account, "bob"}
    assert "200" in await column(store, endpoint.c.chat)
    assert "100" not in await column(store, endpoint.c.chat)
    assert len(await titles_sent(store, yours.endpoint.id)) == 2


async def test_who_comes_back_after_that_begins_anew(store: Store):
    first = await linked(store)
    await store.links.end(first.id, NOW)
    for _ in range(3):
        await store.codes.prune(NOW + LINK_LIFE + SECOND)
        await store.retention.prune(NOW + LINK_LIFE + SECOND)

    second = (await completed(store, at=NOW + LINK_LIFE + DAY)).link
    await told(store, second.account, "one")

    assert second.account != first.account
    assert await titles_sent(store, second.endpoint.id) == ["one"]


async def test_a_stranger_s_chat_is_forgotten_but_not_while_they_may_be_linking(store: Store):
    await store.links.endpoint(address("300"), private=True)

    await store.retention.prune(NOW)
    await invited(store, "code", "300")
    await store.retention.prune(NOW)
    linking = await column(store, endpoint.c.chat)
    await store.codes.prune(NOW + 3 * DAY)
    for _ in range(2):
        await store.retention.prune(NOW)

    assert linking == {"300"}
    assert "300" not in await column(store, endpoint.c.chat)


async def test_the_trail_says_no_more_after_a_year_whom_it_was_about_and_stays_whole(store: Store):
    me = Person(channel=Channel.TELEGRAM, id="4711")
    for number in range(3):
        at = NOW + number * DAY
        await store.audit.note("command", at, AccountId("alice"), name="status", **by(me))
    await store.audit.note("login_failed", NOW, None, **by(me))

    await store.audit.prune(NOW + TRAIL_LIFE + DAY + SECOND)

    left = await store.audit.trail(AccountId("alice"), 10)
    assert [trace.at for trace in left] == [NOW + 2 * DAY]
    assert await store.audit.broken() is None


async def test_the_trail_is_told_by_account_and_by_person_youngest_first(store: Store):
    me, you = Person(channel=Channel.TELEGRAM, id="1"), Person(channel=Channel.DISCORD, id="1")
    alice = AccountId("alice")
    for number, (person, whose) in enumerate([(me, alice), (you, alice), (me, AccountId("bob"))]):
        await store.audit.note("command", NOW, whose, name=str(number), **by(person))
    await store.audit.note("command", NOW, alice, name="3", **by(me))

    async def names(*args: Any) -> list[str]:
        return [trace.facts["name"] for trace in await store.audit.trail(alice, *args)]

    assert await names(10) == ["3", "1", "0"]
    assert await names(1, 1) == ["1"]
    assert await names(10, 0, me) == ["3", "0"]


def at_stage(stage: Stage, *, only_if_kept: bool = False) -> Any:
    def decide(event: Event, known: Known) -> NewsDecision:
        assert isinstance(event, Trade)
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            revision=str(stage),
            stage=stage,
            only_if_kept=only_if_kept,
        )

    return decide


async def count(store: Store, table: Table) -> int:
    def read(connection: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    return await store.database.read(read)


async def column(store: Store, wanted: Any) -> set[Any]:
    return await store.database.read(
        lambda connection: set(connection.execute(select(wanted)).scalars())
    )
