"""A sound: its wave, the frames that it is cut into, and its spectrogram, on one axis of time."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon, Rectangle

from attnlab.views import fonts, grid, palette, phrases, rounding
from attnlab.views.charts import round_ticks
from attnlab.views.fonts import set_moving
from attnlab.views.inputs import Limit, Numbers, Text
from attnlab.views.maps import outlines
from attnlab.views.payload import Hit
from attnlab.views.protocol import Box, Drawn, Measure
from attnlab.views.rounding import number
from attnlab.views.sound_fields import Frame, Frequencies, Rate, Reach, Samples, Spectrum, Step, needs_size
from attnlab.views.view import View

WIDE, WAVE, BANDS, BAR = 660, 130, 150, 12  # pixels: the time, the wave, the spectrogram, its colour bar
LANE, LANES, NUMBERS, GAP = 8, 4, 18, 12  # pixels: frames that overlap lie below each other
LISTED, HOVERED = 24, 400  # frames in a sentence, and under the pointer
DOTTED, ROWS = 110, 75  # samples that are few enough for a dot each; rows of the spectrogram on the screen


@dataclass(frozen=True)
class Sound(View):
    """The wave of a signal [samples] with `rate` samples a second, between -limit and limit.

    `size` marks its frames: that many samples each, one every `step` samples (default: `size`). `spectrum`
    [frames, bands] is shown below as a map, low bands at the bottom; `bands` are their frequencies in Hz
    (default: equally spaced from 0 to rate / 2). `selected` brings a frame forward; a click on a frame sets
    the control named `select`. Raises ValueError for NaN, a size beyond the signal, a wrong number of rows.
    """

    signal: Numbers = Numbers(1)
    rate: Rate = Rate()
    title: Text = Text("")
    size: Samples = Samples(None)
    step: Step = Step(None)
    select: str | None = None
    selected: Frame = Frame(None)
    spectrum: Spectrum = Spectrum(2)
    bands: Frequencies = Frequencies(1)
    limit: Reach = Reach(None)
    spectrum_limit: Limit = Limit(None)

    def __post_init__(self) -> None:
        needs_size(self, "select", self.select)

    @property
    def frames(self) -> int:
        """How many frames there are."""
        size, step = self._frame
        return 1 + (len(self.signal) - size) // step if size else 0

    @property
    def _frame(self) -> tuple[int, int]:
        """Size and step of the frames; size 0: there are none."""
        return self.size or 0, self.step or 1

    @property
    def _cells(self) -> tuple[np.ndarray, np.ndarray]:
        """The spectrogram and its bands; empty ones where there are none."""
        none = np.zeros((0, 0)), np.zeros(0)
        return none if self.spectrum is None or self.bands is None else (self.spectrum, self.bands)

    @property
    def seconds(self) -> float:
        return len(self.signal) / self.rate

    @cached_property
    def loudness(self) -> np.ndarray:
        """Root of the mean square of every frame."""
        size, step = self._frame
        windows = np.lib.stride_tricks.sliding_window_view(self.signal, size)[::step]
        return np.sqrt((windows**2).mean(axis=1))  # (frames,)

    @property
    def _lanes(self) -> int:
        """Frames that overlap, up to four, are marked below each other."""
        size, step = self._frame
        return min(LANES, -(-size // step))

    @property
    def _head(self) -> int:
        """Height of the wave and its frames."""
        return WAVE + (LANE * self._lanes + NUMBERS if self._lanes else 0)

    @property
    def _map(self) -> int:
        """Height of the spectrogram: whole pixels for a row."""
        rows = min(len(self._cells[1]), ROWS)
        return rows * (BANDS // rows)

    @property
    def _height(self) -> int:
        return self._head + (0 if self.spectrum is None else GAP + self._map)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """The two ends of the colours of the spectrogram."""
        cells, _ = self._cells
        low, high = float(cells.min()), float(cells.max())
        low = -rounding.nice(-low) if low < -1e-9 else 0.0
        return low, max(self.spectrum_limit or rounding.nice(high), low + 1e-9)

    def _x(self, samples: Any) -> Any:
        """Pixels from the left of a place in the signal."""
        return samples * (WIDE / len(self.signal))

    def key(self) -> tuple[Any, ...]:
        tail = () if self.spectrum is None else (self._ends, self._map, *self._cells[1][[0, -1]].tolist())
        return self.seconds, self.limit, self._lanes, *tail

    # ------------------------------------------------------------ drawing

    def _amplitudes(self) -> list[tuple[float, str]]:
        """Heights beside the wave, and what is written there."""
        texts = [rounding.plain(v).replace("-", "−") for v in (self.limit, 0.0, -self.limit)]
        return list(zip((0, WAVE / 2, WAVE), texts, strict=True))

    def _pitches(self) -> list[tuple[float, str]]:
        """Heights beside the spectrogram, and the frequencies there."""
        if self.spectrum is None:
            return []
        bands, top = self._cells[1], self._head + GAP
        last = len(bands) - 1
        places = sorted({0, last // 2, last}) if last > 1 else range(last + 1)
        heights = [top + self._map * (1 - (i + 0.5) / (last + 1)) for i in places]
        return [(y, f"{rounding.plain(round(bands[i]))} Hz") for y, i in zip(heights, places, strict=True)]

    def _colour_ends(self) -> list[tuple[float, str]]:
        """Heights beside the colour bar, and the values there."""
        if self.spectrum is None:
            return []
        top = self._head + GAP
        texts = [rounding.plain(v).replace("-", "−") for v in self._ends[::-1]]
        return list(zip((top + 8, top + self._map - 8), texts, strict=True))

    def box(self, measure: Measure) -> Box:
        left = 12 + max(measure(text) for _, text in [*self._amplitudes(), *self._pitches()])
        last = max(measure(text) / 2 for text in self._times().values())
        right = max([last, *(measure(text) + BAR + 22 for _, text in self._colour_ends())])
        return Box(
            WIDE, self._height, max(left, last), right, 24 if self._lanes else 10, 30, least=fonts.LEAST
        )

    def _times(self) -> dict[float, str]:
        """Seconds on the axis, and what is written there."""
        return {t: f"{text} s" for t, text in round_ticks(0, self.seconds, 7).items()}

    def draw(self, ax: Axes, box: Box) -> Drawn:
        self._label(ax)
        band = ax.add_patch(
            Rectangle((0, 0), 0, 0, facecolor=palette.theme().marked, edgecolor="none", clip_on=False)
        )
        style = {
            "facecolor": palette.theme().lines[0],
            "edgecolor": palette.theme().lines[0],
            "linewidth": 0.8,
        }
        wave = ax.add_patch(Polygon(np.zeros((3, 2)), closed=True, joinstyle="bevel", clip_on=False, **style))
        lanes = ax.add_collection(LineCollection([], clip_on=False), autolim=False)
        numbers, name = (fonts.numbers(ax, np.zeros((0, 2))) for _ in range(2))
        numbers.set_facecolor(palette.theme().soft)
        name.set_facecolor(palette.theme().ink)
        (dots,) = ax.plot([], [], "o", color=palette.theme().lines[0], markersize=4, clip_on=False)
        drawn = Drawn(ax, moving=[band, wave, dots, lanes, numbers, name])
        vars(drawn.parts).update(band=band, wave=wave, dots=dots, lanes=lanes, numbers=numbers, name=name)
        if self.spectrum is not None:
            drawn.maps.append(grid.image(ax, 0, self._head + GAP, WIDE, self._map))
            drawn.parts.frames = outlines(ax, drawn, (0, 1))
        return drawn

    def _label(self, ax: Axes) -> None:
        grey: dict[str, Any] = {
            "color": palette.theme().grid,
            "linewidth": 0.8,
            "zorder": 0,
            "clip_on": False,
        }
        for t, text in self._times().items():
            x = self._x(t * self.rate)
            ax.plot([x, x], [0, self._height + 5], **grey)
            fonts.write(ax, x, self._height + 17, text, ha="center", color=palette.theme().soft)
        ax.plot([0, WIDE], [WAVE / 2, WAVE / 2], **grey)
        for y, text in [*self._amplitudes(), *self._pitches()]:
            fonts.write(ax, -8, y, text, ha="right", color=palette.theme().soft)
        if self.spectrum is not None:
            grid.image(ax, WIDE + 14, self._head + GAP, BAR, self._map).set_data(
                palette.lut(False)[::-1, None]
            )
        for y, text in self._colour_ends():
            fonts.write(ax, WIDE + 14 + BAR + 5, y, text, color=palette.theme().soft)

    def update(self, drawn: Drawn) -> None:
        wave = self._envelope()
        drawn.parts.wave.set_xy(wave)
        drawn.parts.dots.set_data(*(wave[: len(self.signal)].T if len(self.signal) <= DOTTED else ([], [])))
        if self.size is None:
            return
        self._mark_frames(drawn)
        chosen, middles = [] if self.selected is None else [self.selected], []
        grid.surround([drawn.parts.band], None)
        for i in chosen:
            left, right = self._span(i)
            grid.surround([drawn.parts.band], (left, 0, right - left, self._head - NUMBERS))
            middles.append((min(max((left + right) / 2, 40), WIDE - 40), -12.0))
        set_moving(drawn.parts.name, [f"frame {i}" for i in chosen], middles)
        if self.spectrum is not None:
            self._show_spectrum(drawn)

    def _envelope(self) -> np.ndarray:
        """Outline of the wave, [corners, 2]: its smallest and largest value in every column of pixels."""
        count = min(len(self.signal), WIDE)
        starts = np.arange(count) * len(self.signal) // count
        low, high = (f.reduceat(self.signal, starts) for f in (np.minimum, np.maximum))
        x = self._x((starts + np.append(starts[1:], len(self.signal)) - 1) / 2)
        y = (1 - np.clip([high, low], -self.limit, self.limit) / self.limit) * (WAVE / 2)
        return np.concatenate([np.stack([x, y[0]], 1), np.stack([x, y[1]], 1)[::-1]])

    def _span(self, frame: Any) -> tuple[Any, Any]:
        """Left and right end of a frame, or of several, in pixels."""
        size, step = self._frame
        return self._x(frame * step), self._x(frame * step + size)

    def _mark_frames(self, drawn: Drawn) -> None:
        """A bar below the wave for every frame, or for every second, third ... where they are short."""
        (size, step), lanes = self._frame, self._lanes
        apart = self._x(step)
        every = max(1, math.ceil(max(self._x(size), 5) / (apart * lanes) - 1e-9), math.ceil(5 / apart))
        shown = np.arange(0, self.frames, every)
        y = WAVE + 6 + (shown // every % lanes) * LANE
        left, right = self._span(shown)
        ends = np.stack([np.stack([left + 1, y], 1), np.stack([right - 1, y], 1)], 1)
        chosen = shown == self.selected
        drawn.parts.lanes.set_segments(ends)
        drawn.parts.lanes.set_color(np.where(chosen, palette.theme().ink, palette.theme().lines[0]))
        drawn.parts.lanes.set_linewidth(np.where(chosen, 4.0, 2.2))
        room = fonts.measure(str(self.frames), fonts.SMALL) + 8
        named = shown[:: max(1, math.ceil(room / (apart * every)))]
        points = [(middle, self._head - 7.0) for middle in np.mean(self._span(named), axis=0)]
        set_moving(drawn.parts.numbers, [str(i) for i in named], points, size=fonts.SMALL)

    def _show_spectrum(self, drawn: Drawn) -> None:
        low, high = self._ends
        cells = _pooled(_pooled(self._cells[0], WIDE).T, ROWS)[
            ::-1
        ]  # (bands, frames), low bands at the bottom
        share = np.clip((cells - low) / (high - low), 0, 1)
        drawn.maps[0].set_data(palette.cells(share, False, 1.0))
        drawn.maps[0].set_extent((*self._strips(), self._head + GAP + self._map, self._head + GAP))
        place = None
        if self.selected is not None:
            left, right = self._strips()
            wide = (right - left) / self.frames
            place = (left + self.selected * wide, self._head + GAP, wide, self._map)
        grid.surround(drawn.parts.frames, place)

    def _strips(self) -> tuple[float, float]:
        """Where the spectrogram begins and ends: a column is a step wide, around the middle of its frame."""
        size, step = self._frame
        return self._x((size - step) / 2), self._x((size - step) / 2 + self.frames * step)

    # ------------------------------------------------------------ words

    def hits(self, box: Box) -> list[Hit]:
        if self.size is None:
            return []
        left, right = self._strips()
        wide, every = (right - left) / self.frames, math.ceil(self.frames / HOVERED)
        found = []
        for i in range(0, self.frames, every):
            x0 = 0 if i == 0 else left + i * wide
            x1 = WIDE if i + every >= self.frames else left + (i + every) * wide
            place = (x0, 0, x1 - x0, self._height)
            hit = grid.grid_hit(place, [str(i)], [""], [[self._words(i)]], axes=("frame", ""), first=i)
            hit["select"], hit["selected"] = self.select, self.selected
            found.append(hit)
        return found

    def _words(self, i: int) -> str:
        """What is said of a frame."""
        size, step = self._frame
        start, end = i * step / self.rate, (i * step + size) / self.rate
        words = f"{number(start, 3)} to {number(end, 3)} s, rms {self._say(self.loudness[i])}"
        return words if self.spectrum is None else f"{words}, strongest {self._pitch(i)} Hz"

    @cached_property
    def strongest(self) -> np.ndarray:
        """The frequency of the strongest band of every frame; among equals the lowest."""
        cells, bands = self._cells
        highest = cells.max(axis=1, keepdims=True)
        return bands[(cells >= highest - 1e-9 * self._ends[1]).argmax(axis=1)]  # (frames,)

    def _pitch(self, i: int) -> str:
        return number(self.strongest[i], 0)

    def _say(self, value: float) -> str:
        return number(value, rounding.digits_for(self.limit) + 1)

    def caption(self) -> str:
        whole = f"{number(self.seconds, 2)} s"
        if self.size is None:
            top = rounding.largest(np.abs(self.signal), self.limit)[0]
            peak = phrases.signed(self.signal[top], rounding.digits_for(self.limit) + 1)
            return phrases.line([whole, f"largest {peak} at {number(top / self.rate, 3)} s"])
        loudest = rounding.largest(self.loudness, self.limit)[0]
        said = [f"frame {i}: {self._words(i)}" for i in ([] if self.selected is None else [self.selected])]
        every = f"{self.frames} frame{'s' * (self.frames > 1)} in {whole}"
        return phrases.line([*said, every, f"loudest frame {loudest}, {self._words(loudest)}"])

    def describe(self) -> str:
        n, top = len(self.signal), rounding.largest(np.abs(self.signal), self.limit)[0]
        words = f"{self.title or 'sound'}: {number(self.seconds, 3)} s, {n} samples at "
        words += f"{rounding.plain(self.rate)} Hz"
        words += f", largest {self._say(self.signal[top])} at {number(top / self.rate, 3)} s"
        heard = self.signal[np.abs(self.signal) > rounding.nothing(self.limit)]
        words += f", {int((np.diff(np.sign(heard)) != 0).sum())} zero crossings"
        if self.size is None or self.frames > LISTED:
            parts = np.array_split(self.signal, min(n, 8))
            words += f"; rms of {len(parts)} parts " + " ".join(
                self._say(math.sqrt((part**2).mean())) for part in parts
            )
        return f"{words}{'' if self.size is None else self._frames()}."

    def _melody(self) -> str:
        """The strongest bands one after the other, where they change."""
        changes = [0, *(np.flatnonzero(np.diff(self.strongest)) + 1).tolist()]
        words = ", ".join(f"{self._pitch(i)} Hz from frame {i}" for i in changes[:LISTED])
        return words if len(changes) <= LISTED else f"{words} and {len(changes) - LISTED} more changes"

    def _frames(self) -> str:
        """The frames in words."""
        count, loudest = self.frames, rounding.largest(self.loudness, self.limit)[0]
        words = f"; {count} frame{'s' * (count > 1)} of {self.size} samples every {self.step}"
        if count <= LISTED:
            words += ", rms " + " ".join(map(self._say, self.loudness))
        words += f"; loudest frame {loudest}, {self._words(loudest)}"
        if self.spectrum is not None:
            words += f"; strongest band {self._melody()}"
        chosen = self.selected
        return words if chosen is None else f"{words}; frame {chosen} selected, {self._words(chosen)}"


def _pooled(values: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows: the largest of neighbours where there are more."""
    count = min(len(values), most)
    return np.maximum.reduceat(values, np.arange(count) * len(values) // count, axis=0)
