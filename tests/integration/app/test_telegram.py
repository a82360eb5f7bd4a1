"""The product on Telegram: what people do there beside typing commands."""

from __future__ import annotations

from tests.integration.app.conftest import bought, linked, running
from tests.standins.bot_api import Access
from tests.standins.bot_api.faults import refused


async def test_a_chat_found_closed_gets_what_was_kept_once_its_person_speaks(
    settings, simulated, bot_api, ann
):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        bot_api.fail(
            refused(403, "Forbidden: bot was blocked by the user"), method="sendMessage", chat=ann
        )
        await simulated.trade(1)
        await product.becomes("/metrics", lambda _, text: 'state="held"} 1.0' in text)

        ann.types("/status")
        await bot_api.world.message_where(lambda one: "Bought 1 BTC" in one.text, within=15)
        await simulated.trade(2)
        await bot_api.world.message_where(lambda one: "Bought 2 BTC" in one.text, within=15)

    assert bought(bot_api) == [1, 2]
    assert not any("kept from writing" in one.text for one in bot_api.world.messages)


async def test_a_caption_a_voice_message_and_a_group_are_answered(settings, bot_api, ann):
    group = bot_api.world.group("Desk", ann)
    group.access = Access.LEFT

    async with running(settings()):
        ann.sends("photo", caption="/help")
        await bot_api.world.message_where(lambda one: "What you can ask me" in one.text, within=15)
        for kind in ("voice", "sticker", "photo"):
            ann.sends(kind)
        await bot_api.world.message_where(lambda one: "only understand text" in one.text)
        ann.adds_bot(group)
        await bot_api.world.message_where(lambda one: "I am Tradebell" in one.text)
        ann.types("/status@tradebell_bot", group)
        await bot_api.world.message_where(lambda one: "no account here" in one.text)

    said = [one.text for one in ann.chat.shown if one.sender != ann.id]
    assert len(said) == 2
    assert len(group.shown) == 3


async def test_an_alert_that_is_replied_to_is_explained(settings, simulated, bot_api, ann):
    async with running(settings()) as product:
        await linked(product, bot_api, ann, simulated.alice)
        await simulated.trade(1)
        alert = await bot_api.world.message_where(lambda one: "Bought 1 BTC" in one.text, within=15)

        ann.replies(alert, "/why")
        answer = await bot_api.world.message_where(
            lambda one: one.text.startswith("About "), within=15
        )
        ann.replies(answer, "why?")
        await bot_api.world.message_where(lambda one: "is no alert" in one.text, within=15)

    reference = answer.text.split()[1]
    assert f"ref {reference}" in alert.text
    assert "without a sound: by the rule" in answer.text
