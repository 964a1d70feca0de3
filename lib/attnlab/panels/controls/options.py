"""One of several, or on or off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np

from attnlab.panels.controls.control import WIDE, Control, as_state, of_state


@dataclass(frozen=True)
class Choice(Control):
    """One of several options: a list, or a dict label -> value. `value`: the option or label it starts with.

    Raises ValueError if there are no options or two have the same label.
    """

    options: Sequence[Any] | Mapping[str, Any]
    value: Any = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.options, str | Mapping) and isinstance(self.options, Iterable):
            object.__setattr__(self, "options", tuple(self.options))
        if not isinstance(self.options, tuple | Mapping) or not self.labels:
            raise ValueError(f"Choice needs a list or a dict of options, got {self.options!r}")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError(f"Choice has the same label twice: {self.labels}; pass a dict label -> value")

    @property
    def labels(self) -> list[str]:
        return [str(option) for option in self.options]

    @property
    def values(self) -> list[Any]:
        return list(self.options.values()) if isinstance(self.options, Mapping) else list(self.options)

    def raw(self, value: Any, name: str) -> Any:
        """The option that is `value`, or equals it and has its type, or equals it, or is called so."""
        for same in (_is, _equals_in_kind, _equals):
            for i, option in enumerate(self.values):
                if same(option, value):
                    return i
        if isinstance(value, str) and value in self.labels:
            return self.labels.index(value)
        raise ValueError(f"{name} must be one of {', '.join(self.labels)}; got {value!r:.60}")

    def value_of(self, raw: Any) -> Any:
        return self.values[raw]

    def start(self, name: str) -> Any:
        return 0 if self.value is None else self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        options = [(text, i) for i, text in enumerate(self.labels)]
        return widgets.Dropdown(options=options, value=raw, description=label, style=WIDE)

    def hand(self, widget: widgets.Widget, raw: Any) -> list[tuple[widgets.Widget, dict[str, Any]]]:
        return [(widget, {"index": raw})]

    def text(self, raw: Any) -> str:
        return as_state(self.labels[raw])

    def parse(self, text: str, name: str) -> Any:
        if of_state(text) not in self.labels:
            raise ValueError(f"{name}={of_state(text)!r} is not one of {', '.join(self.labels)}")
        return self.labels.index(of_state(text))

    def ends(self) -> list[Any]:
        return [0, len(self.labels) - 1] if len(self.labels) > 4 else list(range(len(self.labels)))

    def row(self, index: int, name: str) -> Any:
        return max(0, min(len(self.labels) - 1, index))


def _is(one: Any, other: Any) -> bool:
    return one is other


def _equals_in_kind(one: Any, other: Any) -> bool:
    return type(one) is type(other) and _equals(one, other)


def _equals(one: Any, other: Any) -> bool:
    """Also of lists, tuples and arrays; True and 1 are two things."""
    if isinstance(one, bool | np.bool_) is not isinstance(other, bool | np.bool_):
        return False
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_equals, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equals(one[key], other[key]) for key in one)
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        return np.array_equal(one, other)
    equal = one == other
    return isinstance(equal, bool | np.bool_) and bool(equal)


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""

    value: bool = False
    label: str | None = None

    def raw(self, value: Any, name: str) -> Any:
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{name} must be True or False, got {value!r}")
        return bool(value)

    def value_of(self, raw: Any) -> Any:
        return raw

    def start(self, name: str) -> Any:
        return self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        return widgets.Checkbox(raw, description=label, indent=False)

    def text(self, raw: Any) -> str:
        return str(int(raw))

    def parse(self, text: str, name: str) -> Any:
        if text not in ("0", "1"):
            raise ValueError(f"{name}={text!r} must be 0 or 1")
        return text == "1"

    def ends(self) -> list[Any]:
        return [False, True]
