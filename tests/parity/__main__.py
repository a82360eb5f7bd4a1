"""Write the tables into docs/how-it-works.md."""

from tests.parity.tables import write

if __name__ == "__main__":
    write()
