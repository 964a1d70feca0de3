"""One Transformer from one small config: encoder, decoder or encoder-decoder.

`config.py`: what it is made of. `parts.py`: attention, feed-forward, norms, positions. `transformer.py`: the
whole. `boundary.py`: the look at what comes in.
"""

from .config import Config
from .parts import LayerNorm, Linear, MultiHeadAttention, Trace
from .transformer import Transformer

__all__ = ["Config", "LayerNorm", "Linear", "MultiHeadAttention", "Trace", "Transformer"]
