"""Controls: what a learner can move. A control is a frozen description; `build` makes its widget."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

import ipywidgets as widgets
import numpy as np

from attnlab.tokens import words

MOST_STEPS = 10_000
_WIDE = {"description_width": "initial"}


class Control:
    """The face of a control. The *raw* value is what its widget holds, the *value* what `panel.set` takes."""

    label: str | None

    def raw(self, value: Any, name: str) -> Any:
        """The widget's value for `value`; ValueError or TypeError names the control and the remedy."""
        raise NotImplementedError

    def value_of(self, raw: Any) -> Any:
        raise NotImplementedError

    def argument(self, raw: Any, name: str) -> Any:
        """What the learner's function receives."""
        return self.value_of(raw)

    def start(self, name: str) -> Any:
        """The raw value a panel begins with."""
        raise NotImplementedError

    def build(self, label: str, raw: Any) -> widgets.Widget:
        raise NotImplementedError

    def text(self, raw: Any) -> str:
        """The raw value in a state string."""
        return quote(str(raw), safe=" ")

    def parse(self, text: str, name: str) -> Any:
        """The raw value of a state string's text; ValueError when it is garbled."""
        raise NotImplementedError

    def ends(self) -> list[Any]:
        """Raw values that a tour visits besides the one the panel begins with: the two ends."""
        raise NotImplementedError

    def row(self, index: int, name: str) -> Any:
        """The raw value for row `index` of a picture."""
        raise TypeError(f"{type(self).__name__} control {name!r} cannot be set by choosing a row")


class Steps(Control):
    """A slider over numbers. The widget holds the place in `stops_at`, not the number.

    A FloatSlider sends back what its own arithmetic makes of a number (0.5000000000000001 for 0.5), and so
    overwrites a newer one that code has set meanwhile (ipywidgets issue 3951). Places are whole numbers.
    """

    value: float | None

    @property
    def stops_at(self) -> tuple[float, ...]:
        raise NotImplementedError

    @property
    def said(self) -> str:
        """The numbers in words, for a message."""
        numbers = self.stops_at
        if len(numbers) <= 12:
            return ", ".join(map(str, numbers))
        return f"{numbers[0]}, {numbers[1]} ... {numbers[-1]}"

    def raw(self, value: Any, name: str) -> Any:
        numbers = np.asarray(self.stops_at)
        low, high = numbers.min(), numbers.max()
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise TypeError(f"{name} must be a number from {low} to {high}, got {value!r}")
        if not low <= value <= high:
            raise ValueError(f"{name} must be from {low} to {high}, got {value}")
        near = int(np.argmin(np.abs(numbers - value)))
        if not math.isclose(numbers[near], value, rel_tol=1e-9, abs_tol=1e-12):
            raise ValueError(f"{name} must be one of {self.said}; nearest to {value} is {numbers[near]}")
        return near

    def value_of(self, raw: Any) -> Any:
        return self.stops_at[raw]

    def build(self, label: str, raw: Any) -> widgets.Widget:
        digits = max(len(f"{n:.10g}".partition(".")[2]) for n in self.stops_at)
        regular = digits <= 6 and all("e" not in f"{n:.10g}" for n in self.stops_at)
        texts = [f"{n:.{digits}f}" if regular else f"{n:g}" for n in self.stops_at]
        options = [(text.replace("-", "−"), i) for i, text in enumerate(texts)]
        return widgets.SelectionSlider(options=options, value=raw, description=label, style=_WIDE)

    def text(self, raw: Any) -> str:
        return repr(self.stops_at[raw])

    def parse(self, text: str, name: str) -> Any:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{name}={text!r} is not a number") from None
        return self.raw(number, name)

    def ends(self) -> list[Any]:
        return [0, len(self.stops_at) - 1]

    def row(self, index: int, name: str) -> Any:
        numbers = self.stops_at
        if any(n != int(n) for n in numbers):
            return super().row(index, name)
        return int(np.argmin(np.abs(np.asarray(numbers) - index)))


@dataclass(frozen=True)
class Slider(Steps):
    """A number from `low` to `high` in steps. Whole numbers when low, high and step are int.

    `value` is where it begins (default: the middle). `step` is 1 for whole numbers, else about a hundredth of
    the range. Raises ValueError for low >= high, a step <= 0, or more than 10,000 steps.
    """

    low: float
    high: float
    value: float | None = None
    step: float | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high", "value", "step"):
            given = getattr(self, name)
            if given is not None and (
                isinstance(given, bool) or not isinstance(given, int | float | np.number)
            ):
                raise TypeError(f"Slider {name} must be a number, got {given!r}")
            if given is not None and not math.isfinite(given):
                raise ValueError(f"Slider {name} must be finite, got {given}")
        if self.low >= self.high:
            raise ValueError(f"Slider low must be below high, got low={self.low}, high={self.high}")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"Slider step must be positive, got {self.step}")
        if (self.high - self.low) / self._size > MOST_STEPS:
            raise ValueError(
                f"Slider from {self.low} to {self.high} has over {MOST_STEPS} steps: pass a larger step"
            )

    @property
    def _size(self) -> float:
        """The step: given; or 1 for whole numbers; or 1 or 5 times a power of ten, for 90 steps or more."""
        if self.step is not None:
            return self.step
        if all(isinstance(v, int | np.integer) for v in (self.low, self.high)):
            return 1
        most = (self.high - self.low) / 90
        power = 10.0 ** math.floor(math.log10(most) + 1e-9)
        return 5 * power if 5 * power <= most else power

    @cached_property
    def stops_at(self) -> tuple[float, ...]:
        count = math.floor((self.high - self.low) / self._size + 1e-9) + 1
        numbers = [self.low + i * self._size for i in range(count)]
        if not all(isinstance(n, int | np.integer) for n in numbers):
            numbers = [round(float(n), 12) for n in numbers]
        return tuple(numbers if math.isclose(numbers[-1], self.high) else [*numbers, self.high])

    def start(self, name: str) -> Any:
        return (len(self.stops_at) - 1) // 2 if self.value is None else self.raw(self.value, name)


