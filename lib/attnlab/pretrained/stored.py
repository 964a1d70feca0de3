"""What two real models did with a few texts, stored in this package: read without PyTorch, without a model.

`python -m attnlab.pretrained.store` makes the files again. For a text that is not stored the model itself is
run, where it is installed.
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sources import SOURCES, find

DATA = Path(__file__).with_name("data")
MOST = 255  # a weight of 1 as a byte


class Maps(NamedTuple):
    """The attention of one text: its tokens, and the weights of all heads [layer, head, query, key]."""

    tokens: tuple[str, ...]
    weights: NDArray[np.float64]


def stored(model: str) -> dict[str, Any]:
    """All that was measured with "smollm2" or "minilm", by name; "about" says how it was made.

    ValueError: another name.
    """
    return json.loads(_text(_known(model)))


def maps_of(model: str, text: str) -> Maps:
    """The attention maps of "smollm2" or "minilm" for a text. Stored ones are rounded to 1/255. Read only.

    FileNotFoundError: the text is not stored, and the model not installed; says what to install.
    ModuleNotFoundError: PyTorch is missing, which runs it. TypeError or ValueError: another model, no text, a
    text that is too long.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    return _maps_of(_known(model), text)


@lru_cache(16)  # a slider asks for the same text again and again
def _maps_of(model: str, text: str) -> Maps:
    known = stored(model)["texts"]
    if text in known:
        with np.load(DATA / f"{model}.npz") as arrays:
            found = Maps(tuple(known[text]), _weights(arrays[_place(list(known).index(text))]))
    else:
        found = _read(model, text)
    found.weights.flags.writeable = False
    return found


def _read(model: str, text: str) -> Maps:
    """The model itself reads the text."""
    try:
        from .live import maps
    except ModuleNotFoundError as error:
        find(model)  # its message comes first
        raise ModuleNotFoundError(
            f"this text is not stored, and {model} itself needs PyTorch to read it: pip install torch"
        ) from error
    return Maps(*maps(model, text))


def word_vectors() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Some 200 common words and their vectors in MiniLM's table of tokens, [word, 384], of length 1."""
    with np.load(DATA / "minilm.npz") as arrays:
        vectors = arrays["words"].astype(float)
    return tuple(stored("minilm")["words"]), vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _place(i: int) -> str:
    """The name of the maps of text i in the file."""
    return f"maps {i}"


def as_bytes(weights: NDArray) -> NDArray[np.uint8]:
    """Weights as they are stored."""
    return (weights * MOST).round().astype(np.uint8)


def _weights(stored: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The weights again. Rounding moved the sum of a row a little: it becomes 1 again."""
    weights = stored / MOST
    return weights / weights.sum(-1, keepdims=True)


def write(
    model: str, facts: Mapping[str, Any], maps: Mapping[str, Maps], arrays: Mapping[str, NDArray]
) -> None:
    """Store what was measured; see `store`."""
    facts = {**facts, "texts": {text: each.tokens for text, each in maps.items()}}
    lines = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items())
    (DATA / f"{_known(model)}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    drawn = {_place(i): as_bytes(each.weights) for i, each in enumerate(maps.values())}
    np.savez_compressed(DATA / f"{model}.npz", **drawn, **arrays)  # type: ignore[arg-type]


@cache
def _text(model: str) -> str:
    return (DATA / f"{model}.json").read_text(encoding="utf-8")


def _known(model: str) -> str:
    if model not in SOURCES:
        raise ValueError(f"there is no model {model!r}; it must be one of {', '.join(SOURCES)}")
    return model
