"""The pointer finds the cell that is drawn under it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from attnlab.views import Bars, DotProduct, Heads, Heatmap, Links, Points, View, fonts, palette
from tests.views.samples import KINDS, SENTENCE, Viewer, composed, slot_of, view, weights

TOKENS = SENTENCE[:5]


def found(hits: list[dict[str, Any]], x: float, y: float) -> tuple[dict[str, Any], int, int] | None:
    """What screen.js finds at a point of the picture: hit, row and column (-1: left of the cells)."""
    for hit in hits:
        left, top, width, height = hit["box"]
        if left - hit.get("margin", 0) <= x < left + width and top <= y < top + height:
            row = int((y - top) / height * len(hit["rows"]))
            return hit, row, int(np.floor((x - left) / width * len(hit["cols"])))
    return None


def seen(shown: View, **size: float) -> tuple[list[dict[str, Any]], np.ndarray, Any]:
    """The hits, the picture as the browser composes it, and the place of the view."""
    viewer = Viewer(**size)
    frame = viewer.show(Bars([1], ["above"], "pushes the view down"), shown)
    hits = [hit for hit in frame.hits if hit["rows"] != ["above"]]
    return hits, composed(frame), slot_of(viewer.stage, 1)


def assert_cells(
    hits: list[dict[str, Any]], picture: np.ndarray, colours: list[np.ndarray], ratio: int
) -> None:
    """Wherever a cell is, its colour is that of the row and the column the pointer finds there."""
    assert len({tuple(c) for each in colours for c in each.reshape(-1, 4)}) == sum(
        c[..., 0].size for c in colours
    )
    for hit, cells in zip(hits, colours, strict=True):
        left, top, width, height = hit["box"]
        rows, cols = cells.shape[:2]
        for r in range(rows):
            for c in range(cols):
                for u, v in ((0.5, 0.5), (0.1, 0.12), (0.9, 0.88), (0.1, 0.88)):
                    x, y = left + (c + u) * width / cols, top + (r + v) * height / rows
                    assert found(hits, x, y) == (hit, r, c)
                    if (u, v) != (0.5, 0.5):  # there the number stands
                        assert np.array_equal(picture[int(y * ratio), int(x * ratio)], cells[r, c, :3])


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("shape", [(5, 4), (3, 14)])
def test_the_pointer_finds_the_cells_of_a_heatmap(shape: tuple[int, int], ratio: int) -> None:
    values = np.linspace(0, 1, shape[0] * shape[1]).reshape(shape)[:, ::-1]
    heatmap = Heatmap(values, SENTENCE[: shape[0]], None, "map", select="query", signed=False)
    hits, picture, _ = seen(heatmap, ratio=ratio)
    assert_cells(hits, picture, [palette.cells(values, False, 1.0)], ratio)
    assert hits[0]["values"][1][2] == f"{values[1, 2]:.3f}"
    assert (hits[0]["select"], hits[0]["selected"], hits[0]["axes"]) == ("query", None, ("query", "key"))


def test_left_of_the_cells_the_pointer_finds_the_row() -> None:
    hits, _, slot = seen(Heatmap(weights(np.random.default_rng(0), 5, 5), TOKENS, TOKENS, select="query"))
    for row in range(5):
        x, y = slot.x - 12, slot.y + (row + 0.5) * slot.box.height / 5
        hit, where, col = found(hits, x, y)
        assert (where, col) == (row, -1) and hit["rows"][row] == TOKENS[row]
    assert found(hits, slot.x + 5, slot.y - 5) is None, "the column labels are no cells"
    assert found(hits, slot.x + slot.box.width + 20, slot.y + 5) is None, "the colour bar is no cell"


def test_masked_cells_are_found_too() -> None:
    hits, _, slot = seen(Heatmap([[1.0, -np.inf]], signed=True))
    hit, row, col = found(hits, slot.x + 0.75 * slot.box.width, slot.y + 3)
    assert hit["values"][row][col] == "-inf"


def test_cells_that_a_mask_hides_are_grey_and_told() -> None:
    values, mask = np.linspace(0, 0.9, 6).reshape(2, 3), np.tri(2, 3) == 1
    hits, picture, _ = seen(Heatmap(values, mask=mask))
    assert [[text.endswith(", masked") for text in row] for row in hits[0]["values"]] == (~mask).tolist()
    assert hits[0]["values"][0] == ["0.000", "0.180, masked", "0.360, masked"]
    colours = palette.cells(np.where(mask, values, -np.inf), False, 1.0)
    left, top, width, height = hits[0]["box"]
    for r, c in np.ndindex(2, 3):
        x, y = left + (c + 0.1) * width / 3, top + (r + 0.12) * height / 2
        assert np.array_equal(picture[int(y), int(x)], colours[r, c, :3])


def test_a_head_that_is_off_is_grey_but_can_be_read() -> None:
    values = np.array([[[0.0, 1.0], [0.5, 0.25]]] * 2)
    hits, picture, _ = seen(
        Heads(values, heads=[True, False], names=["a", "b"], mask=[[True, True], [True, False]])
    )
    assert [hit["name"] for hit in hits] == ["a", "b (off)"]
    assert hits[1]["values"] == [["0.000", "1.000"], ["0.500", "0.250, masked"]]
    left, top, side, _ = hits[1]["box"]
    cells = [picture[int(top + r * side / 2 + 9), int(left + c * side / 2 + 9)] for r, c in np.ndindex(2, 2)]
    assert [cell.tolist() for cell in cells] == [[v] * 3 for v in (245, 135, 190, palette.LIGHT.masked[0])]


def test_the_pointer_finds_the_cells_of_every_head() -> None:
    values = np.linspace(0.01, 1, 5 * 3 * 4).reshape(5, 3, 4)
    hits, picture, _ = seen(Heads(values, SENTENCE[:3], SENTENCE[:4], "heads", select="query"))
    assert [hit["name"] for hit in hits] == [f"head {i}" for i in range(1, 6)]
    assert_cells(hits, picture, [palette.cells(each, False, 1.0) for each in values], 1)


@pytest.mark.parametrize("selected", [None, 2])
def test_the_pointer_finds_the_rows_of_a_dot_product(selected: int | None) -> None:
    keys = np.array([[1.0, 2], [-1, 1], [0.5, 0], [2, -2.5]])
    dot = DotProduct([1, 2], keys, SENTENCE[:4], "dot", query="it", select="key", selected=selected)
    hits, picture, slot = seen(dot)
    colours = palette.cells(dot.products, True, dot.limit)
    left, top, _, height = hits[0]["box"]
    for row in range(4):
        y = top + (row + 0.25) * height / 4
        for x in (left + 2, slot.x - 9, slot.x + 5, slot.x + slot.box.width - 5):
            assert found(hits, x, y) == (hits[0], row, 0)
        for col in range(2):
            x = slot.x + (col + 0.1) * 52
            assert np.array_equal(picture[int(y), int(x)], colours[row, col, :3])
    assert found(hits, slot.x + 5, top - 3) is None, "q stands above the keys"
    assert hits[0]["values"][3][0] == "2.00 + -5.00 = -3.00; score -3.00, weight 0.000"


def test_the_pointer_finds_every_number_of_the_whole_path() -> None:
    keys, values = np.array([[1.0, 2], [-1, 1], [0.5, 0]]), np.array([[1.0, 0.5, 0], [2, -1, 3], [0, 1, 9]])
    style = {"query": "it", "select": "key", "selected": 1, "columns": ["x", "y"]}
    dot = DotProduct([1, 2], keys, SENTENCE[:3], scale=0.5, mask=[True, True, False], values=values, **style)
    hits, picture, slot = seen(dot)
    shares = [1 - 1 / (1 + np.exp(2)), 1 / (1 + np.exp(2)), 0]
    for hit, cells in zip(hits, whole_path(keys, values, shares), strict=True):
        left, top, width, height = hit["box"]
        for (r, c), colour in np.ndenumerate(cells[..., 0]):
            x, y = left + (c + 0.1) * width / cells.shape[1], top + (r + 0.12) * height / len(cells)
            assert found(hits, x, y) == (hit, r, c)
            assert colour == picture[int(y), int(x), 0], (hit["values"], r, c)
    said = {hit.get("name", hit["rows"][0]): hit["values"] for hit in hits}
    assert said["q × k"][1] == ["1.00 × -1.00 = -1.00", "2.00 × 1.00 = 2.00"]
    assert said["sum"][0] == ["1.00 + 4.00 = 5.00"] and said["× 0.500"][0] == ["5.00 × 0.500 = 2.50"]
    assert said["mask"] == [["2.50, may attend"], ["0.50, may attend"], ["0.25 becomes -inf: masked"]]
    assert said["softmax"][0] == ["exp(2.50) = 12.18, divided by the sum 13.83: 0.881"]
    assert said["softmax"][2] == ["exp(-inf) = 0.000, divided by the sum 13.83: 0.000"]
    assert said["weight × v"][1] == ["0.119 × 2.00 = 0.238", "0.119 × -1.00 = -0.119", "0.119 × 3.00 = 0.358"]
    assert said["output"] == [[ "0.881 + 0.238 + 0.000 = 1.119", "0.440 + -0.119 + 0.000 = 0.321",
                                "0.000 + 0.358 + 0.000 = 0.358"]]  # fmt: skip
    y = hits[1]["box"][1] + 40
    for x in (slot.x - 30, slot.x + 110, slot.x + 175):  # the token, and between the blocks
        hit, row, col = found(hits, x, y)
        assert (hit["select"], hit["rows"][row], col) == ("key", "cat", -1)


def whole_path(keys: np.ndarray, values: np.ndarray, shares: list[float]) -> list[np.ndarray]:
    """The colours of each block for q = [1, 2], scale 0.5, the last key masked and the second one opened."""
    products, weights = keys * [1, 2], np.array(shares)[:, None]
    sums = products.sum(axis=1, keepdims=True)
    hidden = np.array([[False], [False], [True]])
    above, mixed = np.array([[1.0, 2], [-1, 1]]), weights * values
    signed = [above, products, sums, sums / 2, np.where(hidden, -np.inf, sums / 2)]
    softmax = palette.cells(np.where(hidden, -np.inf, weights), False, 1.0)
    ends = [values[1:2], np.where(hidden, -np.inf, mixed), mixed.sum(axis=0, keepdims=True)]
    return [
        *(palette.cells(b, True, 5.0) for b in signed),
        softmax,
        *(palette.cells(b, True, 10.0) for b in ends),
    ]


def test_the_pointer_says_how_a_softmax_of_huge_scores_came_about() -> None:
    dot = DotProduct([1.0], [[900.0], [899]], mask=[True, True])
    shares = next(hit for hit in dot.hits(dot.box(fonts.measure)) if hit.get("name") == "softmax")
    assert shares["values"][0] == ["exp(900.00) / the sum of all exp = 0.731"]


def test_the_pointer_finds_the_bar_that_is_drawn() -> None:
    bars = Bars([0.5, 1, 0.25, 0.75], SENTENCE[:4], "bars", unit=" kg")
    hits, picture, slot = seen(bars)
    blue = np.abs(picture - np.multiply(to_rgb(palette.LIGHT.lines[0]), 255)).max(axis=2) < 3
    rows = np.flatnonzero(blue[:, int(slot.x) + 3])
    assert len(rows) > 40
    assert [found(hits, slot.x + 3, y)[1] for y in rows] == sorted(
        found(hits, slot.x + 3, y)[1] for y in rows
    )
    lengths = [0.0] * 4
    for y in rows:
        hit, row, col = found(hits, slot.x + 3, y)
        lengths[row], _ = blue[y, int(slot.x) :].sum(), col
        assert hit["values"][row] == [bars.texts[row] + " kg"]
    assert np.argsort(lengths).tolist() == [2, 0, 3, 1], "the longest bar belongs to the largest value"


@pytest.mark.parametrize("floor", [None, 0.001])
def test_on_a_log_scale_dots_stand_at_their_values_and_none_below_it(floor: float | None) -> None:
    values = [0.5, 0.01, 1, 0.0 if floor else 0.02]
    bars = Bars(values, SENTENCE[:4], "dots", log=True, floor=floor)
    hits, picture, slot = seen(bars)
    blue = np.abs(picture - np.multiply(to_rgb(palette.LIGHT.lines[0]), 255)).max(axis=2) < 3
    blue[:, : int(slot.x) - 10] = False  # another view
    rows, columns = np.nonzero(blue)
    lines = np.array([found(hits, slot.x + 3, y)[1] for y in rows])
    low, high = np.log10(bars.ends)
    for i, value in enumerate(values):
        ink = columns[lines == i]
        if value == 0:
            assert len(ink) == 0, "a bar of no length is no dot"
            continue
        assert np.ptp(ink) < 12, "a dot, no bar"
        at = slot.x + (np.log10(value) - low) / (high - low) * slot.box.width
        assert ink.mean() == pytest.approx(at, abs=1)
    texts = [text for _, text in bars._ticks]
    assert texts == (["10⁻³", "10⁻²", "10⁻¹", "10⁰"] if floor else ["10⁻²", "10⁻¹", "10⁰"])


def test_the_pointer_finds_the_query_of_links() -> None:
    hits, picture, slot = seen(Links(weights(np.random.default_rng(0), 4, 6), SENTENCE[:4], select="query"))
    dark = picture.sum(axis=2) < 300
    for row in range(4):
        left = int(slot.x - slot.box.left)
        band = dark[int(slot.y + row * 30) : int(slot.y + (row + 1) * 30), left : int(slot.x) - 4]
        middle = np.argwhere(band).mean(axis=0)
        assert abs(middle[0] - 15) < 3, "the label stands in the middle of its row"
        assert found(hits, left + middle[1], slot.y + row * 30 + middle[0]) == (hits[0], row, 0)
    assert found(hits, slot.x - 20, slot.y + 4.5 * 30) is None, "below the queries there are only keys"


def test_the_pointer_finds_both_sides_of_links_and_tells_their_partners() -> None:
    shares = [[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.25, 0.25, 0.5], [0, 1, 0]]]
    links = Links(shares, ["x", "y"], ["a", "b", "c"], names=["one", "two"])
    hits, _, slot = seen(links)
    hit, row, col = found(hits, slot.x - 10, slot.y + 45)
    assert (hit["point"], row, col) == ((1, "query"), 1, 0), "the second view of the picture"
    assert hit["values"][1] == ["\none: b 0.80, a 0.10, c 0.10\ntwo: b 1.00, a 0.00, c 0.00"]
    hit, row, col = found(hits, slot.x + 200, slot.y + 75)
    assert (hit["point"], hit["axes"], row, col) == ((1, "key"), ("key", ""), 2, 0)
    assert hit["values"][2] == ["\none: x 0.10, y 0.10\ntwo: x 0.50, y 0.00"]
    assert found(hits, slot.x + 95, slot.y + 45) is None, "the lines themselves are nobody's"
    one, none = (replace(links, heads=on).hits(slot.box) for on in ([False, True], [False, False]))
    assert one[1]["values"][2] == ["\ntwo: x 0.50, y 0.00"] and none[0]["values"][0] == ["no head is shown"]


def test_the_pointer_finds_points() -> None:
    points = np.array([[-0.9, 0.9], [0.5, -0.5], [0, 0.2]])
    hits, picture, _ = seen(Points(points, ["a", "b", "c"], "points", limit=1))
    blue = np.abs(picture - np.multiply(to_rgb(palette.LIGHT.lines[0]), 255)).max(axis=2) < 3
    for hit, (x, y) in zip(hits, [tuple(hit["box"][:2]) for hit in hits], strict=True):
        area = blue[int(y) : int(y) + 20, int(x) : int(x) + 20]
        assert area.sum() > 20
        assert np.argwhere(area).mean(axis=0) == pytest.approx([10, 10], abs=1.6)
        assert found(hits, x + 10, y + 10) == (hit, 0, 0)
    assert hits[0]["values"] == [["(-0.90, 0.90)"]]


@pytest.mark.parametrize("kind", KINDS)
def test_hits_can_be_sent_and_lie_in_the_picture(kind: str) -> None:
    viewer = Viewer()
    frame = viewer.show(view(kind, selected=1), view(kind, 1))
    for hit in json.loads(json.dumps(frame.hits)):
        left, top, width, height = hit["box"]
        assert left - hit.get("margin", 0) >= 0 and top >= 0 and width > 0 and height > 0
        assert left + width <= frame.pixels[0] and top + height <= frame.pixels[1]
        assert len(hit["values"]) == len(hit["rows"])
        assert all(len(row) == len(hit["cols"]) for row in hit["values"])
