"""What a person would say of a picture: short, on one line, and another for another picture."""

from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from attnlab import (
    Areas,
    Bars,
    Blocks,
    Curves,
    DotProduct,
    Formula,
    Heads,
    Heatmap,
    Links,
    Note,
    Picture,
    Pieces,
    Points,
    Sound,
)
from attnlab.views import phrases
from tests.views import samples

NAMES = ["The", "cat", "slept"]
SHARES = np.array([[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.1, 0.6, 0.3]])
SCORES = np.array([[1.0, -0.5, 0.25], [0.0, 2.0, 0.5], [1.5, -1.25, 0.5]])
SIGHT = np.tri(3, dtype=bool)
HIDDEN = np.where(SIGHT, SCORES, -np.inf)
THREE = np.array([SHARES, SHARES.T[::-1], np.full((3, 3), 1 / 3)])
MAP: dict[str, Any] = {"rows": NAMES, "cols": NAMES}
ALIGNED, FRENCH = np.array([[0.9, 0.1], [0.2, 0.8]]), ["le", "chat"]
CURVES = {"train": [3.0, 1.0, 0.5], "validation": [3.0, 1.5, 2.0]}

SAID = [
    (Heatmap(SHARES, **MAP), "strongest off the diagonal: slept → cat 0.60; rows spread over 1.8 of 3"),
    (Heatmap(SHARES, **MAP, selected=2), "slept → cat 0.60, slept 0.30"),
    (Heatmap(SHARES, **MAP, mask=SIGHT),
     "strongest off the diagonal: slept → cat 0.60; rows spread over 1.8 of 3; 3 cells masked"),
    (Heatmap(np.full((3, 3), 1 / 3), **MAP, selected=0), "The → all 3 equal, 0.33 each"),
    (Heatmap(SCORES, **MAP),
     "off the diagonal largest slept → The 1.50, smallest slept → cat −1.25; mean 0.08"),
    (Heatmap(HIDDEN, **MAP),
     "off the diagonal largest slept → The 1.50, smallest slept → cat −1.25; mean 0.08; 3 cells masked"),
    (Heatmap(SCORES[::-1], NAMES[::-1], NAMES),
     "largest cat → cat 2.00, smallest slept → cat −1.25; mean 0.44"),
    (Heatmap(ALIGNED, FRENCH, NAMES[:2]), "strongest le → The 0.90; rows spread over 1.5 of 2"),
    (Heads(ALIGNED[None], FRENCH, NAMES[:2]), "head 1: le → The 0.90"),
    (Links(ALIGNED, FRENCH, NAMES[:2]), "le → The 0.90"),
    (Heatmap(HIDDEN, **MAP, selected=1), "cat → cat 2.00, The 0.00, 1 masked"),
    (Heatmap(np.full((2, 2), -np.inf)), "every cell is masked"),
    (Heatmap(np.full((2, 2), -np.inf), selected=1), "1 → all masked"),
    (Heatmap(np.full((2, 2), 0.5), limit=1.0),
     "strongest 0 → 1 0.50; rows spread over 2.0 of 2"),
    (Heatmap([[3.0]]), "every cell 3.00"),
    (Heatmap(np.eye(3), **MAP), "strongest The → The 1.00; rows spread over 1.0 of 3"),
    (Heads(THREE, NAMES, NAMES),
     "head 1: slept → cat 0.60; head 2: slept → The 1.00; head 3: The → cat 0.33"),
    (Heads(THREE, NAMES, NAMES, selected=1, heads=(True, False, True)),
     "cat → head 1: cat 0.70, The 0.30; head 3: all 3 equal, 0.33 each; head 2 off"),
    (Heads(THREE, heads=(False,) * 3), "every head is off"),
    (Heads(np.tile(THREE, (2, 1, 1)), NAMES, NAMES, selected=2),
     "slept → sharpest head 2 (The 1.00), widest head 3 (all 3 equal, 0.33 each)"),
    (Links(SHARES, NAMES, NAMES, selected=2), "slept → cat 0.60, slept 0.30"),
    (Links(SHARES, NAMES, NAMES), "slept → cat 0.60"),
    (Links(THREE, NAMES, NAMES, selected=2, heads=(True, False, True)),
     "slept → head 1: cat 0.60, slept 0.30; head 3: all 3 equal, 0.33 each; without head 2"),
    (Bars([0.5, 0.25], ["a", "b"]), "a 0.500, b 0.250"),
    (Bars([0.5, 0.25, 0.1, 0.05, 0.1], list("abcde"), guide=0.1),
     "largest a 0.500, then b 0.250; smallest d 0.050; 2 of 5 above 0.100"),
    (Bars(np.full(5, 0.2)), "all 5 equal, 0.200"),
    (Curves(CURVES), "train falls from 3.00 to 0.500; validation falls from 3.00 to 2.00, lowest 1.50 at 1"),
    (Curves(CURVES, at=1, xlabel="step"), "step 1: train 1.00, validation 1.50; at the end 0.500, 2.00"),
    (Curves(CURVES, at=2, xlabel="step"), "step 2: train 0.500, validation 2.00"),
    (Curves({"a": [2, 1]}, x=[1024, 2**20], at=2**20, xlabel="context"), "context 1048576: a 1.00"),
    (Curves({str(n): [0, n] for n in range(5)}), "at the end lowest 0 0.000, highest 4 4.00"),
    (Curves({"flat": [2, 2]}), "flat stays at 2.00"),
    (Curves({"hill": [1, 5, 1]}), "hill starts and ends at 1.00, highest 5.00 at 1"),
    (Heatmap([[-1e9, 0.5]]), "largest 0 → 1 0.50, smallest 0 → 0 −1.0e9; mean −5.0e8"),
    (Curves({str(n): [1, 10.0**n] for n in (-3, 0, 1, 2, 9)}, log=True),
     "at the end lowest -3 1.0e−3, highest 9 1.0e9"),
    (Curves({"a": [1e9, 1.0, 2.0]}, log=True), "a falls from 1.0e9 to 2.00, lowest 1.00 at 1"),
    (Bars([1e-9, 1, 1e3, 1e-5, 10], list("abcde"), log=True),
     "largest c 1.0e3, then e 10.00; smallest a 1.0e−9"),
    (Points([[0, 1], [1, -0.5]], ["a", "b"], arrows=True), "a (0.00, 1.00), b (1.00, −0.50)"),
    (Points([[0, 0], [1, 0], [1, 1], [4, 0]], list("abcd")),
     "closest a and b (1.00 apart); farthest a and d (4.00)"),
    (Points([[0, 0], [1, 0]], ["a", "b"], mark=[0.75, 0], mark_label="mix", weights=[0.25, 0.75]),
     "mix (0.75, 0.00), nearest to b; b 0.75, a 0.25"),
    (Pieces(["the", " cat", "the"], ids=[4, 7, 4], selected=1, marked=["the"]),
     "piece 1: ·cat (7); 3 pieces, 2 different; marked the (twice); the | ·cat | the"),
    (Picture(np.eye(4), side=2, weights=[0.1, 0.2, 0.3, 0.4], selected=0),
     "patch 0 → patch 3 0.40, patch 2 0.30; mean brightness 0.250"),
    (Picture(np.zeros((2, 2))), "mean brightness 0.000; all black"),
    (Sound([0.0, -0.5, 0.25, 0.0], 4), "1.00 s; largest −0.500 at 0.250 s"),
    (Blocks.transformer("decoder", 2),
     "decoder: 2 layers of embedding, norm, attention, feed-forward, output"),
    (Areas({"a": 3e6, "b": 1e6}, limit=8e6), "4.00 M parameters, 50.0 % of 8.00 M; a 75.0 %, b 25.0 %"),
    (Areas({"a": 3e9}, unit="bytes", reference={"phone": 1e9, "laptop": 8e9}),
     "3.00 GB, 37.5 % of 8.00 GB; more than phone"),
    (Formula(r"\frac{1}{2}", "a half"), "a half"),
    (Note("two\nlines", "title"), "two lines"),
    (Note("GPT-2 at -0.5 and 1e-6, from -3-2"), "GPT-2 at −0.5 and 1e-6, from −3-2"),
    (DotProduct([1.0, 2.0], [[1.0, 0.0], [0.0, -1.0]], ["a", "b"], query="it"), "it → a 0.95, b 0.05"),
    (DotProduct([1.0, 2.0], [[1.0, 0.0], [0.0, -1.0]], ["a", "b"], query="it", selected=1),
     "it · b: score −2.00, weight 0.05; most on a 0.95, b 0.05"),
    (DotProduct([1.0], [[1.0], [2.0]], ["a", "b"], mask=[True, False], values=[[0.5], [1]], selected=1),
     "q · b: score 2.00, masked; most on a 1.00; output 0.50"),
]  # fmt: skip


