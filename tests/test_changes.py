"""A Transformer looked into: a cache, changes on the way, the logit lens, a model of shapes alone."""

import numpy as np
import pytest
import torch

from attnlab.models import Cache, Config, Trace, Transformer, ablate, patch

from .test_models import ALL_LATER, BATCH, TOKENS, close, config, count, ids, inputs, numbers, shaken

KINDS = ("encoder", "decoder", "encoder-decoder")
POSITIONS = ("learned", "sinusoidal", "rotary", "none")


# ------------------------------------------------------------ cache


def read_on(model, tokens, cuts, *source):
    """The logits of tokens that are read piece by piece, and the cache at the end."""
    cache, found = Cache(), []
    for piece in torch.tensor_split(tokens, cuts, dim=1):
        found.append(model(piece, *source, cache=cache))
    return torch.cat(found, 1), cache


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("later", [{}, ALL_LATER], ids=["plain", "later"])
@pytest.mark.parametrize("cuts", [(1, 2, 3, 4), (3,), (2, 4)], ids=str)
def test_reading_on_gives_what_reading_at_once_gives(kind, positions, later, cuts):
    model = shaken(kind=kind, positions=positions, n_layers=2, **later)
    tokens, *source = inputs(kind)
    found, cache = read_on(model, tokens, cuts, *source)
    close(found, model(tokens, *source), 1e-12)
    assert cache.length == TOKENS


@pytest.mark.parametrize("n_kv_heads", [1, 2])
def test_a_cache_holds_keys_and_values_of_every_token_and_no_more(n_kv_heads):
    model = shaken(kind="decoder", n_layers=3, n_kv_heads=n_kv_heads)
    cache = read_on(model, ids(1, BATCH, TOKENS), (2,))[1]
    assert cache.nbytes == 2 * 3 * n_kv_heads * 4 * TOKENS * BATCH * 8
    assert list(cache.layers) == ["layer 1", "layer 2", "layer 3"]


def test_a_source_is_read_once():
    """A second source changes nothing: what the encoder made of the first one is kept."""
    model = shaken(kind="encoder-decoder")
    tokens, source = inputs("encoder-decoder")
    cache = Cache()
    model(tokens[:, :2], source, cache=cache)
    close(model(tokens[:, 2:], source.flip(1), cache=cache), model(tokens, source)[:, 2:], 1e-12)
    assert cache.layers["layer 1 cross"][0].shape[-2] == source.shape[1]


def test_a_mask_covers_what_was_read_before():
    model, tokens = shaken(kind="decoder"), ids(1, BATCH, TOKENS)
    mask = torch.ones(1, TOKENS, TOKENS, dtype=torch.bool)
    mask[:, 2:, 0] = False  # tokens 2 to 4 do not see token 0
    cache = Cache()
    model(tokens[:, :2], mask=mask[:, :2, :2], cache=cache)
    close(model(tokens[:, 2:], mask=mask[:, 2:], cache=cache), model(tokens, mask=mask)[:, 2:], 1e-12)


# ------------------------------------------------------------ changes


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_is_asked_at_every_place_that_the_trace_names(kind):
    asked = []

    def look(name, tensor):
        asked.append((name, tensor.shape))
        return tensor

    model = shaken(kind=kind, n_layers=2)
    found = model(*inputs(kind), trace=True, change=look)
    assert asked == [(name, tensor.shape) for name, tensor in found.places.items()]
    close(found.logits, model(*inputs(kind)), 0)
    assert {"embedding", "layer 2 weights", "layer 2 heads", "layer 1 feed-forward", "output"} <= set(
        found.places
    )
    both = {
        "layer 1 cross weights",
        "layer 2 cross heads",
        "layer 1 cross-attention",
        "encoder layer 2 heads",
    }
    assert both <= set(found.places) or kind != "encoder-decoder"


@pytest.mark.parametrize(
    "place", ["embedding", "layer 1 attention", "layer 1 feed-forward", "layer 2 attention"]
)
def test_what_a_change_returns_goes_on(place):
    """The rest of the model computes from the changed tensor: as if it had begun there."""
    model, tokens = shaken(kind="decoder", n_layers=2), ids(1, BATCH, TOKENS)
    other = model(ids(9, BATCH, TOKENS), trace=True)
    found = model(tokens, trace=True, change=lambda name, x: other.at(name) if name == place else x)
    close(found.logits, other.logits, 1e-12)


def test_changed_weights_are_the_ones_that_mix_and_that_are_traced():
    model, tokens = shaken(n_layers=1), ids(1, BATCH, TOKENS)
    own = torch.eye(TOKENS, dtype=torch.float64)
    found = model(
        tokens, trace=True, change=lambda name, x: own.expand_as(x) if name.endswith("weights") else x
    )
    seen = model(tokens, mask=torch.eye(TOKENS, dtype=torch.bool)[None])
    close(found.logits, seen, 1e-12)
    close(found.attention["self"][0], own.expand(BATCH, 2, TOKENS, TOKENS), 0)


