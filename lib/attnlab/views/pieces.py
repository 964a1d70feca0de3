"""A text split into pieces (tokens): boxes side by side."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba_array

from attnlab.attention.numbers import whole_number
from attnlab.views import fonts, grid, inputs, palette, phrases
from attnlab.views.fonts import set_moving
from attnlab.views.inputs import Field, Text
from attnlab.views.maps import outlines
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.view import View

WIDE, HIGH, ID = 820, 28, 16  # pixels: a line, a box, the id below it
APART, BETWEEN, PAD = 4, 10, 6  # pixels: between boxes, between lines, between an outline and its text
MOST, LINES, LONGEST = 200, 12, 40  # pieces, lines, and characters of a piece that are drawn
SAID = 40  # pieces that the sentence names
_SIGNS = {" ": "·", "\n": "⏎", "\t": "⇥"}


class Split(Field[Iterable[str | bytes], tuple[str | bytes, ...]]):
    """Pieces of a text, at least one."""

    def look(self, view: Any, given: Iterable[str | bytes]) -> tuple[str | bytes, ...]:
        if isinstance(given, str | bytes):
            raise TypeError(f"pieces must be a list of pieces, got one text {given!r:.60}: split it first")
        if not isinstance(given, Iterable):
            raise TypeError(f"pieces must be a list of texts, got {given!r:.60}")
        pieces = tuple(given)
        if not pieces:
            raise ValueError("pieces is empty: pass at least one piece")
        for i, piece in enumerate(pieces):
            if not isinstance(piece, str | bytes):
                raise TypeError(
                    f"piece {i} is {piece!r:.60}: a piece must be a string or bytes; pass numbers as ids"
                )
        return pieces


class Ids(Field[Iterable[object] | None, tuple[str, ...] | None]):
    """An id for every piece, or none."""

    def look(self, view: Any, given: Iterable[object] | None) -> tuple[str, ...] | None:
        return None if given is None else inputs.as_labels(given, len(view.pieces), self.name, "the text")


class Piece(Field[int | None, int | None]):
    """A piece, or None."""

    def look(self, view: Any, given: int | None) -> int | None:
        return inputs.as_index(given, len(view.pieces), self.name)


class Places(Field[Any, tuple[int, ...]]):
    """Pieces that are marked, in order: given by places, or by texts that mean every equal piece."""

    def look(self, view: Any, given: Any) -> tuple[int, ...]:
        pieces = view.pieces
        marked = [given] if np.ndim(given) == 0 else list(given)
        texts = {mark for mark in marked if isinstance(mark, str | bytes)}
        places = {inputs.as_index(mark, len(pieces), self.name) for mark in marked if mark not in texts}
        return tuple(i for i, piece in enumerate(pieces) if i in places or piece in texts)


class Lines(Field[int, int]):
    """Lines that there is room for."""

    def look(self, view: Any, given: int) -> int:
        return whole_number(self.name, given, 1, LINES)


@dataclass(frozen=True)
class Pieces(View):
    """A text split into pieces: a box for each, side by side, with its id below when `ids` are given.

    A piece is a text, or bytes. Spaces are shown as ·, line ends as ⏎, tabs as ⇥, bytes that are not a
    whole character as \\xe2. `marked` pieces stand out: places (0 is the first), or texts that mark every
    equal piece. `lines`: room is kept for at least this many. A click on a piece sets the control named
    `select`.
    Raises ValueError or TypeError for no pieces, a string that is not split, a wrong number of ids.
    """

    pieces: Split = Split()
    ids: Ids = Ids(None)
    title: Text = Text("")
    marked: Places = Places(())
    select: str | None = None
    selected: Piece = Piece(None)
    lines: Lines = Lines(1)

    @cached_property
    def texts(self) -> list[str]:
        """The pieces that may fit, as they are drawn and said."""
        return [visible(piece) for piece in self.pieces[:MOST]]

    @property
    def _pitch(self) -> int:
        """From one line to the next."""
        return HIGH + BETWEEN + (0 if self.ids is None else ID)

    @cached_property
    def _places(self) -> list[tuple[int, float, float]]:
        """Line, left end and width of every piece that is drawn; a line is left for the words on the rest."""
        places = _flow(self._widths())
        if len(places) == len(self.pieces) and places[-1][0] < LINES:
            return places
        return [place for place in places if place[0] < LINES - 1]

    def _widths(self) -> list[float]:
        drawn = [fonts.measure(_short(text)) for text in self.texts]
        if self.ids is not None:
            ids = [fonts.measure(_below(i), fonts.SMALL) for i in self.ids[:MOST]]
            drawn = [max(pair) for pair in zip(drawn, ids, strict=True)]
        return [max(20, math.ceil(width) + 2 * PAD) for width in drawn]

    @property
    def _rest(self) -> int:
        """Pieces that have no room."""
        return len(self.pieces) - len(self._places)

    @property
    def _count(self) -> int:
        """Lines that are needed."""
        return max(self.lines, self._places[-1][0] + 1 + (self._rest > 0))

    def key(self) -> tuple[Any, ...]:
        return self._count, self.ids is None

    def box(self, measure: Measure) -> Box:
        least = 0.76 if self.ids is None else fonts.LEAST
        return Box(WIDE, self._count * self._pitch, 4, 4, 4, 0, wide=True, least=least)

    def draw(self, ax: Axes, box: Box) -> Drawn:
        boxes = PolyCollection([], clip_on=False)
        ax.add_collection(boxes, autolim=False)
        texts, ids = (fonts.numbers(ax, np.zeros((0, 2))) for _ in range(2))
        texts.set(
            facecolor=palette.theme().ink, snap=False
        )  # snapped to pixels, T and i would look bolder than e
        ids.set(facecolor=palette.theme().soft, snap=False)
        rest = fonts.write(ax, 0, 0, "", color=palette.theme().soft)
        drawn = Drawn(ax, moving=[boxes, texts, ids, rest])
        frames = outlines(ax, drawn, (0, 1))
        vars(drawn.parts).update(boxes=boxes, texts=texts, ids=ids, frames=frames, rest=rest)
        return drawn

    def update(self, drawn: Drawn) -> None:
        lines, lefts, widths = np.array(self._places).T
        tops, parts = lines * self._pitch, drawn.parts
        corners = np.stack([[lefts, tops], [lefts + widths, tops], [lefts + widths, tops + HIGH],
                            [lefts, tops + HIGH]])  # (4, 2, n)  # fmt: skip
        parts.boxes.set_verts(corners.transpose(2, 0, 1))
        self._paint(parts.boxes, len(lines))
        middles = np.stack([lefts + widths / 2, tops + HIGH / 2], 1)
        set_moving(parts.texts, [_short(text) for text in self.texts[: len(lines)]], middles)
        if self.ids is not None:
            below = middles + np.array([0, (HIGH + ID) / 2 - 1])
            set_moving(parts.ids, [_below(i) for i in self.ids[: len(lines)]], below, size=fonts.SMALL)
        parts.rest.set_text(f"… and {self._rest} more" if self._rest else "")
        parts.rest.set_position((0, (lines[-1] + 1) * self._pitch + HIGH / 2))
        i = self.selected
        chosen = i is not None and i < len(lines)
        grid.surround(parts.frames, (lefts[i], tops[i], widths[i], HIGH) if chosen else None)

    def _paint(self, boxes: PolyCollection, count: int) -> None:
        kinds = np.arange(count) % 2
        kinds[[i for i in self.marked if i < count]] = 2
        widths = np.array([0.7, 0.7, 1.6])[kinds]
        colours = palette.theme()
        fills = to_rgba_array(["none", colours.piece, colours.marked])
        edges = to_rgba_array([colours.soft, colours.soft, colours.ink])
        boxes.set(facecolor=fills[kinds], edgecolor=edges[kinds], linewidth=widths)

    def hits(self, box: Box) -> list[Hit]:
        return [
            grid.grid_hit(
                (left, line * self._pitch, width, HIGH), [str(i)], [""], [[self._named(i)]],
                axes=("piece", ""), select=self.select, selected=self.selected, first=i,
            )
            for i, (line, left, width) in enumerate(self._places)
        ]  # fmt: skip

    def _named(self, i: int) -> str:
        return visible(self.pieces[i]) + ("" if self.ids is None else f" ({self.ids[i]})")

    def caption(self) -> str:
        n, kinds = len(self.pieces), len(set(self.pieces))
        count = f"{n} piece{'s' * (n > 1)}, {kinds} different"
        chosen = "" if self.selected is None else f"piece {self.selected}: {self._named(self.selected)}"
        found = Counter(visible(self.pieces[i]) for i in self.marked)
        marked = ", ".join(f"{piece} ({times} times)" for piece, times in found.most_common(2))
        marked = marked.replace("(1 times)", "(once)").replace("(2 times)", "(twice)")
        first = " | ".join(_short(visible(piece)) for piece in self.pieces[:4]) + " …" * (n > 4)
        return phrases.line([chosen, count, f"marked {marked}" if marked else "", first])

    def describe(self) -> str:
        n, kinds = len(self.pieces), Counter(self.pieces)
        words = f"{self.title or 'pieces'}: {n} piece{'s' * (n > 1)}, {len(kinds)} different"
        words += " (with their ids): " if self.ids is not None else ": "
        words += " | ".join(self._named(i) for i in range(min(n, SAID)))
        if n > SAID:
            often = ", ".join(f"{visible(piece)} {count}" for piece, count in kinds.most_common(8))
            words += f" and {n - SAID} more; most often {often}"
        if self.marked:
            found = Counter(self.pieces[i] for i in self.marked)
            words += "; marked " + ", ".join(f"{visible(piece)} ({count})" for piece, count in found.items())
        if self.selected is not None:
            words += f"; piece {self.selected} selected, {self._named(self.selected)}"
        return words + "."


def visible(piece: str | bytes) -> str:
    """A piece with a sign for everything that leaves no ink."""
    text = piece.decode("utf-8", "surrogateescape") if isinstance(piece, bytes) else piece
    signs = "".join(map(_sign, text))
    return "◌" + signs if signs and unicodedata.combining(signs[0]) else signs or "∅"


@lru_cache(4096)
def _sign(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    if "\udc80" <= char <= "\udcff":  # a byte that is no whole character
        return f"\\x{ord(char) - 0xDC00:02x}"
    shown = fonts.drawable(char) if char.isprintable() else ""
    return shown if shown and fonts.inked(shown) else char.encode("unicode_escape").decode()


def _short(text: str) -> str:
    """A piece as it is drawn: it fits on a line."""
    return fonts.fitted(fonts.shown(text, LONGEST), WIDE - 2 * PAD)


def _below(label: str) -> str:
    """An id as it is drawn."""
    return fonts.shown(visible(label))


def _flow(widths: Sequence[float]) -> list[tuple[int, float, float]]:
    """Line, left end and width of boxes that stand side by side and go on in the next line."""
    line, x, places = 0, 0.0, []
    for width in widths:
        if x and x + width > WIDE:
            line, x = line + 1, 0.0
        places.append((line, x, width))
        x += width + APART
    return places
