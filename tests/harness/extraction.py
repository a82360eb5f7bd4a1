"""What `make texts` takes out of the code: the template of which catalogues are made.

`python -m tests.harness.extraction` writes the template, and brings the catalogues up to date with
it.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
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


READ = "read by a native speaker"
"""What a reader writes above a sentence that is right."""

_ABOUT = f"""\
# Whoever speaks this language from childhood and finds a sentence right writes above it:
# {READ}
# Of the others nobody can say so yet. Who changes a sentence takes that line away again.
"""


def main() -> None:
    template = Catalog(project="Tradebell", fuzzy=False)
    for source in SOURCES:
        found = extract_from_dir(source, method_map=METHODS, keywords=KEYWORDS)
        for name, _line, message, comments, context in found:
            place = str((Path(source) / name).relative_to(ROOT))
            template.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "tradebell.pot").write_bytes(_sentences(template))
    for path in sorted(FOLDER.glob("*.po")):
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        path.write_bytes(_header(catalogue) + _sentences(catalogue))
        sentences = [one for one in catalogue if one.id]
        print(
            f"{path.stem}: {len(sentences)} sentences,",
            f"{sum(not translated(one) for one in sentences)} not translated,",
            f"{sum(READ in one.user_comments for one in sentences)} {READ}",
        )


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def translated(sentence: Message) -> bool:
    """Whether each of its forms is."""
    whole = sentence.string if isinstance(sentence.string, tuple) else (sentence.string,)
    return all(whole) and not sentence.fuzzy


def _header(catalogue: Catalog) -> bytes:
    """Nothing that changes from day to day: many people's changes meet in this file."""
    fields = (
        f"Language: {catalogue.locale_identifier}",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    )
    lines = "".join(f'"{field}\\n"\n' for field in fields)
    return f'{_ABOUT}msgid ""\nmsgstr ""\n{lines}\n'.encode()


def _sentences(catalogue: Catalog) -> bytes:
    written = BytesIO()
    write_po(
        written,
        catalogue,
        width=100,
        sort_by_file=True,
        omit_header=True,
        include_lineno=False,
        ignore_obsolete=True,
    )
    return written.getvalue()


if __name__ == "__main__":
    main()
