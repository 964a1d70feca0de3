"""The boundary with the learner's function: its arguments, its views, its errors, what it prints."""

import inspect
import linecache
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attnlab.panels.controls import Control, as_control
from attnlab.views.view import View


def match(function: Callable, controls: Mapping[str, Any]) -> dict[str, Control]:
    """A control for every argument of the function that has one, in the order of the arguments."""
    parameters = _parameters(function)
    name = str(getattr(function, "__name__", "the function"))
    for given in controls:
        if given not in parameters:
            raise ValueError(f"control {given!r} is not an argument of {name}({', '.join(parameters)})")
    matched = {}
    for parameter in parameters.values():
        default = None if parameter.default is parameter.empty else parameter.default
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.name in controls:
            if several or parameter.kind is parameter.POSITIONAL_ONLY:
                raise ValueError(
                    f"control {parameter.name!r} cannot be passed to {name}{inspect.signature(function)}: a "
                    "panel passes arguments by name; remove the / or the star"
                )
            matched[parameter.name] = as_control(controls[parameter.name], parameter.name, default)
        elif parameter.default is parameter.empty and not several:
            raise ValueError(
                f"argument {parameter.name!r} of {name} has no control and no default: pass "
                f"{parameter.name}=Slider(...) or another control to explore, or give it a default"
            )
    return matched


def _parameters(function: Callable) -> Mapping[str, inspect.Parameter]:
    if not callable(function):
        raise TypeError(f"explore needs a function, got {function!r:.60}")
    try:
        return inspect.signature(function).parameters
    except ValueError:
        raise TypeError(f"{function!r:.60} does not reveal its arguments: wrap it in a function") from None


def as_views(returned: Any, name: str, controls: Collection[str]) -> tuple[View, ...]:
    """What the function returned, as a tuple of views; TypeError or ValueError says what is wrong with it."""
    if returned is None:
        raise TypeError(f"{name} returned nothing: end it with `return Heatmap(...)` or another view")
    views = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
    for view in views:
        if not isinstance(view, View):
            raise TypeError(
                f"{name} returned a {type(view).__name__}: return views such as Heatmap(...) or Bars(...)"
            )
        if (chosen := getattr(view, "select", None)) is not None and chosen not in controls:
            has = ", ".join(controls) or "none"
            raise ValueError(f"select names the control {chosen!r}, but the panel has {has}")
    if not views:
        raise TypeError(f"{name} returned an empty tuple: return at least one view")
    return views


def explain(error: BaseException, function: Callable) -> str:
    """The error and the line of the learner's function, without our own frames.

    An error from outside their function (a refused sentence) is only its message.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
    if not frames:
        return str(error) or type(error).__name__
    line, name = frames[-1].lineno or 0, frames[-1].name
    source = linecache.getline(frames[-1].filename, line).strip()
    return f"{type(error).__name__}: {error}\nline {line} of your cell, in {name}:  {source}"


class _Aside:
    """A stream that keeps what one thread writes while that thread wishes it; all else goes through."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.of_thread, self.users = stream, threading.local(), 0

    def write(self, text: str) -> int:
        texts: list[str] | None = getattr(self.of_thread, "texts", None)
        if texts is None:
            return int(self.stream.write(text))
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        texts.append(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def aside(texts: list[str]) -> Iterator[None]:
    """What this thread prints goes to `texts`: a move by hand has no cell to print below.

    Other threads, such as a cell that is running, print as usual.
    """
    with _kept("stdout", texts), _kept("stderr", texts):
        yield


@contextmanager
def _kept(name: str, texts: list[str]) -> Iterator[None]:
    with _CHANGING:
        before = getattr(sys, name)
        stream: Any = before if isinstance(before, _Aside) else _Aside(before)
        stream.users += 1
        setattr(sys, name, stream)
    outer, stream.of_thread.texts = getattr(stream.of_thread, "texts", None), texts
    try:
        yield
    finally:
        stream.of_thread.texts = outer
        with _CHANGING:
            stream.users -= 1
            if not stream.users and getattr(sys, name) is stream:  # else another puts it back
                setattr(sys, name, stream.stream)


_CHANGING = threading.Lock()  # the streams of sys are of all threads
