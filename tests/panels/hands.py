"""What a hand does to a panel in the browser, without a browser; and what it sees there."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets

from attnlab.panels.panel import Panel
from attnlab.panels.screen import Screen


def family(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """A widget and those in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from family(child)


def screen(shown: Any) -> Screen:
    """The picture of a panel, of a view of a training or of a filmstrip."""
    return next(widget for widget in family(shown.widget) if isinstance(widget, Screen))


def button(shown: Any, label: str) -> widgets.Button:
    found = (each for each in family(shown.widget) if isinstance(each, widgets.Button))
    return next(each for each in found if each.description == label)


def press(shown: Any, label: str) -> None:
    button(shown, label).click()


def moves(panel: Panel, name: str, value: Any) -> None:
    """What arrives when a hand moves a control in the browser."""
    control = panel.controls[name]
    if isinstance(control, widgets.SelectionSlider | widgets.Dropdown):
        control.set_state({"index": panel.specs[name].raw(value, name)})
    else:
        control.set_state({"value": value})


def says(shown: Any, **message: Any) -> None:
    """What the picture's script sends."""
    data = {"method": "custom", "content": message}
    screen(shown).comm.handle_msg({"content": {"data": data}, "buffers": []})
