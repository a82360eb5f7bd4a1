"""What `make texts` takes out of the code: the template of which catalogues are made.

`python -m tests.harness.extraction` writes the template, and brings the catalogues up to date with
it.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.texts.language import FOLDER

ROOT = Path(__file__).parents[2]

SOURCES = (str(ROOT / "bot"), str(ROOT / "adapters"))

METHODS = [("**.py", "python")]

KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "later": None,
    "ngettext": (1, 2),
    "both": (1, 2),
    "forms": (1, 2),
}
"""Functions that sentences are given to, with which of their arguments these are."""


def main() -> None:
    template = Catalog(project="Tradebell", fuzzy=False)
    for source in SOURCES:
        found = extract_from_dir(source, method_map=METHODS, keywords=KEYWORDS)
        for name, _line, message, comments, context in found:
            place = str((Path(source) / name).relative_to(ROOT))
            template.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    FOLDER.mkdir(exist_ok=True)
    _write(FOLDER / "tradebell.pot", template)
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem.replace("-", "_"))
        catalogue.update(template, no_fuzzy_matching=True)
        _write(path, catalogue)


def _write(path: Path, catalogue: Catalog) -> None:
    written = BytesIO()
    write_po(
        written, catalogue, width=100, sort_by_file=True, omit_header=True, include_lineno=False
    )
    path.write_bytes(written.getvalue())


if __name__ == "__main__":
    main()
