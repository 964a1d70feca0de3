"""The learner's own text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import ipywidgets as widgets

from attnlab.panels.controls.control import WIDE, Control
from attnlab.tokens import words


@dataclass(frozen=True)
class Sentence(Control):
    """The learner's own text. The function receives its tokens, at most `limit`: `split` makes them.

    By default they are words and punctuation. With `split=None` the function receives the text as it was
    typed, at most `limit` characters. A sentence that is empty or too long is refused with a message; what
    was typed stays in the box.
    """

    value: str
    limit: int = 12
    label: str | None = None
    split: Callable[[str], Sequence[str]] | None = words

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

    def argument(self, raw: Any, name: str) -> Sequence[str]:
        tokens = self.split(raw) if self.split else raw
        if not tokens or not raw.strip():
            raise ValueError(f"{name} is empty: type at least one word")
        if len(tokens) > self.limit:
            what = "tokens" if self.split else "characters"
            raise ValueError(f"{name} has {len(tokens)} {what}, there is room for {self.limit}: shorten it")
        return tokens

    def start(self, name: str) -> Any:
        return self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        return widgets.Text(raw, description=label, style=WIDE)

    def parse(self, text: str, name: str) -> Any:
        return self.raw(unquote(text), name)

    def ends(self) -> list[Any]:
        """The first word alone, and all words in the reverse order, where the function can take them."""
        parts = words(self.value) or [self.value]
        return [text for text in (parts[0], " ".join(reversed(parts))) if self._takes(text)]

    def _takes(self, text: str) -> bool:
        try:
            self.argument(text, "text")
        except ValueError:
            return False
        return True
