"""Check what a view is given before it is drawn: ValueError or TypeError says what is wrong.

The fields of a view have types that check what they are given:

    @dataclass(frozen=True)
    class Bars(View):
        values: Numbers = Numbers(1)          # no default: it must be given
        labels: Labels = Labels("values")     # as many as there are values; default 0, 1, 2 ...
        title: Text = Text("")

`Bars([1, 2], title=None)` takes what people write; then `bars.values` is an array and `bars.title` a str, for
mypy too. Fields are set in the order of the class, so one that names another comes after it. A new kind of
field is a `Field` with one method, `look`.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any, Generic, TypeVar

import numpy as np

from attnlab.attention.numbers import real_number, whole_number

ROWS = 128  # rows of words that a picture has room for: 3,840 pixels
CELLS = 640  # cells across that a map has room for: a pixel each, beside labels and the scale

Given = TypeVar("Given")  # what people may pass
Kept = TypeVar("Kept")  # what the view holds


class Field(Generic[Given, Kept]):
    """A field of a view: `look` is called when it is set, and what it returns is kept."""

    def __init__(self, *default: Given) -> None:
        self._default: tuple[Any, ...] = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, view: Any, given: Given) -> None:
        vars(view)[self.name] = self.look(view, given)

    def __get__(self, view: Any, owner: type) -> Kept:
        if view is not None and self.name in view.__dict__:  # asked often: vars(view) takes twice as long
            return view.__dict__[self.name]
        if not self._default:
            raise AttributeError(f"{owner.__name__} has no {self.name} before it is made")
        return self._default[0]

    def look(self, view: Any, given: Given) -> Kept:
        raise NotImplementedError


class Text(Field[object, str]):
    """Any text; None is none."""

    def look(self, view: Any, given: object) -> str:
        return as_text(given)


class Texts(Field[Iterable[object] | None, tuple[str, str]]):
    """The names of two axes: `Texts(("query", "key"))`; None: they have none."""

    def look(self, view: Any, given: Iterable[object] | None) -> tuple[str, str]:
        names = ("", "") if given is None else as_texts(given, self.name)
        if len(names) != 2:
            raise ValueError(
                f"{self.name} must be two names (of the rows, of the columns), got {given!r:.60}"
            )
        return names[0], names[1]


class Arrays(Field[Any, Kept]):
    """Finite floats with that many dimensions (one of them, if several are named).

    `masked`: -inf, or a cell that a masked array hides, is a masked cell. `most`: room along the last axes.
    """

    def __init__(self, *ndim: int, masked: bool = False, most: tuple[int, ...] = ()) -> None:
        super().__init__(*self.default)
        self._ndim, self._masked, self._most = ndim, masked, most

    default: tuple[None, ...] = ()

    def array(self, view: Any, given: Any) -> np.ndarray:
        name = f"{type(view).__name__} {self.name}"
        return fitting(as_array(given, name, self._ndim, self._masked), name, self._most)


class Numbers(Arrays[np.ndarray]):
    """An array."""

    look = Arrays.array


class MaybeNumbers(Arrays[np.ndarray | None]):
    """An array or None."""

    default = (None,)

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        return None if given is None else self.array(view, given)


class Number(Field[float, float]):
    """A finite number."""

    def look(self, view: Any, given: float) -> float:
        if not math.isfinite(number := real_number(self.name, given)):
            raise ValueError(f"{self.name} must be a finite number, got {given!r:.60}")
        return number


class MaybeNumber(Field[float | None, float | None]):
    """A finite number or None."""

    def look(self, view: Any, given: float | None) -> float | None:
        return as_number(given, self.name)


class Limit(Field[float | None, float | None]):
    """The end of a scale, above 0, or None to take it from the values."""

    def look(self, view: Any, given: float | None) -> float | None:
        return as_limit(given, self.name)


class Along(Field[Given | None, Kept]):
    """What belongs to the places along an axis of another field; None: the default, or nothing."""

    def __init__(self, of: str, axis: int = 0) -> None:
        super().__init__(None)
        self._of, self._axis = of, axis

    def places(self, view: Any) -> tuple[int, str]:
        """How many places the axis has (none, where there is no such axis), and what it is called."""
        shape, axis = np.shape(vars(view)[self._of]), self._axis
        if not -len(shape) <= axis < len(shape):
            return 0, f"{self._of} of shape {shape}" if shape else self._of
        which = f"the {('first', 'second', 'third')[axis % len(shape)]} axis of " if len(shape) > 1 else ""
        return shape[axis], which + self._of


class Labels(Along[Iterable[object], tuple[str, ...]]):
    """A label for each place; `default` names place i (None: then there are no labels)."""

    def __init__(self, of: str, axis: int = 0, default: Callable[[int], str] | None = str) -> None:
        super().__init__(of, axis)
        self._names = default

    def look(self, view: Any, given: Iterable[object] | None) -> tuple[str, ...]:
        count, axis = self.places(view)
        if given is None or (isinstance(given, tuple) and not given):  # held where there was nothing to name
            return tuple(map(self._names, range(count))) if self._names else ()
        return as_labels(given, count, self.name, axis)


class Index(Along[int, int | None]):
    """A place, or None."""

    def look(self, view: Any, given: int | None) -> int | None:
        return as_index(given, self.places(view)[0], self.name)


class Mask(Along[Any, np.ndarray | None]):
    """Booleans (True = may attend) for each cell of another field, or for its first `ndim` axes; or None."""

    def __init__(self, of: str, ndim: int | None = None) -> None:
        super().__init__(of)
        self._ndim = ndim

    def look(self, view: Any, given: Any) -> np.ndarray | None:
        shape = vars(view)[self._of].shape[: self._ndim]
        return None if given is None else as_mask(given, shape, f"the {self._of}")


# ---------------------------------------------------------------- one value


def as_text(value: object) -> str:
    """Any text; a box stands for half a character (a lone surrogate), which cannot be sent."""
    text = "" if value is None else str(value)
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "□", text)


def as_texts(labels: Iterable[object], name: str) -> tuple[str, ...]:
    if isinstance(labels, str):
        raise TypeError(f"{name} must be a list of labels, got one string {labels!r:.60}: split it first")
    if not isinstance(labels, Iterable):
        raise TypeError(f"{name} must be a list of labels, got {labels!r:.60}")
    return tuple(map(as_text, labels))


def as_array(values: Any, name: str, ndim: int | tuple[int, ...], masked: bool = False) -> np.ndarray:
    """`values` as finite floats in `ndim` dimensions, with -inf for cells that may be masked.

    ValueError says what is wrong, and where.
    """
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    size = f"{' or '.join(map(str, allowed))} dimension(s)"
    try:
        given = np.asarray(_filled(values))
        array = given.astype(float, casting="safe" if given.dtype.kind == "c" else "unsafe")
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be numbers in {size}: {_remedy(values) or error}") from None
    if array.ndim not in allowed or 0 in array.shape:
        raise ValueError(f"{name} must be a non-empty array of {size}, got shape {array.shape}")
    wrong = ~np.isfinite(array) & ~(np.isneginf(array) & masked)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        value, causes = float(array[where]), ("a division by 0 or an overflow", "a mask or a logarithm of 0")
        raise ValueError(f"{name} holds {value} at {where}: look for {causes[value == -math.inf]} before it")
    array.setflags(write=False)
    return array


def fitting(array: np.ndarray, name: str, most: tuple[int, ...]) -> np.ndarray:
    """The array; ValueError where the picture has no room for it, with what to pass: `most` are last axes."""
    shape = array.shape[array.ndim - len(most) :]
    if any(count > room for count, room in zip(shape, most, strict=True)):
        pairs = [*zip(shape, most, strict=True)]
        first = ", ".join(f":{room}" if count > room else ":" for count, room in pairs)
        every = ", ".join(f"::{-(-count // room)}" if count > room else ":" for count, room in pairs)
        whole, given = "..., " * (array.ndim > len(most)), name.split()[-1]
        raise ValueError(
            f"{name} has shape {array.shape}, but the picture has room for {' by '.join(map(str, most))}: "
            f"pass a part, {given}[{whole}{first}], or a sample, {given}[{whole}{every}]"
        )
    return array


def above_0(values: Any, name: str) -> None:
    """ValueError where a logarithmic scale has no place for a number."""
    if (least := np.min(values)) <= 0:
        raise ValueError(f"{name} holds {least:.3g}, but a log scale starts above 0: pass log=False")


def _filled(values: Any) -> Any:
    """-inf where a masked array, or one in a list, hides a cell."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(float), -np.inf)
    return [_filled(value) for value in values] if isinstance(values, list | tuple) else values


