"""What a model computes: FLOPs of its matrix products, with two for a multiplication and an addition.

As torch.utils.flop_counter.FlopCounterMode counts: norms, softmax and activations are left out (they are of
order tokens · d_model, a matrix product of order tokens · d_model²). The backward pass computes two more
products for each, one for the gradient of either factor: forward and backward cost three times the forward
pass.
"""

from dataclasses import dataclass

from attnlab.attention.numbers import whole_number
from attnlab.models import Config

from .arguments import lengths
from .counting import Pieces, count, parameters, times


def flops(config: Config, tokens: int, batch: int = 1, source: int | None = None, cached: int = 0) -> Pieces:
    """FLOPs of one forward pass over `batch` sequences of `tokens` tokens, piece by piece.

    "attention" and "cross-attention": their matrices W_Q, W_K, W_V, W_O; "attention map" and
    "cross-attention map": q kᵀ and weights · v, the part that grows with tokens²; "feed-forward"; "output".
    source: tokens of the source of an encoder-decoder (None: as many as the target has). cached: tokens that
    a KV cache holds already: flops(config, 1, cached=n) is what the next token costs.
    Nothing is saved for what a causal mask hides: the model here computes it and throws it away.
    Raises TypeError or ValueError: not a Config, not whole numbers, more tokens than config.length.
    """
    count(config)
    batch = whole_number("batch", batch, 1)
    tokens, source, cached = lengths(config, tokens, source, cached)
    found = times(_layer(config, tokens, cached + tokens), config.n_layers)
    if config.encoders:
        if not cached:  # what a cache remembers of the source is not read again
            encoder = times(_layer(config, source, source), config.encoders)
            found = {name: found[name] + encoder[name] for name in found}
        cross = {
            "cross-attention": _matrices(config, tokens, 0 if cached else source),
            "cross-attention map": _map(config, tokens, source),
        }
        found |= times(cross, config.n_layers)
    found["output"] = 2 * tokens * config.d_model * config.classes
    return {name: batch * number for name, number in found.items() if number}


@dataclass(frozen=True)
class TrainingFlops:
    """What training computes, next to the rule of thumb 6 N D (Kaplan et al. 2020, section 2.1).

    real: forward and backward, by our count. rule: 6 · all parameters · tokens. without_embeddings: the same
    without the parameters of the token and position embeddings, as Kaplan et al. count.
    """

    real: int
    rule: int
    without_embeddings: int

    @property
    def ratio(self) -> float:
        """real / rule."""
        return self.real / self.rule


def training_flops(
    config: Config, tokens: int, sequence: int | None = None, source: int | None = None
) -> TrainingFlops:
    """FLOPs of training on `tokens` tokens in sequences of `sequence` (None: config.length).

    The rule 6 N D counts 2 FLOPs per weight and token forward, and 4 backward. It is wrong where
    - sequences are long: the attention map costs 12 · layers · d_model · sequence more for each token;
    - embeddings are a large part of the model: a row is looked up, not multiplied;
    - there are two stacks, and a token passes through one of them: it holds for an encoder-decoder if only
      tokens of the target are counted, as here, and the source is as long (`source`; None: `sequence`).
    Raises TypeError or ValueError: as for `flops`.
    """
    pieces = parameters(config)
    tokens = whole_number("tokens", tokens, 1)
    sequence = config.length if sequence is None else whole_number("sequence", sequence, 1)
    real = 3 * sum(flops(config, sequence, source=source).values()) * tokens // sequence
    embedded = sum(number for name, number in pieces.items() if name.endswith("embedding"))
    total = sum(pieces.values())
    return TrainingFlops(real, 6 * total * tokens, 6 * (total - embedded) * tokens)


def _layer(config: Config, tokens: int, keys: int) -> Pieces:
    """One layer that reads `tokens` tokens, with `keys` to attend to; without cross-attention."""
    matrices = 3 if config.activation == "swiglu" else 2
    return {
        "attention": _matrices(config, tokens, tokens),
        "attention map": _map(config, tokens, keys),
        "feed-forward": 2 * tokens * matrices * config.d_model * config.width,
    }


def _matrices(config: Config, queries: int, keys: int) -> int:
    """W_Q and W_O for the queries, W_K and W_V for the keys."""
    return 2 * config.d_model * (queries * 2 * config.d_model + keys * 2 * config.narrow)


def _map(config: Config, queries: int, keys: int) -> int:
    """q kᵀ and weights · v of all heads; grouped keys are no fewer products."""
    return 2 * 2 * queries * keys * config.d_model
