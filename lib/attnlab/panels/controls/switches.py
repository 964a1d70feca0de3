"""Several things, each on or off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets as t

from attnlab.panels.controls.control import Control

MOST_ALONE = 4  # a tour shows each of so many things alone; of more only the first and the last


@dataclass(frozen=True)
class Switches(Control):
    """Several things, each on or off: a row of check boxes. The function receives a tuple of bools.

    `labels` names the things, `value` says which are on at first (default: all of them). The function must
    give a picture for "all off" too. Raises ValueError if there are no labels or two are the same.
    """

    labels: Sequence[Any]
    value: Sequence[bool] | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        plain = isinstance(self.labels, Iterable) and not isinstance(self.labels, str)
        labels = tuple(map(str, self.labels)) if plain else ()
        if not labels:
            raise ValueError(f"Switches needs a list of labels, got {self.labels!r:.60}")
        if len(set(labels)) < len(labels):
            raise ValueError(f"Switches has the same label twice: {', '.join(labels)}")
        object.__setattr__(self, "labels", labels)

    def raw(self, value: Any, name: str) -> tuple[bool, ...]:
        count = len(self.labels)
        if not isinstance(value, list | tuple | np.ndarray) or not all(
            isinstance(each, bool | np.bool_) for each in value
        ):
            raise TypeError(f"{name} must be True or False for each of {count}, got {value!r:.60}")
        if len(value) != count:
            raise ValueError(
                f"{name} has {count} switches ({', '.join(self.labels)}), got {len(value)} values"
            )
        return tuple(bool(each) for each in value)

    def value_of(self, raw: Any) -> Any:
        return raw

    def start(self, name: str) -> Any:
        return (True,) * len(self.labels) if self.value is None else self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        return SwitchRow(self.labels, raw, label)

    def hand(self, widget: widgets.Widget, raw: Any) -> list[tuple[widgets.Widget, dict[str, Any]]]:
        return [(box, {"value": on}) for box, on in zip(widget.boxes, raw, strict=True) if box.value != on]

    def text(self, raw: Any) -> str:
        return "".join(str(int(each)) for each in raw)

    def parse(self, text: str, name: str) -> Any:
        if len(text) != len(self.labels) or set(text) - {"0", "1"}:
            raise ValueError(f"{name}={text!r} must be {len(self.labels)} digits, 0 or 1")
        return tuple(each == "1" for each in text)

    def ends(self) -> list[Any]:
        count = len(self.labels)
        alone = range(count) if count <= MOST_ALONE else (0, count - 1)
        stops = [tuple(i == j for i in range(count)) for j in alone]
        return list(dict.fromkeys([(False,) * count, *stops, (True,) * count]))

    def shown(self, value: Any) -> str:
        return ", ".join(label for label, on in zip(self.labels, value, strict=True) if on) or "none"


class SwitchRow(widgets.HBox):
    """A label and check boxes; `value` is the state of them all, set and observed as one."""

    value = t.Tuple()
    description = t.Unicode()

    def __init__(self, labels: Sequence[str], value: tuple[bool, ...], description: str) -> None:
        self.boxes = [
            widgets.Checkbox(on, description=label, indent=False)
            for label, on in zip(labels, value, strict=True)
        ]
        self._spreading = False
        super().__init__([widgets.Label(description), *self.boxes], value=value, description=description)
        self.add_class("attnlab-switches")
        self.observe(self._spread, names="value")
        for box in self.boxes:
            box.observe(self._gather, names="value")

    def _spread(self, change: Any) -> None:
        self._spreading = True  # the boxes change one by one, the value once
        try:
            for box, on in zip(self.boxes, change["new"], strict=True):
                box.value = on
        finally:
            self._spreading = False

    def _gather(self, _: Any) -> None:
        if not self._spreading:
            self.value = tuple(box.value for box in self.boxes)
