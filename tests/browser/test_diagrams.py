"""Block diagrams and pictures to scale in a browser: a slider moves them, a click chooses a part."""

import ast

import numpy as np
import pytest

from attnlab.views import Blocks
from tests.browser.conftest import Server
from tests.browser.lab import Lab, LivePanel
from tests.browser.test_lab import opened

CELL = """
from attnlab import Areas, Blocks, Choice, Slider, causal_mask, explore
masks = {"self": causal_mask(6), "cross": causal_mask(6), "source": causal_mask(6)}
places = Blocks.transformer("encoder-decoder", 2).places
@explore(width=Slider(8, 512, value=32), kind=["decoder", "encoder-decoder"], part=Choice(places[:5]))
def look(width, kind, part):
    shapes = dict.fromkeys(("embedding", "attention", "feed-forward", "norm"), (6, width))
    numbers = {"layer 1 attention": width / 7, "embedding": 1.0, "layer 2 feed-forward": width}
    made = {"shapes": shapes, "numbers": numbers, "masks": masks}
    chosen = Blocks.transformer(kind, 2).places.index(part) if kind == "encoder-decoder" else 0
    blocks = Blocks.transformer(kind, 2, kind, "RMS", select="part", selected=chosen, **made)
    layer = {"attention": 4 * width**2, "feed-forward": 8 * width**2, "norms": 4 * width}
    layers = {"embedding": 1000 * width, "layer 1": layer, "layer 2": layer}
    return blocks, Areas(layers, "to scale", limit=1e7, whole="all")
"""


@pytest.fixture
def look(lab: Lab, lab_server: Server) -> LivePanel:
    lab.page.set_viewport_size({"width": 1280, "height": 1300})  # both pictures at once
    return opened(lab, lab_server, CELL).panel("look")


def place(lab: Lab, name: str) -> tuple[float, float]:
    """The middle of what the pointer finds under that name, as fractions of the picture."""
    frame = lab.frame("look")
    x, y, width, height = next(hit["box"] for hit in frame["hits"] if hit["rows"] == [name])
    return (x + width / 2) / frame["size"][0], (y + height / 2) / frame["size"][1]


def value(look: LivePanel) -> str:
    """The chosen part: a list of options has spaces that do not break."""
    return " ".join(look.value("part").split())


def test_moving_pointing_and_choosing(lab: Lab, look: LivePanel) -> None:
    background = lab.frame("look")["background"]
    before = look.pixels()
    for key in ("ArrowRight", "End", "Home"):
        with look.new_frame():
            look.press("width", key)
        assert look.account() == ast.literal_eval(lab.value_of("look.digest.details"))
    assert (look.pixels() != before).any()
    look.hover(*place(lab, "layer 2 feed-forward"))
    assert look.tip().startswith("layer 2 feed-forward: 6 × 8, ")
    look.hover(*place(lab, "layer 1, attention"))
    assert look.tip().startswith("layer 1, attention: 256 parameters, ")
    with look.new_frame():
        look.choose("kind", "encoder-decoder")
    assert lab.frame("look")["background"] != background
    places = Blocks.transformer("encoder-decoder", 2).places
    with look.new_frame():
        look.click_picture(*place(lab, places[2]))
    assert value(look) == places[2] and f"{places[2]}: " in look.caption()
    with look.new_frame():
        look.press_picture("ArrowDown")
    assert value(look) == places[3]
    chosen = look.pixels()
    with look.new_frame():
        look.press_picture("ArrowUp")
    assert np.abs(chosen[..., :3].astype(int) - look.pixels()[..., :3]).max() > 100, "the outline moves"
    assert lab.errors == []
