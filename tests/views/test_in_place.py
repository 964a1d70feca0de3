"""A picture that was moved in place is the picture that would be drawn afresh; and it really was moved."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from attnlab.views import Bars, Curves, DotProduct, Formula, Heads, Heatmap, Links, Note, Points, View
from attnlab.views.stage import Page, Scene, Stage
from tests.views.samples import KINDS, Viewer, artists, blocks, composed, figure, names, pixels, placed, view

MOVES: dict[str, dict[str, Any]] = {
    "other values, a row selected": {"seed": 1, "selected": 2},
    "another row selected, another title": {"seed": 1, "selected": 1, "title": "other"},
    "no row selected": {"seed": 2, "title": "other"},
    "other labels, a title wider than the picture": {
        "seed": 2,
        "labels": ["x", "y", "extraordinarily", "z"],
        "title": "a title " * 12,
    },
    "more rows, no title": {"seed": 3, "count": 6, "title": ""},
}
# Here nothing but the data of the artists may move: no labels, no scales.
LIGHT = tuple(MOVES)[:3]
# Of the layers only the background and the overlay may share the work in another way; and a sheet holds more
# signs than a frame needs.
SHARED = "background", "overlay", "place", "sheet", "signs"
SAME = [field.name for field in fields(Scene) if field.name not in SHARED]
# A selected row opens one more row in these.
OPENS = dict.fromkeys(("dot", "path"), (LIGHT[0], LIGHT[2]))


def assert_fresh(viewer: Viewer, *views: View, **size: float) -> Scene:
    """After `views` the picture is that of a stage that never showed anything else, to the pixel.

    And the layers, on the background that was sent last, make that picture.
    """
    other = Viewer(**size)
    frame, expected = viewer.show(*views), other.show(*views)
    for name in SAME:
        assert getattr(frame, name) == getattr(expected, name), f"another {name}"
    assert placed(frame) == placed(expected)
    picture = pixels(viewer.stage)
    assert np.array_equal(picture, pixels(other.stage))
    if not size:  # at broken ratios cells begin at whole pixels on the screen
        assert np.abs(blocks(composed(frame)) - blocks(picture)).max() < 8
    return frame


def drawn_by(viewer: Viewer) -> tuple[list[Any], list[Any]]:
    """The axes, and what moves on them."""
    axes = figure(viewer.stage).axes
    return axes, [artist for ax in axes for artist in artists(ax)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_move_gives_the_pixels_of_a_fresh_picture(kind: str) -> None:
    viewer = Viewer()
    viewer.show(view(kind, 0, title="before"))
    viewer.show(view(kind, 0))  # a title moves from its first change on
    for name, change in MOVES.items():
        before, sent = drawn_by(viewer), viewer.background
        frame, after = assert_fresh(viewer, view(kind, **change)), drawn_by(viewer)
        assert after[0] == before[0], f"{name}: the axes are kept"
        if name in LIGHT and name not in OPENS.get(kind, ()):
            assert frame.background is sent and after == before, f"{name}: drawn anew"


@pytest.mark.parametrize("kind", ["heatmap", "links", "bars", "points"])
def test_other_labels_are_drawn_anew(kind: str) -> None:
    viewer = Viewer()
    viewer.show(view(kind, 0))
    before, sent = drawn_by(viewer)[1], viewer.background
    assert viewer.show(view(kind, 0, labels=["x", "y", "z", "w"])).background != sent
    assert not {*map(id, before)} & {*map(id, drawn_by(viewer)[1])}


@pytest.mark.parametrize("kind", list(KINDS)[::2])
def test_every_kind_changes_into_another(kind: str) -> None:
    """On one axes, kind after kind: nothing of the view before may be left."""
    viewer, kinds = Viewer(), list(KINDS)
    other = kinds[kinds.index(kind) - 5]
    viewer.show(view(other, 1, selected=1))
    assert_fresh(viewer, view(kind, 2))


def test_a_view_beside_one_that_is_drawn_anew_keeps_its_artists() -> None:
    viewer = Viewer()
    viewer.show(view("heatmap", 0), view("bars", 0), view("links", 0))
    left, _, right = map(artists, figure(viewer.stage).axes)
    views = view("heatmap", 1), view("points", 0), view("links", 1)
    assert_fresh(viewer, *views)
    after = [artists(ax) for ax in figure(viewer.stage).axes]
    assert left and right and after[0] == left and after[2] == right


ONE = np.linspace(0, 1, 4).reshape(2, 2)
CHANGED: list[tuple[View, list[dict[str, Any]]]] = [
    (Heatmap(ONE), [{"limit": 3}, {"signed": True}, {"axes": ("from", "to")}, {"cols": ["x", "y"]}]),
    (Heatmap(np.eye(2)), [{"mask": np.eye(2) == 1}, {"mask": np.eye(2) == 0}, {"mask": [[True, False]] * 2}]),
    (Heads([ONE]), [{"limit": 2}, {"values": [ONE, ONE], "heads": None, "names": None}, {"names": ["a"]}]),
    (Heads([ONE, ONE]), [{"heads": [True, False]}, {"heads": [False, False]}, {"mask": np.eye(2) == 1}]),
    (Links(ONE), [{"cols": ["x", "y"]}, {"weights": [ONE]}, {"weights": [ONE, ONE]}, {"selected": 1}]),
    (
        Links([ONE, ONE[::-1]]),
        [{"heads": [True, False]}, {"heads": [False, False]}, {"names": ["a", "b"]}, {"selected": 1}],
    ),
    (
        DotProduct([1, 2], ONE),
        [{"scale": 0.5}, {"softmax": False}, {"columns": ["x", "y"]}, {"query": "it"}, {"q": [100, 200]}],
    ),
    (
        DotProduct([1, 2], ONE, values=[[1, 2], [3, 4]]),
        [
            {"mask": [True, False]},
            {"values": [[1, 2, 3], [4, 5, 6]]},
            {"values": [[1, 2], [3, 5]]},
            {"value_columns": ["x", "y"]},
            {"scale": 0.5},
            {"scale": 2**-0.5},
            {"selected": 0, "value_columns": ["x", "y"]},
            {"values": None, "mask": [True, True]},
            {"values": None, "mask": [False, True]},
            {"values": None, "mask": [True, True], "softmax": False},
        ],
    ),
    (Bars([0.5, 1]), [{"limit": 2}, {"log": True}, {"guide": 0.7}, {"unit": " kg"}, {"values": [0.5, -1]}]),
    (Bars([0.5, 1], guide=0.7), [{"guide": 0.6}]),
    (
        Curves({"a": [1, 2, 3]}),
        [
            {"ylim": (0, 9)},
            {"log": True},
            {"x": [0, 5, 10]},
            {"xlabel": "step"},
            {"ylabel": "loss"},
            {"series": {"b": [1, 2, 3]}},
            {"series": {"a": [1, 2, 3], "b": [3, 2, 1]}},
            {"band": {"a": ([1, 1, 1], [3, 3, 3])}},
        ],
    ),
    (Points(ONE), [{"limit": 2}, {"arrows": True}, {"axes": ("across", "up")}, {"mark": [0.5, 0.5]}]),
    (Points(ONE, mark=[0.5, 0.5]), [{"weights": [0.5, 0.5]}, {"mark_label": "mix"}]),
    (Formula("a", ""), [{"latex": r"\frac{a}{b}"}]),
    (Note("short"), [{"text": "longer " * 40}, {"text": "longer " * 80}, {"text": "larger " * 80}]),
    (Curves({"a": [1, 2]}, ylabel="loss"), [{"ylabel": "less"}]),
    (Curves({"a": [1, 9, 2]}, x=[1, 50, 100]), [{"xlog": True}, {"xlog": True, "xlim": (1, 1000)}]),
    (Points(ONE, mark=[0.5, 0.5], mark_label="mix"), [{"mark": None}]),
]


@pytest.mark.parametrize(("start", "changes"), CHANGED, ids=[type(start).__name__ for start, _ in CHANGED])
def test_every_part_of_a_view_can_change(start: View, changes: list[dict[str, Any]]) -> None:
    viewer, seen = Viewer(), []
    for change in ({}, *changes, {}):
        assert_fresh(viewer, replace(start, **change))
        seen.append(pixels(viewer.stage).tobytes())
    assert len({*seen}) == len(changes) + 1, "every change can be seen"


def test_another_number_of_views() -> None:
    viewer, kinds = Viewer(), ("bars", "heatmap", "links", "curves", "note")
    for seed, count in enumerate((1, 2, 5, 3, 1)):
        views = [view(kind, seed) for kind in kinds[:count]]
        assert_fresh(viewer, *views)


@pytest.mark.parametrize("kinds", [("dot", "curves")])
def test_another_ratio_and_scale(kinds: tuple[str, ...]) -> None:
    viewer = Viewer()
    for seed, (scale, ratio) in enumerate([(1, 1), (1, 2), (1.4, 1.25), (1, 1)]):
        views = [view(kind, seed, selected=seed % 2) for kind in kinds]
        viewer.stage.turn_to(Page(scale, ratio))
        frame = assert_fresh(viewer, *views, scale=scale, ratio=ratio)
        assert frame.pixels == pytest.approx(np.multiply(viewer.stage.size, ratio), abs=1)


def test_the_same_views_again_send_no_background() -> None:
    stage, views = Stage(), [view("heatmap", 0), view("curves", 0)]
    first, second = stage.show(views), stage.show(views)
    assert first.background is not None
    assert second == replace(first, background=None, sheet=None)


def test_a_walk_through_random_pictures() -> None:
    """Any order of kinds, sizes, titles, labels and selections."""
    rng, viewer = np.random.default_rng(0), Viewer()
    for _ in range(7):
        views = [random_view(rng) for _ in range(rng.integers(1, 3))]
        assert_fresh(viewer, *views)


def random_view(rng: np.random.Generator) -> View:
    count, kind = int(rng.integers(1, 7)), str(rng.choice(list(KINDS)))
    selected = None if rng.random() < 0.5 else int(rng.integers(count))
    labels, title = names(count, int(rng.integers(2, 20))), "t" * int(rng.integers(0, 40))
    return view(kind, int(rng.integers(99)), title=title, labels=labels, selected=selected)


def test_the_number_of_points_of_a_curve_may_change() -> None:
    """The same ends of both axes, other points: the markers stand at other places."""
    viewer, curve = Viewer(), Curves({"a": np.linspace(0, 1, 50)}, x=np.linspace(0, 1, 50), ylim=(0, 1))
    viewer.show(curve)
    shorter = replace(curve, series={"a": [0, 1, 0.5]}, x=[0, 0.5, 1])
    assert_fresh(viewer, shorter)
