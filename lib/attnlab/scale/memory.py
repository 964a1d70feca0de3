"""Bytes that training needs: weights, gradients, optimiser state, activations; and the KV cache."""

from attnlab.attention.numbers import whole_number
from attnlab.models import Config

from .activations import activations
from .arguments import BYTES, lengths, number_bytes, one_of
from .counting import count

STATES = {"Adam": 2, "momentum": 1, "SGD": 0}  # numbers that an optimiser remembers of each weight

Bytes = dict[str, int]


def memory(
    config: Config,
    batch: int,
    tokens: int,
    precision: str = "fp32",
    optimiser: str | None = "Adam",
    mixed: bool | None = None,
    source: int | None = None,
) -> Bytes:
    """Bytes that training needs: "weights", "gradients", "optimiser state", "activations".

    optimiser: "Adam" (two numbers a weight), "momentum" (one), "SGD" (none), or None: inference,
    which keeps only the weights. mixed: weights and gradients in bf16, and for the optimiser a "master copy"
    of the weights and its state in fp32 (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740; with
    Adam 16 bytes a weight, Rajbhandari et al. 2020, section 3.1, https://arxiv.org/abs/1910.02054). None:
    yes with bf16, otherwise no. int8 is for inference: small steps are lost in it. What a quantiser adds
    (scales) is left out.
    Raises TypeError or ValueError: not a Config, unknown names, training in int8.
    """
    weights, size = count(config), number_bytes(precision)
    one_of("optimiser", optimiser, [*STATES, None])
    kept = activations(config, batch, tokens, precision, source)
    if optimiser is None:
        return {"weights": weights * size}
    _check_training(precision, mixed)
    mixed = precision == "bf16" if mixed is None else mixed
    full = BYTES["fp32"] if mixed else size
    found = {
        "weights": weights * size,
        "gradients": weights * size,
        "master copy": weights * full if mixed else 0,
        "optimiser state": weights * STATES[optimiser] * full,
        "activations": sum(kept.values()),
    }
    return {name: number for name, number in found.items() if number}


def kv_cache(
    config: Config, tokens: int, batch: int = 1, precision: str = "bf16", source: int | None = None
) -> int:
    """Bytes of the keys and values of `tokens` tokens that have been read, in all layers.

    2 · layers · n_kv_heads · d_head · tokens for each sequence; an encoder-decoder keeps those of the source
    (`source` tokens; None: as many) for its cross-attention, too.
    Raises TypeError or ValueError: as for `memory`, and an encoder, which reads all at once.
    """
    count(config)
    batch, size = whole_number("batch", batch, 1), number_bytes(precision)
    if config.kind == "encoder":
        raise ValueError(
            "config is for an encoder, which reads all tokens at once and keeps nothing; pass one with "
            "kind='decoder' or 'encoder-decoder'"
        )
    tokens, source, _ = lengths(config, tokens, source)
    return 2 * config.n_layers * config.narrow * (tokens + source) * batch * size


def _check_training(precision: str, mixed: bool | None) -> None:
    if mixed is not None and not isinstance(mixed, bool):
        raise TypeError(f"mixed must be True, False or None, got {mixed!r:.60}; leave it out")
    if precision == "int8":
        raise ValueError(
            "precision='int8' is for inference; train in 'fp32' or 'bf16', or set optimiser=None"
        )
    if mixed and precision != "bf16":
        raise ValueError(f"mixed=True needs precision='bf16', got {precision!r}; or leave mixed out")
