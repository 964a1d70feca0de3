"""Nothing is cut, nothing covers anything else: any labels, any number of tokens, one to five views."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from attnlab.views import Bars, Curves, DotProduct, Heads, Heatmap, Links, Note, Points, View, fonts, palette
from attnlab.views.charts import HEIGHT, LOW, SIGNS
from attnlab.views.fonts import outline
from attnlab.views.layout import BETWEEN, SCALES, TITLE, WIDEST, Slot, arrange, fit, heading
from attnlab.views.protocol import Box
from attnlab.views.stage import Stage
from tests.views.samples import KINDS, SENTENCE, artists, figure, names, pixels, slot_of, view, weights

# ---------------------------------------------------------------- boxes


def rectangles(slots: list[Slot], titles: list[str]) -> list[tuple[float, float, float, float]]:
    """For every view what it takes: left, top (with its title), right, bottom."""
    return [
        (s.x - s.box.left, s.head if t else s.y - s.box.top, s.x + s.box.width + s.box.right,
         s.y + s.box.height + s.box.bottom)
        for s, t in zip(slots, titles, strict=True)
    ]  # fmt: skip


def assert_apart(slots: list[Slot], titles: list[str], size: tuple[float, float]) -> None:
    taken = rectangles(slots, titles)
    for left, top, right, bottom in taken:
        assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
    for one, other in combinations(taken, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one} and {other} overlap"


@settings(max_examples=50)
@given(st.data())
def test_views_have_a_place_of_their_own(data: Any) -> None:
    views = [_any_view(data) for _ in range(data.draw(st.integers(1, 5)))]
    titles = [v.title for v in views]
    boxes = [v.box(fonts.measure) for v in views]
    slots, size = arrange(boxes, titles)
    assert_apart(slots, titles, size)
    assert size == (int(size[0]), int(size[1]))
    assert size[0] <= max(WIDEST, *(_outer(box, title) for box, title in zip(boxes, titles, strict=True))) + 9
    for slot, box, title in zip(slots, boxes, titles, strict=True):
        assert slot.box.width == box.width or (box.grow and slot.box.width > box.width)
        assert slot.box.height == box.height or (box.low and slot.box.height >= box.low)
        assert slot.y - slot.box.top - TITLE * bool(title) >= slot.head - 1e-6, "the title has its room"
        assert fonts.measure(heading(title), *(11.5, "bold")) <= slot.box.outer[0]


def _any_view(data: Any) -> View:
    draw = data.draw
    labels = names(draw(st.sampled_from([1, 2, 8, 12, 20])), draw(st.sampled_from([2, 8, 30])))
    title = "title " * draw(st.sampled_from([0, 1, 10, 60]))
    return view(draw(st.sampled_from(list(KINDS))), labels=labels, title=title.strip())


def _outer(box: Box, title: str) -> float:
    return max(box.outer[0], fonts.measure(heading(title), 11.5, "bold") + 24)


def test_views_stand_side_by_side_while_they_fit() -> None:
    boxes = [view(kind).box(fonts.measure) for kind in ("heatmap", "bars", "links", "bars")]
    slots, _ = arrange(boxes, [""] * 4)
    assert slots[0].head == slots[1].head, "the titles of a row begin at one height"
    assert slots[1].x - slots[1].box.left == pytest.approx(
        slots[0].x + boxes[0].width + boxes[0].right + BETWEEN
    )
    assert slots[3].y > slots[0].y, "what does not fit goes into the next row"


def test_bars_on_a_log_scale_keep_their_width_while_they_move() -> None:
    shown = [Bars([value, 1.0], log=True, floor=1e-4, limit=1e6) for value in (2e-4, 0.5, 307.8, 9.9e4)]
    assert len({each.box(fonts.measure) for each in shown}) == 1


def test_a_bar_chart_alone_in_its_row_becomes_wider_but_not_huge() -> None:
    boxes = [view(kind).box(fonts.measure) for kind in ("dot", "heatmap", "bars")]
    slots, _ = arrange(boxes, [""] * 3)
    assert boxes[2].width < slots[2].box.width <= 2 * boxes[2].width


# ---------------------------------------------------------------- one screen


ROW = Heatmap(np.eye(12) * 0.5), Curves({"loss": [3.0, 2, 1]}, "loss"), Bars([1.0, 2.0, 3.0], ["a", "b", "c"])


def boxes_of(*views: View) -> tuple[list[Box], list[str]]:
    return [each.box(fonts.measure) for each in views], [each.title for each in views]


def test_titles_of_a_row_begin_at_one_height_and_charts_share_top_and_bottom() -> None:
    slots, _ = arrange(*boxes_of(*ROW), 1300)
    assert len({slot.head for slot in slots}) == 1
    chart, bars = slots[1:]
    assert chart.y == bars.y and chart.box.height == bars.box.height
    assert chart.box.height > HEIGHT, "it stretches beside a map"
    ends = [slot.y + slot.box.height + slot.box.bottom for slot in slots]
    assert ends[0] - 3 < ends[1] <= ends[0], "no higher than the map"


def test_charts_become_lower_before_anything_becomes_smaller() -> None:
    boxes, titles = boxes_of(ROW[1], Note("said"))
    natural = arrange(boxes, titles)[1][1]
    for high in (natural, natural - 40, natural - (HEIGHT - LOW)):
        slots, size = arrange(boxes, titles, WIDEST, high)
        assert size[1] <= high and fit(boxes, titles, WIDEST + 10, high) == 1
        assert slots[0].box.height == pytest.approx(HEIGHT - (natural - high), abs=1)
    assert arrange(boxes, titles, WIDEST, 10)[0][0].box.height == LOW, "not lower than can be read"


def test_text_stays_readable_however_little_room_there_is() -> None:
    boxes, titles = boxes_of(ROW[0])
    high = arrange(boxes, titles)[1][1]
    assert fit(boxes, titles, 900, high) == 1
    found = [fit(boxes, titles, 900, high * share) for share in (0.95, 0.9, 0.8, 0.77)]
    assert found == [0.94, 0.88, 0.76, 0.76]
    assert fit(boxes, titles, 900, high * 0.3) == 1, "what cannot fit is not made small in vain"
    for kind in KINDS:
        one = view(kind)
        least = one.box(fonts.measure).least
        sizes = [text.get_size() for text in texts(drawn(one))]
        assert all(size * least * fonts.DPI / 72 >= 10.99 for size in sizes), kind
        assert fit(*boxes_of(one), 900, 1e-3 + arrange(*boxes_of(one))[1][1] * 0.9) >= least
    assert SCALES[-1] * fonts.SIZE * fonts.DPI / 72 >= 11


def test_a_little_smaller_where_fewer_rows_come_of_it() -> None:
    boxes, titles = boxes_of(*ROW)
    one_row = arrange(boxes, titles, 5000)[1][0] - sum(box.width for box in boxes if box.grow)
    assert fit(boxes, titles, one_row + 8, 2000) == 1
    assert fit(boxes, titles, one_row * 0.9, 2000) == 0.88
    assert fit(boxes, titles, one_row * 0.8, 2000) == 1, "not that small"
    most = fit(boxes, titles, one_row * 0.9, 2000)
    assert fit(boxes, titles, one_row * 0.9, 2000, most) == most, "it stays"


def test_a_wide_page_has_more_views_in_a_row_and_the_saved_picture_does_not() -> None:
    views = [*ROW]
    wide, saved = Stage(width=1300, height=480), Stage()
    tall = [stage.show(views).size[1] for stage in (wide, saved)]
    assert tall[0] <= 480 < tall[1]
    assert saved.size[0] <= WIDEST + 8 < wide.size[0] <= 1300


def test_a_picture_that_became_smaller_stays_so_until_its_page_changes() -> None:
    stage, values = Stage(width=900, height=440), np.eye(12) / 2
    short, long = (Heatmap(values),), (Heatmap(values), Note("word " * 80))
    alone = stage.show(short).scale
    both = stage.show(long).scale
    assert both < alone
    assert stage.show(long).background is None
    assert stage.show(short).scale == both, "a note that comes and goes must not shake the picture"
    stage.turn_to(replace(stage.page, height=900))
    assert stage.show(long).scale == 1


# ---------------------------------------------------------------- what is drawn


def texts(stage: Stage) -> list[Text]:
    """Every text in the picture: labels, titles, ticks, names of curves."""
    seen = (t for t in figure(stage).findobj(Text) if t.get_visible() and t.get_text().strip())
    hidden = {
        t
        for ax in figure(stage).axes
        if not ax.axison
        for axis in (ax.xaxis, ax.yaxis)
        for t in axis.findobj(Text)
    }
    return [t for t in seen if t not in hidden]


def ink(stage: Stage, text: Text) -> np.ndarray:
    """Where a text leaves ink, [height, width]."""
    renderer = figure(stage).canvas.get_renderer()
    renderer.clear()
    text.draw(renderer)
    return np.asarray(figure(stage).canvas.buffer_rgba())[..., 3] > 90


def covered(stage: Stage) -> Iterator[str]:
    """Texts that leave the picture, or that touch another text or a map."""
    width, height = figure(stage).bbox.size
    boxes = [(t, t.get_window_extent()) for t in texts(stage)]
    for text, box in boxes:
        if box.x0 < -0.5 or box.y0 < -0.5 or box.x1 > width + 0.5 or box.y1 > height + 0.5:
            yield f"{text.get_text()!r} leaves the picture: {box.extents.round()}"
    for (one, a), (other, b) in combinations(boxes, 2):
        if a.overlaps(b) and (ink(stage, one) & ink(stage, other)).any():
            yield f"{one.get_text()!r} and {other.get_text()!r} touch"
    maps = [
        picture.get_window_extent()
        for ax in figure(stage).axes
        for picture in ax.images
        if picture.get_animated()
    ]
    for text, cells in ((text, cells) for text, box in boxes for cells in maps if box.overlaps(cells)):
        x0, y0, x1, y1 = (round(v) for v in cells.extents)
        if ink(stage, text)[round(height) - y1 : round(height) - y0, x0:x1].any():
            yield f"{text.get_text()!r} lies on a map"


def drawn(*views: View) -> Stage:
    stage = Stage()
    stage.show(views)
    return stage


LABELLED = (
    "heatmap",
    "scores",
    "plain_map",
    "masked",
    "heads",
    "switched",
    "links",
    "head_links",
    "dot",
    "path",
    "bars",
    "curves",
)


@pytest.mark.parametrize("length", [2, 9, 40])
@pytest.mark.parametrize("kind", LABELLED)
def test_no_text_is_cut_or_covered(kind: str, length: int) -> None:
    for count in {2: (1, 20), 9: (12,), 40: (2,)}[length]:
        stage = drawn(view(kind, labels=names(count, length), selected=0, title="weights " * length))
        assert list(covered(stage)) == [], f"{count} labels"


@pytest.mark.parametrize(
    "views",
    [
        (Heatmap([[0.5]], ["a"], ["b"], axes=("position in the text", "a feature of the token")),),
        (Heatmap(np.full((3, 2), -99.5), axes=("", "")),),
        (Heatmap(np.full((2, 12), 123456.0), limit=200000),),
        (Heatmap(np.full((2, 2), 0.00012), limit=0.0002),),
        (Heatmap(np.zeros((60, 60))), Heatmap(np.zeros((3, 200)))),
        (Heads(np.full((9, 2, 3), 1 / 3)), Heads(np.full((1, 20, 1), 1.0), cols=["extraordinarily long"])),
        (Heads(np.full((2, 3, 3), 1 / 3), names=["W" * 30, "b"], heads=[False, True]),),
        (Heads(np.full((1, 2, 1), 0.5), heads=[False], rows=["i", "l"]), Heads(np.ones((2, 30, 30)) / 9)),
        (Links([[1.0]], ["a"], ["b"]), Links([[0.5, 0.5]], ["x"], ["y", "z"]), Links([[1]], ["i"], ["l"])),
        (Links(np.full((5, 1, 2), 0.5), ["a"], ["b", "c"]), Links([[[1]]], names=["W" * 30], rows=["i"])),
        (Links(np.ones((5, 1, 1)), names=[f"W{i}" * 12 for i in range(5)]),),
        (DotProduct(np.ones(64), np.ones((3, 64)), columns=[f"number {i}" for i in range(64)]),),
        (DotProduct([9.9, -99], [[-1.0, 9], [7, 99]], ["W" * 30, "b"], query="W" * 30, selected=0),),
        (DotProduct([1], [[1.0]], mask=[True], values=[[1.0]], value_columns=["W" * 30], scale=1e-5),),
        (DotProduct(np.ones(5), np.ones((2, 5)), values=np.full((2, 60), -9.5), scale=5**-0.5, selected=1),),
        (DotProduct([9.9], [[-99.0]], values=[[-99.0] * 4], value_columns=["i" * 30] * 4, query="W" * 30),),
        (Bars([12345, -99999], ["a", "b"], unit=" tokens per second"), Bars([1e-9, 1e-3], log=True)),
        (Bars([0.5], [""], guide=30), Bars([5e8, 1], ["i", "j"], "t"), Bars([1e-5, -2e-6])),
        (Curves({"a": [0, 3e7]}, ylabel="parameters of the model, in millions of floating point numbers"),),
        (Curves({"a": [1e-6, 2e-6]}), Curves({"a": [1.0]}, at=0), Curves({"a": [0.2, 0.5]}, log=True)),
        (Curves({"a": [1e-12, 1e5]}, log=True), Curves({"a": [1, 2]}, x=[1e6, 2e6], xlabel="step")),
        (Curves({"a": [1, 2]}, x=[1e-9, 1e24], xlog=True), Curves({"a": [1]}, x=[2], xlog=True, xlim=(1, 3))),
        (Curves({c * 8: [0, 1] for c in "abcde"}, "five"), Curves({c * 50: [1, -1] for c in "abcde"})),
        (Points([[-1, -1.0]], ["south west"], axes=("across", "up")), Points([[0.0002, 0.0001]], ["tiny"])),
        (Note("A note. " * 40, "a title"), Note(""), Note("W" * 300)),
    ],
    ids=lambda views: f"{type(views[0]).__name__}-{len(views)}",
)  # fmt: skip
def test_no_text_is_cut_or_covered_in_odd_pictures(views: tuple[View, ...]) -> None:
    assert list(covered(drawn(*views))) == []


@pytest.mark.parametrize("count", [2, 5])
def test_no_text_is_cut_or_covered_among_several_views(count: int) -> None:
    kinds = ("heatmap", "links", "curves", "dot", "bars")[:count]
    views = [view(kind, labels=SENTENCE, title=f"a title of the view {kind} " * 3) for kind in kinds]
    assert list(covered(drawn(*views))) == []


def test_the_judge_sees_texts_that_are_cut_or_touch() -> None:
    stage = drawn(view("heatmap", labels=SENTENCE))
    first, second = [t for t in texts(stage) if t.get_text() in ("cat", "drank")][:2]
    first.set_position(second.get_position())
    second.set_position((-400, 0))
    first.set_position((5, 5))
    faults = list(covered(stage))
    assert any("leaves the picture" in fault for fault in faults)
    assert any("lies on a map" in fault for fault in faults)


@pytest.mark.parametrize("kind", [*LABELLED, "points", "arrows"])
def test_every_label_is_written(kind: str) -> None:
    shown = view(kind, labels=SENTENCE[:5], selected=1, title="a title")
    stage = drawn(shown)
    written = [text.get_text() for text in texts(stage)]
    if kind == "curves":  # the names move with the ends of their lines
        named = dict(zip(SENTENCE[:5], stage._drawn[0].parts.names.get_paths(), strict=True))
        for sign, (name, path) in zip(SIGNS, named.items(), strict=True):
            assert np.array_equal(path.vertices, outline(f"{sign} {name}", side=0).vertices)
        written += SENTENCE[:5]
    assert {"a title", *SENTENCE[:5]} <= {*written}
    extra = {
        "heatmap": {"query", "key →", "0", "0.5", "1"},
        "scores": {"−3", "0", "3"},
        "heads": {"head 1", "head 2", "head 3", "0", "0.5", "1"},
        "links": {"query", "key"},
        "head_links": {"query", "key", "head 1", "head 2", "head 3"},
        "dot": {"q × k", "sum·scale", "softmax", "animal", "drink", "state", "time"},
        "path": {"q × k", "sum", "× 1/√d_k", "mask", "softmax", "weight × v"}
        | {"output", "animal", "time", "being", "doing"},
        "bars": {"−1", "0", "1"},
        "curves": {"step", "loss", "0", "10", "3"},
        "points": {"mix", "animal", "drink", "−1", "0", "1"},
    }
    assert extra.get(kind, set()) <= {*written}


@pytest.mark.parametrize(
    ("kind", "said"), [("dot", ["q because", "k cat"]), ("path", ["q because", "k cat", "v cat"])]
)
def test_the_names_of_a_query_row_are_written(kind: str, said: list[str]) -> None:
    [ax] = figure(drawn(view(kind, labels=SENTENCE[:5], selected=1))).axes
    _, written = (artist for artist in artists(ax) if isinstance(artist, PathCollection))
    for path, text in zip(written.get_paths(), said, strict=True):
        assert np.array_equal(path.vertices, outline(text, weight="bold").vertices)


@pytest.mark.parametrize("heads", [1, 2, 3, 4, 8])
def test_up_to_twelve_tokens_are_all_named_beside_small_maps(heads: int) -> None:
    labels = names(12, 9)
    stage = drawn(
        Heads(weights(np.random.default_rng(0), heads, 12, 12), labels, labels, heads=[False] * heads)
    )
    written = [text.get_text() for text in texts(stage)]
    rows, cols = -(-heads // 4), heads % 4 or 4
    assert all(written.count(label) == rows + cols for label in labels)
    assert {f"head {h + 1}" for h in range(heads)} <= {*written} and written.count(" (off)") == heads
    assert stage.size[0] <= WIDEST + 8 and list(covered(stage)) == []


def test_of_many_tokens_some_are_named() -> None:
    labels = names(30, 9)
    stage = drawn(Heads(weights(np.random.default_rng(0), 4, 30, 30), labels, labels))
    assert 10 <= sum(label in {t.get_text() for t in texts(stage)} for label in labels) < 30
    assert list(covered(stage)) == []


def test_names_of_points_that_stand_close_do_not_cover_each_other() -> None:
    crowd = [[0, 0], [0.02, 0.03], [0.5, 0.5], [0.6, 0.52], [1, 1], [0.98, 0.9], [-1, 0], [-1, 0.2]]
    shown = Points(crowd, SENTENCE, mark=[0.5, 0.42], mark_label="mix", weights=np.full(8, 1 / 8))
    assert list(covered(drawn(shown))) == []


# ---------------------------------------------------------------- outlines and lines


def moved_rows(before: View, after: View) -> tuple[list[float], Slot]:
    """Between which heights, from the axes of the view, two pictures differ."""
    one, other = drawn(before), drawn(after)
    differ = (pixels(one) != pixels(other)).any(axis=2)
    slot, ys = slot_of(one), np.flatnonzero(differ[:, int(slot_of(one).x) + 20])
    return [float(ys.min() - slot.y), float(ys.max() - slot.y)], slot


@pytest.mark.parametrize(
    ("kind", "row"), [("heatmap", 0), ("heatmap", 3), ("heads", 3), ("dot", 3), ("path", 3)]
)
def test_the_outline_is_around_the_selected_row(kind: str, row: int) -> None:
    kept = view(kind, labels=SENTENCE[:5], selected=2 if kind in ("dot", "path") else None)
    chosen = replace(kept, selected=row)
    hit = next(hit for hit in chosen.hits(chosen.box(fonts.measure)) if len(hit["rows"]) == 5)
    top, high = hit["box"][1], hit["box"][3] / 5
    if kind in ("dot", "path"):  # there an outline moves from one row to another
        kept, chosen = replace(kept, keys=np.ones((5, 4))), replace(chosen, keys=np.ones((5, 4)))
        (first, last), _ = moved_rows(kept, chosen)
        assert [first, last] == pytest.approx(
            [top + min(row, 2) * high, top + (max(row, 2) + 1) * high], abs=4
        )
        return
    (first, last), _ = moved_rows(kept, chosen)
    assert [first, last] == pytest.approx([top + row * high, top + (row + 1) * high], abs=4)


def test_the_lines_of_the_selected_query_lie_on_top() -> None:
    rng, alone = np.random.default_rng(0), np.zeros((6, 6))
    every = weights(rng, 6, 6)
    alone[1] = every[1]

    def blue(values: np.ndarray) -> int:
        return int((np.abs(pixels(drawn(Links(values, selected=1))) - COLOURS[0]).max(axis=2) < 3).sum())

    assert blue(every) == blue(alone) > 300


COLOURS = np.array([to_rgb(colour) for colour in palette.LIGHT.lines]) * 255


def inked(shown: View, head: int) -> np.ndarray:
    """Where the lines of a head leave ink between the tokens, [height, width]."""
    stage = drawn(shown)
    slot, picture = slot_of(stage), pixels(stage).astype(int)
    lines = picture[int(slot.y) : int(slot.y + slot.box.height), int(slot.x) + 2 : int(slot.x) + 188]
    return np.abs(lines - COLOURS[head]).max(axis=2) < 40


def test_every_head_has_its_colour_and_its_place_beside_the_others() -> None:
    alike = Links(np.eye(2)[None].repeat(5, axis=0))
    places = [np.flatnonzero(inked(alike, h).any(axis=1)) for h in range(5)]
    assert all(len(place) for place in places), "none is covered by another"
    tops = [place.min() for place in places]
    assert tops == sorted(tops) and len({*tops}) == 5
    off = replace(alike, heads=[True, False, True, False, True])
    assert [bool(inked(off, h).any()) for h in range(5)] == [True, False, True, False, True]


def test_heads_are_told_apart_without_colours() -> None:
    """Along its middle each line is broken in another way, the first not at all."""
    alike = Links(np.ones((5, 1, 1)))
    patterns = []
    for h in range(5):
        ink = inked(alike, h)
        rows = np.flatnonzero(ink.any(axis=1))
        along = ink[rows[len(rows) // 2]]
        starts = np.flatnonzero(np.diff(along.astype(int)) == 1)
        patterns.append((len(starts), len({int(s) for s in np.diff(starts)}), int(along.sum())))
    assert patterns[0][0] == 0 and len({*patterns}) == 5, patterns


# ---------------------------------------------------------------- numbers


def numbers(stage: Stage) -> Iterator[tuple[Bbox, np.ndarray]]:
    """For every number in a picture: the box of its ink, and the point that it belongs to, in pixels."""
    for ax in figure(stage).axes:
        for artist in artists(ax):
            if isinstance(artist, PathCollection):
                points = ax.transData.transform(artist.get_offsets())
                for path, point in zip(artist.get_paths(), points, strict=True):
                    box = path.get_extents().extents.reshape(2, 2) * fonts.DPI / 72 + point
                    yield Bbox(box), point


@pytest.mark.parametrize("limit", [0.0005, 1, 75, 30000])
@pytest.mark.parametrize("signed", [False, True])
def test_numbers_stay_in_their_cells(limit: float, signed: bool) -> None:
    values = np.linspace(-limit if signed else 0, limit, 24).reshape(2, 12)
    heatmap = Heatmap(values, signed=signed, limit=limit)
    wide, high = heatmap.cell
    for box, point in numbers(drawn(heatmap)):
        assert box.width <= wide - 4 and box.height <= high - 8
        assert (box.x0 + box.x1) / 2 == pytest.approx(point[0], abs=0.1)
        assert (box.y0 + box.y1) / 2 == pytest.approx(point[1], abs=1.5)


def test_a_number_beyond_the_scale_stays_in_its_cell() -> None:
    heatmap = Heatmap([[0.5, 12.345, 123.4]], signed=False, limit=1)
    assert all(box.width <= heatmap.cell[0] for box, _ in numbers(drawn(heatmap)))


@pytest.mark.parametrize("reach", [0.3, 4, 30, 400])
def test_numbers_stay_in_the_cells_of_a_dot_product(reach: float) -> None:
    rng = np.random.default_rng(0)
    dot = DotProduct(rng.uniform(-1, 1, 4), rng.uniform(-reach, reach, (8, 4)), scale=2.0, selected=0)
    assert all(box.width <= 50 for box, _ in numbers(drawn(dot)))
    whole = replace(dot, values=rng.uniform(-reach, reach, (8, 4)), mask=np.arange(8) != 3)
    assert all(box.width <= 48 for box, _ in numbers(drawn(whole)))


@pytest.mark.parametrize("d_k", [1, 2, 9])
@pytest.mark.parametrize("more", [{}, {"mask": [True, True]}, {"scale": 0.123}, {"scale": 1e-9}], ids=str)
def test_headings_of_the_whole_path_stand_apart(d_k: int, more: dict[str, Any]) -> None:
    more = {"scale": d_k**-0.5, "values": np.ones((2, 1)), **more}
    stage = drawn(DotProduct(np.ones(d_k), np.ones((2, d_k)), **more))
    headings = [t.get_window_extent() for t in texts(stage) if t.get_color() == palette.LIGHT.soft]
    headings.sort(key=lambda box: box.x0)
    assert len(headings) >= 4
    assert all(right.x0 - left.x1 >= 4 for left, right in pairwise(headings))


def test_the_whole_path_of_eight_keys_fits_beside_the_text() -> None:
    rng, names = np.random.default_rng(0), ["animal", "drink", "state", "time"]
    more = {"columns": names, "value_columns": names, "scale": 0.5, "mask": np.arange(8) < 6, "selected": 1}
    keys, values = rng.normal(size=(8, 4)), rng.normal(size=(8, 4))
    stage = drawn(DotProduct(keys[0], keys, SENTENCE, "path", query="thirsty", values=values, **more))
    assert stage.size[0] <= WIDEST and stage.size[1] <= 460
    assert len(list(numbers(stage))) == 2 * 4 + 8 * 4 + 4 * 8 + 4 + 8 * 4 + 4 + 3  # three names


@pytest.mark.parametrize("values", [[0.123, 1], [-2.5, 3], [12345, -99999], [1e-5, -2e-6], [99.5, 1]])
def test_numbers_of_bars_stay_in_the_picture_and_off_the_labels(values: list[float]) -> None:
    stage = drawn(Bars(values, ["extraordinary", "b"]))
    slot = slot_of(stage)
    labels = [t.get_window_extent() for t in texts(stage)]
    for box, _ in numbers(stage):
        assert slot.x <= box.x0 and box.x1 <= slot.x + slot.box.width + slot.box.right
        assert not any(box.overlaps(label) for label in labels)


def test_a_masked_zero_is_not_written_but_a_masked_weight_is() -> None:
    shares, mask = [[0.75, 0.25, 0.0], [0.0, 1.0, 1e-15]], [[True, False, False], [True, True, False]]
    [ax] = figure(drawn(Heatmap(shares, mask=mask))).axes
    paths = ax.collections[0].get_paths()
    assert [len(path.vertices) > 1 for path in paths] == [True, True, False, True, True, False]


def test_no_number_is_written_into_cells_that_are_too_small() -> None:
    for shape in ((3, 13), (25, 3)):
        assert not list(numbers(drawn(Heatmap(np.zeros(shape)))))
    assert len(list(numbers(drawn(Heatmap(weights(np.random.default_rng(0), 24, 12)))))) == 24 * 12


@pytest.mark.parametrize("values", [[0.5, 0.61, 0.62, 0.69], [0.01, 0.55, 0.64, 0.7]])
def test_no_number_of_a_bar_lies_on_the_guide(values: list[float]) -> None:
    bars = Bars(values, [*"abcd"], limit=1, guide=0.7)
    stage = Stage()
    stage.show([bars])
    [ax] = figure(stage).axes
    middles, width = ax.collections[1].get_offsets()[:, 0], slot_of(stage).box.width
    widths = np.array([fonts.measure(text) for text in bars.texts])
    guide = 0.7 * width
    assert (abs(middles - guide) > widths / 2 + 3).all()
    assert (middles - widths / 2 > np.array(values) * width).all(), "behind the bar"
    free = np.array(values) * width + 8 + widths + 4 < guide  # these stand where they always do
    assert np.allclose((middles - widths / 2)[free], (np.array(values) * width + 8)[free])
