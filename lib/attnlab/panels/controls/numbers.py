"""Sliders: numbers in a range, and the steps of something that was recorded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ipywidgets as widgets
import numpy as np

from attnlab.attention.numbers import real_number
from attnlab.panels.controls.control import WIDE, Control

MOST_STEPS = 10_000


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
        apart = np.ptp(numbers[max(0, near - 1) : near + 2]) or 1.0
        if not math.isclose(numbers[near], value, rel_tol=1e-9, abs_tol=1e-6 * min(1e-6, apart)):
            raise ValueError(f"{name} must be one of {self.said}; nearest to {value} is {numbers[near]}")
        return near

    def near(self, text: str) -> int | None:
        """The place nearest to a number as people type it; None: not a number."""
        try:
            number = float(text.strip().replace("−", "-").replace(",", "."))
        except ValueError:
            return None
        return (
            None if not math.isfinite(number) else int(np.argmin(np.abs(np.asarray(self.stops_at) - number)))
        )

    def value_of(self, raw: Any) -> Any:
        return self.stops_at[raw]

    def build(self, label: str, raw: Any) -> widgets.Widget:
        options = [(text.replace("-", "−"), i) for i, text in enumerate(_labels(self.stops_at))]
        return widgets.SelectionSlider(options=options, value=raw, description=label, style=WIDE)

    def hand(self, widget: widgets.Widget, raw: Any) -> list[tuple[widgets.Widget, dict[str, Any]]]:
        return [(widget, {"index": raw})]

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


def _labels(numbers: Sequence[float]) -> list[str]:
    """Numbers as they stand beside a slider: so many digits that none says 1 of 0.99…"""
    digits = max(len(f"{n:.10g}".partition(".")[2]) for n in numbers)
    if digits <= 6 and not any("e" in f"{n:.10g}" for n in numbers):
        texts = [f"{n:.{digits}f}" for n in numbers]
        if len(set(texts)) == len(numbers) and all(map(_close, texts, numbers)):
            return texts
    for figures in range(6, 18):
        texts = [f"{n:.{figures}g}" for n in numbers]
        rounded = (
            len(f"{float(text):.17g}") < figures and not _close(text, n)
            for text, n in zip(texts, numbers, strict=True)
        )
        if len(set(texts)) == len(numbers) and not any(rounded):
            break
    return texts


def _close(text: str, number: float) -> bool:
    return math.isclose(float(text), number, rel_tol=1e-12, abs_tol=1e-300)


@dataclass(frozen=True)
class Slider(Steps):
    """A number from `low` to `high` in steps. Whole numbers if low, high and step are ints.

    `value` is where it starts (default: the middle). `step` is 1 for whole numbers, else about a hundredth of
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
            if (given is not None or name in ("low", "high")) and (
                isinstance(given, bool) or not isinstance(given, int | float | np.number)
            ):
                raise TypeError(f"Slider {name} must be a number, got {given!r}")
            if given is not None and not math.isfinite(real_number(f"Slider {name}", given)):
                raise ValueError(f"Slider {name} must be finite, got {real_number(name, given)}")
        if self.low >= self.high:
            raise ValueError(f"Slider low must be below high, got low={self.low}, high={self.high}")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"Slider step must be positive, got {self.step}")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"Slider from {self.low} to {self.high} is too long for a float: narrow it")
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
            digits = max(12, 6 - math.floor(math.log10(self._size)))  # well below a step, above float noise
            numbers = [round(float(n), digits) for n in numbers]
        return tuple(numbers if math.isclose(numbers[-1], self.high) else [*numbers, self.high])

    def start(self, name: str) -> Any:
        return (len(self.stops_at) - 1) // 2 if self.value is None else self.raw(self.value, name)


@dataclass(frozen=True)
class Scrub(Steps):
    """A slider over a sequence of numbers (the steps of a training) with Back, Play and Next.

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
                "Scrub values must rise or fall from one to the next: sort them and drop duplicates"
            )
        object.__setattr__(self, "values", tuple(values.tolist()))

    @property
    def stops_at(self) -> tuple[float, ...]:
        return tuple(self.values)

    def start(self, name: str) -> Any:
        return 0 if self.value is None else self.raw(self.value, name)

    def row(self, index: int, name: str) -> Any:
        return max(0, min(len(self.values) - 1, index))
