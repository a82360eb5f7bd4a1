"""A modal on somebody's screen, and what filling it in sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.standins.discord.limits import (
    CHECKBOX,
    CHECKBOX_GROUP,
    LABEL,
    RADIO_GROUP,
    ROW,
    TEXT_DISPLAY,
    TEXT_INPUT,
)

if TYPE_CHECKING:
    from tests.standins.discord.asks import Interaction

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Modal:
    """A form; `opened_by` is the interaction that it answers."""

    custom_id: str
    title: str
    components: list[Json]
    opened_by: Interaction

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for label, _ in self._inputs())

    def filled(self, values: Mapping[str, Any]) -> list[Json]:
        """The components as they are sent. Refuses what Discord's client would not send.

        Args:
            values: by label or custom id; a text, for a radio group one label or value, for
                selects and checkbox groups a list of them, for a checkbox a boolean.
        """
        names = {one for label, part in self._inputs() for one in (label, part["custom_id"])}
        assert not values.keys() - names, f"{self.title!r} has only {sorted(names)}"
        return [_sent(component, values) for component in self.components]

    def _inputs(self) -> Iterator[tuple[str, Json]]:
        for component in self.components:
            if component["type"] == ROW:
                for part in component["components"]:
                    yield part["label"], part
            elif component["type"] == LABEL:
                yield component["label"], component["component"]


def _sent(component: Json, values: Mapping[str, Any]) -> Json:
    if component["type"] == TEXT_DISPLAY:
        return {"type": TEXT_DISPLAY, "id": component.get("id", 0)}
    if component["type"] == LABEL:
        inner = _input(component["label"], component["component"], values)
        return {"type": LABEL, "id": component.get("id", 0), "component": inner}
    parts = [_input(part["label"], part, values) for part in component["components"]]
    return {"type": ROW, "id": component.get("id", 0), "components": parts}


def _input(label: str, part: Json, values: Mapping[str, Any]) -> Json:
    given = values.get(label, values.get(part["custom_id"]))
    head = {"type": part["type"], "id": part.get("id", 0), "custom_id": part["custom_id"]}
    kind = part["type"]
    if kind == TEXT_INPUT:
        return {**head, "value": _text(label, part, given)}
    if kind == CHECKBOX:
        return {**head, "value": bool(part.get("default") if given is None else given)}
    if kind == RADIO_GROUP:
        chosen = [] if given is None else [chosen_value(part, given)]
        assert chosen or part.get("required") is False, f"{label!r} is required"
        return {**head, "value": chosen[0] if chosen else None}
    chosen = [chosen_value(part, one) for one in given or ()]
    assert chosen or part.get("required") is False, f"{label!r} is required"
    most = part.get("max_values") or (len(part["options"]) if kind == CHECKBOX_GROUP else 1)
    assert len(chosen) <= most, f"{label!r} takes {most} at most"
    return {**head, "values": chosen}


def _text(label: str, part: Json, given: Any) -> str:
    text = str(part.get("value") or "" if given is None else given)
    assert text or part.get("required") is False, f"{label!r} is required"
    if text:
        assert len(text) >= (part.get("min_length") or 0), f"{label!r} is too short"
        assert len(text) <= (part.get("max_length") or 4000), f"{label!r} is too long"
    return text


def chosen_value(part: Json, name: str) -> str:
    """The value of an option, named by its label or its value."""
    for option in part.get("options") or ():
        if name in (option["label"], option["value"]):
            value: str = option["value"]
            return value
    labels = [option["label"] for option in part.get("options") or ()]
    raise AssertionError(f"no option {name!r}, only {labels}")
