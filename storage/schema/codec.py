"""Domain values as plain JSON and back.

What is read may have been written by a newer version: keys that are not known are passed over.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from bot.domain.accounts import Credential, CredentialKind, Grant
from bot.domain.actions import Target
from bot.domain.cards import (
    Button,
    ButtonStyle,
    Card,
    Field,
    Option,
    PickList,
    Picture,
    Question,
    Severity,
    Table,
)
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId
from bot.domain.phones import AppriseTarget, BrowserTarget, NtfyTarget, PushoverTarget, PushTarget

Plain = dict[str, Any]

Word = TypeVar("Word", bound=StrEnum)
Record = TypeVar("Record", Trader, Strategy)


def encode_card(card: Card) -> Plain:
    """Only what differs from an empty card: most of a card is empty."""
    plain: Plain = {"title": card.title, "severity": str(card.severity)}
    rest = {
        "lines": list(card.lines),
        "fields": [[field.label, field.value] for field in card.fields],
        "details": list(card.details),
        "table": card.table and _encode_table(card.table),
        "picture": card.picture and _encode_picture(card.picture),
        "pick": card.pick and _encode_pick(card.pick),
        "buttons": [[_encode_button(button) for button in row] for row in card.buttons],
        "notes": list(card.notes),
        "at": card.at and card.at.isoformat(),
        "reference": card.reference,
        "question": card.question and [card.question.what, card.question.action],
        "asks_digits": card.asks_digits,
        "protected": card.protected,
        "follows": card.follows,
        "on_lock_screen": card.on_lock_screen,
    }
    plain |= {name: value for name, value in rest.items() if value}
    if card.sound is not None:
        plain["sound"] = card.sound
    return plain if card.private else plain | {"private": False}


def decode_card(plain: Mapping[str, Any], reference: str | None = None) -> Card:
    """Read a card.

    Args:
        reference: takes the place of the card's own.
    """
    table, picture, pick = plain.get("table"), plain.get("picture"), plain.get("pick")
    return Card(
        title=plain["title"],
        severity=_word(Severity, plain["severity"], Severity.WARNING),
        lines=tuple(plain.get("lines", ())),
        fields=tuple(Field(label, value) for label, value, *_ in plain.get("fields", ())),
        table=_decode_table(table) if table else None,
        details=tuple(plain.get("details", ())),
        picture=_decode_picture(picture) if picture else None,
        pick=_decode_pick(pick) if pick else None,
        question=_decode_question(plain.get("question")),
        buttons=tuple(tuple(map(_decode_button, row)) for row in plain.get("buttons", ())),
        notes=tuple(plain.get("notes", ())),
        at=_instant(plain.get("at")),
        reference=reference or plain.get("reference"),
        private=plain.get("private", True),
        asks_digits=plain.get("asks_digits", False),
        protected=plain.get("protected", False),
        follows=plain.get("follows", ""),
        on_lock_screen=plain.get("on_lock_screen", ""),
        sound=plain.get("sound"),
    )


def _decode_question(plain: Sequence[str] | None) -> Question | None:
    return Question(what=plain[0], action=ActionId(plain[1])) if plain else None


def _encode_table(table: Table) -> Plain:
    return {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}


def _encode_picture(picture: Picture) -> Plain:
    """Whole, since nothing of a card that is owed may be lost on the way to its chat."""
    return {
        "png": b64encode(picture.png).decode(),
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
    }


def _decode_picture(plain: Mapping[str, Any]) -> Picture:
    return Picture(
        png=b64decode(plain["png"]),
        alt=plain["alt"],
        width=plain["width"],
        height=plain["height"],
    )


def _encode_pick(pick: PickList) -> Plain:
    options = [[option.label, option.action, option.hint] for option in pick.options]
    return {"prompt": pick.prompt, "options": options}


def _decode_pick(plain: Mapping[str, Any]) -> PickList:
    options = (
        Option(label=label, action=ActionId(action), hint=hint)
        for label, action, hint, *_ in plain["options"]
    )
    return PickList(prompt=plain["prompt"], options=tuple(options))


def _encode_button(button: Button) -> Plain:
    return {
        "label": button.label,
        "action": button.action,
        "url": button.url,
        "style": button.style.value,
        **({"until_seen": True} if button.until_seen else {}),
    }


def _decode_button(plain: Mapping[str, Any]) -> Button:
    action = plain.get("action")
    return Button(
        label=plain["label"],
        action=None if action is None else ActionId(action),
        url=plain.get("url"),
        style=_word(ButtonStyle, plain.get("style"), ButtonStyle.PLAIN),
        until_seen=plain.get("until_seen", False),
    )


def _decode_table(plain: Mapping[str, Any]) -> Table:
    return Table(columns=tuple(plain["columns"]), rows=tuple(map(tuple, plain["rows"])))


def encode_record(record: Trader | Strategy) -> Plain:
    """A bot or strategy; all its fields are texts, numbers, truth values and instants."""
    plain: Plain = {}
    for each in fields(record):
        value = getattr(record, each.name)
        if value is not None:
            plain[each.name] = value.isoformat() if isinstance(value, datetime) else value
    return plain


def decode_record(kind: type[Record], plain: Mapping[str, Any]) -> Record:
    names = {each.name for each in fields(kind)}
    values = {name: value for name, value in plain.items() if name in names}
    return kind(**values | {"updated_at": _instant(plain.get("updated_at"))})


def encode_targets(targets: Sequence[Target]) -> list[dict[str, str]]:
    return [{"id": target.id, "name": target.name} for target in targets]


def decode_targets(plain: Sequence[Mapping[str, str]]) -> tuple[Target, ...]:
    return tuple(Target(id=each["id"], name=each["name"]) for each in plain)


def encode_credential(credential: Credential) -> Plain:
    return {
        "kind": credential.kind.value,
        "secret": credential.secret,
        "expires_at": credential.expires_at and credential.expires_at.isoformat(),
    }


def decode_credential(plain: Mapping[str, Any]) -> Credential:
    return Credential(
        kind=CredentialKind(plain["kind"]),
        secret=plain["secret"],
        expires_at=_instant(plain.get("expires_at")),
    )


def encode_grant(grant: Grant) -> Plain:
    return {
        "platform_user": grant.platform_user,
        "label": grant.label,
        "plan": grant.plan,
        "credential": encode_credential(grant.credential),
        "inferred": grant.inferred,
    }


def decode_grant(plain: Mapping[str, Any]) -> Grant:
    return Grant(
        platform_user=plain["platform_user"],
        label=plain["label"],
        plan=plain.get("plan"),
        credential=decode_credential(plain["credential"]),
        inferred=bool(plain.get("inferred")),
    )


def encode_target(target: PushTarget) -> Plain:
    return {name: value for name, value in asdict(target).items() if value}


def decode_target(plain: Mapping[str, Any]) -> PushTarget:
    if "endpoint" in plain:
        return BrowserTarget(**plain)
    if "url" in plain:
        return AppriseTarget(**plain)
    return NtfyTarget(**plain) if "server" in plain else PushoverTarget(**plain)


def encode_value(value: Any) -> Any:
    """A frozen value of texts, numbers, instants and values like it, or a tuple of them."""
    if isinstance(value, tuple):
        return [encode_value(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | StrEnum):
        return str(value)
    if is_dataclass(value):
        each = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: encode_value(given) for one, given in each if given != one.default}
    return value


def decode_value(kind: Any, plain: Any) -> Any:
    """
    Args:
        kind: what was encoded: `tuple[Signal, ...]`.

    Raises:
        KeyError, TypeError, ValueError: it is none of that kind.
    """
    inner = get_args(kind)
    if get_origin(kind) is UnionType:  # of something and `None`
        [kind] = [one for one in inner if one is not NoneType]
        return None if plain is None else decode_value(kind, plain)
    if get_origin(kind) is tuple:
        each = [inner[0]] * len(plain) if inner[-1] is Ellipsis else inner
        return tuple(decode_value(of, one) for of, one in zip(each, plain, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        known = _types_in(kind)
        values = {name: decode_value(known[name], plain[name]) for name in known.keys() & plain}
        return kind(**values)
    if kind is datetime:
        return datetime.fromisoformat(plain)
    if isinstance(kind, type) and issubclass(kind, Decimal | StrEnum):
        return kind(plain)
    return plain


@cache
def _types_in(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _word(words: type[Word], value: Any, otherwise: Word) -> Word:
    """The word, or another where a newer version uses one that is not known here."""
    try:
        return words(value)
    except ValueError:
        return otherwise
