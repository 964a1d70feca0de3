"""Bytes by formula against tensors of real models: weights, gradients, optimisers, activations, caches."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from attnlab import scale
from attnlab.models import Cache, Config, Transformer

from .cases import ALL_LATER, KINDS, VARIANTS, config, configs, inputs

TYPES = {"fp64": torch.float64, "fp32": torch.float32, "bf16": torch.bfloat16}
OPTIMISERS = {
    "Adam": lambda parameters: torch.optim.AdamW(parameters),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
}


def loss(model: Transformer, given: list[torch.Tensor]) -> torch.Tensor:
    logits = model(*given)
    targets = torch.zeros(logits.shape[:-1], dtype=torch.int64)
    return cross_entropy(logits.flatten(0, 1), targets.flatten())


def nbytes(tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def state(optimiser: torch.optim.Optimizer) -> int:
    """Bytes that it remembers."""
    values = [value for each in optimiser.state.values() for value in each.values()]
    return nbytes(value for value in values if isinstance(value, torch.Tensor))


def near(found: float, measured: float, part: float = 0.02) -> None:
    assert found == pytest.approx(measured, rel=part)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("precision", TYPES)
def test_weights_gradients_and_state_are_those_of_a_real_step(kind, optimiser, precision):
    drawn = config(kind, d_model=48, norm="post", bias=False)
    model = Transformer(drawn).to(TYPES[precision])
    real = OPTIMISERS[optimiser](model.parameters())
    loss(model, inputs(drawn, 2, 9, 9)).backward()
    real.step()
    found = scale.memory(drawn, 2, 9, precision, optimiser, mixed=False)
    assert found["weights"] == nbytes(model.parameters())
    assert found["gradients"] == nbytes(p.grad for p in model.parameters())
    near(found.get("optimiser state", 0), state(real))
    assert "master copy" not in found


def test_mixed_precision_is_that_of_a_real_step():
    """Weights and gradients in bf16; the step is taken on a copy in fp32."""
    drawn = config(d_model=48)
    model = Transformer(drawn).to(torch.bfloat16)
    master = [p.detach().float() for p in model.parameters()]
    real = torch.optim.AdamW(master)
    loss(model, inputs(drawn, 2, 9, 9)).backward()
    for copy, parameter in zip(master, model.parameters(), strict=True):
        copy.grad = parameter.grad.float()
    real.step()
    found = scale.memory(drawn, 2, 9, "bf16")
    assert found["weights"] == nbytes(model.parameters())
    assert found["gradients"] == nbytes(p.grad for p in model.parameters())
    assert found["master copy"] == nbytes(master)
    near(found["optimiser state"], state(real))


def test_mixed_precision_with_adam_is_16_bytes_a_weight():
    found = scale.memory(config(), 1, 1, "bf16")
    weights = scale.count(config())
    assert sum(found.values()) - found["activations"] == 16 * weights
    assert found == scale.memory(config(), 1, 1, "bf16", mixed=True)
    plain = scale.memory(config(), 1, 1, "bf16", mixed=False)
    assert sum(plain.values()) - plain["activations"] == 8 * weights
    full = scale.memory(config(), 1, 1)
    assert sum(full.values()) - full["activations"] == 16 * weights and "master copy" not in full


@pytest.mark.parametrize(("precision", "size"), [("fp64", 8), ("fp32", 4), ("bf16", 2), ("int8", 1)])
def test_a_model_that_only_reads_keeps_its_weights(precision, size):
    assert scale.memory(config(), 2, 9, precision, None) == {"weights": scale.count(config()) * size}


# ------------------------------------------------------------ activations


def kept(model: Transformer, given: list[torch.Tensor]) -> int:
    """Bytes that autograd keeps: storages once, without the model's own."""
    own = {each.untyped_storage().data_ptr() for each in [*model.parameters(), *model.buffers()]}
    storages = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(model, given)
    return sum(storage.nbytes() for storage in storages.values())


WEIGHT = 1  # number that cross_entropy keeps beside: the sum of its weights


@settings(max_examples=100)
@given(configs(), st.integers(1, 3), st.sampled_from(["fp64", "fp32"]), st.data())
def test_activations_are_what_autograd_keeps(drawn, batch, precision, data):
    tokens, source = (data.draw(st.integers(1, drawn.length)) for _ in range(2))
    model = Transformer(drawn).to(TYPES[precision])
    both = {"source": source} if drawn.kind == "encoder-decoder" else {}
    found = scale.activations(drawn, batch, tokens, precision, **both)
    measured = kept(model, inputs(drawn, batch, tokens, source))
    assert sum(found.values()) == measured - WEIGHT * scale.BYTES[precision]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_activations_of_plain_cases(kind, variant):
    drawn = config(kind, **VARIANTS[variant])
    found = scale.activations(drawn, 2, 16, "fp64")
    measured = kept(Transformer(drawn), inputs(drawn, 2, 16, 16))
    assert sum(found.values()) == measured - WEIGHT * 8
    assert scale.memory(drawn, 2, 16, "fp64")["activations"] == sum(found.values())


