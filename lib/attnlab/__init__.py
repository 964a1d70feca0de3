"""Interactive self-attention: the maths in NumPy, views that draw and describe, panels that move.

Names load on first use: importing attnlab costs nothing, and the first half never imports torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "attention": "Attention alibi_bias apply_mask causal_mask multi_head_attention padding_mask rotate "
    "scaled_dot_product_attention sinusoidal_positions softmax",
    "models": "Cache Config Transformer ablate patch",
    "controls": "Choice Scrub Sentence Slider Switches Toggle",
    "live": "Live",
    "panel": "Panel explore present",
    "pretrained": "attention_of",
    "tasks": "Data Task",
    "tokens": "BytePairTokenizer CharTokenizer WordTokenizer frames patches read_text spectrogram words",
    "training": "SGD Adam Constant Cosine Frame Plan RMSprop Run Runs StepDecay Warmup WarmupCosine "
    "early_stop fit load_run resume sweep",
    "views": "Areas Bars Blocks Curves DotProduct Formula Heads Heatmap Links Note Part Picture Pieces "
    "Points Sound View amount",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}
_MODULES = ("checks", "models", "pretrained", "scale", "tasks", "training")
_WITH_TORCH = ("models", "pretrained", "training")

# `from attnlab import *` works without PyTorch: names that need it are asked for by name.
__all__ = [name for name, module in _HOME.items() if module not in _WITH_TORCH]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"attnlab.{name}")
    if name not in _HOME:
        raise AttributeError(f"attnlab has no {name!r}; it has {', '.join(sorted(_HOME))}")
    return getattr(import_module(f"attnlab.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOME, *_MODULES])