def without(model, layer, heads):
    """The same model with the rows of W_O of these heads at 0."""
    d = model.config.d_head
    weight = model.layers[layer - 1].attention.inner.w_o.weight
    with torch.no_grad():
        for head in heads:
            weight[head * d : (head + 1) * d] = 0
    return model


@pytest.mark.parametrize("heads", [[(1, 0)], [(2, 1)], [(1, 1), (2, 0)], [(2, 0), (2, 1)], []], ids=str)
def test_ablated_heads_bring_nothing(heads):
    tokens = ids(1, BATCH, TOKENS)
    found = shaken(kind="decoder", n_layers=2)(tokens, change=ablate(heads))
    expected = shaken(kind="decoder", n_layers=2)
    for layer, head in heads:
        without(expected, layer, [head])
    close(found, expected(tokens), 1e-12)


def test_ablation_by_the_mean_puts_in_what_other_inputs_bring():
    model, tokens = shaken(kind="decoder", n_layers=2), ids(1, BATCH, TOKENS)
    others = model(ids(7, 5, TOKENS), trace=True)
    found = model(tokens, trace=True, change=ablate([(2, 1)], mean=others)).heads[1]
    untouched = model(tokens, trace=True).heads[1]
    close(found[:, 1], others.heads[1].mean(0)[1].expand(BATCH, -1, -1), 0)
    close(found[:, 0], untouched[:, 0], 0)


def test_a_patch_puts_in_what_stood_there():
    model, tokens = shaken(kind="decoder", n_layers=2), ids(1, BATCH, TOKENS)
    other = model(ids(9, BATCH, TOKENS), trace=True)
    for place in ("embedding", "layer 1 attention", "layer 2 feed-forward"):
        close(model(tokens, change=patch(other, place)), other.logits, 1e-12)
    found = model(tokens, trace=True, change=patch(other, "layer 1 feed-forward", positions=[1, 3]))
    changed = (found.hidden[1] != model(tokens, trace=True).hidden[1]).any(-1).any(0)
    assert changed.tolist() == [False, True, False, True, False]
    close(found.hidden[1][:, [1, 3]], other.hidden[1][:, [1, 3]], 0)


def test_a_patch_of_heads_leaves_the_others():
    model, tokens = shaken(kind="decoder", n_layers=2), ids(1, BATCH, TOKENS)
    other, plain = (model(each, trace=True) for each in (ids(9, BATCH, TOKENS), tokens))
    found = model(tokens, trace=True, change=patch(other, "layer 1 heads", positions=[2], heads=[1])).heads[0]
    expected = plain.heads[0].clone()
    expected[:, 1, 2] = other.heads[0][:, 1, 2]
    close(found, expected, 0)


def test_patching_nothing_changes_nothing():
    model, tokens = shaken(kind="decoder"), ids(1, BATCH, TOKENS)
    other = model(ids(9, BATCH, TOKENS), trace=True)
    close(model(tokens, change=patch(other, "layer 1 attention", positions=[])), model(tokens), 0)


# ------------------------------------------------------------ the logit lens


@pytest.mark.parametrize("later", [{}, {"tied": True, "norm_type": "rms"}, {"norm": "post"}], ids=str)
def test_the_last_layer_read_out_is_the_output(later):
    model = shaken(kind="decoder", n_layers=2, **later)
    found = model(ids(1, BATCH, TOKENS), trace=True)
    close(model.read_out(found.hidden[-1]), found.logits, 0)
    shallow = shaken(kind="decoder", n_layers=2, **later)
    shallow.layers = shallow.layers[:1]
    close(model.read_out(found.hidden[1]), shallow(ids(1, BATCH, TOKENS)), 1e-12)


# ------------------------------------------------------------ shapes alone


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("later", [{}, ALL_LATER], ids=["plain", "later"])
def test_a_model_on_the_meta_device_has_the_shapes_of_a_real_one(kind, positions, later):
    choices = {"kind": kind, "positions": positions, "n_layers": 2} | later
    with torch.device("meta"):
        empty = Transformer(config(**choices))
    real = Transformer(config(**choices))
    shapes = {name: each.shape for name, each in real.named_parameters()}
    assert {name: each.shape for name, each in empty.named_parameters()} == shapes
    assert all(each.is_meta for each in [*empty.parameters(), *empty.buffers()])
    given = [each.to("meta") for each in inputs(kind)]
    assert empty(*given).shape == real(*inputs(kind)).shape
    mask = torch.ones(BATCH, TOKENS, TOKENS, dtype=torch.bool, device="meta")
    assert empty(*given, mask=mask).is_meta


