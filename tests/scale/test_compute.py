"""FLOPs by formula against torch's counter on the real model: equal, not near."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from attnlab import scale
from attnlab.models import Cache, Config, Transformer

from .cases import ALL_LATER, KINDS, VARIANTS, config, configs, inputs, on_meta


def counted(model: torch.nn.Module, given: list[torch.Tensor], backward: bool = False) -> int:
    """By torch."""
    with FlopCounterMode(display=False) as counter:
        found = model(*given)
        if backward:
            found.sum().backward()
    return counter.get_total_flops()


@pytest.mark.slow
@settings(max_examples=50)
@given(configs(), st.integers(1, 3), st.data())
def test_a_forward_pass_is_what_torch_counts(drawn, batch, data):
    tokens, source = (data.draw(st.integers(1, drawn.length)) for _ in range(2))
    real = counted(on_meta(drawn), inputs(drawn, batch, tokens, source, "meta"))
    both = {"source": source} if drawn.kind == "encoder-decoder" else {}
    assert sum(scale.flops(drawn, tokens, batch, **both).values()) == real


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_forward_and_backward_are_three_times_a_forward_pass(kind, variant):
    drawn = config(kind, **VARIANTS[variant])
    real = counted(Transformer(drawn), inputs(drawn, 2, 17, 17), backward=True)
    assert 3 * sum(scale.flops(drawn, 17, 2).values()) == real
    assert scale.training_flops(drawn, 2 * 17).real == real


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("later", [{}, ALL_LATER], ids=["plain", "later"])
@pytest.mark.parametrize("new", [1, 4])
def test_a_cache_saves_what_torch_does_not_count(kind, later, new):
    drawn = config(kind, **later)
    model, cache = Transformer(drawn), Cache()
    tokens, *source = inputs(drawn, 2, 13, 9)
    model(tokens[:, :-new], *source, cache=cache)
    with FlopCounterMode(display=False) as counter:
        model(tokens[:, -new:], *source, cache=cache)
    both = {"source": 9} if source else {}
    found = scale.flops(drawn, new, 2, cached=13 - new, **both)
    assert sum(found.values()) == counter.get_total_flops()


def test_pieces_worked_out_by_hand():
    """2 FLOPs for every weight and token; 2 · 2 · 5² · 24 a layer for the map."""
    found = scale.flops(config(), 5)
    assert found == {
        "attention": 2 * 5 * 3 * 4 * 24 * 24,
        "attention map": 3 * 2 * 2 * 5 * 5 * 24,
        "feed-forward": 2 * 5 * 3 * 2 * 24 * 40,
        "output": 2 * 5 * 24 * 53,
    }


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_every_piece_with_weights_costs_two_for_each_weight_and_token(kind):
    """With grouped heads and gates too; biases and norms are no products."""
    drawn = config(kind, **ALL_LATER)
    weights = scale.parameters(drawn)
    for name in ("attention", "feed-forward", "output"):
        assert scale.flops(drawn, 7, 2)[name] == 2 * weights[name] * 7 * 2


def test_source_and_target_of_an_encoder_decoder_are_told_apart():
    drawn = config("encoder-decoder")
    longer, wider = scale.flops(drawn, 9, source=4), scale.flops(drawn, 4, source=9)
    assert longer["output"] == 9 / 4 * wider["output"]
    assert longer["cross-attention map"] == wider["cross-attention map"] == 3 * 4 * 9 * 4 * 24
    assert scale.flops(drawn, 6) == scale.flops(drawn, 6, source=6)


def test_the_rule_is_six_for_each_parameter_and_token():
    drawn = config()
    found = scale.training_flops(drawn, 1000, sequence=10)
    assert found.rule == 6 * scale.count(drawn) * 1000
    embedded = 53 * 24 + 17 * 24
    assert found.without_embeddings == 6 * (scale.count(drawn) - embedded) * 1000
    assert found.ratio == found.real / found.rule
    with pytest.raises(FrozenInstanceError):
        found.real = 0


def test_where_the_rule_is_near_and_where_it_is_wrong():
    gpt = scale.FAMOUS["GPT-3 175B"].config
    assert 1.0 < scale.training_flops(gpt, 3 * 10**11).ratio < 1.06
    llama = scale.FAMOUS["Llama 3.1 8B"].config
    assert scale.training_flops(llama, 10**9, sequence=131_072).ratio > 5  # the map
    assert scale.training_flops(llama, 10**9, sequence=2048).ratio < 1.1
    rows = config(vocabulary=50_000)
    assert scale.training_flops(rows, 1000).ratio < 0.55  # rows are looked up
    assert scale.training_flops(config("encoder-decoder"), 1000).ratio > 0.7


def test_the_rule_is_how_the_paper_on_gpt_3_counts():
    """Brown et al. (2020), Table D.1: 3.14e23 FLOPs."""
    gpt = scale.FAMOUS["GPT-3 175B"]
    assert f"{scale.training_flops(gpt.config, gpt.trained_tokens).rule:.2e}" == "3.14e+23"


def test_the_map_is_what_the_rule_forgets():
    """12 · layers · d_model · sequence a token."""
    drawn = config(positions="none", norm="none", bias=False, tied=True)
    found = scale.training_flops(drawn, 17, sequence=17)
    assert found.real - found.rule == 12 * 3 * 24 * 17 * 17


ERRORS = [
    (TypeError, "tokens must be a whole number, got 2.5", {"tokens": 2.5}),
    (TypeError, "tokens must be a whole number, got True", {"tokens": True}),
    (ValueError, "tokens must be 1 or more, got 0", {"tokens": 0}),
    (ValueError, r"tokens must be at most 17 \(config.length\), got 18: use fewer tokens", {"tokens": 18}),
    (ValueError, "got 3 after 15 cached ones", {"tokens": 3, "cached": 15}),
    (ValueError, "cached must be 0 or more, got -1", {"tokens": 3, "cached": -1}),
    (ValueError, "batch must be 1 or more, got 0", {"tokens": 3, "batch": 0}),
    (TypeError, "batch must be a whole number, got '2'", {"tokens": 3, "batch": "2"}),
    (ValueError, "kind='decoder' takes no source, got source=4: leave it out", {"tokens": 3, "source": 4}),
]


@pytest.mark.parametrize(("kind", "message", "given"), ERRORS)
def test_what_cannot_be_read_is_an_error(kind, message, given):
    with pytest.raises(kind, match=message):
        scale.flops(config(), **given)


def test_errors_of_other_kinds_of_models():
    with pytest.raises(ValueError, match=r"source must be at most 17 \(config.length\), got 18"):
        scale.flops(config("encoder-decoder"), 3, source=18)
    with pytest.raises(ValueError, match="an encoder reads all tokens at once, got cached=2: leave it out"):
        scale.flops(config("encoder"), 3, cached=2)
    for function in (scale.flops, scale.training_flops):
        with pytest.raises(TypeError, match="config must be a Config, got NoneType"):
            function(None, 3)
        with pytest.raises(ValueError, match="vocabulary=about 10"):
            function(Config(10**16, 8), 3)
    with pytest.raises(ValueError, match="sequence must be 1 or more, got 0"):
        scale.training_flops(config(), 100, sequence=0)
    with pytest.raises(ValueError, match="tokens must be at most 17"):
        scale.training_flops(config(), 100, sequence=18)
