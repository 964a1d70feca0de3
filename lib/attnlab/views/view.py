"""The base class of every view."""

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from attnlab.views.protocol import Drawable
from attnlab.views.stage import Stage


class View(Drawable):
    """A view shows itself, also as the last line of a cell: its picture and its account.

    Views are equal if they have the same type and were given equal values.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # every view is a dataclass

    def __init_subclass__(cls) -> None:
        for name in ("__eq__", "__hash__"):  # those of a dataclass stop at the first array
            setattr(cls, name, getattr(View, name))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or (is_dataclass(self) and _equal(self, other))

    def __hash__(self) -> int:
        return hash((type(self), self.title))

    def titled(self, title: str) -> Self:
        """The same view with another title."""
        return replace(self, title=title)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        stage = Stage()
        stage.show((self,))
        words = {"image/png": {"alt": self.caption()}}
        return {"text/plain": self.describe(), "image/png": stage.png()}, words


def _equal(one: Any, other: Any) -> bool:
    """Whether two things are equal: arrays, and what holds them."""
    if is_dataclass(one) and type(one) is type(other):
        return all(_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and np.array_equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _equal([*one], [*other]) and _equal([*one.values()], [*other.values()])
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
