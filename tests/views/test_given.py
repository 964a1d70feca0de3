"""What people pass to points, pictures, sounds, pieces, areas and blocks: taken, or refused in words."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attnlab.views import Areas, Blocks, Formula, Note, Part, Picture, Pieces, Points, Sound, View
from attnlab.views.stage import Stage
from tests.views.samples import KINDS, view

ARRAYS: dict[str, Callable[[Any], View]] = {
    "Points points": Points,
    "Points mark": lambda given: Points([[1, 2]], mark=given[0]),
    "Points weights": lambda given: Points([[1, 2], [2, 3]], mark=[1, 1], weights=given[0]),
    "Picture values": Picture,
    "Picture weights": lambda given: Picture(np.ones((2, 4)), side=2, weights=given[0]),
    "Sound signal": lambda given: Sound(given[0], 8),
    "Sound spectrum": lambda given: Sound(np.ones(4), 8, size=2, spectrum=given),
    "bands": lambda given: Sound(np.ones(2), 8, size=2, spectrum=[[1, 2]], bands=given[0]),
}


@pytest.mark.parametrize("field", ARRAYS)
def test_a_cell_that_a_masked_array_hides_is_masked_or_refused(field: str) -> None:
    hiding = np.ma.masked_array([[0.9, 0.1], [0.2, 0.8]], mask=[[1, 0], [0, 0]])
    if field == "Picture weights":
        assert "largest 0.10 at patch 1; 1 masked" in ARRAYS[field](hiding).describe()
        return
    with pytest.raises(ValueError, match=rf"{field} holds -inf at .*: look for a mask"):
        ARRAYS[field](hiding)


def test_a_mask_that_hides_cells_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mask of part 'a' .*pass mask.filled\(False\)"):
        Part("a", mask=np.ma.masked_array([[True]], mask=[[True]]))


@pytest.mark.parametrize("field", ARRAYS)
def test_a_tensor_that_numpy_cannot_read_is_refused_with_what_to_call(field: str) -> None:
    torch = pytest.importorskip("torch")
    for tensor in (torch.ones(2, 2, requires_grad=True), torch.ones(2, 2, dtype=torch.bfloat16)):
        with pytest.raises(ValueError, match=re.escape("pass tensor.detach().cpu().double()")):
            ARRAYS[field](tensor)


@pytest.mark.parametrize("given", ["ab", {}, max, [[1j]], [["a"], ["b"]], 3], ids=str)
@pytest.mark.parametrize("field", ["Points points", "Picture values"])
def test_what_is_no_array_is_refused_in_words(field: str, given: object) -> None:
    with pytest.raises(ValueError, match=f"{field} must be"):
        ARRAYS[field](given)


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: Points([[1, 2]], 3), r"labels must be a list of labels, got 3"),
    (lambda: Pieces(3), r"pieces must be a list of texts, got 3"),
    (lambda: Pieces(["a"], lines="2"), r"lines must be a whole number, got '2'"),
    (lambda: Pieces(["a"], marked=[0.5]), r"marked must be a whole number, got 0.5"),
    (lambda: Areas({"a": 1}, reference=3), r"reference must be a dict name -> number, got 3"),
    (lambda: Areas({"a": True}), r"'a' must be one number, got True"),
    (lambda: Blocks([Part("a")], selected=0.5), r"selected must be a whole number, got 0.5"),
    (lambda: Part("a", shape=0.5), r"shape of part 'a' must be a string or sizes"),
    (lambda: Part("a", number=[1, 2]), r"number of part 'a' must be a number or a string, got \[1, 2\]"),
    (lambda: Sound([1], 8, size="a"), r"size must be a whole number, got 'a'; pass a number of samples"),
    (lambda: Sound([1], None), r"rate must be a positive number of samples a second, got None"),
    (lambda: Picture([[1]], side="a"), r"side must divide the 1 by 1 pixels: one of 1; got 'a'"),
    (lambda: Formula(None, ""), r"Formula latex '' cannot be read: it is empty"),
    # more than there is room for
    (lambda: Points(np.ones((5000, 2))), r"room for 200 by 2: pass a part, points\[:200, :\], or a"),
    (lambda: Picture(np.ones((1500, 1500))), r"room for 400 by 400 pixels: .*values\[::4, ::4\]"),
    (lambda: Areas({str(i): 1 for i in range(5000)}), r"values has 5000 names, but there is room for 200"),
    (lambda: Blocks([Part("a")] * 5000), r"parts has 5000 rows, but there is room for"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_what_cannot_be_drawn_is_refused_in_words(make: Callable[[], Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@pytest.mark.parametrize(
    "shown", [Pieces(["ab"] * 5000, range(5000)), Sound(np.sin(np.arange(2e6)), 8000, size=400)]
)
def test_what_is_thinned_out_is_drawn_small(shown: View) -> None:
    frame = Stage().show([shown])
    assert len(frame.hits) <= 500 and len(frame.overlay) < 200_000


@pytest.mark.parametrize("kind", KINDS)
def test_no_title_is_an_empty_title(kind: str) -> None:
    untitled = view(kind, title="")
    assert replace(untitled, title=None).describe() == untitled.describe()
    assert Stage().show([replace(untitled, title=None)]).overlay == Stage().show([untitled]).overlay


HALF = "a\ud800b"


@pytest.mark.parametrize(
    "shown",
    [
        Points([[1, 2]], [HALF], HALF, mark=[1, 1], mark_label=HALF, axes=(HALF, HALF)),
        Pieces([HALF], [HALF], HALF),
        Areas({HALF: {HALF: 1}}, HALF, HALF, 5, HALF, {HALF: 2}),
        Blocks({HALF: [Part(HALF, None, HALF, HALF, note=HALF, group=HALF)]}, HALF, HALF),
        Sound([1, 2], 2, HALF),
        Picture([[1]], HALF),
        Note(HALF, HALF),
        Formula("a", HALF, HALF),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_half_a_character_is_drawn_and_said(shown: View) -> None:
    frame = Stage().show([shown])
    assert shown.describe().encode() and shown.caption().encode()
    assert all(text.encode() for hit in frame.hits for text in [*hit["rows"], hit["values"][0][0]] if text)


def test_one_frame_is_said_of_one() -> None:
    assert "; 1 frame of 2 samples" in Sound([0.5, -0.5], 2, size=2).describe()
    assert "; 2 frames of 2 samples" in Sound([0.5, -0.5, 1, 1], 2, size=2).describe()
