"""Panels in outputs. With ATTNLAB_TOUR=1 in the kernel, a panel's text is that of every stop of a tour.

Such an output has `metadata["attnlab"] == {"panel": NAME, "tour": STOPS}`, and text/plain is a row of blocks:

    STOP: caption
      an indented line of the account, and others
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .words import first_difference


def _panels(outputs: list) -> list[tuple[dict[str, Any], str]]:
    """What the outputs say of the panels among them, and the panels' texts."""
    marked = [(output.get("metadata", {}).get("attnlab", {}), output) for output in outputs]
    return [(mark, output["data"].get("text/plain", "")) for mark, output in marked if "panel" in mark]


def _same_panels(new: list, saved: list) -> list[tuple]:
    """Pairs of the panels of a cell, new and saved; none where they are not the same panels."""
    now, then = _panels(new), _panels(saved)
    same = [mark["panel"] for mark, _ in now] == [mark["panel"] for mark, _ in then]
    return list(zip(now, then, strict=True)) if same else []


def saved_without_tour(new: list, saved: list) -> str | None:
    """The first panel that was saved where no tours are made, in JupyterLab for instance."""
    for (now, _), (then, _) in _same_panels(new, saved):
        if "tour" in now and "tour" not in then:
            return str(now["panel"])
    return None


def tour_faults(new: list, saved: list, sanitize: Callable[[str], str]) -> list[str]:
    """For each panel whose tour differs: the first stop where it does, and the first line there."""
    found = []
    for (now, new_text), (then, saved_text) in _same_panels(new, saved):
        texts = sanitize(saved_text), sanitize(new_text)
        if "tour" in now and "tour" in then and texts[0] != texts[1]:
            found.append(f"panel {now['panel']}: {_first_stop(*map(blocks, texts))}")
    return found


def blocks(text: str) -> list[str]:
    """The blocks of a tour: each begins with a line that is not indented."""
    found: list[str] = []
    for line in text.split("\n"):
        if found and (not line or line.startswith(" ")):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _stop(block: str) -> str:
    return block.split("\n")[0].split(": ")[0]


def _first_stop(saved: list[str], new: list[str]) -> str:
    """Where two tours that differ do so first."""
    for then, now in zip(saved, new, strict=False):
        if then != now and _stop(then) != _stop(now):
            return f'the tour reaches "{_stop(now)}" where "{_stop(then)}" was saved'
        if then != now:
            return "\n".join([f'at "{_stop(then)}" the words differ', *first_difference(then, now)])
    return f"the tour has {len(new)} stops, {len(saved)} were saved"
