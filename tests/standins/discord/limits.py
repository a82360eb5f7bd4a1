"""What Discord allows in a message, a modal, a list of choices; pure.

Lengths are counted in code points. Source of the numbers: discord/discord-api-docs:
developers/resources/message.mdx and developers/components/reference.mdx.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tests.standins.discord.errors import Json, Problems

Path = tuple[str | int, ...]

CONTENT = 2000
EMBEDS = 10
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
EMBED_FIELDS = 25
EMBED_FIELD_NAME = 256
EMBED_FIELD_VALUE = 1024
EMBED_FOOTER = 2048
EMBED_AUTHOR = 256
EMBEDS_IN_ALL = 6000
LARGEST_COLOUR = 0xFFFFFF
NONCE = 25
ALT_TEXT = 1024
ATTACHMENTS = 10
ROWS = 5
BUTTONS_IN_A_ROW = 5
CUSTOM_ID = 100
BUTTON_LABEL = 80
BUTTON_URL = 512
SELECT_OPTIONS = 25
SELECT_TEXT = 100
SELECT_PLACEHOLDER = 150
V2_COMPONENTS = 40
V2_TEXT = 4000
MODAL_TITLE = 45
MODAL_COMPONENTS = 5
INPUT_LABEL = 45
INPUT_TEXT = 4000
INPUT_PLACEHOLDER = 100
RADIO_OPTIONS = 10
CHOICES = 25
CHOICE_TEXT = 100

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = frozenset({3, 5, 6, 7, 8})
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL = 17, 18
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23
V2_TOP = frozenset({ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER})
LINK_BUTTON, PREMIUM_BUTTON = 5, 6


def check_message(payload: Json, flags: int) -> None:
    """Refuse a message's body that breaks a limit; says nothing about an empty one.

    Raises:
        ApiError: 50035, with everything that is wrong.
    """
    problems = Problems()
    check = _Check(problems)
    check.text(("content",), payload.get("content"), most=CONTENT)
    check.embeds(payload.get("embeds") or [])
    check.attachments(payload.get("attachments") or [])
    components = payload.get("components") or []
    if flags & COMPONENTS_V2:
        check.new_components(components)
        for field in ("content", "embeds"):
            if payload.get(field):
                problems.add(
                    (field,),
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    else:
        check.rows(components)
    nonce = payload.get("nonce")
    if nonce is not None and len(str(nonce)) > NONCE:
        problems.add(("nonce",), "NONCE_TYPE_TOO_LONG", "Nonce too long.")
    problems.refuse_any()


def check_modal(modal: Json) -> None:
    """Refuse a modal that breaks a limit.

    Raises:
        ApiError: 50035, with everything that is wrong.
    """
    problems = Problems()
    check = _Check(problems)
    check.text(("custom_id",), modal.get("custom_id"), least=1, most=CUSTOM_ID)
    check.text(("title",), modal.get("title"), least=1, most=MODAL_TITLE)
    components = modal.get("components") or []
    check.between(("components",), components, 1, MODAL_COMPONENTS)
    for place, component in enumerate(components):
        check.modal_part(("components", place), component)
    check.unlike(("components",), components)
    problems.refuse_any()


def check_choices(choices: Sequence[Json]) -> None:
    """Refuse an autocompletion that breaks a limit.

    Raises:
        ApiError: 50035, with everything that is wrong.
    """
    problems = Problems()
    check = _Check(problems)
    check.between(("choices",), choices, 0, CHOICES)
    for place, choice in enumerate(choices):
        check.text(("choices", place, "name"), choice.get("name"), least=1, most=CHOICE_TEXT)
        if isinstance(choice.get("value"), str):
            check.text(("choices", place, "value"), choice["value"], least=1, most=CHOICE_TEXT)
        elif choice.get("value") is None:
            problems.required(("choices", place, "value"))
    problems.refuse_any()


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Give every component, each before what it holds."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        inner = (component.get("accessory"), component.get("component"))
        yield from walk([one for one in inner if one])


class _Check:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    # --- plain values ---------------------------------------------------------------------

    def text(self, path: Path, value: Any, *, most: int, least: int = 0) -> None:
        """`least` above zero makes the text required. White space at the ends does not count."""
        if value is None or (isinstance(value, str) and not value.strip()):
            if least:
                self._problems.required(path)
            return
        if not isinstance(value, str):
            self._problems.add(
                path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.'
            )
        elif len(value.strip()) > most:
            self._too_long(path, least, most)

    def between(self, path: Path, items: Sequence[Any], least: int, most: int) -> None:
        if not least <= len(items) <= most:
            self._too_long(path, least, most)

    def _too_long(self, path: Path, least: int, most: int) -> None:
        if least:
            message = f"Must be between {least} and {most} in length."
            self._problems.add(path, "BASE_TYPE_BAD_LENGTH", message)
        else:
            message = f"Must be {most} or fewer in length."
            self._problems.add(path, "BASE_TYPE_MAX_LENGTH", message)

    def url(self, path: Path, value: Any, schemes: str = "http|https") -> None:
        if value is None:
            return
        if not re.match(r"[a-z][a-z0-9+.-]*://\S+$", str(value), re.IGNORECASE):
            self._problems.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        elif not re.match(rf"({schemes}|discord)://", str(value), re.IGNORECASE):
            scheme = str(value).partition(":")[0]
            self._problems.add(
                path,
                "URL_TYPE_INVALID_SCHEME",
                f'Scheme "{scheme}" is not supported. Scheme must be one of'
                f" ({', '.join(repr(one) for one in schemes.split('|'))}).",
            )

    def one_of(self, path: Path, component: Json, types: frozenset[int]) -> bool:
        if component.get("type") in types:
            return True
        known = ", ".join(map(str, sorted(types)))
        self._problems.add(
            (*path, "type"),
            "UNION_TYPE_CHOICES",
            f'Value of field "type" must be one of ({known}).',
        )
        return False

    def attachments(self, attachments: Sequence[Json]) -> None:
        self.between(("attachments",), attachments, 0, ATTACHMENTS)
        for place, attachment in enumerate(attachments):
            path = ("attachments", place, "description")
            self.text(path, attachment.get("description"), most=ALT_TEXT)

    # --- embeds ---------------------------------------------------------------------------

    def embeds(self, embeds: Sequence[Json]) -> None:
        self.between(("embeds",), embeds, 0, EMBEDS)
        size = 0
        for place, embed in enumerate(embeds):
            self._embed(("embeds", place), embed)
            size += len("".join(embed_texts(embed)))
            if size > EMBEDS_IN_ALL:
                self._problems.add(
                    ("embeds", place),
                    "MAX_EMBED_SIZE_EXCEEDED",
                    f"Embed size exceeds maximum size of {EMBEDS_IN_ALL}",
                )

    def _embed(self, path: Path, embed: Json) -> None:
        self.text((*path, "title"), embed.get("title"), most=EMBED_TITLE)
        self.text((*path, "description"), embed.get("description"), most=EMBED_DESCRIPTION)
        self.url((*path, "url"), embed.get("url"))
        footer, author = embed.get("footer") or {}, embed.get("author") or {}
        self.text((*path, "footer", "text"), footer.get("text"), most=EMBED_FOOTER)
        self.text((*path, "author", "name"), author.get("name"), most=EMBED_AUTHOR)
        self.url((*path, "author", "url"), author.get("url"))
        for picture in ("image", "thumbnail"):
            url = (embed.get(picture) or {}).get("url")
            self.url((*path, picture, "url"), url, "http|https|attachment")
        fields = embed.get("fields") or []
        self.between((*path, "fields"), fields, 0, EMBED_FIELDS)
        for place, field in enumerate(fields):
            at = (*path, "fields", place)
            self.text((*at, "name"), field.get("name"), least=1, most=EMBED_FIELD_NAME)
            self.text((*at, "value"), field.get("value"), least=1, most=EMBED_FIELD_VALUE)
        self._colour((*path, "color"), embed.get("color"))
        self._timestamp((*path, "timestamp"), embed.get("timestamp"))

    def _colour(self, path: Path, value: Any) -> None:
        if value is None:
            return
        if not isinstance(value, int):
            self._problems.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif not 0 <= value <= LARGEST_COLOUR:
            message = f"int value should be less than or equal to {LARGEST_COLOUR}."
            self._problems.add(path, "NUMBER_TYPE_MAX", message)

    def _timestamp(self, path: Path, value: Any) -> None:
        if value is None:
            return
        try:
            datetime.fromisoformat(value)
        except (TypeError, ValueError):
            message = f"Could not parse {value}. Should be ISO8601."
            self._problems.add(path, "DATE_TIME_TYPE_PARSE", message)

    # --- components of messages -----------------------------------------------------------

    def rows(self, components: Sequence[Json]) -> None:
        self.between(("components",), components, 0, ROWS)
        for place, row in enumerate(components):
            if self.one_of(("components", place), row, frozenset({ROW})):
                self._row(("components", place), row)
        self.unlike(("components",), components)

    def new_components(self, components: Sequence[Json]) -> None:
        for place, component in enumerate(components):
            self._new(("components", place), component, V2_TOP)
        self.unlike(("components",), components)
        everything = list(walk(components))
        if len(everything) > V2_COMPONENTS:
            self._problems.add(
                ("components",),
                "BASE_TYPE_BAD_LENGTH",
                f"Must be between 1 and {V2_COMPONENTS} in length.",
            )
        if sum(len(one.get("content") or "") for one in everything) > V2_TEXT:
            self._problems.add(
                ("components",),
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                f"Components displayable text size exceeds maximum size of {V2_TEXT}",
            )

    def _new(self, path: Path, component: Json, allowed: frozenset[int]) -> None:
        if not self.one_of(path, component, allowed):
            return
        match component["type"]:
            case 1:
                self._row(path, component)
            case 9:
                self._section(path, component)
            case 10:
                at = (*path, "content")
                self.text(at, component.get("content"), least=1, most=V2_TEXT)
            case 12:
                for place, item in enumerate(component.get("items") or []):
                    at = (*path, "items", place, "description")
                    self.text(at, item.get("description"), most=ALT_TEXT)
            case 17:
                inner = component.get("components") or []
                for place, one in enumerate(inner):
                    self._new((*path, "components", place), one, V2_TOP - {CONTAINER})

    def _section(self, path: Path, section: Json) -> None:
        self.between((*path, "components"), section.get("components") or [], 1, 3)
        accessory = section.get("accessory")
        if accessory is None:
            self._problems.required((*path, "accessory"))
        elif accessory.get("type") == BUTTON:
            self._button((*path, "accessory"), accessory)

    def _row(self, path: Path, row: Json) -> None:
        parts = row.get("components") or []
        self.between((*path, "components"), parts, 1, BUTTONS_IN_A_ROW)
        width = 0
        for place, part in enumerate(parts):
            at = (*path, "components", place)
            if not self.one_of(at, part, SELECTS | {BUTTON}):
                continue
            if part["type"] == BUTTON:
                self._button(at, part)
                width += 1
            else:
                self._select(at, part)
                width += BUTTONS_IN_A_ROW
            if width > BUTTONS_IN_A_ROW:
                self._problems.add(
                    at,
                    "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                    "The specified component exceeds the maximum width",
                )

    def _button(self, path: Path, button: Json) -> None:
        self.text((*path, "label"), button.get("label"), most=BUTTON_LABEL)
        if not button.get("label") and not button.get("emoji"):
            self._problems.add(
                path, "BUTTON_COMPONENT_EMPTY", "A button must have a label or an emoji"
            )
        style = button.get("style")
        if style not in range(1, 7):
            self.one_of_styles((*path, "style"))
        elif style == LINK_BUTTON:
            self.text((*path, "url"), button.get("url"), least=1, most=BUTTON_URL)
            self.url((*path, "url"), button.get("url"))
            if button.get("custom_id"):
                self._problems.add(
                    path,
                    "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                )
        elif style != PREMIUM_BUTTON:
            self.text((*path, "custom_id"), button.get("custom_id"), least=1, most=CUSTOM_ID)

    def one_of_styles(self, path: Path) -> None:
        message = "Value must be one of {1, 2, 3, 4, 5, 6}."
        self._problems.add(path, "BASE_TYPE_CHOICES", message)

    def _select(self, path: Path, select: Json) -> None:
        self.text((*path, "custom_id"), select.get("custom_id"), least=1, most=CUSTOM_ID)
        self.text((*path, "placeholder"), select.get("placeholder"), most=SELECT_PLACEHOLDER)
        if select["type"] == STRING_SELECT:
            self._options(path, select.get("options") or [], 1, SELECT_OPTIONS)
        for bound, least in (("min_values", 0), ("max_values", 1)):
            value = select.get(bound)
            if value is not None and not least <= value <= SELECT_OPTIONS:
                message = f"int value should be between {least} and {SELECT_OPTIONS}."
                self._problems.add((*path, bound), "NUMBER_TYPE_MAX", message)

    def _options(self, path: Path, options: Sequence[Json], least: int, most: int) -> None:
        self.between((*path, "options"), options, least, most)
        seen = set()
        for place, option in enumerate(options):
            at = (*path, "options", place)
            self.text((*at, "label"), option.get("label"), least=1, most=SELECT_TEXT)
            self.text((*at, "value"), option.get("value"), least=1, most=SELECT_TEXT)
            self.text((*at, "description"), option.get("description"), most=SELECT_TEXT)
            if option.get("value") in seen:
                self._problems.add(
                    (*at, "value"),
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "The specified option value is already used",
                )
            seen.add(option.get("value"))

    def unlike(self, path: Path, components: Sequence[Json]) -> None:
        """No two components may have the same custom id."""
        ids = [one["custom_id"] for one in walk(components) if one.get("custom_id")]
        if len(ids) != len(set(ids)):
            self._problems.add(
                path,
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )

    # --- components of modals -------------------------------------------------------------

    def modal_part(self, path: Path, part: Json) -> None:
        if not self.one_of(path, part, frozenset({ROW, TEXT_DISPLAY, LABEL})):
            return
        if part["type"] == ROW:
            inputs = part.get("components") or []
            self.between((*path, "components"), inputs, 1, 1)
            for place, one in enumerate(inputs):
                at = (*path, "components", place)
                self.text((*at, "label"), one.get("label"), least=1, most=INPUT_LABEL)
                self._input(at, one)
        elif part["type"] == LABEL:
            self.text((*path, "label"), part.get("label"), least=1, most=INPUT_LABEL)
            self.text((*path, "description"), part.get("description"), most=SELECT_TEXT)
            self._input((*path, "component"), part.get("component") or {})

    def _input(self, path: Path, part: Json) -> None:
        known = SELECTS | {TEXT_INPUT, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX}
        if not self.one_of(path, part, known):
            return
        self.text((*path, "custom_id"), part.get("custom_id"), least=1, most=CUSTOM_ID)
        match part["type"]:
            case 4:
                self.text((*path, "value"), part.get("value"), most=INPUT_TEXT)
                self.text((*path, "placeholder"), part.get("placeholder"), most=INPUT_PLACEHOLDER)
                for bound in ("min_length", "max_length"):
                    if not 0 <= (part.get(bound) or 0) <= INPUT_TEXT:
                        message = f"int value should be less than or equal to {INPUT_TEXT}."
                        self._problems.add((*path, bound), "NUMBER_TYPE_MAX", message)
            case 21:
                self._options(path, part.get("options") or [], 2, RADIO_OPTIONS)
            case 22:
                self._options(path, part.get("options") or [], 1, RADIO_OPTIONS)
            case kind if kind in SELECTS:
                self._select(path, part)


def embed_texts(embed: Json) -> Iterator[str]:
    """Give the texts that count for the sum of 6,000: all that is read of an embed."""
    yield embed.get("title") or ""
    yield embed.get("description") or ""
    yield (embed.get("author") or {}).get("name") or ""
    for field in embed.get("fields") or []:
        yield field.get("name") or ""
        yield field.get("value") or ""
    yield (embed.get("footer") or {}).get("text") or ""
