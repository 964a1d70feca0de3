"""Check what a Transformer is given: every error names the argument, what was given, and what to do."""

from typing import Any

import torch
from torch import Tensor

from .config import Config
from .trace import Cache, Change, Trace


def check_input(
    config: Config,
    tokens: Tensor,
    source: Tensor | None,
    mask: Tensor | None,
    cache: Cache | None,
    device: torch.device,
) -> None:
    """ValueError or TypeError for what a model of this config cannot read."""
    if (source is None) == (config.kind == "encoder-decoder"):
        remedy = "pass source=..." if source is None else "leave it out, or make an encoder-decoder"
        needed = "needs a source" if source is None else "takes no source"
        raise ValueError(f"a model of kind={config.kind!r} {needed}: {remedy}")
    _check_tokens("tokens", tokens, config)
    if source is not None:
        _check_tokens("source", source, config)
        if len(source) != len(tokens):
            raise ValueError(
                f"tokens and source must hold equally many sequences, got {len(tokens)} and {len(source)}; "
                "pass one source for each sequence"
            )
    for name, given in (("tokens", tokens), ("source", source), ("mask", mask)):
        if isinstance(given, Tensor) and given.device != device:
            remedy = f"pass {name}.to({str(device)!r})"
            raise ValueError(f"{name} is on the device {given.device}, the model on {device}: {remedy}")
    if cache is not None:
        _check_cache(cache, tokens, config)
    if mask is not None:
        _check_mask(mask, tokens, config, cache.length if cache is not None else 0)


def check_change(change: Change | None, trace: Trace) -> None:
    """ValueError for a change of places that this model does not have."""
    if missing := sorted(getattr(change, "places", frozenset()) - set(trace.names)):
        raise ValueError(f"there is no {missing[0]!r} to change; choose from {', '.join(trace.names)}")


def _check_cache(cache: Cache, tokens: Tensor, config: Config) -> None:
    if not isinstance(cache, Cache):
        raise TypeError(f"cache must be a Cache, got {type(cache).__name__}; start with cache = Cache()")
    if config.kind == "encoder":
        raise ValueError("an encoder needs no cache: it reads all tokens at once; leave cache out")
    layers = {f"layer {i}" for i in range(1, config.n_layers + 1)}
    if cache.layers and {name for name in cache.layers if not name.endswith("cross")} != layers:
        raise ValueError(
            f"cache belongs to another model: it has {', '.join(cache.layers)}; start with cache = Cache()"
        )
    for name, (keys, _) in cache.layers.items():
        if keys.shape[:2] != (len(tokens), config.kv_heads) or keys.shape[-1] != config.d_head:
            raise ValueError(
                f"cache belongs to another model or batch: its keys of {name} are {list(keys.shape)}, not "
                f"[{len(tokens)}, {config.kv_heads}, token, {config.d_head}]; start with cache = Cache()"
            )
    if cache.length + tokens.shape[1] > config.length:
        raise ValueError(
            f"cache holds {cache.length} tokens and {tokens.shape[1]} more are given, but this model takes "
            f"at most {config.length}: stop here, or make a model with a larger length"
        )


def _check_tokens(name: str, given: Tensor, config: Config) -> None:
    if not isinstance(given, Tensor) or given.dtype not in (torch.int64, torch.int32):
        raise TypeError(
            f"{name} must be a tensor of whole numbers (int64), got {_type(given)}; "
            "use torch.as_tensor(ids).long()"
        )
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(
            f"{name} must be [batch, token], got {list(given.shape)}; for one sequence use {name}[None]"
        )
    if given.shape[1] > config.length:
        raise ValueError(
            f"{name} has {given.shape[1]} tokens, but this model takes at most {config.length}: shorten "
            "it, or make a model with a larger length"
        )
    if given.is_meta:  # shapes without numbers
        return
    low, high = int(given.min()), int(given.max())
    if low < 0 or high >= config.vocabulary:
        raise ValueError(
            f"{name} holds {low if low < 0 else high}, but the vocabulary is 0 to {config.vocabulary - 1}: "
            "check how it was encoded, or make a model with a larger vocabulary"
        )


def _check_mask(mask: Tensor, tokens: Tensor, config: Config, start: int) -> None:
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be a bool tensor (True = may attend), got {_type(mask)}; "
            "write mask == 1 for ones and zeros"
        )
    batch, length = tokens.shape
    full = [batch, length, start + length]
    if mask.ndim != 3 or any(has not in (1, n) for has, n in zip(mask.shape, full, strict=True)):
        raise ValueError(
            f"mask must be [batch, query, key], here {full}, or 1 for a shared axis, got {list(mask.shape)}; "
            "for one mask for all sequences use mask[None]"
        )
    seen = mask.expand(full) if config.kind == "encoder" else mask.expand(full).tril(start)
    if mask.is_meta:
        return
    blind = (~seen.any(-1)).nonzero()  # [found, 2]: batch, query
    if len(blind):
        sequence, row = blind[0].tolist()
        raise ValueError(
            f"mask leaves row {row} of sequence {sequence} nothing to attend to: "
            "let it see at least one key, for example itself"
        )


def _type(given: Any) -> str:
    return str(given.dtype) if isinstance(given, Tensor) else type(given).__name__
