"""The Transformer: PyTorch's layers and our NumPy formulas as judges, its promises, stacks, and every error.

Most models here are shaken: a fresh one has biases of 0 and gains of 1, and would hide a misplaced one.
"""

import copy
import itertools
import math
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from attnlab.attention import (
    multi_head_attention,
    padding_mask,
    rotate,
    scaled_dot_product_attention,
    sinusoidal_positions,
)
from attnlab.models import Config, LayerNorm, Linear, RMSNorm, Trace, Transformer
from attnlab.models.config import ACTIVATIONS, KINDS, NORM_TYPES, NORMS, POSITIONS

VOCABULARY, LENGTH, D_MODEL, BATCH, TOKENS, SOURCE = 11, 9, 8, 2, 5, 7


def config(**choices):
    return Config(**{"vocabulary": VOCABULARY, "length": LENGTH, "d_model": D_MODEL, "n_heads": 2} | choices)


def shaken(seed=0, **choices):
    """A model with a bit of noise on every parameter."""
    model = Transformer(config(**choices), seed)
    rng = np.random.default_rng(100 + seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.from_numpy(rng.normal(size=tuple(parameter.shape)) * 0.1)
    return model


def ids(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).integers(VOCABULARY, size=shape))


def inputs(kind, seed=1, leading=()):
    """What a model of this kind reads: tokens, and for an encoder-decoder a source."""
    tokens = ids(seed, *leading, BATCH, TOKENS)
    return (tokens, ids(seed + 50, *leading, BATCH, SOURCE)) if kind == "encoder-decoder" else (tokens,)


def close(ours, theirs, tolerance=1e-10):
    """Equal within a share of the largest number (of 1, if that is larger)."""
    largest = max(1.0, float(theirs.detach().abs().max()))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance * largest)


def numbers(tensor):
    return tensor.detach().numpy()


# PyTorch's layers as judge


def norm_of(part):
    return part.before if isinstance(part.before, LayerNorm) else part.after


def pairs(ours, theirs):
    """(our parameters, the one of torch that holds them): it keeps W transposed, and W_q, W_k, W_v in one."""
    for kind in ("weight", "bias"):
        for block, name in ((ours.attention, "self_attn"), (ours.cross, "multihead_attn")):
            if block is not None:
                inner, packed = block.inner, getattr(theirs, name)
                yield (
                    [getattr(w, kind) for w in (inner.w_q, inner.w_k, inner.w_v)],
                    getattr(packed, f"in_proj_{kind}"),
                )
                yield [getattr(inner.w_o, kind)], getattr(packed.out_proj, kind)
        yield [getattr(ours.feed_forward.inner.w_1, kind)], getattr(theirs.linear1, kind)
        yield [getattr(ours.feed_forward.inner.w_2, kind)], getattr(theirs.linear2, kind)
        parts = [part for part in (ours.attention, ours.cross, ours.feed_forward) if part is not None]
        for place, part in enumerate(parts, 1):
            yield [getattr(norm_of(part), kind)], getattr(getattr(theirs, f"norm{place}"), kind)


def joined(tensors):
    return torch.cat([tensor.T if tensor.ndim == 2 else tensor for tensor in tensors])


def judge_of(model, layers, final_norm, cross):
    """torch's stack of layers with our weights, and the pairs of parameters."""
    c = model.config
    layer = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    one = layer(
        c.d_model, c.n_heads, c.width, dropout=0.0, activation=c.activation, batch_first=True,
        norm_first=c.norm == "pre", dtype=torch.float64,
    )  # fmt: skip
    norm = nn.LayerNorm(c.d_model, dtype=torch.float64) if c.norm == "pre" else None
    stack = nn.TransformerDecoder(one, c.n_layers, norm) if cross else None
    stack = stack or nn.TransformerEncoder(one, c.n_layers, norm, enable_nested_tensor=False)
    same = [pair for ours, theirs in zip(layers, stack.layers, strict=True) for pair in pairs(ours, theirs)]
    if norm is not None:
        same += [([final_norm.weight], stack.norm.weight), ([final_norm.bias], stack.norm.bias)]
    with torch.no_grad():
        for ours, theirs in same:
            theirs.copy_(joined(ours))
    return stack, same


def equal_gradients(same):
    for ours, theirs in same:
        assert theirs.grad.abs().max() > 0
        close(joined([parameter.grad for parameter in ours]), theirs.grad)


TORCH_CASES = list(itertools.product(("pre", "post"), ("relu", "gelu"), (1, 4), (1, 3)))


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize(("norm", "activation", "n_heads", "n_layers"), TORCH_CASES)
def test_equal_to_torch_encoder_layers_with_and_without_causal_mask(
    kind, norm, activation, n_heads, n_layers
):
    model = shaken(kind=kind, norm=norm, activation=activation, n_heads=n_heads, n_layers=n_layers)
    judge, same = judge_of(model, model.layers, model.norm, cross=False)
    ours = model(ids(1, BATCH, TOKENS), trace=True)
    ours.hidden[0].retain_grad()
    x = ours.hidden[0].detach().requires_grad_()
    future = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1) if kind == "decoder" else None
    theirs = model.output(judge(x, mask=future))
    close(ours.logits, theirs)
    ours.logits.sin().sum().backward()
    theirs.sin().sum().backward()
    equal_gradients(same)
    close(ours.hidden[0].grad, x.grad)


