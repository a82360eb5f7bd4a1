"""Write the tables into docs/how-it-works.md, docs/gallery.md, and the cards into tests/golden."""

from tests.parity import gallery, golden, tables

if __name__ == "__main__":
    tables.write()
    gallery.write()
    golden.write()
