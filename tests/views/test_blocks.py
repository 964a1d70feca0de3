"""A block diagram: every part in its place, its lines, its numbers; what moves, moves in place."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from attnlab.attention import causal_mask
from attnlab.views import Blocks, Part, fonts, palette
from attnlab.views.diagram import Placed
from attnlab.views.palette import LIGHT
from attnlab.views.stage import Stage
from attnlab.views.structure import DENSITIES, KINDS, ROWS, Density, parts_of
from tests.panels.hands import says
from tests.views.samples import Viewer, artists, composed, figure, pixels, slot_of
from tests.views.test_hits import found, seen
from tests.views.test_in_place import assert_fresh, drawn_by
from tests.views.test_input import TEXTS, shown_quietly
from tests.views.test_layout import drawn, texts
from tests.views.test_palette import contrast

SHAPES = {"embedding": (8, 32), "attention": (8, 32), "cross-attention": (8, 32), "norm": (8, 32)}
SHAPES |= {"feed-forward": "8 × 32 → 8 × 128", "output": (8, 20), "layer": (8, 32)}
MASKED = {"self": causal_mask(8), "cross": np.ones((8, 6), bool), "source": np.ones((6, 6), bool)}
STRUCTURES = ("encoder", "decoder", "encoder-decoder")
ONE = Blocks.transformer("decoder", shapes=SHAPES, masks=MASKED, numbers={"layer 1 attention": 1.5})


def stages(kind: str, n_layers: int) -> list[str]:
    """The places where a model notes its residual stream."""
    prefixes = ["", *(["encoder "] if kind == "encoder-decoder" else [])]
    cross = ["cross-attention"] * (kind == "encoder-decoder")
    found = [
        f"{prefix}layer {i} {part}"
        for prefix in prefixes
        for i in range(1, n_layers + 1)
        for part in ("attention", *(cross if not prefix else []), "feed-forward")
    ]
    return ["embedding", "output", *(["source embedding"] if len(prefixes) > 1 else []), *found]


def whole(kind: str, n_layers: int, seed: int = 0, **made: Any) -> Blocks:
    """A structure with everything that can be said of it."""
    rng = np.random.default_rng(seed)
    numbers = {name: float(rng.uniform(0.1, 99)) for name in stages(kind, n_layers)}
    made = {"quantity": "RMS", "shapes": SHAPES, "masks": MASKED, "numbers": numbers} | made
    return Blocks.transformer(kind, n_layers, **made)


def places(view: Blocks) -> list[Placed]:
    """Every part, where the pointer finds it."""
    parts = [(part, i) for i, rows in enumerate(view.parts.values()) for part in parts_of(rows)]
    hits = view.hits(view.box(fonts.measure))
    return [Placed(*part, *hit["box"]) for part, hit in zip(parts, hits, strict=True)]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (Blocks([Part("embedding")]), "blocks: embedding."),
        (
            Blocks(
                [
                    Part("embedding", shape=(8, 32), number=0.98),
                    [Part("norm"), Part("attention", mask=np.tri(8) == 1, shape="8 × 32")],
                    [Part("feed-forward", number=0.25), Part("add", number=1.2)],
                    Part("output", number="1.2 M", shape=20),
                ],
                "a layer", "RMS", selected="attention",
            ),
            "a layer: embedding (8 × 32, RMS 0.980), then branch norm → attention (8 × 32, sees itself and"
            " what came before) added, then branch feed-forward (RMS 0.250) added (RMS 1.20), then output"
            " (20, RMS 1.2 M); attention chosen.",
        ),
        (
            Blocks.transformer("encoder-decoder", 2, "both", numbers={"layer 2 attention": 3}, norm="none",
                               feed_forward=False, selected="layer 1 cross-attention"),
            "both: encoder: source embedding; encoder layer 1: branch attention added; encoder layer 2 the"
            " same. decoder: embedding; layer 1: branch attention added, then branch cross-attention added;"
            " layer 2: branch attention added (3.00), then branch cross-attention added; output."
            " Cross-attention reads from the end of the encoder; layer 1 cross-attention chosen.",
        ),
        (
            Blocks({"a": [Part("x", note="why", mask=[[True, True]])],
                    "b": [Part("y", mask=[[True, False]])]}, selected=0),
            "blocks: a: x (sees everything). b: y (sees 1 of 2); x chosen (why).",
        ),
    ],
)  # fmt: skip
def test_the_sentence_is_exact(shown: Blocks, sentence: str) -> None:
    assert shown.describe() == sentence
    assert replace(shown).describe() == sentence, "again, from what the view keeps"


BASE = [Part("a", shape=(2, 3), number=1.0, mask=np.eye(2) == 1), [Part("b"), Part("c")]]
OTHERS: list[dict[str, Any]] = [
    {"title": "t"},
    {"quantity": "RMS"},
    {"selected": 0},
    {"selected": 3},
    {"parts": {"column": BASE}},
    {"parts": [Part("a", shape=(2, 4), number=1.0, mask=np.eye(2) == 1), BASE[1]]},
    {"parts": [Part("a", shape=(2, 3), number=1.02, mask=np.eye(2) == 1), BASE[1]]},
    {"parts": [Part("a", shape=(2, 3), number=1.0, mask=np.tri(2) == 1), BASE[1]]},
    {"parts": [Part("a", shape=(2, 3), number=1.0), BASE[1]]},
    {"parts": [BASE[0], [Part("c"), Part("b")]]},
    {"parts": [BASE[0], Part("b"), [Part("c")]]},
    {"parts": [BASE[0], [Part("b")], [Part("c")]]},
    {"parts": [BASE[0], [Part("b"), Part("c"), Part("add", number=2)]]},
    {"parts": [BASE[0], [Part("b", group="layer 1"), Part("c", group="layer 1")]]},
    {"parts": [BASE[0], [Part("b", shape="7"), Part("c", shape="7")]]},
]


def test_only_groups_are_said_to_be_the_same() -> None:
    rows = [[Part("a", group="one")], [Part("a", group="two")], [Part("a")], [Part("a")]]
    said = Blocks(rows).describe()
    assert said == "blocks: one: branch a added; two the same; branch a added, then branch a added."


def test_what_is_shown_otherwise_is_said_otherwise() -> None:
    sentences = [Blocks(BASE).describe(), *(replace(Blocks(BASE), **other).describe() for other in OTHERS)]
    assert len({*sentences}) == len(OTHERS) + 1


@given(st.lists(st.integers(-3_000_000, 3_000_000), min_size=3, max_size=3), st.sampled_from([-1e-13, 1e-13]))
def test_float_noise_never_changes_the_sentence(values: list[int], noise: float) -> None:
    def said(*numbers: float) -> str:
        return Blocks([Part(str(i), number=number) for i, number in enumerate(numbers)]).describe()

    exact = [value / 1e6 for value in values]
    largest = max(map(abs, exact)) or 1
    assert said(*exact) == said(*(value + noise * largest for value in exact))


def test_a_number_may_come_from_any_library() -> None:
    numbers = [1, 1.0, np.float32(1), np.array(1.0), np.int64(1)]
    assert {Blocks([Part("a", number=number)]).describe() for number in numbers} == {"blocks: a (1.00)."}


# ---------------------------------------------------------------- structures


@pytest.mark.parametrize("norm", ["pre", "post", "none"])
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_numbers_of_a_real_model_all_find_their_place(kind: str, residual: bool, norm: str) -> None:
    torch = pytest.importorskip("torch")
    from attnlab.models import Config, Transformer

    tokens = torch.zeros(1, 5, dtype=torch.long)
    model = Transformer(Config(9, 6, kind=kind, n_layers=2, d_model=8, norm=norm, residual=residual))
    trace = model(tokens, *([tokens] if kind == "encoder-decoder" else []), trace=True)
    names = [name for name, _ in trace.stages]
    assert sorted(names) == sorted(stages(kind, 2))
    numbers = {name: f"number-{i}-" for i, name in enumerate(names)}
    shown = Blocks.transformer(kind, 2, norm=norm, residual=residual, numbers=numbers)
    said = shown.describe()
    assert all(said.count(number) == 1 for number in numbers.values())
    order = [said.index(numbers[name]) for name in names]
    assert order == sorted(order), "in the order in which the model computes"


@pytest.mark.parametrize(
    ("norm", "residual", "rows"),
    [
        ("pre", True, [["norm", "attention", "add"], ["norm", "feed-forward", "add"]]),
        ("post", True, [["attention", "add"], "norm", ["feed-forward", "add"], "norm"]),
        ("none", True, [["attention", "add"], ["feed-forward", "add"]]),
        ("pre", False, ["norm", "attention", "norm", "feed-forward"]),
        ("post", False, ["attention", "norm", "feed-forward", "norm"]),
        ("none", False, ["attention", "feed-forward"]),
    ],
)
def test_a_layer_stands_as_it_computes(norm: str, residual: bool, rows: list[Any]) -> None:
    made = Blocks.layer("layer 1", norm=norm, residual=residual)
    assert [[p.name for p in row] if isinstance(row, list) else row.name for row in made] == rows


def test_every_part_has_a_name_of_its_own() -> None:
    assert Blocks([Part("embedding"), *Blocks.layer("layer 1"), Part("norm")]).places == (
        "embedding", "layer 1 norm", "layer 1 attention", "layer 1 attention added", "layer 1 norm (2)",
        "layer 1 feed-forward", "layer 1 feed-forward added", "norm",
    )  # fmt: skip
    for kind in STRUCTURES:
        assert len({*whole(kind, 3, norm="post").places}) == len(places(whole(kind, 3, norm="post")))


@pytest.mark.parametrize(
    ("kind", "norm", "most"),
    [
        ("encoder", "pre", 6), ("decoder", "pre", 6), ("encoder-decoder", "pre", 4),
        ("decoder", "post", 3), ("encoder-decoder", "post", 2),
    ],
)  # fmt: skip
def test_of_many_layers_the_first_and_the_last_are_drawn(kind: str, norm: str, most: int) -> None:
    opened, closed = (whole(kind, n, norm=norm).places for n in (most, most + 1))
    assert all(f"layer {i} attention" in opened for i in range(1, most + 1))
    assert not any(f"layer {i} attention" in closed for i in range(2, most + 1))
    many = whole(kind, 96, norm=norm)
    assert "layers 2 to 95" in many.places and "layer 1 attention" in many.places
    assert "layer 96 feed-forward" in many.places and "layer 2 attention" not in many.places
    assert whole(kind, 50).key() != many.key()
    between = "layers 2 to 95 (8 × 32, RMS {})"
    numbers = {"layer 95 feed-forward": "of 95", "layer 96 feed-forward": "of 96"}
    assert between.format("of 95") in whole(kind, 96, norm=norm, numbers=numbers).describe()


def test_the_masks_of_the_three_roles_are_told_apart() -> None:
    said = whole("encoder-decoder", 1).describe()
    encoder, decoder = said.split(". decoder: ")
    assert encoder.count("sees everything") == 1 and "came before" not in encoder
    assert decoder.count("attention (8 × 32, sees itself and what came before)") == 1
    assert decoder.count("cross-attention (8 × 32, sees everything)") == 1


def test_shapes_are_found_by_place_then_by_kind() -> None:
    shapes = {"attention": "all", "layer 2 attention": "this one"}
    parts = places(Blocks.transformer("decoder", 2, shapes=shapes))
    assert [each.part.shape for each in parts if each.part.name == "attention"] == ["all", "this one"]


# ---------------------------------------------------------------- places


def boxes(view: Blocks) -> list[Bbox]:
    return [Bbox.from_bounds(*each[2:]) for each in places(view)]


MANY = [
    whole(kind, n, norm=norm) for kind in STRUCTURES for n in (1, 2, 3, 4, 6, 96) for norm in ("pre", "none")
]
MANY += [
    whole("encoder-decoder", 4, norm="post"),
    whole("decoder", 2, residual=False),
    Blocks([Part("x" * 60, shape=(10**9, 10**9), number=-123456.789, mask=np.ones((64, 3), bool))]),
    Blocks([[Part("norm"), Part("W" * 40, shape="W" * 40, number=1), Part("norm"), Part("last")]] * ROWS),
    Blocks([[Part("norm", shape="8 × 32")]] * 2, quantity="a long name of a quantity"),
    Blocks({"W" * 50: [Part("a")], "i" * 90: [Part("cross-attention", number=2)] * ROWS}, "title"),
    Blocks(
        [Part("a", group="one"), Part("b", group="two", mask=np.eye(2) == 1), [Part("c", group="W" * 30)]]
    ),
]


@pytest.mark.parametrize("view", MANY, ids=range(len(MANY)))
def test_no_two_boxes_overlap_and_all_lie_in_the_picture(view: Blocks) -> None:
    box = view.box(fonts.measure)
    for (i, one), (j, other) in combinations(enumerate(boxes(view)), 2):
        inner = Bbox.intersection(one.padded(-0.01), other)
        assert inner is None or min(inner.width, inner.height) <= 0.01, (view.places[i], view.places[j])
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= box.width and b.y1 <= box.height for b in boxes(view))
    assert box.outer[0] <= (428 if len(view.parts) == 1 else 840)


@pytest.mark.parametrize("kind", STRUCTURES)
@pytest.mark.parametrize("n_layers", [1, 2, 3, 4, 5, 6, 7, 96])
def test_a_structure_fits_on_a_projected_page(kind: str, n_layers: int) -> None:
    assert Stage().show([whole(kind, n_layers, title="a title")]).size[1] <= 560
    assert whole(kind, n_layers).box(fonts.measure).outer[1] <= 526


def written(stage: Stage) -> Iterator[tuple[Bbox, str]]:
    """The box of the ink of every text that moves, and of the others without the space above and below."""
    for text in texts(stage):
        x0, y0, x1, y1 = text.get_window_extent().extents
        rim = 0 if text.get_rotation() else min(4.0, (y1 - y0) / 4)
        yield Bbox([[x0, y0 + rim], [x1, y1 - rim]]), text.get_text()
    for ax in figure(stage).axes:
        for artist in artists(ax):
            if isinstance(artist, PathCollection):
                points = ax.transData.transform(artist.get_offsets())
                for path, point in zip(artist.get_paths(), points, strict=True):
                    if len(path.vertices) > 1:
                        yield (
                            Bbox(path.get_extents().extents.reshape(2, 2) * fonts.DPI / 72 + point),
                            "moves",
                        )


@pytest.mark.parametrize("view", MANY, ids=range(len(MANY)))
def test_texts_stay_in_their_boxes_and_off_each_other(view: Blocks) -> None:
    stage = drawn(view)
    width, height = figure(stage).bbox.size
    slot = slot_of(stage)
    marks = list(written(stage))
    for mark, text in marks:
        assert mark.x0 >= 0 and mark.x1 <= width and mark.y0 >= 0 and mark.y1 <= height, text
    for (one, text), (other, again) in combinations(marks, 2):
        assert not one.padded(-0.5).overlaps(other), (text, again)
    for each in places(view):
        x, top = slot.x + each.x, height - slot.y - each.y
        around = Bbox([[x, top - each.height], [x + each.width, top]])
        for mark, text in marks:
            inside = Bbox.intersection(around, mark.padded(-0.5))
            middle = (mark.x0 + mark.x1) / 2, (mark.y0 + mark.y1) / 2
            assert inside is None or around.contains(*middle), (each.part.name, text)
            assert inside is None or (around.x0 - 1 <= mark.x0 and mark.x1 <= around.x1 + 1), text


@pytest.mark.slow
def test_names_are_never_smaller_than_the_rule_and_shapes_neither() -> None:
    for view in MANY:
        stage = drawn(view)
        sizes = {t.get_fontsize() for t in texts(stage)}
        assert sizes <= {fonts.SIZE, fonts.SMALL, 11.5}
        names = [
            t for t in texts(stage) if t.get_text() in ("attention", "norm", "feed-forward", "embedding")
        ]
        assert all(t.get_fontsize() == fonts.SIZE for t in names)


@pytest.mark.parametrize("kind", STRUCTURES)
def test_every_usual_name_and_shape_is_written_whole(kind: str) -> None:
    for n_layers in (1, 2, 4):
        view = whole(kind, n_layers)
        names = [t.get_text() for t in texts(drawn(view))]
        expected = [each.part.name for each in places(view) if each.part.kind != "add"]
        assert all(names.count(name) == expected.count(name) for name in expected if name != "norm")
        assert names.count("norm") == expected.count("norm")
        assert not any("…" in name for name in names)


def density(view: Blocks) -> Density:
    """The one that a picture is drawn with: no two have boxes of one height in branches."""
    [high] = {each.height for each in places(view) if each.part.kind in ("attention", "other")}
    [found] = (each for each in DENSITIES if each.box == high)
    return found


def test_the_loosest_density_that_fits_is_taken() -> None:
    layers = [whole("decoder", n) for n in range(1, 7)]
    rows = [Blocks([[Part("a")]] * n) for n in range(1, ROWS + 1)]
    assert {density(view) for view in (*layers, *rows)} == {*DENSITIES}


# ---------------------------------------------------------------- lines


def wires(view: Blocks) -> list[list[tuple[float, float]]]:
    """The corners of every line that lies below the boxes."""
    [ax] = figure(drawn(view)).axes
    [lines] = (each for each in ax.collections if isinstance(each, LineCollection) and each.zorder == 1)
    return [[(x, y) for x, y in line.tolist()] for line in lines.get_segments()]


def ends(view: Blocks) -> tuple[list[Any], list[Any]]:
    lines = wires(view)
    return [line[0] for line in lines], [line[-1] for line in lines]


def streams(view: Blocks) -> list[float]:
    """Where the stream of every column is: its line alone goes from above the boxes straight down."""
    top = min(each.y for each in places(view))
    found = sorted(line[0][0] for line in wires(view) if line[0][1] < top)
    straight = sorted(line[0][0] for line in wires(view) if len(line) == 2 and line[0][0] == line[1][0])
    assert found == straight and len(found) == len(view.parts)
    return found


def on_edge(point: tuple[float, float], each: Placed) -> bool:
    x, y = point
    return abs(y - each.middle) < 0.1 and min(abs(x - each.x), abs(x - each.x - each.width)) < 0.1


@pytest.mark.parametrize("view", [ONE, whole("encoder-decoder", 2), whole("decoder", 3, norm="post")])
def test_every_branch_leaves_the_stream_and_comes_back(view: Blocks) -> None:
    (starts, tips), middles = ends(view), streams(view)
    for each in places(view):
        came = [tip for tip in tips if on_edge(tip, each)]
        if each.part.kind == "add":
            inner = each.x + each.width if each.column == 0 else each.x
            assert came == [(pytest.approx(inner), each.middle)], "what the branch brings, from its side"
            assert abs(each.x + each.width / 2 - middles[each.column]) < 0.1, "the ⊕ is on the stream"
        elif each.part.kind in ("attention", "feed-forward"):
            assert len(came) == 1
            under = [
                s for s in starts if abs(s[1] - each.y - each.height) < 0.1 and each.x < s[0] < each.x + 200
            ]
            assert under, "a line leaves the last box of a branch downwards"
        elif each.part.kind == "cross-attention":
            assert len(came) == 2, "from the stream, and from the encoder"
            assert {tip[0] for tip in came} == {each.x, each.x + each.width}


def test_the_arrow_comes_from_the_end_of_the_encoder() -> None:
    view = whole("encoder-decoder", 2)
    starts, tips = ends(view)
    cross = [each for each in places(view) if each.part.kind == "cross-attention"]
    last = next(each for each in reversed(places(view)) if each.column == 0)
    arrows = [s for s, t in zip(starts, tips, strict=True) if any(t == (c.x, c.middle) for c in cross)]
    assert len(arrows) == 2 and len({*arrows}) == 1
    assert arrows[0][0] == streams(view)[0] and last.y + last.height < arrows[0][1]
    assert len(wires(whole("decoder", 2))) < len(starts)


def test_the_second_column_is_the_mirror_image_of_the_first() -> None:
    rows = [Part("a"), [Part("norm"), Part("b")]]
    both = Blocks({"one": rows, "two": rows})
    half = len(places(both)) // 2
    width = both.box(fonts.measure).width
    for left, right in zip(places(both)[:half], places(both)[half:], strict=True):
        assert left.x == pytest.approx(width - right.x - right.width) and left[3:] == right[3:]
    norm, box = places(both)[half + 1 : half + 3]
    assert box.x + box.width < norm.x, "the boxes of both columns are neighbours"


# ---------------------------------------------------------------- moving


@pytest.mark.parametrize("kind", STRUCTURES)
def test_numbers_shapes_masks_and_the_choice_move_in_place(kind: str) -> None:
    viewer = Viewer()
    viewer.show(whole(kind, 2, 0, title="before"))
    viewer.show(whole(kind, 2, 0))
    before, sent = drawn_by(viewer), viewer.background
    masks = {"self": ~causal_mask(8), "cross": np.zeros((8, 6), bool), "source": np.eye(6) == 1}
    shapes = {**SHAPES, "attention": (9, 64), "norm": "9 × 64", "feed-forward": "9 × 32 → 9 × 256"}
    for change in ({"masks": masks}, {"shapes": shapes}, {"selected": 3}, {"selected": None, "seed": 5}):
        frame = assert_fresh(viewer, whole(kind, 2, **{"seed": 1, **change}))
        assert frame.background is sent and drawn_by(viewer) == before, change


def test_another_structure_is_drawn_anew() -> None:
    viewer = Viewer()
    for view in (
        ONE,
        whole("encoder", 1),
        whole("encoder-decoder", 1),
        whole("decoder", 1, norm="post"),
        ONE,
    ):
        before = viewer.background
        assert assert_fresh(viewer, view).background != before


def test_every_part_can_change() -> None:
    viewer, pictures = Viewer(), set()
    for other in ({}, *OTHERS):
        assert_fresh(viewer, replace(Blocks(BASE), **other))
        pictures.add(pixels(viewer.stage).tobytes())
    assert len(pictures) == len(OTHERS) + 1, "every change can be seen"


def test_the_first_shape_of_a_part_moves_its_name_away() -> None:
    viewer = Viewer()
    for shape in ("", "8 × 32", ""):
        assert_fresh(viewer, Blocks([[Part("attention", shape=shape)], Part("output", shape=shape)]))


def frames(view: Blocks) -> list[Rectangle]:
    """The two outlines around a part, black within white."""
    [ax] = figure(drawn(view)).axes
    return [artist for artist in artists(ax) if isinstance(artist, Rectangle)]


@pytest.mark.parametrize("selected", [0, 1, 3])
def test_the_outline_is_around_the_chosen_part(selected: int) -> None:
    view = replace(ONE, selected=selected)
    assert {frame.get_bbox().bounds for frame in frames(view)} == {places(view)[selected][2:]}
    assert all(frame.get_visible() for frame in frames(view))
    assert [frame.get_visible() for frame in frames(ONE)] == [False, False]


@pytest.mark.parametrize(("scale", "ratio"), [(1, 1), (1.4, 1), (1, 2)])
def test_boxes_and_masks_keep_their_places_at_any_scale(scale: float, ratio: float) -> None:
    viewer = Viewer(scale=scale, ratio=ratio)
    view = whole("encoder-decoder", 1)
    frame = viewer.show(view)
    picture, slot, size = composed(frame), slot_of(viewer.stage), scale * ratio
    for each in places(view):
        at = int((slot.y + each.y + each.height - 3) * size), int((slot.x + each.x + 4) * size)
        if each.part.kind != "add":
            assert np.abs(picture[at] / 255 - to_rgb(LIGHT.blocks[each.part.kind])).max() < 0.02, (
                each.part.place
            )
    masks = [each.part.mask for each in places(view) if each.part.mask is not None]
    for layer, mask in zip(frame.maps, masks, strict=True):
        rgba = np.frombuffer(layer["rgba"], np.uint8).reshape(*mask.shape, 4)
        assert np.array_equal(rgba, np.array(LIGHT.mask)[mask.astype(int)])
        assert layer["place"][2] / layer["place"][3] == pytest.approx(mask.shape[1] / mask.shape[0], rel=0.1)


# ---------------------------------------------------------------- pointer and eye


@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_pointer_finds_the_part_that_is_drawn(kind: str) -> None:
    view = whole(kind, 1, select="part", selected=2)
    hits, picture, _ = seen(view)
    assert [hit["first"] for hit in hits] == list(range(len(view.places)))
    for i, hit in enumerate(hits):
        x, y, width, height = hit["box"]
        assert found(hits, x + width / 2, y + height / 2) == (hit, 0, 0)
        assert (hit["rows"], hit["select"], hit["selected"]) == ([view.places[i]], "part", 2)
        if places(view)[i].part.kind != "add":
            fill = np.array(to_rgb(LIGHT.blocks[places(view)[i].part.kind]))
            assert np.abs(picture[int(y + height - 4), int(x + 5)] / 255 - fill).max() < 0.02
    json.dumps(hits)


def test_the_pointer_tells_shape_number_mask_and_note() -> None:
    part = Part("attention", shape=(8, 32), number=0.5, mask=causal_mask(4), note="reads")
    view = Blocks([part, [Part("feed-forward"), Part("add", number=2)]], quantity="RMS")
    told = [hit["values"] for hit in view.hits(view.box(fonts.measure))]
    assert told[0] == [["8 × 32, RMS 0.500, sees itself and what came before, reads"]]
    assert told[1] == [[KINDS["feed-forward"]]] and told[2] == [["RMS 2.00, " + KINDS["add"]]]


def test_a_click_in_a_panel_chooses_the_part() -> None:
    from attnlab import Choice, explore

    def show(part: str) -> Blocks:
        return replace(ONE, select="part", selected=part)

    panel = explore(show, part=Choice(ONE.places))
    says(panel, select="part", row=2)
    assert panel.state == f"part={ONE.places[2]}" and f"{ONE.places[2]} chosen" in panel.digest.details


def test_texts_and_lines_can_be_seen() -> None:
    fills = np.array([to_rgb(fill) for fill in LIGHT.blocks.values()])
    assert {*LIGHT.blocks} == {*KINDS}
    assert contrast(np.zeros(3), fills).min() >= 4.5
    assert contrast(np.array(to_rgb(LIGHT.outline)), np.vstack([fills, to_rgb(LIGHT.band)])).min() >= 3
    assert contrast(np.array(to_rgb(palette.LIGHT.soft)), np.array(to_rgb(LIGHT.band))) >= 4.5
    hidden, open_ = np.array(LIGHT.mask)[:, :3] / 255
    assert contrast(hidden, open_) >= 3, "a mask is told by light, not by colour"


@pytest.mark.parametrize("text", [*TEXTS.values(), "Σ √ ⊕", "W" * 300])
def test_any_text_can_be_drawn(text: str, caplog: pytest.LogCaptureFixture) -> None:
    part = Part(text, shape=text, number=text, note=text, group=text)
    view = Blocks({text: [part, [part, part]]}, text, text)
    frame = shown_quietly([view], caplog)
    text = text.replace("\ud800", "□")  # half a character
    assert text in view.describe()
    json.dumps(frame.hits)


# ---------------------------------------------------------------- bad input

REFUSED: list[tuple[Any, str]] = [
    (lambda: Blocks([]), "parts must be a list of at least one Part, got \\[\\]"),
    (lambda: Blocks(Part("a")), "parts must be a list of at least one Part, got Part"),
    (lambda: Blocks("attention"), "parts must be a list of at least one Part, got 'attention'"),
    (lambda: Blocks(["attention"]), "parts must hold Parts and lists of Parts .branches., got 'attention'"),
    (lambda: Blocks([[["a"]]]), "parts must hold Parts and lists of Parts .branches., got \\['a'\\]"),
    (lambda: Blocks([[]]), "a branch of parts must have 1 to 4 parts and at most one 'add', at its end"),
    (lambda: Blocks([[Part("add")]]), "a branch of parts must have 1 to 4 parts"),
    (lambda: Blocks([[Part("a")] * 5]), "a branch of parts must have 1 to 4 parts"),
    (lambda: Blocks([[Part("add"), Part("a")]]), "at most one 'add', at its end; got \\['add', 'a'\\]"),
    (lambda: Blocks([[Part("a"), Part("add"), Part("add")]]), "at most one 'add'"),
    (lambda: Blocks([Part("add")]), "parts has an 'add' on the stream: put it at the end of a branch"),
    (lambda: Blocks({}), "parts must be a list, or a dict of 1 or 2 columns; got 0 columns"),
    (lambda: Blocks({name: [Part("a")] for name in "abc"}), "a dict of 1 or 2 columns; got 3 columns"),
    (lambda: Blocks({"a": []}), "column 'a' must be a list of at least one Part"),
    (lambda: Blocks([Part("a")] * 25), "parts has 25 rows, but there is room for 24: draw one layer"),
    (lambda: Blocks([Part("a")], selected="b"), "selected must be one of a; got 'b'"),
    (lambda: Blocks([Part("a")], selected=1), "selected must be from 0 to 0, got 1"),
    (lambda: Part("a", kind="head"), "kind of part 'a' must be one of embedding, norm, .*; got 'head'"),
    (lambda: Part("a", shape=8.5), "shape of part 'a' must be a string or sizes such as .8, 32., got 8.5"),
    (lambda: Part("a", shape=(8, None)), "shape of part 'a' must be a string or sizes"),
    (lambda: Part("a", number=float("nan")), "number of part 'a' must be a number, got nan: leave it out"),
    (lambda: Part("a", number=np.inf), "number of part 'a' must be a number, got inf"),
    (lambda: Part("a", number=[1]), "number of part 'a' must be a number or a string, got \\[1\\]"),
    (lambda: Part("a", number=np.ones(2)), "number of part 'a' must be a number or a string, got array"),
    (lambda: Part("a", mask=np.ones((2, 2))), "mask of part 'a' must be booleans .*, got float64 of shape"),
    (lambda: Part("a", mask=[True]), "mask of part 'a' must be booleans .*, got bool of shape \\(1,\\)"),
    (lambda: Part("a", mask=np.ones((65, 1), bool)), "there is room for 64 by 64: show the first tokens"),
    (lambda: Blocks.layer(norm="batch"), "norm must be one of pre, post, none; got 'batch'"),
    (lambda: Blocks.layer(masks={"own": [[True]]}), "masks has \\['own'\\]; it may have 'self', 'cross'"),
    (lambda: Blocks.transformer("GPT"), "kind must be one of encoder, decoder, encoder-decoder; got 'GPT'"),
    (lambda: Blocks.transformer(n_layers=0), "n_layers must be a whole number, 1 or more, got 0"),
    (lambda: Blocks.transformer(n_layers=2.0), "n_layers must be a whole number, 1 or more, got 2.0"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_bad_input_is_refused_in_words(make: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_view_keeps_its_masks_to_itself() -> None:
    mask = np.eye(2) == 1
    part = Part("attention", mask=mask)
    mask[:] = True
    assert part.sees == "sees 2 of 4"
    with pytest.raises(ValueError, match="read-only"):
        part.mask[:] = True


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_structure_is_drawn_quietly(data: Any) -> None:
    name = st.sampled_from(["norm", "attention", "feed-forward", "output", "W" * 30, ""])
    part = st.builds(
        Part, name, shape=st.sampled_from(["", "8 × 32"]), number=st.none() | st.floats(-1e6, 1e6),
        group=st.sampled_from(["", "layer 1", "layer 2"]),
    )  # fmt: skip
    row = part | st.lists(part, min_size=1, max_size=4)
    rows = st.lists(row, min_size=1, max_size=12)
    columns = data.draw(
        st.dictionaries(st.sampled_from(["encoder", "decoder"]), rows, min_size=1, max_size=2)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = Stage().show([Blocks(columns, "any", "RMS", selected=0)])
    assert frame.size[0] <= 860 and len(frame.hits) == len(Blocks(columns).places)