@pytest.mark.parametrize(("norm", "activation", "n_heads", "n_layers"), TORCH_CASES)
def test_equal_to_torch_encoder_and_decoder_layers_with_cross_attention(norm, activation, n_heads, n_layers):
    model = shaken(
        kind="encoder-decoder", norm=norm, activation=activation, n_heads=n_heads, n_layers=n_layers
    )
    reader, same = judge_of(model, model.encoder, model.encoder_norm, cross=False)
    writer, others = judge_of(model, model.layers, model.norm, cross=True)
    tokens, source = inputs("encoder-decoder")
    ours = model(tokens, source)
    x, memory = (model.positions(model.embedding(given)).detach() for given in (tokens, source))
    future = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1)
    theirs = model.output(writer(x, reader(memory), tgt_mask=future))
    close(ours, theirs)
    ours.sin().sum().backward()
    theirs.sin().sum().backward()
    equal_gradients(same + others)


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_mask_for_each_sequence_equals_that_of_torch(kind):
    model = shaken(kind=kind, n_layers=2)
    judge, _ = judge_of(model, model.layers, model.norm, cross=False)
    mask = torch.from_numpy(np.random.default_rng(3).random((BATCH, TOKENS, TOKENS)) < 0.5)
    mask |= torch.eye(TOKENS, dtype=torch.bool)
    tokens = ids(1, BATCH, TOKENS)
    seen = mask if kind == "encoder" else mask.tril()
    theirs = judge(model.positions(model.embedding(tokens)), mask=~seen.repeat_interleave(2, dim=0))
    close(model(tokens, mask=mask), model.output(theirs))


