"""A sound: its wave, frames and spectrogram stand on one axis of time, and the words hear what changes."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from attnlab.views import Sound, View, fonts, palette
from attnlab.views.sound import BANDS, HOVERED, ROWS, WAVE, WIDE
from attnlab.views.stage import Stage
from tests.views.samples import Viewer, artists, composed, figure, pixels, slot_of
from tests.views.test_hits import found, seen
from tests.views.test_in_place import assert_fresh, drawn_by
from tests.views.test_layout import covered, drawn, texts

NAN = np.nan
STEPS = np.array([0, 0.5, -0.5, 1, -1, 0.25, 0, 0])
WAVE_440 = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000) * np.linspace(0, 1, 4000)
FRAMED = Sound(WAVE_440, 8000, size=400, step=200)  # 19 frames


def loud(frames: int, bands: int) -> np.ndarray:
    """A spectrum whose strongest band rises from frame to frame."""
    return np.eye(bands)[np.arange(frames) % bands] * 2.0


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (
            Sound(STEPS, 4, "steps"),
            "steps: 2.000 s, 8 samples at 4 Hz, largest 1.000 at 0.750 s, 4 zero crossings; rms of 8 parts"
            " 0.000 0.500 0.500 1.000 1.000 0.250 0.000 0.000.",
        ),
        (
            Sound(STEPS, 4, size=4, step=2, selected=2, spectrum=[[0, 1], [3, 2], [1, 1]], bands=[100, 250]),
            "sound: 2.000 s, 8 samples at 4 Hz, largest 1.000 at 0.750 s, 4 zero crossings; 3 frames of 4"
            " samples every 2, rms 0.612 0.760 0.515; loudest frame 1, 0.500 to 1.500 s, rms 0.760, strongest"
            " 100 Hz; strongest band 250 Hz from frame 0, 100 Hz from frame 1; frame 2 selected, 1.000 to"
            " 2.000 s, rms 0.515, strongest 100 Hz.",
        ),
        (
            Sound([0.0], 8000, size=1),
            "sound: 0.000 s, 1 samples at 8000 Hz, largest 0.000 at 0.000 s, 0 zero crossings; 1 frame of 1"
            " samples every 1, rms 0.000; loudest frame 0, 0.000 to 0.000 s, rms 0.000.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_is_exact(shown: Sound, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t"}, {"rate": 4000}, {"size": 300}, {"step": 100}, {"selected": 3}, {"signal": -WAVE_440},
        {"signal": WAVE_440 * 0.9}, {"signal": WAVE_440[::-1]}, {"spectrum": loud(19, 5)},
        {"signal": np.sin(2 * np.pi * 450 * np.arange(4000) / 8000) * np.linspace(0, 1, 4000)},
    ],
)  # fmt: skip
def test_what_is_shown_otherwise_is_said_otherwise(change: dict[str, Any]) -> None:
    assert replace(FRAMED, **change).describe() != FRAMED.describe()


def test_another_spectrum_gives_another_sentence() -> None:
    spectrum = loud(19, 19)
    shown = replace(FRAMED, spectrum=spectrum)
    said = {replace(shown, spectrum=np.roll(spectrum, i, axis=1)).describe() for i in range(19)}
    assert len(said) == 19
    assert replace(shown, bands=np.arange(19) * 50).describe() != shown.describe()


def test_many_frames_are_summed_up() -> None:
    shown = Sound(WAVE_440, 8000, size=40, step=20, spectrum=loud(199, 7))
    assert len(shown.describe()) < 1000
    assert "rms of 8 parts" in shown.describe() and "199 frames of 40 samples every 20" in shown.describe()
    assert "and 175 more changes" in shown.describe()
    assert replace(shown, signal=np.roll(WAVE_440, 1000)).describe() != shown.describe()


@settings(max_examples=20)
@given(st.integers(0, 2**16), st.booleans())
def test_float_noise_never_changes_the_sentence(seed: int, framed: bool) -> None:
    rng = np.random.default_rng(seed)
    signal, spectrum = rng.integers(-4, 5, 24) / 4, rng.integers(0, 4, (5, 6)) / 4
    noise, other = rng.choice([-1e-13, 0, 1e-13], 24), rng.choice([-1e-13, 0, 1e-13], (5, 6))
    more = {"size": 8, "step": 4} if framed else {}
    one = Sound(signal, 8000, spectrum=spectrum if framed else None, **more)
    two = Sound(signal + noise, 8000, spectrum=spectrum + other if framed else None, **more)
    assert one.describe() == two.describe() and one.key() == two.key()


def test_a_zero_that_is_no_exact_zero_is_no_crossing() -> None:
    tone = np.sin(2 * np.pi * np.arange(801) / 8)  # sin 180 degrees is 1e-16
    assert "199 zero crossings" in Sound(tone, 800).describe()


# ---------------------------------------------------------------- the wave


def blue(shown: Sound, **size: float) -> tuple[np.ndarray, Any]:
    """Where the picture is blue inside the wave, [height, width]."""
    stage = Stage(**size)
    stage.show([shown])
    slot, scale = slot_of(stage), np.prod([*size.values()])
    top, left = round(slot.y * scale), round(slot.x * scale)
    part = pixels(stage)[top : top + round(WAVE * scale), left : left + round(WIDE * scale)]
    return np.abs(part - [0.0, 114, 178]).max(axis=2) < 40, scale


@pytest.mark.parametrize("size", [{}, {"scale": 1.4}, {"ratio": 2}])
@pytest.mark.parametrize("count", [660, 661, 5000, 20000])
def test_every_peak_is_seen(count: int, size: dict[str, float]) -> None:
    """One sample that stands out among thousands leaves its line at its time."""
    signal = np.zeros(count)
    signal[count // 3], signal[count // 2] = 0.8, -0.6
    mask, scale = blue(Sound(signal, 1000), **size)
    for place, height in ((count // 3, 0.8), (count // 2, -0.6)):
        column = mask[:, round(place / count * WIDE * scale) + np.arange(-2, 4)].any(axis=1)
        ys = np.flatnonzero(column) / scale
        assert (ys.min() if height > 0 else ys.max()) == pytest.approx((1 - height) * WAVE / 2, abs=3)


def moving(stage: Stage, kind: type) -> list[Any]:
    """What moves in the picture of a sound, of that kind."""
    [ax] = figure(stage).axes
    return [artist for artist in artists(ax) if isinstance(artist, kind)]


def corners(shown: Sound) -> np.ndarray:
    """The outline of the wave as it is drawn, [corners, 2]; it does not end where it begins."""
    [wave] = moving(drawn(shown), Polygon)
    assert np.array_equal(wave.get_xy()[0], wave.get_xy()[-1]), "matplotlib closes it"
    return wave.get_xy()[:-1]


def test_a_wave_of_many_samples_is_drawn_with_few_points() -> None:
    assert len(corners(Sound(np.resize([0.5, -0.5], 10**6), 16000))) == 2 * WIDE
    assert corners(Sound([0.5, -1, 1], 3))[:3].tolist() == [[0, 32.5], [220, 130], [440, 0]], (
        "few samples are joined as they are"
    )


def test_a_wave_beyond_the_limit_stays_in_its_room() -> None:
    assert Sound([3.0, -4.2], 2).limit == 5 and Sound([0.1], 1).limit == 1
    y = corners(Sound([3.0, -4.2, 0.5], 2, limit=1))[:, 1]
    assert (y.min(), y.max()) == (0, WAVE)


def test_few_samples_are_dots() -> None:
    stage = Stage()
    for shown, count in ((Sound(STEPS, 8), 8), (Sound(np.zeros(200), 200), 0)):
        stage.show([shown])
        [dots] = moving(stage, Line2D)
        assert len(dots.get_xdata()) == count


# ---------------------------------------------------------------- frames and spectrogram


@pytest.mark.parametrize(
    ("size", "step"), [(400, 400), (400, 200), (400, 100), (400, 30), (100, 300), (4000, 1)]
)
def test_the_bars_of_frames_do_not_cover_each_other(size: int, step: int) -> None:
    shown = Sound(WAVE_440, 8000, size=size, step=step)
    [lanes], [numbers, _] = (moving(drawn(shown), kind) for kind in (LineCollection, PathCollection))
    bars = sorted((y, left, right) for (left, y), (right, _) in lanes.get_segments())
    assert 1 <= len(bars) <= shown.frames
    for (y, left, right), (below, after, _) in pairwise(bars):
        assert left < right <= WIDE and (below > y or after > right + 1)
    assert {y for y, *_ in bars} <= {WAVE + 6 + 8 * lane for lane in range(4)}
    wide = [path.vertices[:, 0] * fonts.DPI / 72 for path in numbers.get_paths()]
    ends = [(x + w.min(), x + w.max()) for (x, _), w in zip(numbers.get_offsets(), wide, strict=True)]
    assert all(one[1] + 2 < two[0] for one, two in pairwise(ends)), "so do their numbers"


@pytest.mark.parametrize("frame", [0, 9, 18])
@pytest.mark.parametrize("size", [{}, {"scale": 1.4}, {"ratio": 2}])
def test_the_chosen_frame_is_the_part_of_the_wave_that_stands_out(frame: int, size: dict[str, float]) -> None:
    stage = Stage(**size)
    stage.show([replace(FRAMED, signal=np.zeros(4000), selected=frame)])
    slot, scale = slot_of(stage), next(iter(size.values()), 1)
    row = pixels(stage)[round((slot.y + WAVE / 4) * scale)]
    xs = np.flatnonzero(np.abs(row - [255.0, 213, 145]).max(axis=1) < 8) / scale - slot.x
    assert [xs.min(), xs.max()] == pytest.approx([frame * 33, frame * 33 + 66], abs=1.5)
    _, names = moving(stage, PathCollection)
    assert len(names.get_paths()) == 1
    name = names.get_paths()[0].vertices[:, 0] * fonts.DPI / 72 + names.get_offsets()[0, 0]
    assert name.min() > 0 and name.max() < WIDE, "its name stays above the wave"


@pytest.mark.parametrize(("frames", "bands"), [(19, 5), (19, 75), (19, 201), (3600, 2)])
def test_the_spectrogram_is_a_map_of_the_frames(frames: int, bands: int) -> None:
    size, step = (400, 200) if frames == 19 else (401, 1)
    spectrum = np.zeros((frames, bands))
    spectrum[frames // 3, bands - 1] = spectrum[frames - 1, 0] = 1
    stage = Stage()
    layer = stage.show([Sound(WAVE_440, 8000, size=size, step=step, spectrum=spectrum)]).maps[0]
    cols, rows = layer["size"]
    assert (cols, rows) == (min(frames, WIDE), min(bands, ROWS))
    cells = np.frombuffer(layer["rgba"], np.uint8).reshape(rows, cols, 4)
    yellow = np.argwhere((cells == palette.lut(False)[255]).all(axis=2)).tolist()
    assert sorted(yellow) == [[0, frames // 3 * cols // frames], [rows - 1, cols - 1]], (
        "low bands at the bottom"
    )
    x, _, width, height = layer["place"]
    slot, unit = slot_of(stage), WIDE / 4000
    assert [x - slot.x, width] == pytest.approx([(size - step) / 2 * unit, frames * step * unit], abs=1)
    assert height % rows == 0 and BANDS / 2 < height <= BANDS


def test_decibels_have_their_own_scale() -> None:
    shown = Sound(WAVE_440, 8000, size=400, spectrum=np.linspace(-62, 12, 50).reshape(10, 5))
    assert {"15", "−75"} <= {text.get_text() for text in texts(drawn(shown))}
    assert {"2", "0"} <= {text.get_text() for text in texts(drawn(replace(shown, spectrum_limit=2)))}


def test_what_is_written_beside() -> None:
    spectrum = loud(19, 3)
    written = {text.get_text() for text in texts(drawn(replace(FRAMED, title="a title", spectrum=spectrum)))}
    assert written >= {"a title", "1", "0", "−1", "0 s", "0.1 s", "0.5 s", "0 Hz", "2000 Hz", "4000 Hz", "2"}
    shown = replace(FRAMED, spectrum=spectrum, bands=[55.4, 110, 20000])
    assert {"55 Hz", "110 Hz", "20000 Hz"} <= {text.get_text() for text in texts(drawn(shown))}


@pytest.mark.parametrize(
    "views",
    [
        (FRAMED, Sound(STEPS, 44100, "eight samples " * 20, size=2)),
        (Sound(np.zeros(100), 0.001, size=10, selected=0, spectrum=np.zeros((10, 1))),),
        (Sound([1e6, -3e5], 2, size=1, spectrum=[[1e9], [-1e9]], bands=[123456]),),
        (Sound([1e-5] * 900000, 8000, size=900000, step=1),),
        (Sound(WAVE_440, 8000, size=400, spectrum=np.ones((10, 2))),),
    ],
    ids=["two", "slow", "huge", "long", "two bands"],
)
def test_no_text_is_cut_or_covered(views: tuple[View, ...]) -> None:
    assert list(covered(drawn(*views))) == []


# ---------------------------------------------------------------- moving


def test_another_sound_frame_and_cut_move_in_place() -> None:
    viewer = Viewer()
    shown = Sound(WAVE_440, 8000, size=400, step=200, spectrum=loud(19, 15))
    viewer.show(shown)
    before, sent = drawn_by(viewer), viewer.background
    changes = (
        {"signal": -WAVE_440 / 2}, {"selected": 7}, {"selected": 18}, {"spectrum": loud(19, 15)[::-1]},
        {"size": 600, "step": 300, "spectrum": loud(12, 15)},
    )  # fmt: skip
    for change in changes:
        viewer_frame = viewer.show(replace(shown, **change))
        assert viewer_frame.background is sent and drawn_by(viewer) == before
        other = Viewer()
        other.show(replace(shown, **change))
        assert np.array_equal(pixels(viewer.stage), pixels(other.stage))


def test_every_part_can_change() -> None:
    viewer, pictures, start = Viewer(), set(), Sound(np.sin(np.arange(110) / 4), 1000)
    grid = {"size": 20, "step": 10, "spectrum": loud(10, 15)}
    changes = (
        {}, {"size": 20}, {"size": 20, "step": 10}, grid, grid | {"selected": 3},
        grid | {"spectrum_limit": 4}, grid | {"bands": np.arange(15)}, {"limit": 3}, {"rate": 500},
        {"signal": np.cos(np.arange(50))},
        {"size": 20, "spectrum": loud(5, 1)},
    )  # fmt: skip
    for change in changes:
        assert_fresh(viewer, replace(start, **change))
        pictures.add(pixels(viewer.stage).tobytes())
    assert len(pictures) == len(changes), "every change can be seen"


# ---------------------------------------------------------------- pointer


@pytest.mark.parametrize(("size", "step"), [(400, 400), (400, 200), (100, 300), (40, 4)])
def test_the_pointer_finds_the_frame_at_that_time(size: int, step: int) -> None:
    shown = replace(FRAMED, size=size, step=step, select="frame")
    hits, _, slot = seen(shown)
    assert len(hits) == min(shown.frames, -(-shown.frames // -(-shown.frames // HOVERED)))
    for x in np.linspace(0.5, WIDE - 0.5, 97):
        for y in (2, shown.box(fonts.measure).height - 2):
            hit, row, _ = found(hits, slot.x + x, slot.y + y)
            frame, time = hit["first"] + row, x / WIDE * 4000
            every = -(-shown.frames // HOVERED)
            near = np.clip((time - size / 2) / step, 0, shown.frames - 1)
            assert abs(frame - near) <= 0.51 + every
    json.dumps(hits)


def test_the_pointer_says_time_loudness_and_pitch() -> None:
    hits, _, _ = seen(replace(FRAMED, spectrum=loud(19, 5), select="frame", selected=2))
    assert hits[3]["values"] == [["0.075 to 0.125 s, rms 0.143, strongest 3000 Hz"]]
    assert (hits[3]["select"], hits[3]["first"], hits[3]["axes"]) == ("frame", 3, ("frame", ""))
    assert seen(Sound(STEPS, 8))[0] == []


def test_the_pointer_and_the_spectrogram_agree() -> None:
    values = np.linspace(0.1, 1, 21)[:, None].repeat(15, axis=1)
    signal = np.zeros(1100)
    hits, picture, _ = seen(Sound(signal, 1000, size=100, step=50, spectrum=values, spectrum_limit=1))
    colours = palette.cells(values, False, 1.0)[:, 0, :3]
    for i, hit in enumerate(hits[1:-1], 1):
        x, y, width, height = hit["box"]
        for u in (0.05, 0.5, 0.95):
            assert np.array_equal(picture[int(y + height - 9), int(x + u * width)], colours[i])
    assert composed(Viewer().show(FRAMED)).shape[1] > WIDE


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"signal": [0, NAN]}, r"Sound signal holds nan at \(1,\): look for"),
        ({"signal": [[0, 1]]}, r"Sound signal must be a non-empty array of 1 dimension"),
        ({"signal": []}, r"Sound signal must be a non-empty array of 1 dimension"),
        ({"rate": 0}, r"rate must be a positive number of samples a second, got 0"),
        ({"rate": "8000"}, r"rate must be a positive number of samples a second, got '8000'"),
        ({"rate": NAN}, r"rate must be a positive number of samples a second, got nan"),
        ({"step": 2}, r"step is about frames: pass their size in samples as well"),
        ({"selected": 0}, r"selected is about frames: pass their size"),
        ({"select": "frame"}, r"select is about frames: pass their size"),
        ({"spectrum": [[1]]}, r"spectrum is about frames: pass their size"),
        ({"size": 9}, r"size must be from 1 to 8, got 9: the signal has 8 samples"),
        ({"size": 0}, r"size must be from 1 to 8, got 0: the signal has 8 samples"),
        ({"size": 2.5}, r"size must be a whole number, got 2.5; pass a number of samples"),
        ({"size": 2, "step": 0}, r"step must be from 1 to 8, got 0: the signal has 8 samples"),
        ({"size": 2, "selected": 4}, r"selected must be from 0 to 3, got 4"),
        ({"size": 2, "bands": [1]}, r"bands are the frequencies of a spectrum: pass the spectrum as well"),
        ({"size": 2, "spectrum": [[1]]}, r"spectrum has 1 rows, but the signal has 4 frames"),
        ({"size": 4, "spectrum": [[1], [NAN]]}, r"Sound spectrum holds nan at \(1, 0\): look for"),
        ({"size": 4, "spectrum": [[1], [-np.inf]]}, r"Sound spectrum holds -inf at .* a logarithm of 0"),
        ({"size": 8, "spectrum": [[1, 2]], "bands": [1]}, r"bands has 1 frequencies, but the spectrum has 2"),
        ({"size": 8, "spectrum": [[1, 2]], "bands": [2, 1]}, r"bands must rise from one to the next"),
        ({"limit": 0}, r"limit must be a positive number, got 0"),
        ({"spectrum_limit": -1}, r"spectrum_limit must be a positive number, got -1"),
    ],
)
def test_bad_input_is_refused_in_words(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Sound(**{"signal": STEPS, "rate": 8} | arguments)