def test_a_model_of_a_hundred_billion_weights_costs_nothing():
    large = Config(
        50257, 2048, "decoder", d_model=12288, n_heads=96, n_layers=96, activation="gelu", tied=True
    )
    with torch.device("meta"):
        model = Transformer(large)
    assert count(model) == 174_604_259_328


# ------------------------------------------------------------ errors

DECODER = {"kind": "decoder", "n_layers": 2}


def filled(batch=BATCH, n=2, **choices):
    cache = Cache()
    shaken(**DECODER | choices)(ids(1, batch, n), cache=cache)
    return cache


def run(cache=None, change=None, tokens=None, **choices):
    model = shaken(**DECODER | choices)
    return lambda: model(ids(1, BATCH, TOKENS) if tokens is None else tokens, cache=cache, change=change)


def traced(n=TOKENS):
    return shaken(**DECODER)(ids(9, BATCH, n), trace=True)


BAD = {
    "cache type": (run(cache={}), TypeError, "cache must be a Cache, got dict", "cache = Cache()"),
    "cache of an encoder": (run(cache=Cache(), kind="encoder"), ValueError, "an encoder needs no cache"),
    "cache depth": (run(cache=filled(n_layers=1)), ValueError, "cache belongs to another model", "layer 1"),
    "cache heads": (run(cache=filled(n_kv_heads=1)), ValueError, "another model or batch", "[2, 1, 2, 4]"),
    "cache batch": (run(cache=filled(batch=3)), ValueError, "another model or batch", "[3, 2, 2, 4]"),
    "cache full": (run(cache=filled(n=6)), ValueError, "holds 6 tokens and 5 more", "at most 9"),
    "change returns": (run(change=lambda name, x: None), ValueError, "for 'embedding'", "got NoneType"),
    "change shape": (run(change=lambda name, x: x[:1]), ValueError, "tensor [2, 5, 8]", "got [1, 5, 8]"),
    "no pair": (lambda: ablate([2]), TypeError, "pairs (layer, head), got 2"),
    "no whole pair": (lambda: ablate([(1, 0.5)]), TypeError, "a head must be a whole number, got 0.5"),
    "layer 0": (lambda: ablate([(0, 1)]), ValueError, "layers count from 1", "got 0"),
    "layer 3": (run(change=ablate([(3, 0)])), ValueError, "no 'layer 3 heads' to change", "layer 2 heads"),
    "head 2": (run(change=ablate([(2, 2)])), ValueError, "layer 2 heads are 0 to 1, got 2"),
    "mean length": (
        run(change=ablate([(2, 1)], mean=traced(3))), ValueError, "inputs of the same length", "[2, 3, 4]",
    ),
    "patch place": (
        lambda: patch(traced(), "layer 3 heads"), ValueError, "there is no 'layer 3 heads'", "layer 2 heads",
    ),
    "patch shape": (
        run(change=patch(traced(3), "embedding")), ValueError, "[2, 5, 8] here and [2, 3, 8]", "same batch",
    ),
    "patch position": (
        run(change=patch(traced(), "embedding", positions=[5])), ValueError, "positions are 0 to 4, got 5",
    ),
    "patch head": (
        run(change=patch(traced(), "layer 1 heads", heads=[2])), ValueError, "heads are 0 to 1, got 2",
    ),
    "patch no head": (
        lambda: patch(traced(), "layer 1 attention", heads=[0]), ValueError,
        "'layer 1 attention' has no heads",
    ),
    "patch of a shallow model": (
        run(change=patch(traced(), "layer 2 attention"), n_layers=1), ValueError, "no 'layer 2 attention'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_is_wrong_and_what_to_do(name):
    call, error, *parts = BAD[name]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_a_refused_piece_leaves_the_cache_as_it_was():
    cache = filled(n=6)
    with pytest.raises(ValueError):
        run(cache=cache)()
    assert cache.length == 6


def test_an_error_on_the_way_leaves_the_cache_as_it_was():
    cache, model, tokens = Cache(), shaken(**DECODER), ids(1, BATCH, TOKENS)
    model(tokens[:, :2], cache=cache)

    def fail(name, tensor):
        if name == "layer 2 weights":
            raise RuntimeError("stopped in the middle")
        return tensor

    with pytest.raises(RuntimeError, match="in the middle"):
        model(tokens[:, 2:], cache=cache, change=fail)
    close(model(tokens[:, 2:], cache=cache), model(tokens)[:, 2:], 1e-12)


def test_an_empty_trace_has_no_places():
    with pytest.raises(ValueError, match="there is no 'embedding'"):
        Trace().at("embedding")
    assert Cache().length == Cache().nbytes == 0
    assert np.array_equal(numbers(traced().at("embedding")), numbers(traced().hidden[0]))
