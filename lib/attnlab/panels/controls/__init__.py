"""Controls: what a learner can move. A control is a frozen description; `build` makes its widget.

`control.py`: what all controls share. `numbers.py`: sliders. `options.py`: one of several, on or off.
`switches.py`: several things, each on or off. `sentence.py`: a text.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .control import Control
from .numbers import Scrub, Slider, Steps
from .options import Choice, Toggle
from .sentence import Sentence
from .switches import Switches

__all__ = ["Choice", "Control", "Scrub", "Sentence", "Slider", "Steps", "Switches", "Toggle", "as_control"]


def as_control(given: Any, name: str, default: Any) -> Control:
    """A control from what people pass to `interact`; `default` is the argument's default in the function."""
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
        f"control {name!r} is {given!r:.60}: pass Slider, Choice, Toggle, Switches, Scrub or Sentence, or "
        "a bool, (low, high), (low, high, step), a list, a dict or a string"
    )
