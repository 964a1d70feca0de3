"""What the forward pass keeps for the backward pass, piece by piece.

Counted for the model in `attnlab.models`, tensor by tensor: a matrix keeps its input, a norm its input and
what it computed from it, softmax its input and its output. A residual sum keeps nothing.
"""

from attnlab.attention.numbers import whole_number
from attnlab.models import Config

from .arguments import lengths, number_bytes
from .counting import count

INDEX = 8  # bytes of the number of a token, int64
# How many tensors [token, d_ff] are kept.
FEED_FORWARD = {"relu": 1, "tanh": 1, "gelu": 2, "gelu_tanh": 2, "swiglu": 4}


def activations(
    config: Config, batch: int, tokens: int, precision: str = "fp32", source: int | None = None
) -> dict[str, int]:
    """Bytes that the forward pass and the loss keep for the backward pass, piece by piece.

    "token embedding" (the token ids), "norms", "attention", "attention map" (grows with tokens²),
    "cross-attention", "cross-attention map", "feed-forward", "output", "loss" (a log-probability for each
    token and word), "causal mask". This counts the model here, which keeps the whole map twice, before and
    after softmax. Korthikanti et al. (2022), https://arxiv.org/abs/2205.05198, section 4.1, count 34 · tokens
    · d_model + 5 · heads · tokens² bytes a layer for theirs, in 16 bits and with dropout. Kernels that never
    store the map keep none of it. Mixed precision keeps some (softmax, norms, loss) in fp32, so it needs
    more. Raises TypeError or ValueError: as for `memory`.
    """
    count(config)
    size, batch = number_bytes(precision), whole_number("batch", batch, 1)
    tokens, source, _ = lengths(config, tokens, source)
    numbers = {name: batch * size * number for name, number in _numbers(config, tokens, source).items()}
    others = {
        "token embedding": batch * (tokens + source) * INDEX,
        "loss": numbers["loss"] + batch * tokens * INDEX,  # and which word was right
        "causal mask": config.n_layers * tokens**2 * (config.kind != "encoder"),  # a byte each, once
    }
    return {name: number for name, number in (numbers | others).items() if number}


def _numbers(config: Config, tokens: int, source: int) -> dict[str, int]:
    """How many numbers are kept for one sequence."""
    d, d_ff = config.d_model, config.width
    read = config.n_layers * tokens + config.encoders * source  # tokens that pass through a layer
    crossed = config.n_layers * tokens if config.encoders else 0
    parts = read * (1 + (d_ff > 0)) + crossed
    normed = {"none": 0, "post": parts, "pre": parts + tokens + source}[config.norm]
    normed += (tokens + source) * config.embedding_norm
    pairs = config.n_layers * tokens**2 + config.encoders * source**2
    return {
        "norms": _norm(config, normed, d) + _head_norms(config, read, crossed, source),
        "attention": 5 * read * d,  # what W_Q, W_K and W_V read, q, k, v, what W_O reads
        "attention map": config.n_heads * (2 * pairs + read),
        "cross-attention": _cross(config, crossed, source),
        "cross-attention map": config.n_heads * crossed * (2 * source + 1),
        "feed-forward": read * (d + FEED_FORWARD[config.activation] * d_ff) if d_ff else 0,
        "output": tokens * d,
        "loss": tokens * config.classes,
    }


def _cross(config: Config, crossed: int, source: int) -> int:
    """What W_Q reads, q, what W_O reads; k and v of each layer; what the encoder made, shared by all."""
    return config.d_model * (3 * crossed + (2 * config.n_layers + 1) * source) if config.encoders else 0


def _norm(config: Config, rows: int, d: int) -> int:
    """What is read and what it becomes, and of every row its spread (and its mean)."""
    return rows * (2 * d + (1 if config.norm_type == "rms" else 2))


def _head_norms(config: Config, read: int, crossed: int, source: int) -> int:
    """The same for every head of the queries and keys; these norms are RMS norms."""
    if not config.qk_norm:
        return 0
    queries = (read + crossed) * config.n_heads
    keys = (read + config.encoders * source) * (config.narrow // config.d_head)
    return (queries + keys) * (2 * config.d_head + 1)