def test_the_map_grows_with_the_square_of_the_tokens():
    drawn = config(length=1024)
    short, long = (scale.activations(drawn, 1, tokens) for tokens in (512, 1024))
    assert 3.99 < long["attention map"] / short["attention map"] < 4
    assert long["feed-forward"] == 2 * short["feed-forward"]


# ------------------------------------------------------------ KV cache


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("n_kv_heads", [None, 1, 2])
@pytest.mark.parametrize("read", [1, 7, 17])
@pytest.mark.parametrize("precision", ["fp64", "fp32", "bf16"])
def test_a_kv_cache_is_as_large_as_the_real_one(kind, n_kv_heads, read, precision):
    drawn = config(kind, n_kv_heads=n_kv_heads)
    model, cache = Transformer(drawn).to(TYPES[precision]), Cache()
    tokens, *source = inputs(drawn, 2, read, 5)
    for i in range(read):
        model(tokens[:, i : i + 1], *source, cache=cache)
    both = {"source": 5} if source else {}
    assert scale.kv_cache(drawn, read, 2, precision, **both) == cache.nbytes


def test_a_kv_cache_of_whole_numbers_is_half_of_the_default():
    assert scale.kv_cache(config(), 9) == 2 * scale.kv_cache(config(), 9, precision="int8")
    assert scale.kv_cache(config(), 9) == 2 * 3 * 24 * 9 * 2


def test_the_cache_of_llama_is_16_gib_and_would_be_four_times_as_much():
    llama = scale.FAMOUS["Llama 3.1 8B"].config
    assert scale.kv_cache(llama, 131_072) == 16 * 2**30
    all_heads = Config(128_256, 131_072, "decoder", d_model=4096, n_heads=32, n_layers=32)
    assert scale.kv_cache(all_heads, 131_072) == 64 * 2**30


def test_an_encoder_decoder_keeps_the_source_too():
    drawn = config("encoder-decoder", **ALL_LATER)
    assert scale.kv_cache(drawn, 4, source=9) == scale.kv_cache(drawn, 9, source=4)
    assert scale.kv_cache(drawn, 6) == scale.kv_cache(drawn, 6, source=6)


# ------------------------------------------------------------ errors


ERRORS = [
    (ValueError, "precision must be one of 'fp64', 'fp32', 'bf16', 'int8', got 'fp8'", {"precision": "fp8"}),
    (ValueError, "precision must be one of .* got 16", {"precision": 16}),
    (
        ValueError,
        "optimiser must be one of 'Adam', 'momentum', 'SGD', None, got 'Lion'",
        {"optimiser": "Lion"},
    ),
    (ValueError, "precision='int8' is for inference; .* or set optimiser=None", {"precision": "int8"}),
    (ValueError, "mixed=True needs precision='bf16', got 'fp32'", {"mixed": True}),
    (TypeError, "mixed must be True, False or None, got 'yes'", {"mixed": "yes"}),
    (TypeError, "mixed must be True, False or None, got 1", {"mixed": 1}),
    (ValueError, "tokens must be at most 17", {"tokens": 18}),
    (TypeError, "batch must be a whole number, got 1.5", {"batch": 1.5}),
    (ValueError, "kind='decoder' takes no source", {"source": 3}),
]


@pytest.mark.parametrize(("kind", "message", "given"), ERRORS)
def test_what_cannot_be_is_an_error(kind, message, given):
    with pytest.raises(kind, match=message):
        scale.memory(config(), **{"batch": 2, "tokens": 9} | given)


@pytest.mark.parametrize("function", [scale.activations, scale.memory, scale.kv_cache])
def test_every_function_looks_at_its_config_and_precision(function):
    with pytest.raises(TypeError, match="config must be a Config, got str"):
        function("decoder", 2, 3)
    with pytest.raises(ValueError, match=r"vocabulary=about 10.* is too large"):
        function(config(vocabulary=10**16), 2, 3)
    with pytest.raises(ValueError, match="precision must be one of"):
        function(config(), 2, 3, precision="half")
    with pytest.raises(ValueError, match="tokens must be 1 or more, got 0"):
        function(config(), tokens=0, batch=1)


def test_an_encoder_has_no_cache():
    with pytest.raises(ValueError, match=r"config is for an encoder, .* pass one with kind='decoder'"):
        scale.kv_cache(config("encoder"), 5)
