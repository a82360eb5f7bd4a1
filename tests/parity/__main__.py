"""Write the tables into docs/how-it-works.md, and the cards into tests/golden."""

from tests.parity import golden, tables

if __name__ == "__main__":
    tables.write()
    golden.write()
