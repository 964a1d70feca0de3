"""All controls of a panel: where they are, as values and as a state, and how they are moved."""

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets

from attnlab.panels.controls import Control, Steps


class Board:
    """Controls, by the names of the arguments that they set. A *raw* value is what a control's widget holds.

    `moved` is called, under the lock, when a person moves one of them.
    """

    def __init__(self, specs: Mapping[str, Control], lock: Any, moved: Callable[[], Any]) -> None:
        self.specs: Mapping[str, Control] = MappingProxyType(dict(specs))
        self.start = {name: spec.start(name) for name, spec in specs.items()}
        self.controls: dict[str, widgets.Widget] = {
            name: spec.build(self.label(name), self.start[name]) for name, spec in specs.items()
        }
        self._lock, self._moved, self._held, self._changed = lock, moved, False, False
        for name, control in self.controls.items():
            control.observe(self._on_control, names="value")
            control.add_class(f"attnlab-control-{name}")

    def spec(self, name: str) -> Control:
        """The control of that name. ValueError with the names there are."""
        if name not in self.specs:
            near = difflib.get_close_matches(name, self.specs, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            has = ", ".join(self.specs) or "none"
            raise ValueError(f"unknown control {name!r}: this panel has {has}{hint}")
        return self.specs[name]

    def label(self, name: str) -> str:
        label = self.specs[name].label
        return name.replace("_", " ") if label is None else str(label)

    # ------------------------------------------------------------ where they stand

    @property
    def raws(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.controls.items()}

    @property
    def values(self) -> dict[str, Any]:
        return {name: spec.value_of(self.controls[name].value) for name, spec in self.specs.items()}

    def arguments(self, raws: Mapping[str, Any]) -> dict[str, Any]:
        """What the function receives. ValueError for a text that cannot be taken."""
        return {name: spec.argument(raws[name], self.label(name)) for name, spec in self.specs.items()}

    @property
    def state(self) -> str:
        return ";".join(f"{name}={spec.text(self.controls[name].value)}" for name, spec in self.specs.items())

    def parse(self, state: str) -> dict[str, Any]:
        """The raw values of a state; controls it does not name are at their start. ValueError, TypeError."""
        if not isinstance(state, str):
            raise TypeError(f"a state is a string such as {self.state!r}, got {state!r:.60}")
        raws, seen = dict(self.start), set()
        for part in filter(None, state.strip().split(";")):
            name, equals, text = part.partition("=")
            if not equals or name in seen:
                raise ValueError(f"cannot read {part!r} in the state {state!r}: write it like {self.state!r}")
            seen.add(name)
            raws[name] = self.spec(name).parse(text, name)
        return raws

    # ------------------------------------------------------------ moving

    def move(self, raws: Mapping[str, Any]) -> bool:
        """Set the widgets, as a person would. True if one of them reported that it moved."""
        with self._lock:
            self._changed, self._held = False, True
            try:
                for name, raw in raws.items():
                    self.controls[name].value = raw
            finally:
                self._held = False
            return self._changed

    def row(self, name: str, index: int) -> dict[str, Any]:
        """The move that chooses row `index` of a picture."""
        return {name: self.specs[name].row(index, name)}

    def by(self, name: str, places: int) -> dict[str, Any]:
        """The move by this many places, up to the ends."""
        ends = self.specs[name].ends()
        return {name: max(min(ends), min(max(ends), self.controls[name].value + places))}

    def typed(self, name: str, text: str) -> dict[str, Any]:
        """The move to the place nearest to a typed number; none if it is not a number."""
        spec = self.specs[name]
        near = spec.near(text) if isinstance(spec, Steps) else None
        return {} if near is None else {name: near}

    def _on_control(self, _: Any) -> None:
        with self._lock:
            self._changed = True
            if not self._held:
                self._moved()
