"""Parameters by formula against the real model, piece by piece and layer by layer."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnlab import scale
from attnlab.models import Config

from .cases import ALL_LATER, KINDS, VARIANTS, config, configs, numel, on_meta


def piece_of(name: str) -> str:
    """Which piece a parameter of the real model belongs to."""
    if name == "embedding.weight":
        return "token embedding"
    if name == "positions.weight":
        return "position embedding"
    if name.startswith("output."):
        return "output"
    norms = "norm", "before", "after", "encoder_norm", "embedding_norm"
    if any(part.startswith(norms) for part in name.split(".")):
        return "norms"
    part = name.split(".")[2]
    return {"attention": "attention", "cross": "cross-attention", "feed_forward": "feed-forward"}[part]


def place_of(name: str) -> str:
    """Where it is, by the names of `by_layer`."""
    first, second, *_ = name.split(".")
    if first in ("embedding", "positions", "embedding_norm"):
        return "embeddings"
    if first in ("encoder", "layers"):
        return f"{'encoder ' if first == 'encoder' else ''}layer {int(second) + 1}"
    return {"encoder_norm": "encoder norm", "norm": "output", "output": "output"}[first]


@settings(max_examples=150)
@given(configs())
def test_every_piece_is_that_of_the_real_model(drawn):
    model, real = on_meta(drawn), Counter()
    for name, parameter in model.named_parameters():
        real[piece_of(name)] += parameter.numel()
    assert scale.parameters(drawn) == dict(real)
    assert scale.count(drawn) == numel(model)


@settings(max_examples=60)
@given(configs())
def test_every_layer_is_that_of_the_real_model(drawn):
    real: dict[str, Counter] = {}
    for name, parameter in on_meta(drawn).named_parameters():
        real.setdefault(place_of(name), Counter())[piece_of(name)] += parameter.numel()
    assert dict(scale.by_layer(drawn)) == {name: dict(pieces) for name, pieces in real.items()}


@settings(max_examples=60)
@given(configs())
def test_the_layers_together_are_the_pieces(drawn):
    together = Counter()
    for _, pieces in scale.by_layer(drawn):
        together.update(pieces)
    assert dict(together) == scale.parameters(drawn)


def test_layers_stand_from_the_bottom_to_the_top():
    names = [name for name, _ in scale.by_layer(config("encoder-decoder", n_layers=2))]
    encoder = ["encoder layer 1", "encoder layer 2", "encoder norm"]
    assert names == ["embeddings", *encoder, "layer 1", "layer 2", "output"]
    tied = config(tied=True, norm="post", n_layers=1)
    assert [name for name, _ in scale.by_layer(tied)] == ["embeddings", "layer 1"]


def test_pieces_stand_in_order():
    assert list(scale.parameters(config("encoder-decoder"))) == [
        "token embedding", "position embedding", "attention", "cross-attention", "feed-forward", "norms",
        "output",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_only_pieces_that_are_there_are_named(kind, variant):
    assert all(scale.parameters(config(kind, **VARIANTS[variant])).values())


def test_one_number_worked_out_by_hand():
    """Two layers of 4 (32² + 32), 2 · 32 · 128 + 128 + 32 and 2 · 64; once 10 · 32, 7 · 32, 64, 33 · 10."""
    found = scale.parameters(Config(10, 7, d_model=32, n_heads=4, n_layers=2))
    assert found == {
        "token embedding": 320, "position embedding": 224, "attention": 8448, "feed-forward": 16704,
        "norms": 320, "output": 330,
    }  # fmt: skip


def test_numbers_of_numpy_do_not_overflow():
    given = config(
        vocabulary=np.int64(10**9), d_model=np.int64(24), n_layers=np.int32(10**4), d_ff=np.int32(10**6)
    )
    assert scale.count(given) == scale.count(config(vocabulary=10**9, n_layers=10**4, d_ff=10**6)) > 2**32
    assert all(type(number) is int for number in scale.parameters(given).values())


@pytest.mark.parametrize("function", [scale.parameters, scale.count, scale.by_layer])
@pytest.mark.parametrize("given", [None, {"vocabulary": 5}, "GPT-2", 7])
def test_no_config_is_an_error_that_says_what_to_write(function, given):
    with pytest.raises(
        TypeError, match=rf"config must be a Config, got {type(given).__name__}; write Config\("
    ):
        function(given)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("vocabulary", {"vocabulary": 10**14}),
        ("length", {"length": 10**14}),
        ("d_model", {"d_model": 24 * 10**6}),
        ("d_model", {"d_model": 24 * 10**6, "d_ff": None}),
        ("n_layers", {"n_layers": 10**12}),
        ("d_ff", {"d_ff": 10**13}),
        ("outputs", {"outputs": 10**14}),
        ("vocabulary", {"vocabulary": 10**400}),
        ("d_ff", {"d_ff": 10**5000}),
    ],
)
@pytest.mark.parametrize("function", [scale.parameters, scale.by_layer])
def test_a_count_beyond_the_most_names_the_field_that_is_too_large(function, field, given):
    with pytest.raises(ValueError, match=rf"^{field}=.* is too large: .* 10\^15 .*; make {field} smaller"):
        function(config(**given))


def test_the_most_itself_is_counted():
    """10^15 exactly: rows of 1 with nothing else but a layer and the output."""
    rest = scale.count(Config(1, 1, d_model=1, d_ff=0, norm="none", positions="none", outputs=1)) - 1
    most = Config(10**15 - rest, 1, d_model=1, d_ff=0, norm="none", positions="none", outputs=1)
    assert scale.count(most) == 10**15
    with pytest.raises(ValueError, match="vocabulary=about 10"):
        scale.count(Config(10**15 - rest + 1, 1, d_model=1, d_ff=0, norm="none", positions="none", outputs=1))


LARGEST = {
    "vocabulary": 10**6, "length": 10**7, "d_model": 10**5, "n_layers": 10**3, "d_ff": 10**6,
    "outputs": 10**6,
}  # fmt: skip


@given(st.fixed_dictionaries({name: st.integers(0, 12) for name in LARGEST}), st.sampled_from(KINDS))
def test_a_field_that_is_blamed_is_larger_than_in_any_model(powers, kind):
    given = {name: 10**power for name, power in powers.items()}
    drawn = Config(kind=kind, activation="swiglu", **given)
    try:
        scale.count(drawn)
    except ValueError as error:
        field = str(error).split("=")[0]
        assert given[field] > LARGEST[field]


def test_of_two_large_fields_the_one_farther_out_is_named():
    with pytest.raises(
        ValueError, match=r"^n_layers=10,000,000,000 is .* make n_layers smaller: 1,000 is beyond"
    ):
        scale.count(config(n_layers=10**10, vocabulary=5 * 10**7, d_model=240))
    with pytest.raises(
        ValueError, match=r"^vocabulary=about 10\^13 is .* about 10\^16 .*: 1,000,000 is beyond"
    ):
        scale.count(config(n_layers=2 * 10**3, vocabulary=10**13, d_model=240))


def test_fields_at_their_largest_are_counted():
    assert scale.count(Config(kind="encoder-decoder", activation="swiglu", **LARGEST)) < 10**15


def test_too_many_layers_are_not_listed_one_by_one():
    with pytest.raises(ValueError, match=r"n_layers must be at most 10,000 to be listed .* got 10,001; .*"):
        scale.by_layer(config(n_layers=10_001, d_model=4))
    assert len(scale.by_layer(config(n_layers=10_000, d_model=4))) == 10_002


def test_a_stranger_cannot_change_the_next_answer():
    given = config("encoder-decoder", **ALL_LATER)
    first = scale.by_layer(given)
    for _, pieces in first:
        pieces.clear()
    assert sum(sum(pieces.values()) for _, pieces in scale.by_layer(given)) == scale.count(given)
