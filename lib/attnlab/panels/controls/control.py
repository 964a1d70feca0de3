"""The interface of a control, and what all of them share."""

from dataclasses import Field
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import ipywidgets as widgets

WIDE = {"description_width": "initial"}


def as_state(text: str) -> str:
    """A text in a state; blanks at its ends stay visible, and half a character (a lone surrogate) is kept."""
    return quote(text, safe=" " * (text == text.strip()), errors="surrogatepass")


def of_state(text: str) -> str:
    """The text of a state."""
    return unquote(text, errors="surrogatepass")


class Control:
    """The interface of a control. Its widget holds the *raw* value, `panel.set` takes the *value*."""

    value: Any
    label: str | None
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # every control is a dataclass

    def raw(self, value: Any, name: str) -> Any:
        """The widget's value for `value`; ValueError or TypeError names the control and the remedy."""
        raise NotImplementedError

    def value_of(self, raw: Any) -> Any:
        raise NotImplementedError

    def argument(self, raw: Any, name: str) -> Any:
        """What the learner's function receives."""
        return self.value_of(raw)

    def start(self, name: str) -> Any:
        """The raw value a panel starts with."""
        raise NotImplementedError

    def build(self, label: str, raw: Any) -> widgets.Widget:
        raise NotImplementedError

    def hand(self, widget: widgets.Widget, raw: Any) -> list[tuple[widgets.Widget, dict[str, Any]]]:
        """What the browser sends when a person moves it there: widgets and their states."""
        return [(widget, {"value": raw})]

    def text(self, raw: Any) -> str:
        """The raw value in a state string."""
        return as_state(str(raw))

    def shown(self, value: Any) -> str:
        """A value in the title of a picture."""
        return str(value)

    def parse(self, text: str, name: str) -> Any:
        """The raw value of a state string's text; ValueError when it is garbled."""
        raise NotImplementedError

    def ends(self) -> list[Any]:
        """Raw values that a tour visits besides the one the panel begins with: the two ends."""
        raise NotImplementedError

    def refused(self) -> list[Any]:
        """Raw values that a person can enter, and that are refused with a message."""
        return []

    def row(self, index: int, name: str) -> Any:
        """The raw value for row `index` of a picture."""
        raise TypeError(f"{type(self).__name__} control {name!r} cannot be set by choosing a row")
