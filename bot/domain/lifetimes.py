"""How long what people hold in their hands is good for: buttons, addresses, digits, alerts."""

from datetime import timedelta

CONFIRM_LIFE = timedelta(seconds=60)
"""How long a confirm card works (`guarantees.md` 3.7)."""

OFFER_LIFE = timedelta(hours=24)
"""How long a button under an alert works: it only opens a confirm card."""

UNDO_LIFE = timedelta(minutes=10)
"""How long what was just set may be taken back by a button."""

WATCH_LIFE = timedelta(hours=1, minutes=1)
"""How long the button under a live price works: that ends by itself a minute before."""

END_LIFE = timedelta(hours=24)
"""How long a card whose buttons have ended is still worth changing."""

AMEND_LIFE = timedelta(hours=24)
"""How long a message is still worth changing: its button has expired by then (`OFFER_LIFE`)."""

ALERT_LIFE = timedelta(hours=72)
"""How long an item that is not urgent is worth sending (`guarantees.md` 2.6)."""

CODE_LIFE = timedelta(minutes=10)
"""How long an address of the page works on which an account is linked (`guarantees.md` 3.2)."""

INVITATION_LIFE = timedelta(hours=24)
"""How long a partner may take an invitation."""

VISIT_LIFE = timedelta(minutes=30)
"""How long the settings page works in the browser that opened its address."""

INBOX_LIFE = timedelta(days=30)
"""How long a browser stays signed in to its inbox without being used."""

PHONE_CODE_LIFE = timedelta(minutes=10)
"""How long the digits work that a new phone shows."""

PROOF_LIFE = timedelta(minutes=10)
"""How long a fresh login lets a person confirm what cannot be undone."""

COOL_OFF = timedelta(minutes=10)
"""How long after it was linked a chat may not be used for that."""

DIGITS_LIFE = timedelta(minutes=2)
"""How long the digits work that such a page shows (`guarantees.md` 3.2)."""
