"""Every card that the product makes, on every platform: that each shows all of it, and how.

`examples` finds the cards and has arguments for each of their makers, `parts` says what a card is
made of, `screens` what a person is shown. `python -m tests.parity` writes the tables in
docs/how-it-works.md; tests/unit/test_parity.py says whether they are true.
"""
