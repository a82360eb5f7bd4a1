"""Every card that the product makes, on every platform: that each shows all of it, and how.

`examples` finds the cards and has arguments for each of their makers, `parts` says what a card is
made of, `screens` what a person is shown, `commands` how they are asked for. `make golden` writes
the tables in docs/how-it-works.md, docs/gallery.md, and each card as each platform gets it into
tests/golden; tests/unit/test_parity.py and tests/unit/test_golden.py say whether these are true.
"""
