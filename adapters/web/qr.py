"""Pictures that a phone's camera turns back into an address."""

from functools import lru_cache

from markupsafe import Markup

QUIET = 4
"""Modules of margin. Source: ISO/IEC 18004, section 6.3.8."""

KEPT = 64
"""Addresses whose picture need not be drawn again: it takes the event loop 10 ms."""


@lru_cache(KEPT)
def qr_code(address: str) -> Markup:
    """An `<svg>` without styles and scripts, as our policy asks; black on white in the dark too.

    Whoever shows it says in words what it is.
    """
    import segno  # loaded with the first picture

    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(border=QUIET, light="#fff", omitsize=True, svgclass="", lineclass="")
    return Markup(drawn.replace("<svg", '<svg aria-hidden="true"', 1))
