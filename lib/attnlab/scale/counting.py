"""How many parameters a config has and where they are, by formula: as many as `Transformer(config)` has."""

from attnlab.models import Config

from .arguments import check_config, check_count

MOST_LAYERS = 10_000

Pieces = dict[str, int]


def parameters(config: Config) -> Pieces:
    """The parameters of each piece; their sum is what `Transformer(config)` has.

    "token embedding", "position embedding", "attention", "cross-attention", "feed-forward", "norms" (with
    those of queries and keys), "output": only what is there. A tied output is the embedding and counts once.
    Raises TypeError: not a Config; ValueError: more than 10^15, with the field that is too large.
    """
    check_config(config)
    main = times(_layer(config, cross=config.encoders > 0), config.n_layers)
    ends = [_embeddings(config), times(_layer(config), config.encoders), main, _output(config)]
    if config.encoders:
        ends.append({"norms": _last_norm(config)})
    found = _there(_sum(*ends))
    check_count(config, sum(found.values()))
    return found


def count(config: Config) -> int:
    """How many parameters `Transformer(config)` has. Raises as `parameters` does."""
    return sum(parameters(config).values())


def by_layer(config: Config) -> list[tuple[str, Pieces]]:
    """Where the parameters are, from the bottom to the top: (name, pieces) with the pieces of `parameters`.

    "embeddings", for an encoder-decoder "encoder layer 1" ... and "encoder norm", then "layer 1" ...,
    "output" (with the last norm; left out if it has no parameters).
    Raises as `parameters` does; ValueError: more than 10,000 layers.
    """
    parameters(config)
    if config.n_layers > MOST_LAYERS:
        raise ValueError(
            f"n_layers must be at most {MOST_LAYERS:,} to be listed one by one, got {config.n_layers:,}; "
            "parameters(config) counts them together"
        )
    one, main = (_there(_layer(config, cross)) for cross in (False, config.encoders > 0))
    places = [("embeddings", _embeddings(config))]
    places += [(f"encoder layer {i}", dict(one)) for i in range(1, config.encoders + 1)]
    if config.encoders:
        places.append(("encoder norm", {"norms": _last_norm(config)}))
    places += [(f"layer {i}", dict(main)) for i in range(1, config.n_layers + 1)]
    places.append(("output", _output(config)))
    return [(name, there) for name, pieces in places if (there := _there(pieces))]


def linear(d_in: int, d_out: int, bias: bool) -> int:
    """A matrix, and a bias."""
    return d_in * d_out + d_out * bool(bias)


def norm(d: int, kind: str = "layer") -> int:
    """A gain, and for a layer norm a shift."""
    return d if kind == "rms" else 2 * d


def _layer(config: Config, cross: bool = False) -> Pieces:
    """One layer; `cross`: one of the decoder of an encoder-decoder."""
    d, d_ff, bias = config.d_model, config.width, config.bias
    attention = 2 * linear(d, d, bias) + 2 * linear(d, config.narrow, bias)
    matrices_in = 2 if config.activation == "swiglu" else 1
    feed_forward = matrices_in * linear(d, d_ff, bias) + linear(d_ff, d, bias)
    attentions = 1 + cross
    parts = attentions + (d_ff > 0)
    of_parts = parts * norm(d, config.norm_type) if config.norm != "none" else 0
    of_heads = attentions * 2 * config.d_head if config.qk_norm else 0
    return {
        "attention": attention,
        "cross-attention": attention * cross,
        "feed-forward": feed_forward if d_ff else 0,
        "norms": of_parts + of_heads,
    }


def _embeddings(config: Config) -> Pieces:
    learned = config.positions == "learned"
    return {
        "token embedding": config.vocabulary * config.d_model,
        "position embedding": config.length * config.d_model if learned else 0,
        "norms": norm(config.d_model, config.norm_type) if config.embedding_norm else 0,
    }


def _output(config: Config) -> Pieces:
    matrix = 0 if config.tied else linear(config.d_model, config.classes, config.bias)
    return {"norms": _last_norm(config), "output": matrix}


def _last_norm(config: Config) -> int:
    """With norm="pre" a stack ends with a norm."""
    return norm(config.d_model, config.norm_type) if config.norm == "pre" else 0


ORDER = (
    "token embedding", "position embedding", "attention", "cross-attention", "feed-forward", "norms",
    "output",
)  # fmt: skip


def _sum(*several: Pieces) -> Pieces:
    return {name: sum(pieces.get(name, 0) for pieces in several) for name in ORDER}


def times(pieces: Pieces, factor: int) -> Pieces:
    return {name: number * factor for name, number in pieces.items()}


def _there(pieces: Pieces) -> Pieces:
    return {name: number for name, number in pieces.items() if number}
