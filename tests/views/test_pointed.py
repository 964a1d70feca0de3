"""While the pointer is on a token its lines come forward; nothing else changes, and then all is as before."""

from dataclasses import replace

import numpy as np
import pytest

from attnlab.views import Links
from attnlab.views.stage import Stage
from tests.views.samples import KINDS, SENTENCE, Viewer, composed, pixels, view, weights

SHARES = weights(np.random.default_rng(0), 2, 5, 5)
LINKS = Links(
    SHARES, SENTENCE[:5], SENTENCE[:5], "two heads", select="query", selected=1, heads=[True, False]
)


def alone(side: str, row: int) -> Links:
    """The same picture, if there were only the lines of that token, and no row chosen."""
    kept = np.zeros_like(SHARES)
    place = np.s_[:, row] if side == "query" else np.s_[:, :, row]
    kept[place] = SHARES[place]
    return replace(LINKS, weights=kept, selected=None)


@pytest.mark.parametrize("side", ["query", "key"])
@pytest.mark.parametrize("row", [0, 1, 4])
def test_only_the_lines_of_that_token_are_drawn(side: str, row: int) -> None:
    viewer, expected = Viewer(), Viewer()
    before = viewer.show(view("bars"), LINKS)
    viewer.stage.pointer = (1, side, row)
    pointed = viewer.show(view("bars"), LINKS)
    assert np.array_equal(composed(pointed), composed(expected.show(view("bars"), alone(side, row))))
    assert replace(pointed, overlay=before.overlay, place=before.place) == before, "no word, no place changes"
    viewer.stage.pointer = None
    assert viewer.show(view("bars"), LINKS) == before


def test_the_pointer_stays_where_it_is_while_a_control_moves() -> None:
    stage, expected = Stage(), Stage()
    stage.pointer = expected.pointer = (0, "key", 2)
    stage.show([LINKS])
    moved = replace(LINKS, weights=SHARES[:, ::-1], heads=[True, True])
    stage.show([moved]), expected.show([moved])
    assert np.array_equal(pixels(stage), pixels(expected))


@pytest.mark.parametrize("pointer", [(0, "query", 5), (0, "key", 99), (0, "query", -1), (7, "query", 0)])
def test_a_token_that_is_no_longer_there_changes_nothing(pointer: tuple[int, str, int]) -> None:
    stage, plain = Stage(), Stage()
    stage.pointer = pointer
    stage.show([LINKS]), plain.show([LINKS])
    assert np.array_equal(pixels(stage), pixels(plain))


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"links", "head_links"}))
def test_other_views_do_not_mind_the_pointer(kind: str) -> None:
    shown = view(kind)
    assert shown.pointed("query", 0) is shown
    assert not any("point" in hit for hit in Stage().show([shown]).hits)
