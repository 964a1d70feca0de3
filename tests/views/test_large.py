"""Large data: what is too much for the page is asked for, what is too much for the picture is refused."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from attnlab.views import Bars, Curves, DotProduct, Heads, Heatmap, Links, Note, View
from attnlab.views.layout import WIDEST
from attnlab.views.stage import Stage
from tests.views.samples import pixels, weights

RNG = np.random.default_rng(0)
ONE = [[0.5]]


def test_the_texts_of_many_cells_are_told_when_they_are_asked_for() -> None:
    values = weights(RNG, 60, 70)
    mask = np.tri(60, 70) == 1
    stage = Stage()
    frame = stage.show([Bars([0.25], ["one"]), Heatmap(values, mask=mask), Heads([values[:9, :9]])])
    assert [hit["values"] is None for hit in frame.hits] == [False, True, False]
    assert stage.told(1, 50, 2) == f"{values[50, 2]:.3f}"
    assert stage.told(1, 2, 50) == f"{values[2, 50]:.3f}, masked"
    for hit, sent in ((0, frame.hits[0]), (2, frame.hits[2])):
        for row, texts in enumerate(sent["values"]):
            assert [stage.told(hit, row, col) for col in range(len(texts))] == texts
    assert frame.hits[2]["values"][3][4] == f"{values[3, 4]:.3f}"


def test_what_is_told_is_of_the_scene_that_is_shown() -> None:
    stage = Stage()
    for value in (0.25, 0.75):
        stage.show([Heatmap(np.full((60, 60), value))])
        assert stage.told(0, 59, 59) == f"{value:.3f}"
    stage.show([Bars([1, 2], ["a", "b"])])
    assert stage.told(0, 1, 0) == "2.00"


@pytest.mark.parametrize("place", [(0, 60, 0), (0, 0, 60), (0, -1, 0), (0, 0, -1), (1, 0, 0)])
def test_a_cell_that_is_not_there_is_not_told(place: tuple[int, int, int]) -> None:
    stage = Stage()
    stage.show([Heatmap(np.full((60, 60), 0.5))])
    with pytest.raises(IndexError):
        stage.told(*place)


@pytest.mark.parametrize("count", [12, 100, 500])
def test_what_is_sent_with_a_map_stays_small(count: int) -> None:
    tokens = [f"token {i}" for i in range(count)]
    frame = Stage().show([Heatmap(weights(RNG, count, count), tokens, tokens)])
    assert len(json.dumps(frame.hits)) < 20_000


@pytest.mark.parametrize(
    "shown",
    [
        Heatmap(np.full((500, 500), 0.5)),
        Heatmap(np.full((640, 3), 0.5)),
        Heatmap(np.full((3, 640), 0.5)),
        Heads(np.full((4, 160, 160), 0.5)),
        Heads(np.full((1, 500, 500), 0.5)),
    ],
    ids=["500", "high", "wide", "four heads", "one head"],
)
def test_a_map_of_many_cells_is_no_wider_than_a_row_and_gives_each_cell_a_pixel(shown: View) -> None:
    frame = Stage().show([shown])
    assert frame.size[0] <= WIDEST + 8
    for cells in frame.maps[: len(shown.values) if isinstance(shown, Heads) else 1]:
        assert cells["place"][2] >= cells["size"][0] and cells["place"][3] >= cells["size"][1]


TOO_MANY: list[tuple[Callable[[], View], str]] = [
    (lambda: Heatmap(np.ones((1500, 1500))), r"values\[:640, :640\], or a sample, values\[::3, ::3\]"),
    (lambda: Heatmap(np.ones((3, 1281))), r"shape \(3, 1281\).* room for 640 by 640: .*, values\[:, ::3\]"),
    (lambda: Heads(np.ones((4, 500, 500))), r"room for 256 by 160 by 160: .*values\[:, :160, :160\]"),
    (lambda: Heads(np.ones((2, 330, 2))), r"room for 256 by 320 by 320: .*values\[:, :320, :\]"),
    (lambda: Heads(np.ones((300, 2, 2))), r"room for 256 by 160 by 160: .*values\[:256, :, :\]"),
    (lambda: Links(np.ones((500, 500))), r"Links weights .*weights\[:64, :64\], or .*weights\[::8, ::8\]"),
    (lambda: Links(np.ones((2, 500, 5))), r"Links weights .*room for 45 by 45: .*weights\[..., :45, :\]"),
    (lambda: DotProduct([1], np.ones((3000, 1))), r"DotProduct keys has .* 128 by 256: .*keys\[:128, :\]"),
    (lambda: DotProduct(np.ones(300), np.ones((1, 300))), r"DotProduct q has shape \(300,\).*q\[:256\]"),
    (lambda: DotProduct([1], ONE, values=np.ones((1, 300))), r"DotProduct values has .*values\[:, :256\]"),
    (lambda: Bars(np.ones(3000)), r"Bars values has shape \(3000,\), but .* room for 128: pass a part, val"),
    (lambda: Bars(dict.fromkeys(range(129), 1)), r"Bars values has shape \(129,\)"),
    (lambda: Note("word " * 20_000), r"a Note has room for 64 lines of 96 characters, got \d{4}: shorten it"),
    (lambda: Note("w" * 10_000), r"a Note has room for 64 lines .* got 105"),
]


@pytest.mark.parametrize(("make", "message"), TOO_MANY, ids=[message[:40] for _, message in TOO_MANY])
def test_more_than_a_picture_has_room_for_is_refused_with_what_to_pass(
    make: Callable[[], View], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_long_curve_looks_as_it_is() -> None:
    """Of 200,000 points few are drawn; a peak of one point is still there."""
    y = 0.5 + 0.3 * np.sin(np.linspace(0, 9, 200_000))
    y[123_457] = 2.0
    every, part = Stage(), Stage()
    every.show([Curves({"a": y}, ylim=(0, 2.5))])
    kept = np.union1d(np.arange(0, 200_000, 20), [0, 123_456, 123_457, 123_458, 199_999])
    part.show([Curves({"a": y[kept]}, x=kept, ylim=(0, 2.5))])
    differ = np.abs(pixels(every).astype(int) - pixels(part)).max(axis=2) > 60
    assert differ.mean() < 0.004, "only the markers stand at other places"
    flat = Stage()
    flat.show([Curves({"a": np.where(y == 2.0, y[0], y)}, ylim=(0, 2.5))])
    assert (pixels(every) != pixels(flat)).any(axis=2).sum() > 60, "the peak"
