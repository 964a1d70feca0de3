"""A text that is not stored: the model itself reads it, where it is installed."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from attnlab.models import Trace, Transformer

from .loading import load
from .tokenizers import Tokenizer


@cache
def known(model: str) -> tuple[Transformer, Tokenizer]:
    """A known model with its tokenizer, loaded once. ValueError: an environment variable names another."""
    found, tokenizer = load(model)
    if tokenizer is None:  # the published files have one
        raise ValueError(
            f"beside the weights of {model} lies no tokenizer that attnlab knows: set "
            f"ATTNLAB_{model.upper()} to a folder that has it, or remove this variable"
        )
    return found, tokenizer


def read(model: str, text: str) -> tuple[tuple[str, ...], Trace]:
    """The tokens of a text, and what the model computed along the way. ValueError: no text, or too long."""
    transformer, tokenizer = known(model)
    if not (ids := tokenizer.encode(text)):
        raise ValueError("the text is empty: write a few words")
    with torch.no_grad():
        return tuple(tokenizer.tokens(text)), transformer(torch.tensor([ids]), trace=True)


def maps(model: str, text: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The tokens of a text, and its attention maps [layer, head, query, key]."""
    tokens, trace = read(model, text)
    return tokens, torch.cat(trace.attention["self"]).double().numpy()