@pytest.mark.parametrize(("view", "said"), SAID, ids=lambda part: type(part).__name__)
def test_it_says_what_a_person_would(view: Any, said: str) -> None:
    assert view.caption() == said


LABELS = (
    None,
    ["a long label, longer than there is room for " * 3] * 6,
    ["猫" * 30] * 6,
    ["two\nlines"] * 6,
    [""] * 6,
)


@pytest.mark.parametrize("kind", samples.KINDS)
@pytest.mark.parametrize("labels", LABELS, ids=["usual", "long", "wide", "lines", "empty"])
def test_it_is_one_line_without_the_title(kind: str, labels: list[str] | None) -> None:
    made = [f"{label[:-1]}{i}" for i, label in enumerate(labels)] if labels else None
    for selected in (None, 1):
        said = samples.view(kind, 3, 6, title="an odd title", labels=made, selected=selected).caption()
        assert said and said == " ".join(said.split()) and "an odd title" not in said
        assert phrases.width(said) <= phrases.LINE or kind == "note"


@pytest.mark.parametrize("kind", samples.KINDS)
def test_noise_changes_nothing(kind: str) -> None:
    for seed in range(5):
        view = samples.view(kind, seed, 6)
        for name in ("values", "weights", "points", "keys", "signal"):
            given = getattr(view, name, None) if name in {field.name for field in fields(view)} else None
            if given is not None and not isinstance(given, dict):
                noisy = replace(view, **{name: np.asarray(given) * (1 + 1e-13)})
                assert noisy.caption() == view.caption()


# Kinds whose pictures can differ where the caption says the same: how many of 190 pairs, and why.
ALIKE = {
    "masked": (28, "where a row is chosen, the caption speaks of that row, and it may see itself alone"),
    "structure": (190, "what differs are numbers and masks of single parts; the caption names the parts"),
}


@pytest.mark.parametrize("kind", samples.KINDS)
@pytest.mark.parametrize("selected", [None, 1])
def test_what_a_person_would_tell_apart_is_said_apart(kind: str, selected: int | None) -> None:
    views = [samples.view(kind, seed, 6, selected=selected) for seed in range(20)]
    pairs = [pair for pair in combinations(views, 2) if pair[0].describe() != pair[1].describe()]
    alike = sum(one.caption() == other.caption() for one, other in pairs)
    assert len(pairs) > 150 and alike <= ALIKE.get(kind, (3, ""))[0]
