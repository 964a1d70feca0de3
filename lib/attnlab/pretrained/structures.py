"""How published models name and order their weights, and how `Transformer` does.

Ours: a matrix is [d_in, d_out]. A tied embedding is multiplied by √d_model when a token is looked up, which
these models do not do: the table is divided by it, and the last norm, which the logits pass, multiplied.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from attnlab.models import Config

from .files import Weights

Named = Iterator[tuple[str, Tensor]]
Structure = tuple[Callable[[Weights], Config], Callable[[Weights, Config], Named]]

# What `Transformer` does not have: the setting, the values that are ours, how it is called.
FOREIGN: dict[str, list[tuple[str, tuple[Any, ...], str]]] = {
    "llama": [
        ("hidden_act", (None, "silu"), "its activation"),
        ("rope_scaling", (None, "none", "default"), "its scaling of rotary positions"),
        ("rope_type", (None, "default"), "its scaling of rotary positions"),
        ("attention_bias", (None, False), "a bias in its attention"),
        ("mlp_bias", (None, False), "a bias in its feed-forward part"),
    ],
    "bert": [
        ("hidden_act", (None, "gelu"), "its activation"),
        ("position_embedding_type", (None, "absolute"), "its kind of positions"),
        ("is_decoder", (None, False), "its decoder"),
    ],
    "gpt2": [
        ("activation_function", (None, "gelu_new"), "its activation"),
        ("scale_attn_weights", (None, True), "attention without a scale"),
        ("scale_attn_by_inverse_layer_idx", (None, False), "a scale for each layer"),
        ("add_cross_attention", (None, False), "its cross-attention"),
    ],
}
BERT_ATTENTION = {"q": "self.query", "k": "self.key", "v": "self.value", "o": "output.dense"}
# Beside the Transformer: what is for training, for other uses, or can be computed.
UNUSED = ("pooler.", "cls.", "position_ids", "inv_freq", ".attn.bias", ".attn.masked_bias")


def converted(file: Weights, progress: Callable[[float], None]) -> tuple[Config, dict[str, Tensor]]:
    """The config and the weights of `Transformer` for a file; progress is told the share that is read.

    ValueError: a part that is not ours, or settings or tensors that are missing.
    """
    read_config, read_weights = _structure(file)
    try:
        config = read_config(file)
    except KeyError as error:
        raise _incomplete(file, error.args[0]) from None
    weights: dict[str, Tensor] = {}
    for name, tensor in read_weights(file, config):
        weights[name] = tensor
        progress(file.share)
    if left := [name for name in file.left() if not any(part in name for part in UNUSED)]:
        raise _foreign(file, f"{left[0]} ({len(left)} such tensor{'s' * (len(left) > 1)})")
    return config, weights


def _structure(file: Weights) -> Structure:
    if (kind := file.settings.get("model_type")) is None:
        raise _incomplete(file, "model_type")
    known = ["llama"] if file.tables is not None else list(STRUCTURES)  # a gguf names the others otherwise
    if kind not in known:
        raise ValueError(
            f"{file.path.name} has the structure {kind!r}; the Transformer of attnlab can be "
            f"{', '.join(known)}{' from a gguf file' * (file.tables is not None)}: show others with "
            "attention_of and transformers"
        )
    for name, ours, what in FOREIGN[kind]:
        if (given := file.settings.get(name)) not in ours:
            raise _foreign(file, f"{what} ({name}={given!r})")
    return STRUCTURES[kind]


def _incomplete(file: Weights, name: str) -> ValueError:
    return ValueError(f"{file.path.name} does not say its {name}: its settings are incomplete, get it again")


def _foreign(file: Weights, what: str) -> ValueError:
    return ValueError(
        f"{file.path.name} has {what}, which the Transformer of attnlab does not have: show this model with "
        "attention_of and transformers"
    )


def _llama_config(file: Weights) -> Config:
    has = file.settings
    heads, d_model = has["num_attention_heads"], has["hidden_size"]
    if has.get("head_dim") not in (None, d_model // heads):
        raise _foreign(file, f"heads of {has['head_dim']} numbers, not of {d_model} / {heads}")
    return Config(
        has["vocab_size"], has["max_position_embeddings"], "decoder", d_model, heads,
        has["num_hidden_layers"], has["intermediate_size"], positions="rotary", activation="swiglu",
        n_kv_heads=has.get("num_key_value_heads"), norm_type="rms", norm_epsilon=has["rms_norm_eps"],
        rotary_base=has.get("rope_theta") or 10_000, bias=False, tied=_tied(file),
    )  # fmt: skip


def _tied(file: Weights) -> bool:
    """Some files store a tied matrix twice."""
    return "lm_head.weight" not in file or bool(file.settings.get("tie_word_embeddings"))


def _llama_weights(file: Weights, config: Config) -> Named:
    yield from _embedded(file, config, "model.embed_tokens", "model.norm")
    for i in range(config.n_layers):
        theirs, ours = f"model.layers.{i}", f"layers.{i}"
        yield f"{ours}.attention.before.weight", file.take(f"{theirs}.input_layernorm.weight")
        yield f"{ours}.feed_forward.before.weight", file.take(f"{theirs}.post_attention_layernorm.weight")
        for part in "qkvo":
            rows = file.take(f"{theirs}.self_attn.{part}_proj.weight")  # [d_out, d_in]
            if part in "qk" and not file.neighbours:
                rows = neighbouring(rows, config.d_head)
            yield f"{ours}.attention.inner.w_{part}.weight", rows.T
        for part, name in (("w_1", "gate_proj"), ("w_2", "down_proj"), ("w_3", "up_proj")):
            yield f"{ours}.feed_forward.inner.{part}.weight", file.take(f"{theirs}.mlp.{name}.weight").T


def neighbouring(rows: Tensor, d_head: int) -> Tensor:
    """Rows [head * d_head, d_in] of queries or keys: row i + d_head / 2 of a head comes next to row i."""
    return rows.unflatten(0, (-1, 2, d_head // 2)).transpose(1, 2).flatten(0, 2)


def _embedded(file: Weights, config: Config, table: str, norm: str, bias: bool = False) -> Named:
    """The embedding, the last norm and the output matrix of a decoder."""
    scale = config.d_model**0.5 if config.tied else 1.0
    yield "embedding.weight", file.take(f"{table}.weight") / scale
    for end in ("weight", "bias") if bias else ("weight",):
        yield f"norm.{end}", file.take(f"{norm}.{end}") * scale
    if "lm_head.weight" in file:
        output = file.take("lm_head.weight").T
        if not config.tied:
            yield "output.weight", output
            if config.bias:
                yield "output.bias", torch.zeros(config.vocabulary)


def _bert_config(file: Weights) -> Config:
    has = file.settings
    return Config(
        has["vocab_size"], has["max_position_embeddings"], "encoder", has["hidden_size"],
        has["num_attention_heads"], has["num_hidden_layers"], has["intermediate_size"], norm="post",
        activation="gelu", embedding_norm=True, norm_epsilon=has["layer_norm_eps"], outputs=0,
    )  # fmt: skip


def _bert_weights(file: Weights, config: Config) -> Named:
    yield "embedding.weight", file.take("bert.embeddings.word_embeddings.weight")
    segment = file.take("bert.embeddings.token_type_embeddings.weight")[0]  # a single text is segment 0
    yield "positions.weight", file.take("bert.embeddings.position_embeddings.weight") + segment
    yield from _both(file, "embedding_norm", "bert.embeddings.LayerNorm")
    for i in range(config.n_layers):
        theirs, ours = f"bert.encoder.layer.{i}", f"layers.{i}"
        for part, name in BERT_ATTENTION.items():
            yield from _both(file, f"{ours}.attention.inner.w_{part}", f"{theirs}.attention.{name}", True)
        yield from _both(file, f"{ours}.attention.after", f"{theirs}.attention.output.LayerNorm")
        yield from _both(file, f"{ours}.feed_forward.inner.w_1", f"{theirs}.intermediate.dense", True)
        yield from _both(file, f"{ours}.feed_forward.inner.w_2", f"{theirs}.output.dense", True)
        yield from _both(file, f"{ours}.feed_forward.after", f"{theirs}.output.LayerNorm")


def _both(file: Weights, ours: str, theirs: str, turn: bool = False) -> Named:
    """Weight and bias, gamma and beta in old files; the weight turned from [d_out, d_in] to [d_in, d_out]."""
    scale, shift = ("gamma", "beta") if f"{theirs}.gamma" in file else ("weight", "bias")
    weight = file.take(f"{theirs}.{scale}")
    yield f"{ours}.weight", weight.T if turn else weight
    yield f"{ours}.bias", file.take(f"{theirs}.{shift}")


def _gpt2_config(file: Weights) -> Config:
    has = file.settings
    return Config(
        has["vocab_size"], has["n_positions"], "decoder", has["n_embd"], has["n_head"], has["n_layer"],
        has.get("n_inner"), activation="gelu_tanh", norm_epsilon=has["layer_norm_epsilon"], tied=_tied(file),
    )  # fmt: skip


def _gpt2_weights(file: Weights, config: Config) -> Named:
    """Its matrices are [d_in, d_out], as ours."""
    yield from _embedded(file, config, "transformer.wte", "transformer.ln_f", bias=True)
    yield "positions.weight", file.take("transformer.wpe.weight")
    for i in range(config.n_layers):
        theirs, ours = f"transformer.h.{i}", f"layers.{i}"
        yield from _both(file, f"{ours}.attention.before", f"{theirs}.ln_1")
        yield from _both(file, f"{ours}.feed_forward.before", f"{theirs}.ln_2")
        for name, joined in _both(file, "", f"{theirs}.attn.c_attn"):  # q, k and v side by side
            for part, each in zip("qkv", joined.chunk(3, -1), strict=True):
                yield f"{ours}.attention.inner.w_{part}{name}", each
        yield from _both(file, f"{ours}.attention.inner.w_o", f"{theirs}.attn.c_proj")
        yield from _both(file, f"{ours}.feed_forward.inner.w_1", f"{theirs}.mlp.c_fc")
        yield from _both(file, f"{ours}.feed_forward.inner.w_2", f"{theirs}.mlp.c_proj")


STRUCTURES: Mapping[str, Structure] = {
    "llama": (_llama_config, _llama_weights),
    "bert": (_bert_config, _bert_weights),
    "gpt2": (_gpt2_config, _gpt2_weights),
}
