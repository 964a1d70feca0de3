"""Attention in plain NumPy: one function for each formula of "Attention Is All You Need", and positions.

`scaled.py`: softmax, masks, attention with one head and with many. `positions.py`: how attention learns
the order of the tokens. `arguments.py` checks arrays, `numbers.py` single numbers.

Every function takes any number of leading batch dimensions, including none. Shapes are (batch, head, query,
key). A mask is boolean, and True means "may attend". Whole numbers are computed as float64; float32 stays
float32.
"""

from .positions import alibi_bias, rotate, sinusoidal_positions
from .scaled import (
    Attention,
    apply_mask,
    causal_mask,
    multi_head_attention,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
)

__all__ = [
    "Attention", "alibi_bias", "apply_mask", "causal_mask", "multi_head_attention", "padding_mask",
    "rotate", "scaled_dot_product_attention", "sinusoidal_positions", "softmax",
]  # fmt: skip