@dataclass(frozen=True)
class Choice(Control):
    """One of several options: a list, or a dict label -> value. `value`: the option or label it begins with.

    Raises ValueError for no options or two with the same label.
    """

    options: Sequence[Any] | Mapping[str, Any]
    value: Any = None
    label: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.options, str) or not len(self.labels):
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
        if isinstance(value, str) and value in self.labels:
            return self.labels.index(value)
        for i, option in enumerate(self.values):
            if option is value or (np.ndim(option) == 0 and np.ndim(value) == 0 and bool(option == value)):
                return i
        raise ValueError(f"{name} must be one of {', '.join(self.labels)}; got {value!r}")

    def value_of(self, raw: Any) -> Any:
        return self.values[raw]

    def start(self, name: str) -> Any:
        return 0 if self.value is None else self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        options = [(text, i) for i, text in enumerate(self.labels)]
        return widgets.Dropdown(options=options, value=raw, description=label, style=_WIDE)

    def text(self, raw: Any) -> str:
        return quote(self.labels[raw], safe=" ")

    def parse(self, text: str, name: str) -> Any:
        if unquote(text) not in self.labels:
            raise ValueError(f"{name}={unquote(text)!r} is not one of {', '.join(self.labels)}")
        return self.labels.index(unquote(text))

    def ends(self) -> list[Any]:
        return [0, len(self.labels) - 1] if len(self.labels) > 4 else list(range(len(self.labels)))

    def row(self, index: int, name: str) -> Any:
        return max(0, min(len(self.labels) - 1, index))


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


@dataclass(frozen=True)
class Scrub(Steps):
    """A slider over a sequence of numbers (the steps of a training) with Step back, Play and Step forward.

    Raises ValueError for no values or values that are not finite numbers in rising or falling order.
    """

    values: Sequence[float]
    value: float | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if (
            values.ndim != 1
            or len(values) == 0
            or values.dtype.kind not in "iuf"
            or not np.isfinite(values).all()
        ):
            raise ValueError(f"Scrub values must be a list of finite numbers, got {self.values!r:.80}")
        steps = np.diff(values)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError(
                "Scrub values must rise or fall from one to the next: sort them and drop the doubles"
            )
        object.__setattr__(self, "values", tuple(values.tolist()))

    @property
    def stops_at(self) -> tuple[float, ...]:
        return self.values

    def start(self, name: str) -> Any:
        return 0 if self.value is None else self.raw(self.value, name)

    def row(self, index: int, name: str) -> Any:
        return max(0, min(len(self.values) - 1, index))


@dataclass(frozen=True)
class Sentence(Control):
    """The learner's own text. The function receives its tokens (words and punctuation), at most `limit`.

    A sentence that is empty or too long is refused with a message; what was typed stays in the box.
    """

    value: str
    limit: int = 12
    label: str | None = None

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"Sentence limit must be at least 1, got {self.limit}")

    def raw(self, value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text, got {value!r}")
        self.argument(value, name)
        return value

    def value_of(self, raw: Any) -> Any:
        return raw

    def argument(self, raw: Any, name: str) -> list[str]:
        tokens = words(raw)
        if not tokens:
            raise ValueError(f"{name} is empty: type at least one word")
        if len(tokens) > self.limit:
            raise ValueError(f"{name} has {len(tokens)} tokens, there is room for {self.limit}: shorten it")
        return tokens

    def start(self, name: str) -> Any:
        return self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        return widgets.Text(raw, description=label, style=_WIDE)

    def parse(self, text: str, name: str) -> Any:
        return self.raw(unquote(text), name)

    def ends(self) -> list[Any]:
        return [words(self.value)[0], " ".join(reversed(words(self.value)))]


def as_control(given: Any, name: str, default: Any) -> Control:
    """A control from what people pass to `interact`; `default` is the function's own for the argument."""
    control = _abbreviated(given, name)
    if control.value is None and default is not None:
        control = replace(control, value=default)
    try:
        control.start(name)
    except (TypeError, ValueError) as error:
        raise type(error)(f"the default of control {name!r} does not fit: {error}") from None
    return control


def _abbreviated(given: Any, name: str) -> Control:
    if isinstance(given, Control):
        return given
    if isinstance(given, bool):
        return Toggle(given)
    if isinstance(given, str):
        return Sentence(given)
    if isinstance(given, tuple) and len(given) in (2, 3) and all(isinstance(v, int | float) for v in given):
        return Slider(given[0], given[1], step=given[2] if len(given) == 3 else None)
    if isinstance(given, list | Mapping):
        return Choice(given)
    raise TypeError(
        f"control {name!r} is {given!r:.60}: pass Slider, Choice, Toggle, Scrub or Sentence, or a bool, "
        "(low, high), (low, high, step), a list, a dict or a text"
    )
