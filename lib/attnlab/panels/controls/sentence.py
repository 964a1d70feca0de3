"""The learner's own text."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import ipywidgets as widgets

from attnlab.attention.numbers import whole_number
from attnlab.panels.controls.control import WIDE, Control, of_state
from attnlab.tokens import words


@dataclass(frozen=True)
class Sentence(Control):
    """The learner's own text. The function receives its tokens, at most `limit`, made by `split`.

    By default they are words and punctuation. With `split=None` the function receives the text as typed, at
    most `limit` characters. An empty or overlong sentence is refused with a message; the text stays in the
    box. With `optional` it may be empty, as for a text of one's own beside a Choice; tests type nothing then.
    """

    value: str
    limit: int = 12
    label: str | None = None
    split: Callable[[str], Sequence[str]] | None = words
    optional: bool = False

    def __post_init__(self) -> None:
        if self.split is not None and not callable(self.split):
            raise TypeError(f"Sentence split must be a function of the text or None, got {self.split!r:.60}")
        if whole_number("Sentence limit", self.limit) < 1:
            raise ValueError(f"Sentence limit must be at least 1, got {self.limit}")

    def raw(self, value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a string, got {value!r}")
        self.argument(value, name)
        return value

    def value_of(self, raw: Any) -> Any:
        return raw

    def argument(self, raw: Any, name: str) -> Sequence[str]:
        tokens = self._tokens(raw)
        if self.optional and not raw.strip():
            return tokens[:0]
        if not tokens or not raw.strip():
            raise ValueError(f"{name} is empty: type at least one word")
        if len(tokens) > self.limit:
            what = "tokens" if self.split else "characters"
            raise ValueError(f"{name} has {len(tokens)} {what}, but the limit is {self.limit}: shorten it")
        return tokens

    def _tokens(self, raw: str) -> Sequence[str]:
        if self.split is None:
            return raw
        found = self.split(raw)
        if not isinstance(found, Iterable):
            raise TypeError(f"the split of a Sentence must return a list of tokens, got {found!r:.60}")
        return found if isinstance(found, list | tuple) else list(found)

    def start(self, name: str) -> Any:
        return self.raw(self.value, name)

    def build(self, label: str, raw: Any) -> widgets.Widget:
        return widgets.Text(raw, description=label, style=WIDE)

    def parse(self, text: str, name: str) -> Any:
        return self.raw(of_state(text), name)

    def ends(self) -> list[Any]:
        """The first word alone; and from the last word back, again and again, while there is room."""
        if not self.value.strip():
            return []
        parts = words(self.value) or [self.value]
        full = ""
        for word in islice(cycle(reversed(parts)), self.limit):
            if not self._takes(longer := f"{full} {word}".strip()):
                break
            full = longer
        return [text for text in (parts[0], full) if self._takes(text)]

    def refused(self) -> list[Any]:
        return [] if self.optional else [" "]

    def _takes(self, text: str) -> bool:
        try:
            self.argument(text, "text")
        except ValueError:
            return False
        return True
