"""One Transformer from one small config: encoder, decoder or encoder-decoder.

`config.py`: what it is made of. `parts.py`: attention, feed-forward, norms, positions. `transformer.py`: the
whole. `trace.py`: what it computed along the way, and what it has read before. `changes.py`: heads switched
off, activations patched. `inputs.py`: checks of what it is given.
"""

from .changes import ablate, patch
from .config import Config
from .parts import LayerNorm, Linear, MultiHeadAttention, RMSNorm
from .trace import Cache, Trace
from .transformer import Transformer

__all__ = [
    "Cache", "Config", "LayerNorm", "Linear", "MultiHeadAttention", "RMSNorm", "Trace", "Transformer",
    "ablate", "patch",
]  # fmt: skip