def _hides(values: Any) -> bool:
    """Whether a masked array, or one in a list, hides a cell."""
    if isinstance(values, list | tuple):
        return any(map(_hides, values))
    return bool(np.ma.is_masked(values))


def _remedy(values: Any) -> str:
    """What to do with a torch tensor, or a list of them, that NumPy cannot read."""
    while isinstance(values, list | tuple) and values:
        values = values[0]
    if not hasattr(values, "detach"):
        return ""
    if values.device.type == "meta":
        return "a tensor on the device meta holds no numbers: create it on the CPU"
    dense = "" if str(values.layout) == "torch.strided" else ".to_dense()"
    return f"for a torch tensor pass tensor.detach().cpu(){dense}.double()"


def as_mask(mask: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Booleans of that shape (True = may attend). TypeError or ValueError says what is wrong."""
    if _hides(mask):
        raise ValueError("mask is a masked array that hides some cells: pass mask.filled(False)")
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask must be boolean (True = may attend), got {mask.dtype}: write mask == 1")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"mask has shape {mask.shape}, which does not fit {what}: {shape}") from None


def as_labels(labels: Iterable[object] | None, count: int, name: str, what: str) -> tuple[str, ...]:
    """One label for each of `count` places; default 0..count-1."""
    labels = as_texts(range(count) if labels is None else labels, name)
    if len(labels) != count:
        raise ValueError(f"{name} has {len(labels)} labels, but {what} has {count}: the two must match")
    return labels


def as_index(index: int | None, count: int, name: str) -> int | None:
    if index is None:
        return None
    return whole_number(name, index, 0, count - 1, remedy=f"pass one from 0 to {count - 1}")


def as_limit(limit: float | None, name: str = "limit") -> float | None:
    """The end of a scale: a positive number, or None to take it from the values."""
    if limit is None:
        return None
    if not (isinstance(limit, Real) and limit > 0 and math.isfinite(number := real_number(name, limit))):
        raise ValueError(
            f"{name} must be a positive number, got {limit!r:.60}: leave it out to have it chosen for you"
        )
    return number


def as_number(value: float | None, name: str) -> float | None:
    """A finite number or None."""
    if value is None:
        return None
    if not (isinstance(value, Real) and math.isfinite(number := real_number(name, value))):
        raise ValueError(f"{name} must be a number, got {value!r:.60}: leave it out if there is none")
    return number


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels for a sentence: where two are equal, each is followed by its place, counted from 1."""
    count = Counter(labels)
    return tuple(f"{t} ({i})" if count[t] > 1 else t for i, t in enumerate(labels, 1))
