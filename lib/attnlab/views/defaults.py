"""Matplotlib's defaults: what the user set changes no picture, and is restored afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from matplotlib import rcParams, rcParamsDefault

_SETTINGS: dict[Any, Any] = rcParams  # its stubs name all 339 keys one by one
_WINDOWS = {"backend", "backend_fallback", "interactive", "keymap", "timezone", "tk", "toolbar", "webagg"}
_DEFAULTS: dict[str, Any] = {
    name: value for name, value in dict.items(rcParamsDefault) if name.split(".")[0] not in _WINDOWS
}
_LOCK = RLock()  # the settings are global: two threads that draw would take each other's for the user's
_plain: dict[str, Any] = {}  # all settings when they were last the defaults: quick to compare with


@contextmanager
def matplotlib_defaults() -> Iterator[None]:
    """Draw and measure with matplotlib's own settings, whatever style the user chose.

    Costs 10 µs where the user changed none. The plain methods of dict leave out the checks of values that
    have been checked, and give back the very objects that the user set.
    """
    with _LOCK:
        changed = {} if dict.__eq__(_SETTINGS, _plain) else _changed()
        dict.update(_SETTINGS, {name: _DEFAULTS[name] for name in changed})
        try:
            yield
        finally:
            for name, value in changed.items():
                if dict.__getitem__(_SETTINGS, name) is _DEFAULTS[name]:  # else set by another thread since
                    dict.__setitem__(_SETTINGS, name, value)


def _changed() -> dict[str, Any]:
    """The settings that are not the defaults, as they are."""
    global _plain
    given = dict(dict.items(_SETTINGS))
    changed = {name: given[name] for name, value in _DEFAULTS.items() if given[name] != value}
    _plain = _plain if changed else given
    return changed
