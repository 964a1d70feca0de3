"""What differs between the texts of two lists of outputs, in a few lines."""

from __future__ import annotations

import pprint
import re
from collections.abc import Callable, Collection
from itertools import zip_longest
from typing import Any

WIDTH, BEFORE = 100, 60  # of a long line, and how much of it before the first difference
FIRST = ("stdout", "stderr", "ename", "evalue", "text/plain")
MIME_TYPE_OF_PICTURES = ("image/png", "image/jpeg")

Words = dict[str, list[str]]  # stdout, stderr, text/plain, text/html, ... -> the texts, in order


def plain(text: str) -> str:
    """A text without the colours of a terminal."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def unplaced(text: str) -> str:
    """A text in which the file that IPython names a cell (in warnings) is without its process."""
    return re.sub(r"[^\s\"']*ipykernel_\d+[/\\]", "ipykernel/", text)


def words_of(outputs: list, sanitize: Callable[[Any], Any], skip: Collection[str]) -> Words:
    """The texts of a cell's outputs that are compared, by their kind."""
    found: Words = {}
    for output in outputs:
        if output["output_type"] == "stream":
            fields = {output["name"]: output["text"]}
        else:
            fields = {**output, **output.get("data", {})}
        for kind, value in fields.items():
            if kind not in ("data", *MIME_TYPE_OF_PICTURES, *skip):
                text = sanitize(unplaced(value) if isinstance(value, str) else value)
                found.setdefault(kind, []).append(text if isinstance(text, str) else pprint.pformat(text))
    return found


def word_faults(new: Words, saved: Words) -> list[str]:
    """What differs: the first kind in full, the others by name."""
    kinds = sorted({*new, *saved}, key=lambda kind: (kind not in FIRST, (*FIRST, kind).index(kind), kind))
    differ = [kind for kind in kinds if new.get(kind) != saved.get(kind)]
    if not differ:
        return []
    first, *rest = differ
    fault = _fault(first, new.get(first, []), saved.get(first, []))
    return [fault, *([f"    also different: {', '.join(rest)}"] if rest else [])]


def _fault(kind: str, new: list[str], saved: list[str]) -> str:
    pairs = list(zip_longest(saved, new))
    place = next(number for number, (then, now) in enumerate(pairs) if then != now)
    then, now = pairs[place]
    which = f" {place + 1} of {len(saved)}" if len(saved) > 1 else ""
    if kind == "ename":
        return f"raises {now or 'nothing'}, but in the notebook {then or 'nothing'}"
    if len(new) != len(saved):
        head = f"{kind}: {len(saved) or 'none'} in the notebook, {len(new) or 'none'} when it runs"
    else:
        head = f"{kind}{which} differs{where(then, now)}"
    return "\n".join([head, *first_difference(then, now)])


def _lines(saved: str | None, new: str | None) -> list[tuple[str | None, str | None]]:
    if saved and new and saved.endswith("\n") and new.endswith("\n"):
        saved, new = saved[:-1], new[:-1]
    then, now = (() if text is None else text.split("\n") for text in (saved, new))
    return list(zip_longest(then, now))


def where(saved: str, new: str) -> str:
    """In how many lines two texts differ, and in which first; "" if there is only one line."""
    differ = [then != now for then, now in _lines(saved, new)]
    if len(differ) == 1:
        return ""
    return f" in {sum(differ)} of {len(differ)} lines, first in line {differ.index(True) + 1}"


def first_difference(saved: str | None, new: str | None) -> list[str]:
    """The first line that differs, as saved and as new, and a mark below the first difference."""
    then, now = next(pair for pair in _lines(saved, new) if pair[0] != pair[1])
    start, mark = 0, []
    if then is not None and now is not None:
        pairs = enumerate(zip_longest(then, now))
        column = next(place for place, (old, fresh) in pairs if old != fresh)
        start = max(0, column - BEFORE) if max(len(then), len(now)) > WIDTH else 0
        mark = [" " * (4 + 7 + (start > 0) + column - start) + "^"]
    return [f"    saved: {_cut(then, start)}", f"    new:   {_cut(now, start)}", *mark]


def _cut(line: str | None, start: int) -> str:
    if line is None:
        return "(nothing)"
    return ("…" if start else "") + line[start : start + WIDTH] + ("…" if len(line) > start + WIDTH else "")