def test_layer_norm_equals_that_of_torch_gradients_too():
    rng = np.random.default_rng(0)
    ours, theirs = LayerNorm(6).double(), nn.LayerNorm(6, dtype=torch.float64)
    with torch.no_grad():
        for name in ("weight", "bias"):
            noise = torch.from_numpy(rng.normal(size=6))
            getattr(ours, name).copy_(noise)
            getattr(theirs, name).copy_(noise)
    x, y = (torch.from_numpy(rng.normal(size=(3, 4, 6))).requires_grad_() for _ in range(2))
    y.data.copy_(x)
    close(ours(x), theirs(y), 1e-12)
    ours(x).sin().sum().backward()
    theirs(y).sin().sum().backward()
    for a, b in ((x, y), (ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        close(a.grad, b.grad, 1e-12)


# The formulas in NumPy as judge


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("n_heads", [1, 4])
def test_one_bare_layer_is_multi_head_attention(kind, n_heads):
    model = shaken(kind=kind, n_heads=n_heads, d_ff=0, norm="none", residual=False, positions="none")
    inner = model.layers[0].attention.inner
    matrices = [inner.w_q, inner.w_k, inner.w_v, inner.w_o]
    for linear in matrices:
        linear.bias.data.zero_()
    found = model(ids(1, BATCH, TOKENS), trace=True)
    mask = np.tri(TOKENS, dtype=bool) if kind == "decoder" else None
    x = numbers(found.hidden[0])
    expected = multi_head_attention(x, *(numbers(w.weight) for w in matrices), n_heads, mask)
    np.testing.assert_allclose(numbers(found.hidden[1]), expected.output, atol=1e-12)
    np.testing.assert_allclose(numbers(found.attention["self"][0]), expected.weights, atol=1e-12)
    np.testing.assert_allclose(numbers(found.scores["self"][0]), expected.scores, atol=1e-12)


NUMPY_ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "gelu_tanh": lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    "tanh": np.tanh,
    "swiglu": lambda x: x / (1 + np.exp(-x)),
}


class ByHand:
    """The whole model once more in NumPy, from the names of its parameters and its config."""

    def __init__(self, model):
        self.config = model.config
        self.weights = {name: numbers(parameter) for name, parameter in model.named_parameters()}

    def linear(self, x, name):
        return x @ self.weights[f"{name}.weight"] + self.weights.get(f"{name}.bias", 0)

    def rms(self, x, name):
        size = np.sqrt((x**2).mean(-1, keepdims=True) + self.config.norm_epsilon)
        return x / size * self.weights[f"{name}.weight"]

    def norm(self, x, name):
        if self.config.norm_type == "rms":
            return self.rms(x, name)
        centred = x - x.mean(-1, keepdims=True)
        whitened = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + self.config.norm_epsilon)
        return whitened * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def heads(self, x, turned=False, norm=None):
        cut = x.reshape(*x.shape[:-1], -1, self.config.d_head).swapaxes(-3, -2)
        cut = self.rms(cut, norm) if norm and self.config.qk_norm else cut
        shared = self.config.n_heads // cut.shape[1]
        cut = np.stack([cut[:, i // shared] for i in range(self.config.n_heads)], 1)
        return rotate(cut, np.arange(cut.shape[-2]), self.config.rotary_base) if turned else cut

    def attend(self, x, name, memory=None):
        turned = self.config.positions == "rotary" and memory is None
        causal = np.tri(x.shape[1], dtype=bool) if name.startswith("layers") and memory is None else None
        if self.config.kind == "encoder":
            causal = None
        memory = x if memory is None else memory
        q = self.heads(self.linear(x, f"{name}.w_q"), turned, f"{name}.norm_q")
        k = self.heads(self.linear(memory, f"{name}.w_k"), turned, f"{name}.norm_k")
        v = self.heads(self.linear(memory, f"{name}.w_v"))
        found = scaled_dot_product_attention(q, k, v, causal, self.config.attention_scale)
        return self.linear(found.output.swapaxes(-3, -2).reshape(x.shape), f"{name}.w_o")

    def feed(self, x, name):
        found = NUMPY_ACTIVATIONS[self.config.activation](self.linear(x, f"{name}.w_1"))
        if self.config.activation == "swiglu":
            found = found * self.linear(x, f"{name}.w_3")
        return self.linear(found, f"{name}.w_2")

    def part(self, x, name, inner, *others):
        read = self.norm(x, f"{name}.before") if self.config.norm == "pre" else x
        found = inner(read, f"{name}.inner", *others)
        found = x + found if self.config.residual else found
        return self.norm(found, f"{name}.after") if self.config.norm == "post" else found

    def layers(self, x, stack, memory=None):
        for i in range(self.config.n_layers):
            x = self.part(x, f"{stack}.{i}.attention", self.attend)
            if memory is not None:
                x = self.part(x, f"{stack}.{i}.cross", self.attend, memory)
            if self.config.d_ff != 0:
                x = self.part(x, f"{stack}.{i}.feed_forward", self.feed)
        return x

    def embed(self, tokens):
        x, n = self.weights["embedding.weight"][numbers(tokens)], tokens.shape[1]
        x = x * math.sqrt(D_MODEL) if self.config.tied else x
        if self.config.positions == "learned":
            x = x + self.weights["positions.weight"][:n]
        x = x + sinusoidal_positions(n, D_MODEL) if self.config.positions == "sinusoidal" else x
        return self.norm(x, "embedding_norm") if self.config.embedding_norm else x

    def logits(self, tokens, source=None):
        pre, memory = self.config.norm == "pre", None
        if source is not None:
            memory = self.layers(self.embed(source), "encoder")
            memory = self.norm(memory, "encoder_norm") if pre else memory
        x = self.layers(self.embed(tokens), "layers", memory)
        x = self.norm(x, "norm") if pre else x
        if self.config.outputs == 0:
            return x
        return x @ self.weights["embedding.weight"].T if self.config.tied else self.linear(x, "output")


def equal_by_hand(**choices):
    model = shaken(n_layers=2, **choices)
    given = inputs(model.config.kind)
    np.testing.assert_allclose(numbers(model(*given)), ByHand(model).logits(*given), atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_every_structure_is_its_formula(kind, norm, positions):
    equal_by_hand(kind=kind, norm=norm, positions=positions)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    "choice", [{"residual": False}, {"d_ff": 0}, {"d_ff": 3}, {"attention_scale": 0.7}], ids=str
)
def test_every_choice_is_its_formula(norm, choice):
    equal_by_hand(kind="encoder-decoder", norm=norm, **choice)


LATER = ({"n_kv_heads": 1}, {"norm_type": "rms"}, {"activation": "swiglu"}, {"bias": False}, {"tied": True},
         {"embedding_norm": True}, {"rotary_base": 30.0}, {"norm_epsilon": 0.1}, {"outputs": 0},
         {"qk_norm": True}, {"qk_norm": True, "attention_scale": 0.7})  # fmt: skip
ALL_LATER = {key: value for choice in LATER[:-1] for key, value in choice.items() if key != "outputs"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("choice", [*LATER, ALL_LATER], ids=str)
def test_what_came_later_is_its_formula(kind, choice):
    equal_by_hand(kind=kind, positions="rotary", **choice)
    equal_by_hand(kind=kind, norm="post", n_heads=4, **choice)


@pytest.mark.parametrize("kind", KINDS)
def test_what_came_later_can_be_stacked(kind):
    same = {"kind": kind, "n_layers": 2, "init_scale": 0.5} | ALL_LATER
    models = [shaken(i, attention_scale=0.3 + 0.2 * i, **same) for i in range(3)]
    equal_slices(models, inputs(kind, leading=(3,)))


def test_norms_and_gates_are_those_of_torch():
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 3, D_MODEL)))
    ours, theirs = RMSNorm(D_MODEL).double(), nn.RMSNorm(D_MODEL, eps=1e-5).double()
    gain = torch.from_numpy(np.random.default_rng(2).normal(size=D_MODEL))
    ours.weight.data, theirs.weight.data = gain.clone(), gain.clone()
    close(ours(x), theirs(x), 1e-12)


def test_a_tied_model_has_one_table_and_starts_like_another():
    tied, own = Transformer(config(tied=True, d_model=64)), Transformer(config(d_model=64))
    size = VOCABULARY * 64
    assert count(own) - count(tied) == size + VOCABULARY
    for model in (tied, own):
        found = model(ids(1, 4, TOKENS), trace=True)
        assert 1.2 < numbers(found.hidden[0]).std() < 1.6  # two vectors of spread 1
        assert 0.5 < numbers(found.logits).std() < 2


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_its_formula(activation):
    equal_by_hand(activation=activation)


def test_sinusoidal_learned_and_no_positions_are_what_is_added_at_the_start():
    tokens = ids(1, BATCH, TOKENS)
    for positions in POSITIONS:
        model = shaken(positions=positions)
        added = model(tokens, trace=True).hidden[0] - model.embedding.weight[tokens]
        expected = {
            "sinusoidal": lambda model: sinusoidal_positions(TOKENS, D_MODEL),
            "learned": lambda model: numbers(model.positions.weight[:TOKENS]),
        }.get(positions, lambda model: np.zeros((TOKENS, D_MODEL)))
        np.testing.assert_allclose(numbers(added), np.stack([expected(model)] * BATCH), atol=1e-12)


def test_rotary_scores_know_the_distance_only():
    model = shaken(positions="rotary", kind="decoder")
    scores = model(torch.full((1, LENGTH), 3), trace=True).scores["self"][0][0]  # [head, query, key]
    for head in scores:
        for distance in range(-3, 4):
            diagonal = head.diagonal(distance)
            close(diagonal, diagonal[:1].expand_as(diagonal))
        assert head[0].unique().numel() == LENGTH


# Attention on request


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_attention_of_every_layer_and_head(kind, positions):
    model = shaken(kind=kind, n_layers=3, positions=positions)
    found = model(*inputs(kind), trace=True)
    sizes = {"self": (TOKENS, TOKENS)}
    if kind == "encoder-decoder":
        sizes |= {"cross": (TOKENS, SOURCE), "source": (SOURCE, SOURCE)}
    assert found.attention.keys() == found.scores.keys() == sizes.keys()
    for role, size in sizes.items():
        assert [tuple(w.shape) for w in found.attention[role]] == [(BATCH, 2, *size)] * 3
        for weights, scores in zip(found.attention[role], found.scores[role], strict=True):
            close(weights.sum(-1), torch.ones(BATCH, 2, size[0], dtype=torch.float64), 1e-12)
            causal = role == "self" and kind != "encoder"
            assert (weights.triu(1) == 0).all() == causal
            seen = scores.exp().tril() if causal else scores.exp()
            close(weights, seen / seen.sum(-1, keepdim=True), 1e-12)


def test_a_trace_changes_nothing():
    model = shaken(n_layers=2)
    torch.testing.assert_close(
        model(*inputs("encoder"), trace=True).logits, model(*inputs("encoder")), rtol=0, atol=0
    )


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_logits_do_not_depend_on_later_tokens(kind, positions):
    model = shaken(kind=kind, positions=positions, n_layers=2)
    tokens, *source = inputs(kind)
    for place in range(TOKENS):
        other = tokens.clone()
        other[:, place] = (other[:, place] + 1) % VOCABULARY
        change = (model(tokens, *source) - model(other, *source)).abs().amax(-1)  # [batch, token]
        assert (change[:, :place] == 0).all()
        assert (change[:, place:] > 1e-6).all()


def test_logits_depend_on_every_token_of_the_source_and_of_an_encoder():
    for kind in ("encoder", "encoder-decoder"):
        model = shaken(kind=kind, n_layers=2)
        *before, read = inputs(kind)
        for place in range(read.shape[1]):
            other = read.clone()
            other[:, place] = (other[:, place] + 1) % VOCABULARY
            change = (model(*before, read) - model(*before, other)).abs().amax(-1)
            assert (change > 1e-6).all()


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_padded_sequence_is_read_like_the_short_one(kind, positions):
    model = shaken(kind=kind, positions=positions, n_layers=2)
    tokens = ids(1, BATCH, TOKENS)
    mask = torch.from_numpy(padding_mask([3, TOKENS], TOKENS))  # [batch, 1, key]
    found = model(tokens, mask=mask, trace=True)
    close(found.logits[:1, :3], model(tokens[:1, :3]), 1e-12)
    close(found.logits[1:], model(tokens[1:]), 1e-12)
    assert (found.attention["self"][1][0, :, :, 3:] == 0).all()


# Choices


def permuted(model):
    order = torch.tensor([3, 0, 4, 2, 1])
    tokens = ids(1, BATCH, TOKENS)
    return (model(tokens[:, order]) - model(tokens)[:, order]).abs().max()


def test_without_positions_an_encoder_does_not_know_the_order():
    for norm in NORMS:
        assert permuted(shaken(positions="none", norm=norm, n_layers=2)) < 1e-12
    for positions in set(POSITIONS) - {"none"}:
        assert permuted(shaken(positions=positions, n_layers=2)) > 1e-3


def test_attention_scale_multiplies_the_scores():
    tokens = ids(1, BATCH, TOKENS)
    usual, one, zero = (
        shaken(attention_scale=scale, n_heads=2)(tokens, trace=True) for scale in (None, 1.0, 0.0)
    )
    close(usual.scores["self"][0] * math.sqrt(D_MODEL / 2), one.scores["self"][0])
    close(zero.attention["self"][0], torch.full((BATCH, 2, TOKENS, TOKENS), 1 / TOKENS, dtype=torch.float64))


def test_outputs_and_shorter_sequences():
    assert shaken()(ids(1, 1, LENGTH)).shape == (1, LENGTH, VOCABULARY)
    assert shaken(outputs=3)(ids(1, 4, 1)).shape == (4, 1, 3)
    assert shaken(outputs=3)(ids(1, 4, 1).int()).shape == (4, 1, 3)


@pytest.mark.parametrize("init_scale", [0.0, 0.5, 1.0, 2.0])
def test_every_matrix_starts_with_the_spread_that_was_asked_for(init_scale):
    model = Transformer(Config(300, 200, d_model=64, d_ff=160, n_heads=4, init_scale=init_scale))
    matrices = [module for module in model.modules() if isinstance(module, Linear)]
    assert len(matrices) == 7
    for matrix in matrices:
        spread = matrix.weight.detach().std() * math.sqrt(matrix.weight.shape[0])
        assert float(spread) == pytest.approx(init_scale, rel=0.05)
        assert (matrix.bias == 0).all()
    for table in (model.embedding.weight, model.positions.weight):
        assert float(table.detach().std()) == pytest.approx(1, rel=0.05)
    for norm in (module for module in model.modules() if isinstance(module, LayerNorm)):
        assert (norm.weight == 1).all() and (norm.bias == 0).all()


def drawn(model):
    """All that comes from chance."""
    return {name: p for name, p in model.named_parameters() if p.detach().std() > 0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_weights_and_another_seed_others(kind):
    first, again, other = (drawn(Transformer(config(kind=kind), seed)) for seed in (5, 5, 6))
    assert first.keys() == again.keys() == other.keys()
    for name in first:
        assert torch.equal(first[name], again[name])
        assert not torch.isclose(first[name], other[name]).any()
        assert (
            sum(torch.equal(first[name], one) for one in first.values() if one.shape == first[name].shape)
            == 1
        )


def test_the_weights_are_those_of_a_local_numpy_generator():
    """So they are the same on every machine, and no global generator moves."""
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    model = Transformer(config(positions="none"), 7)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(numbers(model.embedding.weight), rng.normal(size=(VOCABULARY, D_MODEL)))
    expected = rng.normal(size=(D_MODEL, D_MODEL)) / math.sqrt(D_MODEL)
    np.testing.assert_allclose(numbers(model.layers[0].attention.inner.w_q.weight), expected, atol=1e-15)


@pytest.mark.parametrize(
    "choice",
    [{"norm": "post"}, {"norm": "none"}, {"residual": False}, {"attention_scale": 1.0}, {"kind": "decoder"}],
    ids=str,
)
def test_a_choice_that_is_no_weight_leaves_the_weights_alone(choice):
    usual, other = drawn(Transformer(config())), drawn(Transformer(config(**choice)))
    assert usual.keys() == other.keys()
    assert all(torch.equal(usual[name], other[name]) for name in usual)


def test_a_model_starts_in_float64_and_can_become_float32():
    for kind, positions in itertools.product(KINDS, POSITIONS):
        model = shaken(kind=kind, positions=positions)
        exact = model(*inputs(kind))
        assert exact.dtype == torch.float64
        rough = copy.deepcopy(model).float()(*inputs(kind))
        assert rough.dtype == torch.float32
        close(rough.double(), exact, 1e-4)


def test_what_is_saved_is_all_that_is_learnt():
    for kind, positions in itertools.product(KINDS, POSITIONS):
        model, other = (shaken(seed, kind=kind, positions=positions) for seed in (0, 1))
        assert model.state_dict().keys() == dict(model.named_parameters()).keys()
        other.load_state_dict(model.state_dict())
        assert torch.equal(model(*inputs(kind)), other(*inputs(kind)))


# Stacks

SETTINGS = 3


def stack_of(models):
    """All parameters of all models with a first axis, as leaves; and their scales."""
    parameters = {}
    for name, _ in models[0].named_parameters():
        rows = torch.stack([dict(model.named_parameters())[name].detach() for model in models])
        parameters[name] = (rows if rows.ndim == 3 else rows[:, None, None]).requires_grad_()
    scales = {
        name: torch.stack([dict(model.named_buffers())[name] for model in models]).view(-1, 1, 1, 1)
        for name, _ in models[0].named_buffers()
        if name.endswith("scale")
    }
    return parameters, scales


def flat(traced):
    """Every tensor of a trace, by name."""
    found = {f"stage {name}": tensor for name, tensor in traced.stages}
    found |= {f"hidden {i}": tensor for i, tensor in enumerate(traced.hidden)}
    for role, i in itertools.product(traced.attention, range(len(traced.attention["self"]))):
        found |= {
            f"weights {role} {i}": traced.attention[role][i],
            f"scores {role} {i}": traced.scores[role][i],
        }
    return found | {"logits": traced.logits}


def equal_slices(models, given, mask=None):
    """All on the way, and every gradient. given: [setting, batch, token], or [batch, token] for all."""
    parameters, scales = stack_of(models)
    options = {"mask": mask, "trace": True}
    together = functional_call(models[0], parameters | scales, given, options)
    together.logits.sin().sum().backward()
    for i, model in enumerate(models):
        mine = (part if part.ndim == 2 else part[i] for part in given)
        alone = model(*mine, mask=None if mask is None else mask[i], trace=True)
        alone.logits.sin().sum().backward()
        expected = flat(alone)
        assert expected.keys() == flat(together).keys()
        for name, tensor in flat(together).items():
            close(tensor[i], expected[name], 1e-12)
        for name, parameter in model.named_parameters():
            close(parameters[name].grad[i].view_as(parameter), parameter.grad, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm", NORMS)
def test_every_slice_of_a_stack_is_the_lone_model(kind, positions, norm):
    """Scales of scores and weights differ; without a norm large weights would magnify the rounding."""
    same = {"kind": kind, "positions": positions, "norm": norm, "n_layers": 2, "init_scale": 0.5}
    models = [shaken(i, attention_scale=0.1 + 0.2 * i, **same) for i in range(SETTINGS)]
    equal_slices(models, inputs(kind, leading=(SETTINGS,)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_settings", [1, BATCH, TOKENS])
def test_all_settings_of_a_stack_may_share_the_tokens(kind, n_settings):
    """As many settings as sequences, or as tokens: no axis is taken for another."""
    equal_slices([shaken(i, kind=kind) for i in range(n_settings)], inputs(kind))


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_a_stack_takes_a_mask_for_every_setting(kind):
    models = [shaken(i, kind=kind, d_ff=0, residual=False) for i in range(SETTINGS)]
    mask = torch.from_numpy(np.random.default_rng(3).random((SETTINGS, BATCH, TOKENS, TOKENS)) < 0.5)
    equal_slices(models, inputs(kind, leading=(SETTINGS,)), mask | torch.eye(TOKENS, dtype=torch.bool))


# The trace


def test_a_trace_names_every_stage_in_order():
    def names(kind, **choices):
        model = shaken(kind=kind, n_layers=2, **choices)
        return [name for name, _ in model(*inputs(kind), trace=True).stages]

    assert names("encoder") == names("decoder") == [
        "embedding",
        "layer 1 attention", "layer 1 feed-forward",
        "layer 2 attention", "layer 2 feed-forward",
        "output",
    ]  # fmt: skip
    assert names("decoder", d_ff=0) == ["embedding", "layer 1 attention", "layer 2 attention", "output"]
    assert names("encoder-decoder") == [
        "source embedding",
        "encoder layer 1 attention", "encoder layer 1 feed-forward",
        "encoder layer 2 attention", "encoder layer 2 feed-forward",
        "embedding",
        "layer 1 attention", "layer 1 cross-attention", "layer 1 feed-forward",
        "layer 2 attention", "layer 2 cross-attention", "layer 2 feed-forward",
        "output",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_layers", [1, 3])
def test_hidden_is_the_start_and_the_end_of_every_layer(kind, n_layers):
    found = shaken(kind=kind, n_layers=n_layers)(*inputs(kind), trace=True)
    stages = dict(found.stages)
    ends = ["embedding", *(f"layer {i} feed-forward" for i in range(1, n_layers + 1))]
    assert len(found.hidden) == n_layers + 1
    assert all(hidden is stages[end] for hidden, end in zip(found.hidden, ends, strict=True))
    assert stages["output"] is found.logits


BROKEN = {
    "embedding": "embedding.weight",
    "encoder layer 2 attention": "encoder.1.attention.inner.w_o.weight",
    "encoder layer 2 feed-forward": "encoder.1.feed_forward.inner.w_1.weight",
    "layer 2 attention": "layers.1.attention.inner.w_q.weight",
    "layer 2 cross-attention": "layers.1.cross.inner.w_v.weight",
    "layer 2 feed-forward": "layers.1.feed_forward.inner.w_2.bias",
    "output": "output.weight",
}


@pytest.mark.parametrize("stage", BROKEN)
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_first_wrong_names_the_part_where_it_began(stage, value):
    kind = "encoder-decoder" if "cross" in stage or "encoder" in stage else "decoder"
    model = shaken(kind=kind, n_layers=2)
    assert model(*inputs(kind), trace=True).first_wrong() == ""
    model.get_parameter(BROKEN[stage]).data[:] = value
    assert model(*inputs(kind), trace=True).first_wrong() == stage


def test_an_empty_trace_has_nothing_wrong():
    assert Trace().first_wrong() == ""


# Weights from elsewhere


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("encoder", {"norm": "post", "embedding_norm": True, "norm_epsilon": 1e-12, "outputs": 0}),
        ("decoder", {"positions": "rotary", "rotary_base": 500.0, "tied": True, "n_kv_heads": 1}),
        ("decoder", {"positions": "rotary", "qk_norm": True, "n_layers": 3}),
        ("encoder-decoder", {"positions": "sinusoidal", "activation": "gelu_tanh"}),
        ("encoder-decoder", {"positions": "none", "activation": "swiglu", "norm_type": "rms", "bias": False}),
    ],
)
def test_a_model_that_holds_the_weights_of_another_is_that_model(kind, choices, dtype):
    other = shaken(kind=kind, **choices).to(dtype)
    weights = other.state_dict()
    held = Transformer.holding(other.config, weights)
    assert torch.equal(held(*inputs(kind)), other(*inputs(kind)))
    pointers = {name: each.data_ptr() for name, each in held.state_dict().items()}
    assert pointers == {name: each.data_ptr() for name, each in weights.items()}  # not copied
    for name, each in [*held.named_parameters(), *held.named_buffers()]:
        assert each.dtype == dtype and not each.is_meta, name
    tables = {each.data_ptr() for name, each in held.named_buffers() if name.endswith(("cos", "sin"))}
    assert len(tables) == 2 * (choices.get("positions") == "rotary")  # one pair for all layers


def test_weights_that_do_not_fit_are_refused():
    other = shaken(kind="decoder")
    weights = other.state_dict()
    with pytest.raises(RuntimeError, match=r"Missing key.*norm\.weight"):
        Transformer.holding(other.config, {n: w for n, w in weights.items() if n != "norm.weight"})
    with pytest.raises(RuntimeError, match=r"Unexpected key.*another"):
        Transformer.holding(other.config, weights | {"another": weights["norm.weight"]})
    with pytest.raises(RuntimeError, match=r"size mismatch for norm\.weight"):
        Transformer.holding(other.config, weights | {"norm.weight": weights["norm.weight"][:-1]})


def test_without_a_trace_nothing_is_kept():
    model, alive = shaken(kind="decoder", n_layers=3), []

    def watch(name, tensor):
        alive.append(weakref.ref(tensor))
        living.append(sum(each() is not None for each in alive))
        return tensor

    living = []
    with torch.no_grad():
        model(*inputs("decoder"), change=watch)
        most, living = max(living), []
        alive.clear()
        kept = model(*inputs("decoder"), trace=True, change=watch)
    assert most < 6 and max(living) == len(kept.places) > 12


# The config


def test_what_a_config_derives():
    small = config(d_model=12, n_heads=3)
    assert (small.d_head, small.width, small.scale) == (4, 48, 0.5)
    full = config(d_model=12, n_heads=3, d_ff=0, attention_scale=2.0)
    assert (full.width, full.scale) == (0, 2.0)
    assert Transformer(config(vocabulary=np.int64(5), d_model=np.int64(4)))(torch.tensor([[4]])).shape == (
        1,
        1,
        5,
    )


def test_configs_of_one_shape_can_be_stacked():
    same = {config(d_ff=32, outputs=VOCABULARY), config(init_scale=2.0), config(attention_scale=1), config()}
    assert len({one.shape for one in same}) == 1
    sizes = [{name: p.shape for name, p in Transformer(one).named_parameters()} for one in same]
    assert all(size == sizes[0] for size in sizes)
    assert config(n_kv_heads=2).shape == config().shape
    others = ({"norm": "post"}, {"residual": False}, {"d_ff": 0}, {"outputs": 2}, {"n_heads": 1}, *LATER[:-1])
    for other in others:
        assert config(**other).shape != config().shape


TASK = SimpleNamespace(size=6, length=4, kind="decoder")


def test_a_model_for_a_task_has_its_kind_vocabulary_and_length():
    model = Transformer.for_task(TASK, seed=3, d_model=4, norm="post")
    assert model.config == Config(6, 4, kind="decoder", d_model=4, norm="post")
    assert torch.equal(model.embedding.weight, Transformer(model.config, seed=3).embedding.weight)
    assert Transformer.for_task(TASK, length=20).config.length == 20


# Every error


def run(kind="encoder", tokens=None, **given):
    return lambda: shaken(kind=kind)(ids(1, BATCH, TOKENS) if tokens is None else tokens, **given)


def made(**choices):
    return lambda: config(**choices)


def masked(*shape, dtype=torch.bool, blind=None):
    mask = torch.ones(shape, dtype=dtype)
    if blind is not None:
        mask[blind] = 0
    return mask


def bad_numbers():
    """(name, value, error, message) for every field of a config that is a number or a word."""
    whole = ("vocabulary", "length", "d_model", "n_heads", "n_layers")
    for name in whole:
        yield name, 0, ValueError, f"{name} must be 1 or more, got 0"
    for name, value in itertools.product((*whole, "d_ff", "n_kv_heads", "outputs"), (2.0, True, "2")):
        yield name, value, TypeError, f"{name} must be a whole number, got {value!r}"
    for name, known in {
        "kind": KINDS,
        "norm": NORMS,
        "positions": POSITIONS,
        "activation": ACTIVATIONS,
        "norm_type": NORM_TYPES,
    }.items():
        for value in ("odd", None):
            yield name, value, ValueError, f"{name} must be one of {', '.join(known)}, got {value!r}"
    for name in ("init_scale", "attention_scale", "norm_epsilon"):
        for value in (-1, math.inf, math.nan):
            yield name, value, ValueError, f"{name} must be a finite number, 0 or more, got {value}"
        for value in ("1", True, [1.0]):
            yield name, value, TypeError, f"{name} must be one number, got {value!r}"
    yield "init_scale", None, TypeError, "init_scale must be one number, got None"
    yield "d_ff", -1, ValueError, "d_ff must be 0 or more, got -1"
    yield "outputs", -1, ValueError, "outputs must be 0 or more, got -1"
    yield "rotary_base", 0.5, ValueError, "rotary_base must be a finite number, 1 or more, got 0.5"
    yield "n_kv_heads", 0, ValueError, "n_kv_heads must be 1 or more, got 0"
    switches = "residual", "bias", "tied", "qk_norm", "embedding_norm"
    for name, value in itertools.product(switches, ("no", 1, None)):
        yield name, value, TypeError, f"{name} must be True or False, got {value!r}"


BAD = {
    **{f"{name} {value!r}": (made(**{name: value}), *said) for name, value, *said in bad_numbers()},
    "heads": (made(n_heads=3), ValueError, "n_heads=3 does not divide d_model=8", "choose one of 1, 2, 4, 8"),
    "heads of keys": (
        made(n_heads=4, n_kv_heads=3),
        ValueError,
        "n_kv_heads=3 does not divide n_heads=4",
        "choose one of 1, 2, 4",
    ),
    "tied outputs": (
        made(tied=True, outputs=3),
        ValueError,
        "tied=True uses the embedding as the output",
        "11; got 3: leave outputs out",
    ),
    "rotary": (
        made(d_model=6, n_heads=2, positions="rotary"),
        ValueError,
        "rotary positions turn pairs",
        "d_model / n_heads must be even, got 3",
    ),
    "sinusoidal": (
        made(d_model=9, n_heads=3, positions="sinusoidal"),
        ValueError,
        "sinusoidal positions need an even d_model, got 9",
    ),
    "for_task": (
        lambda: Transformer.for_task(TASK, depth=2, heads=1),
        TypeError,
        "a Transformer has no depth, heads; it has activation, attention_scale",
        "n_layers",
    ),
    "no source": (
        run("encoder-decoder"),
        ValueError,
        "kind='encoder-decoder' needs a source",
        "pass source=",
    ),
    "source": (
        run("decoder", source=ids(1, BATCH, 3)),
        ValueError,
        "kind='decoder' takes no source",
        "leave it out",
    ),
    "source batch": (
        run("encoder-decoder", source=ids(1, 3, 3)),
        ValueError,
        "tokens and source must hold equally many sequences, got 2 and 3",
        "one source for each",
    ),
    "source long": (
        run("encoder-decoder", source=ids(1, BATCH, 10)),
        ValueError,
        "source has 10 tokens",
        "at most 9",
    ),
    "tokens list": (
        run(tokens=[[1, 2]]),
        TypeError,
        "tokens must be a tensor of whole numbers",
        "got list",
        "torch.as_tensor(ids)",
    ),
    "tokens float": (
        run(tokens=torch.ones(1, 2)),
        TypeError,
        "tokens must be",
        "got torch.float32",
        "long()",
    ),
    "tokens bool": (run(tokens=masked(1, 2)), TypeError, "tokens must be", "got torch.bool"),
    "tokens uint8": (run(tokens=ids(1, 1, 2).byte()), TypeError, "tokens must be", "got torch.uint8"),
    "tokens one": (
        run(tokens=ids(1, 4)),
        ValueError,
        "tokens must be [batch, token], got [4]",
        "tokens[None]",
    ),
    "tokens none": (run(tokens=ids(1, 2, 0)), ValueError, "tokens must be [batch, token], got [2, 0]"),
    "tokens long": (
        run(tokens=ids(1, 1, 10)),
        ValueError,
        "tokens has 10 tokens, but this model takes at most 9: shorten it",
        "larger length",
    ),
    "tokens high": (
        run(tokens=torch.tensor([[0, 11]])),
        ValueError,
        "tokens holds 11, but the vocabulary is 0 to 10",
        "larger vocabulary",
    ),
    "tokens low": (run(tokens=torch.tensor([[-1, 2]])), ValueError, "tokens holds -1", "how it was encoded"),
    "mask type": (
        run(mask=np.ones((2, 5, 5), bool)),
        TypeError,
        "mask must be a bool tensor (True = may attend), got ndarray",
    ),
    "mask ones": (run(mask=masked(2, 5, 5, dtype=torch.int64)), TypeError, "got torch.int64", "mask == 1"),
    "mask axes": (
        run(mask=masked(5, 5)),
        ValueError,
        "mask must be [batch, query, key], here [2, 5, 5]",
        "got [5, 5]",
        "mask[None]",
    ),
    "mask size": (run(mask=masked(2, 5, 4)), ValueError, "here [2, 5, 5]", "got [2, 5, 4]"),
    "mask row": (
        run(mask=masked(2, 5, 5, blind=(1, 3))),
        ValueError,
        "row 3 of sequence 1 nothing to attend to",
        "for example itself",
    ),
    "mask of the past": (
        run("decoder", mask=masked(2, 5, 5, blind=(1, 2, slice(3)))),
        ValueError,
        "row 2 of sequence 1 nothing to attend to",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_is_wrong_and_what_to_do(name):
    call, error, *parts = BAD[name]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_a_source_is_looked_at_like_the_tokens():
    for wrong in (torch.tensor([[0, 11]]), ids(1, 4), torch.ones(1, 2)):
        with pytest.raises((TypeError, ValueError), match=r"^source"):
            run("encoder-decoder", tokens=ids(1, 1, 3), source=wrong)()
