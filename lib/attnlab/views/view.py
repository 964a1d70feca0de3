"""The class that every view has for a parent."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from attnlab.views.protocol import Drawable
from attnlab.views.stage import Stage


@dataclass(frozen=True)
class View(Drawable):
    """A view shows itself, as the last line of a cell too: its picture and its sentence.

    Views are equal when they are of one type and all that they were given is equal.
    """

    def __init_subclass__(cls) -> None:
        for name in ("__eq__", "__hash__"):  # those of a dataclass stop at the first array
            setattr(cls, name, getattr(View, name))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View) or type(self) is not type(other):
            return NotImplemented
        return all(_equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self))

    def __hash__(self) -> int:
        return hash((type(self), self.title))

    def titled(self, title: str) -> Self:
        """The same with another title."""
        changed: dict[str, Any] = {"title": title}
        return replace(self, **changed)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        stage = Stage()
        stage.show((self,))
        return {"text/plain": self.describe(), "image/png": stage.png()}


def _equal(one: Any, other: Any) -> bool:
    """Whether two fields are equal: arrays, and what holds them."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and np.array_equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _equal([*one], [*other]) and _equal([*one.values()], [*other.values()])
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
