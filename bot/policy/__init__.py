"""Whether anything is sent at all, and how: every decision that can be made purely.

In the order in which an event meets them:

1. `news`: is it news, how is it told, and what does it offer? (With `revisions` for things that
   change, `bot.domain.trade_stages` for trades, `bot.domain.grading` for how bad words are.)
2. `whether_sent.OWED`: which of the account's endpoints are owed it.
3. `same_fact`: has another service told the same fact?
4. `whether_sent.LEAVING`: may an owed item leave now?
5. `bot.domain.deliveries.after_attempt`: what the outcome of an attempt leads to.

What only the store can decide, because it takes all that is stored and one transaction:
whether a fact is there already (`storage.inbox.dedup`, by its key), whether a crowd waits that
is better told together (`storage.outbox.digests`), and which item of a lane comes first
(`storage.outbox.claims`). What only the outside can tell: whether the person behind a shared chat
is still there (`bot.services.shared_chats.not_to_be_shown`).
"""
